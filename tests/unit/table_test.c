/* Tables, and what else is for eyes: as wide as the terminal, and no cell gets out of its place. */
#include "../../src/ctl/table.h"

#include "enrold/buffer.h"

#include <criterion/criterion.h>
#include <pty.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const struct table_column columns[] = {
    {.title = "FEED"}, {.title = "FILE", .gives_way = true}, {.title = "ROWS", .is_number = true}};

static struct table *make(const char *const *cells)
{
	struct table *table = table_create(columns, 3);
	for (; *cells; cells++)
		table_cell(table, TABLE_PLAIN, *cells);
	return table;
}

static char *printed(const struct table *table, struct terminal terminal)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	cr_assert(table_print_for(table, to, terminal));
	fclose(to);
	return text;
}

static void expect(const char *const *cells, struct terminal terminal, const char *wanted)
{
	struct table *table = make(cells);
	char *text = printed(table, terminal);
	cr_expect_str_eq(text, wanted, "\n%s", text);
	free(text);
	table_free(table);
}

#define CELLS(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(table, aligns_numbers_to_the_right_and_writes_no_blanks_at_the_end)
{
	expect(CELLS("hr", "staff.csv", "1,234", "leavers", "n.csv", "7"), (struct terminal){0},
	    "FEED     FILE        ROWS\n"
	    "hr       staff.csv  1,234\n"
	    "leavers  n.csv          7\n");
	expect(CELLS("hr", "a.csv", "", "leavers", "", ""), (struct terminal){0},
	    "FEED     FILE   ROWS\n"
	    "hr       a.csv\n"
	    "leavers\n");
	expect(CELLS(NULL), (struct terminal){.width = 80}, "FEED  FILE  ROWS\n");
}

Test(table, without_titles_is_its_rows)
{
	static const struct table_column plain[] = {{.title = NULL}, {.title = NULL}};
	struct table *table = table_create(plain, 2);
	table_end_row(table);
	char *text = printed(table, (struct terminal){0});
	cr_expect_str_eq(text, "");
	free(text);
	table_cell(table, TABLE_PLAIN, "a");
	table_end_row(table);
	table_end_row(table);
	table_cell_print(table, TABLE_PLAIN, "%s%d", "bcd", 7);
	table_cell(table, TABLE_PLAIN, "e");
	text = printed(table, (struct terminal){0});
	cr_expect_str_eq(text, "a\nbcd7  e\n");
	free(text);
	table_free(table);
}

Test(table, is_cut_where_it_gives_way_first)
{
	const char *const *cells =
	    CELLS("leavers", "a-very-long-name-of-a-file-indeed.csv", "1,234,567");
	expect(cells, (struct terminal){.width = 200},
	    "FEED     FILE                                        ROWS\n"
	    "leavers  a-very-long-name-of-a-file-indeed.csv  1,234,567\n");
	expect(cells, (struct terminal){.width = 40},
	    "FEED     FILE                       ROWS\n"
	    "leavers  a-very-long-name-of…  1,234,567\n");
	expect(cells, (struct terminal){.width = 40, .is_ascii = true},
	    "FEED     FILE                       ROWS\n"
	    "leavers  a-very-long-name-...  1,234,567\n");
	expect(cells, (struct terminal){.width = 20},
	    "FE…  FILE       ROWS\n"
	    "le…  a-v…  1,234,567\n");
	expect(cells, (struct terminal){.width = 5},
	    "…  …\n"
	    "…  …\n");
	expect(cells, (struct terminal){.width = 1}, "…\n…\n");
}

Test(table, leaves_out_what_has_nothing_but_a_title_before_it_cuts)
{
	const char *const *cells = CELLS("leavers", "", "1", "", "", "2");
	expect(cells, (struct terminal){.width = 20},
	    "FEED     FILE  ROWS\n"
	    "leavers           1\n"
	    "                  2\n");
	expect(cells, (struct terminal){.width = 18},
	    "FEED     ROWS\n"
	    "leavers     1\n"
	    "            2\n");
}

Test(table, counts_what_a_terminal_shows)
{
	expect(CELLS("hr", "汉字.csv", "1", "hr", "cafe\u0301", "2", "hr", "कार", "3", "hr",
	           "\u1112\u1161\u11AB", "4"),
	    (struct terminal){0},
	    "FEED  FILE      ROWS\n"
	    "hr    汉字.csv     1\n"
	    "hr    cafe\u0301         2\n"
	    "hr    कार          3\n"
	    "hr    \u1112\u1161\u11AB           4\n");
	/* No half of a wide letter, and no mark without its letter. */
	expect(CELLS("hr", "汉字汉字汉字汉字汉字", "1", "hr",
	           "e\u0301e\u0301e\u0301e\u0301e\u0301e"
	           "\u0301e\u0301e\u0301e\u0301",
	           "2"),
	    (struct terminal){.width = 20},
	    "FEED  FILE      ROWS\n"
	    "hr    汉字汉…      1\n"
	    "hr    e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301…     2\n");
}

