/* Echoed cells: guarded against spreadsheets, whatever they split at, and read back as they were.
 */
#include "enrold/csvout.h"

#include "table.h"

#include <criterion/criterion.h>

static const struct {
	const char *cell, *written;
} cells[] = {
    {"", ""},
    {"plain text", "plain text"},
    {" blank", "\" blank\""},
    {"=1", "'=1"},
    {"''=1", "'''=1"},
    {"'tis", "'tis"},
    {"a;b", "\"a;b\""},
    {"a|b:c", "\"a|b:c\""},
    {"a,b", "\"a,b\""},
    {"x;=1", "\"x;'=1\""},
    {"x;'=1", "\"x;''=1\""},
    {"x;\"=1", "\"x;'\"\"=1\""},
    {"x\t+1", "\"x\t'+1\""},
    {"x\n@a", "\"x\n'@a\""},
    {"x: -1", "\"x: -1\""},
    {"status=0;timestart=1;roles=student", "\"status=0;timestart=1;roles=student\""},
    {"\uFF1D1", "'\uFF1D1"},
    {"x;\uFF0B1", "\"x;'\uFF0B1\""},
    {"\uFE63x", "'\uFE63x"},
    {"\"=1", "\"\"\"=1\""},
};

Test(csvout, guards_what_a_spreadsheet_would_take_for_a_formula)
{
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		struct buffer out = {0};
		csvout_guarded(&out, slice_of(cells[i].cell));
		buffer_add_char(&out, '\0');
		cr_expect_str_eq(out.bytes, cells[i].written, "case %zu: %s", i, out.bytes);
		buffer_done(&out);
	}
}

Test(csvout, leaves_the_cells_of_a_retry_file_as_they_are)
{
	struct buffer out = {0};
	csvout_cell(&out, SLICE("=1|2"), ';');
	csvout_cell(&out, SLICE("=1;2"), ';');
	buffer_add_char(&out, '\0');
	cr_expect_str_eq(out.bytes, "=1|2\"=1;2\"");
	buffer_done(&out);
}

/* One field as a spreadsheet reads it that splits at `separator`: quotes count where they stand
 * first, and what follows the closing one is appended. Returns where the next begins, NULL: none.
 */
static const char *field_read(const char *text, char separator, struct buffer *field)
{
	buffer_clear(field);
	if (*text == '"') {
		for (text++; *text != '\0' && !(text[0] == '"' && text[1] != '"'); text++) {
			text += *text == '"';
			buffer_add_char(field, *text);
		}
		text += *text == '"';
	}
	for (; *text != '\0' && *text != separator && *text != '\n' && *text != '\r'; text++)
		buffer_add_char(field, *text);
	buffer_add_char(field, '\0');
	return *text == '\0' ? NULL : text + 1;
}

static void split_expect(const char *line, char separator, const char *cell)
{
	struct buffer field = {0};
	for (const char *next = line; next;) {
		next = field_read(next, separator, &field);
		bool is_formula = *field.bytes != '\0' && strchr("=+-@\t\r", *field.bytes);
		cr_assert_not(is_formula || strncmp(field.bytes, "\uFF1D", 3) == 0,
		    "split at '%c': %s of %s", separator, line, cell);
	}
	buffer_done(&field);
}

static void cell_try(const char *cell)
{
	struct buffer line = {0};
	buffer_add_text(&line, "2,");
	csvout_guarded(&line, slice_of(cell));
	buffer_add_char(&line, ',');
	csvout_guarded(&line, slice_of(cell));
	buffer_add_text(&line, "\n3,x");
	buffer_add_char(&line, '\0');
	for (const char *separator = ",;:|\t"; *separator; separator++)
		split_expect(line.bytes, *separator, cell);
	struct buffer field = {0};
	field_read(line.bytes + 2, ',', &field);
	struct buffer again = table_unguard(field.bytes);
	cr_assert_str_eq(again.bytes, cell, "%s", line.bytes);
	buffer_done(&again);
	buffer_done(&field);
	buffer_done(&line);
}

Test(csvout, makes_no_formula_of_any_cell_wherever_lines_are_split_and_loses_nothing)
{
	static const char *const letters[] = {
	    "=", ";", "'", "\"", ",", "\t", "\n", "\r", "x", "\uFF1D"};
	enum { LETTERS = 10, LENGTH = 5, CELLS = 100000 };
	for (int i = 0; i < CELLS; i++) {
		char cell[LENGTH * 3 + 1] = "";
		for (int place = 0, rest = i; place < LENGTH; place++, rest /= LETTERS)
			strcat(cell, letters[rest % LETTERS]);
		cell_try(cell);
	}
}
