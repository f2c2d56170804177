/* Cells on their way out: as they are, or guarded against spreadsheets, whatever these split at,
 * and read back as they were. */
#include "enrold/csvout.h"

#include "table.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct {
	const char *what, *cell, *written;
} guarded[] = {
    {"nothing", "", ""},
    {"a text", "plain text", "plain text"},
    {"a blank before it", " blank", "\" blank\""},
    {"a blank behind it", "blank ", "\"blank \""},
    {"a formula", "=1", "'=1"},
    {"a date behind a sign", "-1.2.2026", "'-1.2.2026"},
    {"a telephone number", "+49 30 1", "'+49 30 1"},
    {"a sign in the middle", "030-1", "030-1"},
    {"an address", "a@b.example", "a@b.example"},
    {"guarded already", "'=1", "''=1"},
    {"guarded twice", "''=1", "'''=1"},
    {"an apostrophe before a text", "'tis", "'tis"},
    {"a blank before a sign", " =1", "\" =1\""},
    {"somebody else's separator", "a;b", "\"a;b\""},
    {"bars and colons", "a|b:c", "\"a|b:c\""},
    {"a bar alone", "a|b", "\"a|b\""},
    {"our own separator", "a,b", "\"a,b\""},
    {"a formula behind a separator", "x;=1", "\"x;'=1\""},
    {"one at the end", "x;=", "\"x;'=\""},
    {"an address behind a bar", "x|@a", "\"x|'@a\""},
    {"guarded behind a separator", "x;'=1", "\"x;''=1\""},
    {"quoted behind a separator", "x;\"=1", "\"x;'\"\"=1\""},
    {"behind two separators", "x;;=1", "\"x;;'=1\""},
    {"behind a tab", "x\t+1", "\"x\t'+1\""},
    {"in a line of its own", "x\n@a", "\"x\n'@a\""},
    {"a blank between", "x: -1", "\"x: -1\""},
    {"what enrold writes of an enrolment", "status=0;timestart=1;roles=student",
        "\"status=0;timestart=1;roles=student\""},
    {"as wide as a Chinese character", "\uFF1D1", "'\uFF1D1"},
    {"wide, behind a separator", "x;\uFF0B1", "\"x;'\uFF0B1\""},
    {"small", "\uFE63x", "'\uFE63x"},
    {"wide, and no sign", "\uFF1E1", "\uFF1E1"},
    {"quoted", "\"=1", "\"\"\"=1\""},
    {"a quote in the middle", "5\" disk", "\"5\"\" disk\""},
    {"a control", "a\x01", "a\uFFFD"},
    {"another", "a\x7F", "a\uFFFD"},
    {"no UTF-8", "gr\xFCn", "gr\uFFFDn"},
    {"no UTF-8 in a formula", "=\xFC", "'=\uFFFD"},
};

Test(csvout, guards_what_a_spreadsheet_would_take_for_a_formula)
{
	for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++) {
		struct buffer out = {0};
		csvout_guarded(&out, slice_of(guarded[i].cell));
		buffer_add_char(&out, '\0');
		cr_expect_str_eq(
		    out.bytes, guarded[i].written, "%s: %s", guarded[i].what, out.bytes);
		buffer_done(&out);
	}
}

static const struct {
	const char *what, *cell;
	char delimiter;
	const char *written;
} plain[] = {
    {"nothing", "", ',', ""},
    {"a formula stays one", "=1", ',', "=1"},
    {"the delimiter", "=1;2", ';', "\"=1;2\""},
    {"others' delimiters", "=1|2,3", ';', "=1|2,3"},
    {"a tab between tabs", "a\tb", '\t', "\"a\tb\""},
    {"a tab between commas", "a\tb", ',', "a\tb"},
    {"a blank before it", " a", ',', "\" a\""},
    {"a blank behind it", "a ", ',', "\"a \""},
    {"a tab before it", "\ta", ',', "\"\ta\""},
    {"a tab behind it", "a\t", ',', "\"a\t\""},
    {"a quote", "5\" disk", ',', "\"5\"\" disk\""},
    {"nothing but quotes", "\"\"", ',', "\"\"\"\"\"\""},
    {"a line's end", "a\nb", ',', "\"a\nb\""},
    {"a return", "a\rb", ',', "\"a\rb\""},
    {"no UTF-8 stays as it is", "gr\xFCn", ',', "gr\xFCn"},
};

Test(csvout, leaves_the_cells_of_a_retry_file_as_they_are)
{
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		struct buffer out = {0};
		csvout_cell(&out, slice_of(plain[i].cell), plain[i].delimiter);
		buffer_add_char(&out, '\0');
		cr_expect_str_eq(out.bytes, plain[i].written, "%s: %s", plain[i].what, out.bytes);
		buffer_done(&out);
	}
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

/* As it is read where lines are split at commas. */
static void expect_field(const char *cell, const char *expected)
{
	struct buffer line = {0}, field = {0};
	csvout_guarded(&line, slice_of(cell));
	buffer_add_char(&line, '\0');
	field_read(line.bytes, ',', &field);
	cr_expect_str_eq(field.bytes, expected, "%s of %s", field.bytes, cell);
	buffer_done(&field);
	buffer_done(&line);
}

/* Behind a separator a quote means nothing; at the start of a cell it is ours. */
static void start_try(const char *before, const char *start)
{
	char cell[32], expected[40];
	snprintf(cell, sizeof cell, "%s%s1", before, start);
	snprintf(expected, sizeof expected, "%s%s", strchr(before, '"') ? "" : "'", cell);
	expect_field(cell, expected);
	for (const char *separator = ",;:|\t\n\r"; *separator; separator++) {
		snprintf(cell, sizeof cell, "x%c%s%s1", *separator, before, start);
		snprintf(expected, sizeof expected, "x%c'%s", *separator, cell + 2);
		expect_field(cell, expected);
	}
}

Test(csvout, guards_each_start_of_a_formula_behind_each_separator)
{
	static const char *const starts[] = {"=", "+", "-", "@", "\t", "\r", "\uFF1D", "\uFF0B",
	    "\uFF0D", "\uFF20", "\uFE66", "\uFE62", "\uFE63", "\uFE6B"};
	static const char *const befores[] = {"", "'", "''", "\"", "'\"", "\"'"};
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		for (size_t k = 0; k < sizeof befores / sizeof *befores; k++)
			start_try(befores[k], starts[i]);
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
	/* The reader of our own that reads answers loses nothing either. */
	struct arena *arena = arena_create();
	struct slice ours = csvout_unguarded(slice_of(field.bytes), arena);
	cr_assert(slice_is(ours, slice_of(cell)), "%s", line.bytes);
	arena_free(arena);
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