Test(table, lets_no_cell_out_of_its_place)
{
	static const struct {
		const char *cell, *shown;
		bool is_ascii;
	} cases[] = {
	    {"a\nb\tc\rd", "a_b_c_d", false},
	    {"a\x1B[2Jb\x7F", "a_[2Jb_", false},
	    {"a\xC2\x85\xC2\x9B", "a__", false},
	    {"a\u202Eb\u2066\u200B", "a_b__", false},
	    {"\xFF\xC3(", "__(", false},
	    {"\u0301a", "_a", false},
	    {"\u0378\uFFFF", "__", false},
	    {"a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
	        "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301__", false},
	    {"caf\u00E9 e\u0301 汉", "caf? e ?", true},
	    {"\u202E\xFF", "__", true},
	};
	static const struct table_column one = {.title = NULL};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct table *table = table_create(&one, 1);
		char wanted[64];
		table_cell(table, TABLE_PLAIN, cases[i].cell);
		char *text = printed(table, (struct terminal){.is_ascii = cases[i].is_ascii});
		snprintf(wanted, sizeof wanted, "%s\n", cases[i].shown);
		cr_expect_str_eq(text, wanted, "case %zu: %s", i, text);
		free(text);
		table_free(table);
	}
}

/* Digits behind Hebrew or Arabic would be written on its other side. */
Test(table, keeps_what_stands_behind_a_cell_that_is_written_from_the_right)
{
	const char *const *cells = CELLS("hr", "שלום", "7", "hr", "سلام.csv", "1", "hr", "a", "2");
	expect(cells, (struct terminal){.may_turn = true},
	    "FEED  FILE      ROWS\n"
	    "hr    שלום\u200E         7\n"
	    "hr    سلام.csv\u200E     1\n"
	    "hr    a            2\n");
	expect(cells, (struct terminal){0},
	    "FEED  FILE      ROWS\n"
	    "hr    שלום         7\n"
	    "hr    سلام.csv     1\n"
	    "hr    a            2\n");
}

Test(table, is_as_wide_as_the_terminal_at_most_whatever_is_in_it)
{
	static const char *const cells[] = {"x", "汉字汉字汉字汉字", "e\u0301e\u0301e\u0301", "",
	    "1,234,567,890", "a long sentence of many words"};
	for (size_t width = 1; width < 120; width++) {
		struct table *table = table_create(columns, 3);
		for (int i = 0; i < 18; i++)
			table_cell(table, TABLE_PLAIN, cells[i * 7 % 6]);
		char *text = printed(table, (struct terminal){.width = width});
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
			struct glyphs glyphs = glyphs_of(slice_of(line), false);
			size_t used = 0;
			for (struct glyph glyph; glyphs_next(&glyphs, &glyph);)
				used += glyph.width;
			cr_expect_leq(used, width, "%zu: %s", width, line);
		}
		free(text);
		table_free(table);
	}
}

Test(table, has_colours_around_words_and_not_around_blanks)
{
	static const struct table_column two[] = {
	    {.title = "A"}, {.title = "B", .is_number = true}};
	struct table *table = table_create(two, 2);
	table_cell(table, TABLE_BAD, "held");
	table_cell(table, TABLE_GOOD, "1");
	table_cell(table, TABLE_WARN, "");
	table_cell(table, TABLE_DIM, "22");
	char *text = printed(table, (struct terminal){.has_colours = true});
	cr_expect_str_eq(text, "\033[1mA\033[0m      \033[1mB\033[0m\n"
	                       "\033[31mheld\033[0m   \033[32m1\033[0m\n"
	                       "      \033[2m22\033[0m\n");
	free(text);
	table_free(table);
}

Test(table, that_cannot_be_written_says_so)
{
	struct table *table = make(CELLS("hr", "a", "1"));
	FILE *full = fopen("/dev/full", "we");
	cr_expect_not(table_print(table, full));
	cr_expect_not(table_print(NULL, stdout));
	fclose(full);
	table_free(table);
}

static FILE *terminal_open(int *master, unsigned short width)
{
	struct winsize size = {.ws_row = 24, .ws_col = width};
	int slave;
	cr_assert_eq(openpty(master, &slave, NULL, NULL, &size), 0);
	return fdopen(slave, "w");
}

