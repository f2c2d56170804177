/*
 * enrolctl explain: all that feeds ever did to or said of a person, oldest first; at the end, where
 * eyes come to rest, how things are today, and whether that is what was said last. What was said
 * again and again without anything having changed is one line.
 */
#include "answered.h"
#include "ask.h"
#include "table.h"
#include "words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WIDE = 110 };

/* ---- rows that say the same again ---- */

struct said {
	const json_t *first, *last;
	size_t times;
};

/* The number of a column moves when the file's columns do. */
static bool is_about_same(const json_t *a, const json_t *b)
{
	const char *x = words_text(a, "column"), *y = words_text(b, "column");
	size_t stem = strcspn(x, "0123456789");
	return stem == strcspn(y, "0123456789") && strncmp(x, y, stem) == 0 &&
	       words_is(a, "target", words_text(b, "target"));
}

static bool says_same(const json_t *a, const json_t *b)
{
	static const char *const members[] = {"feed", "outcome", "code", "message", "after"};
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (!words_is(a, members[i], words_text(b, members[i])))
			return false;
	return !words_is(a, "outcome", "done");
}

/* What was said last of the same thing is near the end. */
static void said_add(struct said *all, size_t *count, const json_t *row)
{
	enum { LOOK_BACK = 500 };
	for (size_t i = *count; i > 0 && *count - i < LOOK_BACK; i--) {
		struct said *said = &all[i - 1];
		if (!is_about_same(said->last, row))
			continue;
		if (!says_same(said->last, row))
			break;
		said->last = row;
		said->times++;
		return;
	}
	all[(*count)++] = (struct said){row, row, 1};
}

/* ---- the table ---- */

static const struct table_column wide[] = {{.title = "WHEN"}, {.title = "RUN"}, {.title = "FEED"},
    {.title = "FILE:LINE", .gives_way = true}, {.title = "COLUMN"},
    {.title = "ABOUT", .gives_way = true}, {.title = "OUTCOME"}, {.title = "WHAT"},
    {.title = "HOW", .gives_way = true}};
static const struct table_column narrow[] = {{.title = "WHEN"},
    {.title = "FILE:LINE", .gives_way = true}, {.title = "ABOUT", .gives_way = true},
    {.title = "WHAT"}, {.title = "HOW", .gives_way = true}};

static enum table_style style_of(const json_t *row)
{
	return words_is(row, "outcome", "error")       ? TABLE_BAD
	       : words_is(row, "outcome", "warning")   ? TABLE_WARN
	       : words_is(row, "outcome", "done")      ? TABLE_GOOD
	       : words_is(row, "outcome", "unchanged") ? TABLE_DIM
	                                               : TABLE_PLAIN;
}

static void how_cell(struct table *table, const struct said *said, int64_t now_s)
{
	char before[STATE_SIZE], after[STATE_SIZE], again[FIGURE_SIZE + 40] = "";
	const json_t *row = said->first;
	bool is_state =
	    *words_text(row, "after") && strncmp(words_text(row, "column"), "course", 6) == 0;
	if (said->times > 1) {
		char last[FIGURE_SIZE];
		figure_time(last, words_time(words_text(said->last, "time")), now_s);
		snprintf(again, sizeof again, "%zu times until %s: ", said->times,
		    last + strspn(last, " "));
	}
	words_state(before, words_text(row, "before"), now_s);
	words_state(after, words_text(row, "after"), now_s);
	if (is_state && words_is(row, "outcome", "done"))
		table_cell_print(table, TABLE_PLAIN, "%s%s -> %s", again, before, after);
	else if (is_state && words_is(row, "outcome", "unchanged"))
		table_cell_print(table, TABLE_PLAIN, "%s%s", again, after);
	else if (words_is(row, "outcome", "done") && *words_text(row, "after"))
		table_cell_print(table, TABLE_PLAIN, "%s%s%s%s", again, words_text(row, "before"),
		    *words_text(row, "before") ? " -> " : "", words_text(row, "after"));
	else
		table_cell_print(table, TABLE_PLAIN, "%s%s", again, words_text(row, "message"));
}

