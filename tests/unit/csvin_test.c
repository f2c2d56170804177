/* csvin: whole and cut into every size of piece, the same records come out. */
#include "enrold/csvin.h"

#include "enrold/buffer.h"

#include <criterion/criterion.h>

/* "line:cell|cell;" for each record; . marks one that the input has ended; * a broken one, ~ one
 * with cells that were cut, + one that is too long. */
static struct error record_print(void *context, const struct csvin_record *record)
{
	struct buffer *out = context;
	const char *marks[] = {"", "*", "~", "+"};
	buffer_print(out, "%llu%s%s:", (unsigned long long)record->line,
	    !record->is_ended ? "." : "", marks[record->fault]);
	for (size_t i = 0; i < record->cells_count; i++)
		buffer_print(out, "%s%.*s", i ? "|" : "", SLICE_ARG(record->cells[i]));
	buffer_add_char(out, ';');
	return OK;
}

static const struct csvin_limits limits = {.field_max = 16, .record_max = 64, .cells_max = 4};

static void read_in_pieces(
    const struct csvin_terms *terms, const char *input, size_t piece, struct buffer *out)
{
	struct csvin *csvin = csvin_create(terms, record_print, out);
	size_t size = strlen(input);
	struct error error = OK;
	for (size_t i = 0; i < size && !is_error(&error); i += piece)
		error = csvin_feed(csvin, input + i, piece < size - i ? piece : size - i);
	if (!is_error(&error))
		error = csvin_finish(csvin);
	if (is_error(&error))
		buffer_print(out, "!%s@%llu", error.code, (unsigned long long)error.line);
	buffer_add_char(out, '\0');
	csvin_free(csvin);
}

struct csvin_case {
	const char *input;
	const char *records;
};

static const struct csvin_case plain[] = {
    {"a,b\nc,d\n", "1:a|b;2:c|d;"},
    {"a,b\r\nc,d", "1:a|b;2.:c|d;"},
    {"a,b\rc,d\r", "1:a|b;2:c|d;"},
    {"\n  \na,b\n\n\nc,d\n\n", "3:a|b;6:c|d;"},
    {"a,\"b\nx\"\nc,d\n", "1:a|b\nx;3:c|d;"},
    {"a,\"b\r\nx\"\r\nc,d\r\n", "1:a|b\r\nx;3:c|d;"},
    {"\"a\",\"b\"\"c\"\n", "1:a|b\"c;"},
    {"a b\"c,d\n", "1:a b\"c|d;"},
    {" \"a\" ,b \n", "1:a|b;"},
    {"\"a\"x,b\nc,d\n", "1*:\"a\"x,b;2:c|d;"},
    {"a,\"b\nc\"x,d\ne,f\n", "1*:a,\"b\nc\"x,d;3:e|f;"},
    {"a,b\n\"c,d\ne,f\n", "1:a|b;!quote_open@2"},
    {"a,\"b\nc\",\"d\n", "!quote_open@2"},
    {"a,\"bbbbbbbbbbbbbbbbbbbbbbbbb\"\n", "!quote_open@1"},
    {"a,bbbbbbbbbbbbbbbbbbbbbbbbb\nc,d\n", "1~:a|;2:c|d;"},
    {"a,\"bbbbbbbbbbbbbbbb\"\n", "1:a|bbbbbbbbbbbbbbbb;"},
    {"a,\"b\"               \"c,d\ne,f\n", "1*:a,\"b\"               \"c,d;2:e|f;"},
    {"a,\"b\"                         ,d\ne,f\n", "1~:a||d;2:e|f;"},
    {"a,b,c,d,e\nf,g\n", "1+:a|b|c|d;2:f|g;"},
    {",\n", "1:|;"},
    {"", ""},
};

static const struct csvin_case ended[] = {
    {"a,b!##!\nc,d!##!\n", "1:a|b;2:c|d;"},
    {"a,b!##!c,d!##!", "1:a|b;1:c|d;"},
    {"a,b!##!\r\nc,d!##!\r", "1:a|b;2:c|d;"},
    {"a,b!##!\n \n\t!##! \n c,d!##!", "1:a|b;4:c|d;"},
    {"a,b!##!\nc,d", "1:a|b;2.:c|d;"},
    {"a,b!##!\nc,d\n", "1:a|b;2.:c|d;"},
    {"a,b!##!\nc,d!##\n", "1:a|b;2.:c|d!##;"},
    {"a,b\nx,c\r\n\r\ny!##!d!##!", "1:a|b\nx|c\r\n\r\ny;4:d;"},
    {"\n a\n,\r\n b \r\n!##!\nc!##!", "2:a|b;6:c;"},
    {"a,\"b\"\n!##!\n\"c\" \n, d!##!", "1:a|b;3:c|d;"},
    {"\"a!##!\n!##\",!##!\nb!##!", "1:a!##!\n!##|;3:b;"},
    {"a!#,!##,!##!b!!##!!##!#!##!", "1:a!#|!##|;1:b!;1:#;"},
    {"!##!!##!\n,!##!!!##!", "2:|;2:!;"},
    {"a!\nb!#\r\nc!##!d!##!", "1:a!\nb!#\r\nc;3:d;"},
    {"a!\r!\n#!##!b!##!", "1:a!\r!\n#;3:b;"},
    {"\"a\"x,b\n\"c\n!##!\nd!##!", "1*:\"a\"x,b\n\"c\n;4:d;"},
    {"\"a\"x!##", "1.*:\"a\"x!##;"},
    {"a!##!\nb,\"c!##!\nd!##!", "1:a;!quote_open@2"},
    {"a\n,\"b\n!##!ccccccccccccc\"", "!quote_open@2"},
    {"a,bbbbbbbbbbbb\nbbbbbbbbbb!##!c!##!", "1~:a|;2:c;"},
    {"a,\"b\"\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n,d!##!e!##!", "1~:a||d;18:e;"},
    {"a,b,c,d\n,e!##!f,g!##!", "1+:a|b|c|d;2:f|g;"},
    {"a b\"c!##!d!##!", "1:a b\"c;1:d;"},
    {"\n \n", ""},
};

