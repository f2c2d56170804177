/*
 * enrolctl explain: all that feeds ever did to or said of a person, oldest first; at the end, where
 * eyes come to rest, how things are today, and whether that is what was said last. What was said
 * again and again without anything having changed is one line.
 */
#include "answered.h"
#include "ask.h"
#include "explain_today.h"
#include "table.h"
#include "words.h"

#include "enrold/value.h"

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

/* What a state says does not tell why. */
static bool is_by_absence(const json_t *row)
{
	return words_is(row, "column", "absent") || words_is(row, "code", "returned") ||
	       words_is(row, "code", "kept_manual");
}

static void how_cell(struct table *table, const struct said *said, bool is_wide, int64_t now_s)
{
	char before[STATE_SIZE], after[STATE_SIZE], again[FIGURE_SIZE + 40] = "";
	const json_t *row = said->first;
	bool is_done = words_is(row, "outcome", "done") && *words_text(row, "after");
	bool is_of_course = strncmp(words_text(row, "column"), "course", 6) == 0 ||
	                    words_is(row, "column", "absent");
	bool is_state = *words_text(row, "after") && is_of_course;
	if (said->times > 1) {
		char last[FIGURE_SIZE];
		figure_time(last, words_time(words_text(said->last, "time")), now_s);
		snprintf(again, sizeof again, ", %zu times until %s", said->times,
		    last + strspn(last, " "));
	}
	if (is_by_absence(row)) {
		table_cell_print(table, TABLE_PLAIN, "%s%s", words_text(row, "message"), again);
		return;
	}
	words_state(before, words_text(row, "before"), now_s);
	words_state(after, words_text(row, "after"), now_s);
	if (is_state && is_done)
		table_cell_print(table, TABLE_PLAIN, "%s%s%s", is_wide ? before : "",
		    is_wide ? " -> " : "now ", after);
	else if (is_state && words_is(row, "outcome", "unchanged"))
		table_cell_print(table, TABLE_PLAIN, "%s%s", after, again);
	else if (is_done)
		table_cell_print(table, TABLE_PLAIN, "%s%s%s", words_text(row, "before"),
		    *words_text(row, "before") ? " -> " : "", words_text(row, "after"));
	else
		table_cell_print(table, TABLE_PLAIN, "%s%s", words_text(row, "message"), again);
}

static void row_add(struct table *table, const struct said *said, bool is_wide, int64_t now_s)
{
	char shown[FIGURE_SIZE], at[PLACE_TEXT_SIZE];
	const json_t *row = said->first;
	figure_time(shown, words_time(words_text(row, "time")), now_s);
	table_cell(table, TABLE_PLAIN, shown);
	if (is_wide) {
		table_cell(table, TABLE_PLAIN, words_text(row, "run"));
		table_cell(table, TABLE_PLAIN, words_text(row, "feed"));
	}
	words_place(at, row);
	table_cell(table, TABLE_PLAIN, at);
	if (is_wide)
		table_cell(table, TABLE_PLAIN, words_text(row, "column"));
	table_cell(table, TABLE_PLAIN, words_text(row, "target"));
	if (is_wide)
		table_cell(table, style_of(row), words_text(row, "outcome"));
	table_cell(table, style_of(row), words_text(row, "code"));
	how_cell(table, said, is_wide, now_s);
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
	bool is_told = count == 0 ? puts("No answer says anything of this; files that were refused "
	                                 "as a whole, or wait, "
	                                 "have none.") >= 0
	                          : table_print(table, stdout);
	table_free(table);
	free(all);
	return is_told;
}

static bool tell(const json_t *answer)
{
	int64_t now_s = (int64_t)time(NULL);
	return explain_person_tell(answer, now_s) && explain_enrolment_tell(answer, now_s) &&
	       (!explain_has_person(answer) || rows_tell(answer, now_s)) &&
	       explain_today_tell(answer, now_s);
}

/* A person, or the row of an enrolment that tells whose it is; NULL: neither, or both. */
static json_t *request_make(const struct ctl *ctl)
{
	int64_t enrolment = 0;
	const char *id = ctl->options[OPTION_ENROLMENT], *user = ctl->arguments[0];
	bool is_id = id && value_parse_whole(slice_of(id), &enrolment) && enrolment > 0;
	if (user && !id)
		return json_pack("{s:s, s:s, s:s*}", "command", "explain", "user", user, "course",
		    ctl->arguments[1]);
	return is_id && !user ? json_pack("{s:s, s:I}", "command", "explain", "enrolment",
	                            (json_int_t)enrolment)
	                      : NULL;
}

enum ctl_exit ctl_explain(const struct ctl *ctl)
{
	json_t *answer, *request = request_make(ctl);
	if (!request) {
		fputs(
		    "enrolctl: explain takes USER [COURSE], or --enrolment and the id of a row of "
		    "user_enrolments\n",
		    stderr);
		return CTL_USAGE;
	}
	enum ctl_exit status = ask(ctl, request, &answer);
	return status == CTL_OK ? answered(ctl, answer, tell) : status;
}
