/* A composed text is read as what it was made of. */
#include "enrold/reader.h"

#include "enrold/buffer.h"

#include <criterion/criterion.h>

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct buffer *out = context;
	buffer_print(out, "%llu", (unsigned long long)record->line);
	if (record->fault != CSVIN_WHOLE)
		buffer_print(out, "!%d", record->fault);
	buffer_add_char(out, ':');
	for (size_t i = 0; i < record->cells_count; i++)
		buffer_print(out, "%s%.*s", i ? "|" : "", SLICE_ARG(record->cells[i]));
	buffer_add_char(out, ';');
	return OK;
}

static const struct {
	const char *what, *text, *records;
	enum error_class class;
} cases[] = {
    {"lines, also such as go back", "#line,username,course1\n7,a,b\n9,c,\n2,\"d,\",e\n",
        "7:a|b;9:c|;2:d,|e;", ERROR_NONE},
    {"a row of nothing but its line", "#line,username,course1\n7,,\n8,a,b\n", "7:|;8:a|b;",
        ERROR_NONE},
    {"what was wrong with a row", "#line,username,course1\n7 broken,a\n8 long,,b\n9,a\n",
        "7!1:a;8!3:|b;9:a;", ERROR_NONE},
    {"a word that is none", "#line,username,course1\n7 x,a,b\n", "", ERROR_RETRY},
    {"too many cells", "#line,username,course1\n7,a,b,c\n", "7:a|b|c;", ERROR_NONE},
    {"a line that is none", "#line,username,course1\nx,a,b\n", "", ERROR_RETRY},
    {"no line", "#line,username,course1\n,a,b\n", "", ERROR_RETRY},
    {"no lines at all", "username,course1\na,b\n", "", ERROR_RETRY},
};

/* Of the files that it was made of the policy says otherwise. */
static const struct policy policy = {.delimiter = "pipe",
    .encoding = "UTF-16LE",
    .skip_lines = 1,
    .skip_rows = 1,
    .header = HEADING_NONE,
    .record_end = "!##!",
    .escape = ESCAPE_BACKSLASH};

Test(reader, takes_the_lines_of_a_composed_text)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out = {0};
		struct reader reader;
		const struct reader_terms terms = {
		    .policy = &policy, .field_max = 1000, .is_composed = true};
		struct error error = reader_open(&reader, &terms,
		    (struct reader_visitor){.on_record = on_record, .context = &out});
		if (!is_error(&error))
			error = reader_feed(&reader, cases[i].text, strlen(cases[i].text));
		if (!is_error(&error))
			error = reader_finish(&reader);
		cr_expect_eq(error.class, cases[i].class, "%s: %s", cases[i].what, error.text);
		buffer_add_char(&out, '\0');
		cr_expect_str_eq(out.bytes, cases[i].records, "%s: %s", cases[i].what, out.bytes);
		reader_close(&reader);
		buffer_done(&out);
	}
}
