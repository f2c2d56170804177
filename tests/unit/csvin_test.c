/* csvin: whole and cut into every size of piece, the same records come out. */
#include "enrold/csvin.h"

#include "enrold/buffer.h"

#include <criterion/criterion.h>

/* "line:cell|cell;" for each record; * marks a broken one, ~ one with cells that were cut, + one
 * that is too long. */
static struct error record_print(void *context, const struct csvin_record *record)
{
	struct buffer *out = context;
	const char *marks[] = {"", "*", "~", "+"};
	buffer_print(out, "%llu%s:", (unsigned long long)record->line, marks[record->fault]);
	for (size_t i = 0; i < record->cells_count; i++)
		buffer_print(out, "%s%.*s", i ? "|" : "", SLICE_ARG(record->cells[i]));
	buffer_add_char(out, ';');
	return OK;
}

static const struct csvin_limits limits = {.field_max = 16, .record_max = 64, .cells_max = 4};

static void read_in_pieces(const char *input, size_t piece, struct buffer *out)
{
	struct csvin *csvin = csvin_create(',', limits, record_print, out);
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

static const struct {
	const char *input;
	const char *records;
} cases[] = {
    {"a,b\nc,d\n", "1:a|b;2:c|d;"},
    {"a,b\r\nc,d", "1:a|b;2:c|d;"},
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

Test(csvin, reads_the_same_records_from_any_pieces)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t piece = 1; piece < 32; piece++) {
			struct buffer out = {0};
			read_in_pieces(cases[i].input, piece, &out);
			cr_expect_str_eq(out.bytes, cases[i].records,
			    "case %zu in pieces of %zu: %s", i, piece, out.bytes);
			buffer_done(&out);
		}
	}
}