static const struct csvin_case backslashed[] = {
    {"\"a\",\"b\"\n\"c\",\"\"\n", "1:a|b;2:c|;"},
    {"\"a \\\"b\\\"\",c\n", "1:a \"b\"|c;"},
    {"\"\\\"\",\"\\\\\"\n\"\\\\\\\"\",\\\n", "1:\"|\\;2:\\\"|\\;"},
    {"\"a\\n\\,\",\"C:\\x\"\n", "1:a\\n\\,|C:\\x;"},
    {"\"a\\\nb\\\r\n\",c\n", "1:a\\\nb\\\r\n|c;"},
    {"a\\\"b,\\\"c\\\"\nd\n", "1:a\\\"b|\\\"c\\\";2:d;"},
    {"\"a\"\"b\",\"\"\"\"\n", "1:a\"b|\";"},
    {"\"a\"\\,b\nc\n", "1*:\"a\"\\,b;2:c;"},
    {"\"a\\\"b\"x,\"c\\\"\nd\n", "1*:\"a\\\"b\"x,\"c\\\";2:d;"},
    {"a\n\"C:\\\",b\n", "1:a;!quote_open@2"},
    {"a\n\"b\\", "1:a;!quote_open@2"},
    {"\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\",b\n",
        "1:\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"|b;"},
    {"\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\",b\n",
        "!quote_open@1"},
};

static const struct csvin_case both[] = {
    {"\"a\\\"!##!\n\",b!##!\n\"c\\\\\"!##!", "1:a\"!##!\n|b;3:c\\;"},
    {"\"a\\!##!\",!#\\#!##!\\!##!", "1:a\\!##!|!#\\#;1:\\;"},
};

#define COUNT(cases) (sizeof(cases) / sizeof *(cases))

static const struct {
	const char *record_end;
	bool is_backslashed;
	const struct csvin_case *cases;
	size_t count;
} kinds[] = {
    {NULL, false, plain, COUNT(plain)},
    {"!##!", false, ended, COUNT(ended)},
    {NULL, true, backslashed, COUNT(backslashed)},
    {"!##!", true, both, COUNT(both)},
};

static void kind_expect(const struct csvin_terms *terms, const struct csvin_case *wanted)
{
	for (size_t piece = 1; piece < 32; piece++) {
		struct buffer out = {0};
		read_in_pieces(terms, wanted->input, piece, &out);
		cr_expect_str_eq(out.bytes, wanted->records, "%s\nin pieces of %zu: %s",
		    wanted->input, piece, out.bytes);
		buffer_done(&out);
	}
}

Test(csvin, reads_the_same_records_from_any_pieces)
{
	for (size_t k = 0; k < COUNT(kinds); k++) {
		const struct csvin_terms terms = {.delimiter = ',',
		    .record_end = kinds[k].record_end,
		    .is_backslashed = kinds[k].is_backslashed,
		    .limits = limits};
		for (size_t i = 0; i < kinds[k].count; i++)
			kind_expect(&terms, &kinds[k].cases[i]);
	}
}

/* As some systems have them: each separator twice, and two characters at each end. */
Test(csvin, ends_records_with_whatever_the_feed_says)
{
	const struct csvin_terms terms = {.delimiter = '|', .record_end = "|\\|", .limits = limits};
	const struct csvin_case wanted = {"a|b|\\|\nc||\\|\\|x|\\|", "1:a|b;2:c|;2:\\|x;"};
	kind_expect(&terms, &wanted);
}

/* The record before cannot tell where this one ends. */
Test(csvin, a_record_without_end_costs_no_more_than_its_limits)
{
	enum { SIZE = 10 << 20 };
	struct buffer out = {0};
	const struct csvin_terms terms = {.delimiter = ',', .record_end = "!##!", .limits = limits};
	struct csvin *csvin = csvin_create(&terms, record_print, &out);
	cr_assert(csvin_feed(csvin, "a,b!##!\n", 8).class == OK.class);
	for (int i = 0; i < SIZE / 8; i++)
		cr_assert(csvin_feed(csvin, "1,22!#\n,", 8).class == OK.class);
	cr_assert(csvin_finish(csvin).class == OK.class);
	csvin_free(csvin);
	buffer_add_char(&out, '\0');
	cr_expect_str_eq(out.bytes, "1:a|b;2.+:1|22!#|1|22!#;");
	buffer_done(&out);
}