static void row_add(struct table *table, const struct said *said, bool is_wide, int64_t now_s)
{
	char shown[FIGURE_SIZE];
	const json_t *row = said->first;
	figure_time(shown, words_time(words_text(row, "time")), now_s);
	table_cell(table, TABLE_PLAIN, shown);
	if (is_wide) {
		table_cell(table, TABLE_PLAIN, words_text(row, "run"));
		table_cell(table, TABLE_PLAIN, words_text(row, "feed"));
	}
	table_cell_print(table, TABLE_PLAIN, "%s:%lld", words_text(row, "file"),
	    (long long)words_number(row, "line"));
	if (is_wide)
		table_cell(table, TABLE_PLAIN, words_text(row, "column"));
	table_cell(table, TABLE_PLAIN, words_text(row, "target"));
	if (is_wide)
		table_cell(table, style_of(row), words_text(row, "outcome"));
	table_cell(table, style_of(row), words_text(row, "code"));
	how_cell(table, said, now_s);
}

static bool rows_tell(const json_t *answer, int64_t now_s)
{
	size_t i, count = 0, width = terminal_width(stdout);
	json_t *object;
	bool is_wide = width == 0 || width >= WIDE;
	struct said *all = calloc(json_array_size(answer) + 1, sizeof *all);
	struct table *table = is_wide ? table_create(wide, sizeof wide / sizeof *wide)
	                              : table_create(narrow, sizeof narrow / sizeof *narrow);
	if (!all) {
		table_free(table);
		return false;
	}
	json_array_foreach(answer, i, object) if (words_is(object, "kind", "row"))
	    said_add(all, &count, object);
	for (i = 0; i < count; i++)
		row_add(table, &all[i], is_wide, now_s);
	bool is_told = count == 0 ? puts("No file has said anything of this person.") >= 0
	                          : table_print(table, stdout);
	table_free(table);
	free(all);
	return is_told;
}

/* ---- around it ---- */

/* "anna, today anna.holm; until 3 Mar anna.berg" */
static void person_tell(const json_t *person, int64_t now_s)
{
	size_t i;
	json_t *name;
	terminal_write(stdout, words_text(person, "asked"));
	json_array_foreach(json_object_get(person, "names"), i, name)
	{
		char shown[FIGURE_SIZE] = "";
		bool is_former = *words_text(name, "until");
		if (!words_is(name, "by", "username") ||
		    (!is_former && words_is(name, "name", words_text(person, "asked"))))
			continue;
		if (is_former)
			figure_time(shown, words_run_time(words_text(name, "until")), now_s);
		printf("%s%s ", is_former ? "; until " : ", today", shown + strspn(shown, " "));
		terminal_write(stdout, words_text(name, "name"));
	}
	fputs("\n\n", stdout);
}

static void gap_tell(const json_t *gap)
{
	static const struct {
		const char *why, *words;
	} words[] = {{"missing", "is gone"}, {"altered", "is not what enrold wrote"},
	    {"unreadable", "cannot be read"}, {"too_many", "has too much about this person"}};
	fputs("What file ", stdout);
	terminal_write(stdout, words_text(gap, "file"));
	fputs(" did is not known: ", stdout);
	terminal_write(stdout, words_text(gap, "path"));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words_is(gap, "why", words[i].why))
			printf(" %s.\n", words[i].words);
}

static void account_tell(const json_t *account)
{
	size_t i;
	json_t *difference;
	static const struct {
		const char *state, *words;
	} states[] = {{"active", "the account is active"},
	    {"suspended", "the account is suspended"}, {"deleted", "the account was deleted"},
	    {"none", "there is no such account"}, {"unknown", "not known"}};
	for (i = 0; i < sizeof states / sizeof *states; i++)
		if (words_is(account, "state", states[i].state))
			printf("Today: %s", states[i].words);
	if (*words_text(account, "why")) {
		fputs(": ", stdout);
		terminal_write(stdout, words_text(account, "why"));
	}
	fputs(".\n", stdout);
	json_array_foreach(json_object_get(account, "differences"), i, difference)
	{
		fputs("  ", stdout);
		terminal_write(stdout, words_text(difference, "name"));
		fputs(" is '", stdout);
		terminal_write(stdout, words_text(difference, "today"));
		fputs("'; a file had made it '", stdout);
		terminal_write(stdout, words_text(difference, "said"));
		fputs("': something else has changed it since.\n", stdout);
	}
}