Test(terminal, is_asked_for_its_width_and_the_environment_for_the_rest)
{
	static const struct {
		unsigned short width;
		const char *columns, *no_color, *term, *locale;
		struct terminal is;
	} cases[] = {
	    {80, "100", NULL, "xterm", "C.UTF-8", {80, 24, true, false, true}},
	    {0, "100", "", "xterm", "C", {100, 24, true, true, true}},
	    {0, "-1", "1", "xterm", "C.UTF-8", {0, 24, false, false, true}},
	    {0, NULL, NULL, "dumb", "C.UTF-8", {0, 24, false, false, true}},
	    {200, NULL, NULL, NULL, "no such locale", {200, 24, false, true, true}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *const variables[][2] = {{"COLUMNS", cases[i].columns},
		    {"NO_COLOR", cases[i].no_color}, {"TERM", cases[i].term},
		    {"LC_ALL", cases[i].locale}};
		for (size_t v = 0; v < 4; v++)
			if (variables[v][1])
				setenv(variables[v][0], variables[v][1], 1);
			else
				unsetenv(variables[v][0]);
		int master;
		FILE *to = terminal_open(&master, cases[i].width);
		struct terminal terminal = terminal_of(to);
		cr_expect_eq(terminal.width, cases[i].is.width, "case %zu", i);
		cr_expect_eq(terminal.height, cases[i].is.height, "case %zu", i);
		cr_expect_eq(terminal.has_colours, cases[i].is.has_colours, "case %zu", i);
		cr_expect(terminal.may_turn);
		cr_expect_eq(terminal.is_ascii, cases[i].is.is_ascii, "case %zu", i);
		fclose(to);
		close(master);
	}
}

Test(terminal, is_no_pipe)
{
	int ends[2];
	setenv("COLUMNS", "20", 1);
	setenv("TERM", "xterm", 1);
	setenv("LC_ALL", "C", 1);
	cr_assert_eq(pipe(ends), 0);
	FILE *to = fdopen(ends[1], "w");
	struct table *table = make(CELLS("hr", "ein langer Name für eine Datei.csv", "1"));
	cr_expect(table_print(table, to));
	terminal_write(to, "a\nü\u202E\n");
	fclose(to);
	char text[256] = "";
	cr_assert_gt(read(ends[0], text, sizeof text - 1), 0);
	cr_expect_str_eq(text, "FEED  FILE                                ROWS\n"
	                       "hr    ein langer Name für eine Datei.csv     1\n"
	                       "a_ü__");
	close(ends[0]);
	table_free(table);
}

Test(show, numbers_durations_and_sizes)
{
	static const struct {
		uint64_t number;
		const char *grouped, *size, *duration;
	} cases[] = {
	    {0, "0", "0 B", "0 s"},
	    {999, "999", "999 B", "16 min"},
	    {119, "119", "119 B", "119 s"},
	    {120, "120", "120 B", "2 min"},
	    {1023, "1,023", "1023 B", "17 min"},
	    {1024, "1,024", "1.0 KiB", "17 min"},
	    {7200, "7,200", "7.0 KiB", "2 h"},
	    {172799, "172,799", "168 KiB", "47 h"},
	    {172800, "172,800", "168 KiB", "2 days"},
	    {1342177280, "1,342,177,280", "1.2 GiB", "15534 days"},
	};
	char text[FIGURE_SIZE];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		figure_number(text, cases[i].number);
		cr_expect_str_eq(text, cases[i].grouped);
		figure_bytes(text, cases[i].number);
		cr_expect_str_eq(text, cases[i].size);
		figure_duration(text, (int64_t)cases[i].number);
		cr_expect_str_eq(text, cases[i].duration);
	}
	figure_number(text, UINT64_MAX);
	cr_expect_str_eq(text, "18,446,744,073,709,551,615");
	figure_bytes(text, UINT64_MAX);
	cr_expect_str_eq(text, "15 EiB");
	figure_duration(text, -5);
	cr_expect_str_eq(text, "0 s");
	figure_duration(text, INT64_MAX);
	cr_expect(strstr(text, " days"));
}

Test(show, of_a_time_what_does_not_go_without_saying)
{
	static const struct {
		int64_t epoch;
		const char *shown;
	} cases[] = {
	    {1795658400, "02:00"}, /* now */
	    {1795734000, "23:00"},
	    {1795647600, "25 Nov 23:00"},
	    {1795737600, "27 Nov 00:00"},
	    {1784505600, "20 Jul 00:00"},
	    {1767225600, "1 Jan 2026"},
	    {INT64_MAX, "9223372036854775807"},
	};
	char text[FIGURE_SIZE];
	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		figure_time(text, cases[i].epoch, 1795658400);
		cr_expect_str_eq(text, cases[i].shown, "case %zu: %s", i, text);
	}
}