/* "staff.csv:7 of 26 Nov 02:03 (run 20261126-020301-118204)" */
static void source_tell(const json_t *course, int64_t now_s)
{
	char shown[FIGURE_SIZE];
	figure_time(shown, words_run_time(words_text(course, "run")), now_s);
	terminal_write(stdout, words_text(course, "file"));
	printf(":%lld of %s (run %s)", (long long)words_number(course, "line"),
	    shown + strspn(shown, " "), words_text(course, "run"));
}

static void others_tell(const json_t *others)
{
	size_t i;
	json_t *way;
	json_array_foreach(others, i, way)
	{
		fputs(" Also by the method ", stdout);
		terminal_write(stdout, words_text(way, "method"));
		printf(": %s.", words_text(way, "enrolled"));
	}
}

static void said_tell(const json_t *course, int64_t now_s)
{
	char said[STATE_SIZE];
	const json_t *state = json_object_get(course, "said");
	const json_t *has_changed = json_object_get(course, "changed_since");
	words_state(said, words_text(course, "said"), now_s);
	fputs(" ", stdout);
	source_tell(course, now_s);
	if (words_is(course, "outcome", "error") || words_is(course, "outcome", "skipped")) {
		fputs(" said last: ", stdout);
		terminal_write(stdout, words_text(course, "message"));
	} else if (json_is_false(has_changed)) {
		fputs(" left it so.", stdout);
	} else if (json_is_string(state)) {
		fputs(" left it ", stdout);
		terminal_write(stdout, said);
		fputs(json_is_true(has_changed) ? ": something else has changed it since." : ".",
		    stdout);
	}
	if (json_is_true(has_changed) && *words_text(course, "written")) {
		char shown[FIGURE_SIZE];
		figure_time(shown, words_time(words_text(course, "written")), now_s);
		printf(" It was written %s by ", shown + strspn(shown, " "));
		terminal_write(stdout, *words_text(course, "written_by")
		                           ? words_text(course, "written_by")
		                           : "somebody unknown");
		fputs(".", stdout);
	}
}

static void course_tell(const json_t *course, int64_t now_s)
{
	char now[STATE_SIZE];
	fputs("  ", stdout);
	terminal_write(stdout, words_text(course, "course"));
	fputs(": ", stdout);
	words_state(now, words_text(course, "today"), now_s);
	if (words_is(course, "enrolled", "unknown"))
		fputs("not known.", stdout);
	else if (json_is_false(json_object_get(course, "is_there")))
		fputs("there is no such course.", stdout);
	else {
		terminal_write(stdout, now);
		fputs(".", stdout);
	}
	others_tell(json_object_get(course, "others"));
	if (*words_text(course, "run"))
		said_tell(course, now_s);
	else
		fputs(" No file has said anything of it and this person.", stdout);
	fputs("\n", stdout);
}

static bool tell(const json_t *answer)
{
	size_t i;
	json_t *object;
	int64_t now_s = (int64_t)time(NULL);
	json_array_foreach(answer, i, object) if (words_is(object, "kind", "person"))
	    person_tell(object, now_s);
	bool is_told = rows_tell(answer, now_s);
	fputs("\n", stdout);
	json_array_foreach(answer, i, object) if (words_is(object, "kind", "gap")) gap_tell(object);
	json_array_foreach(answer, i, object) if (words_is(object, "kind", "account"))
	    account_tell(object);
	json_array_foreach(answer, i, object) if (words_is(object, "kind", "course"))
	    course_tell(object, now_s);
	return is_told;
}

enum ctl_exit ctl_explain(const struct ctl *ctl)
{
	json_t *answer;
	enum ctl_exit status = ask(ctl,
	    json_pack("{s:s, s:s, s:s*}", "command", "explain", "user", ctl->arguments[0], "course",
	        ctl->arguments[1]),
	    &answer);
	return status == CTL_OK ? answered(ctl, answer, tell) : status;
}
