/*
 * enrolctl runs: one line a run, newest first.
 */
#include "answered.h"
#include "ask.h"
#include "table.h"
#include "when.h"
#include "words.h"

#include "enrold/value.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Where nobody says how many, or since when. */
enum { USUAL = 40, WIDE = 110 };

/* False: it has been said why. */
static bool time_take(
    const struct ctl *ctl, json_t *request, enum ctl_option option, const char *member)
{
	int64_t epoch_us;
	if (!ctl->options[option])
		return true;
	if (when_parse(ctl->options[option], (int64_t)time(NULL), &epoch_us)) {
		json_object_set_new(request, member, json_integer(epoch_us));
		return true;
	}
	fprintf(stderr, "enrolctl: that is no time: give a date like 2026-11-26 or \"2026-11-26 "
	                "02:00\", today, "
	                "yesterday, or how long ago: 24h, 7d\n");
	return false;
}

static bool limit_take(const struct ctl *ctl, json_t *request)
{
	const char *text = ctl->options[OPTION_LIMIT];
	int64_t limit = ctl->options[OPTION_SINCE] || ctl->options[OPTION_UNTIL] ? 0 : USUAL;
	if (text && (!value_parse_whole(slice_of(text), &limit) || limit > 1000000)) {
		fprintf(stderr, "enrolctl: --limit takes a number up to 1000000; 0: all\n");
		return false;
	}
	json_object_set_new(request, "limit", json_integer(limit));
	return true;
}

static bool status_take(const struct ctl *ctl, json_t *request)
{
	static const char *const all[] = {
	    "running", "stopped", "done", "refused", "discarded", "held", "preview"};
	const char *text = ctl->options[OPTION_STATUS];
	for (size_t i = 0; text && i < sizeof all / sizeof *all; i++)
		if (strcmp(text, all[i]) == 0) {
			json_object_set_new(request, "status", json_string(text));
			return true;
		}
	if (text)
		fprintf(stderr, "enrolctl: --status takes running, stopped, done, refused, "
		                "discarded, held or preview\n");
	return !text;
}

static json_t *request_make(const struct ctl *ctl)
{
	json_t *request = json_pack("{s:s, s:s*, s:s*}", "command", "runs", "feed",
	    ctl->options[OPTION_FEED], "file", ctl->options[OPTION_FILE]);
	if (time_take(ctl, request, OPTION_SINCE, "since_us") &&
	    time_take(ctl, request, OPTION_UNTIL, "until_us") && limit_take(ctl, request) &&
	    status_take(ctl, request))
		return request;
	json_decref(request);
	return NULL;
}

/* ---- the table ---- */

static const struct table_column wide[] = {{.title = "RUN"}, {.title = "STARTED"},
    {.title = "FEED"}, {.title = "FILE", .gives_way = true}, {.title = "STATUS"},
    {.title = "TOOK", .is_number = true}, {.title = "SIZE", .is_number = true},
    {.title = "ROWS", .is_number = true}, {.title = "IN ERROR", .is_number = true},
    {.title = "WHAT CAME OF IT", .gives_way = true}};
static const struct table_column narrow[] = {{.title = "RUN"}, {.title = "FEED"},
    {.title = "FILE", .gives_way = true}, {.title = "STATUS"}, {.title = "TOOK", .is_number = true},
    {.title = "ROWS", .is_number = true}, {.title = "IN ERROR", .is_number = true}};

static void status_cell(struct table *table, const json_t *run)
{
	const char *status = words_text(run, "status");
	bool is_done = strcmp(status, "done") == 0;
	bool is_refused = strcmp(status, "refused") == 0;
	bool is_held = strcmp(status, "held") == 0;
	bool is_preview = words_is(run, "mode", "preview");
	enum table_style style = is_refused               ? TABLE_BAD
	                         : is_held                ? TABLE_WARN
	                         : !is_done || is_preview ? TABLE_PLAIN
	                         : words_number(json_object_get(run, "outcomes"), "error") > 0
	                             ? TABLE_WARN
	                             : TABLE_GOOD;
	table_cell_print(table, style, "%s%s", is_done && is_preview ? "preview" : status,
	    is_refused && is_preview ? " preview" : "");
}

static void number_cell(struct table *table, const json_t *run, const char *name)
{
	char shown[FIGURE_SIZE] = "";
	const json_t *number = json_object_get(run, name);
	if (json_is_integer(number))
		figure_number(shown, (uint64_t)json_integer_value(number));
	table_cell(table, TABLE_PLAIN, shown);
}

static void took_cell(struct table *table, const json_t *run)
{
	char shown[FIGURE_SIZE];
	figure_duration(shown, words_number(run, "seconds"));
	table_cell(table, TABLE_PLAIN, shown);
}

static void result_cell(struct table *table, const json_t *run)
{
	char text[OUTCOMES_SIZE];
	const json_t *refusal = json_object_get(run, "refusal");
	words_outcomes(text, json_object_get(run, "outcomes"));
	if (json_is_object(refusal))
		table_cell_print(table, TABLE_BAD, "%s: %s", words_text(refusal, "code"),
		    words_text(refusal, "message"));
	else
		table_cell(table, TABLE_PLAIN, text);
}

static void row_add(struct table *table, const json_t *run, bool is_wide, int64_t now_s)
{
	char shown[FIGURE_SIZE];
	table_cell(table, TABLE_PLAIN, words_text(run, "run"));
	if (is_wide) {
		figure_time(shown, words_time(words_text(run, "started")), now_s);
		table_cell(table, TABLE_PLAIN, shown);
	}
	table_cell(table, TABLE_PLAIN, words_text(run, "feed"));
	table_cell(table, TABLE_PLAIN, words_text(run, "file"));
	status_cell(table, run);
	took_cell(table, run);
	if (is_wide) {
		figure_bytes(shown, (uint64_t)words_number(run, "bytes"));
		table_cell(table, TABLE_PLAIN, shown);
	}
	number_cell(table, run, "rows");
	number_cell(table, run, "rows_in_error");
	if (is_wide)
		result_cell(table, run);
	table_end_row(table);
}

static bool tell(const json_t *answer)
{
	size_t i, shown = 0, width = terminal_width(stdout);
	json_t *run;
	bool is_wide = width == 0 || width >= WIDE;
	struct table *table = is_wide ? table_create(wide, sizeof wide / sizeof *wide)
	                              : table_create(narrow, sizeof narrow / sizeof *narrow);
	json_array_foreach(answer, i, run)
	{
		if (!words_is(run, "kind", "run")) {
			answered_note(run);
			continue;
		}
		row_add(table, run, is_wide, (int64_t)time(NULL));
		shown++;
	}
	bool is_told = shown == 0 ? puts("There is no such run.") >= 0 : table_print(table, stdout);
	table_free(table);
	return is_told;
}

enum ctl_exit ctl_runs(const struct ctl *ctl)
{
	json_t *answer, *request = request_make(ctl);
	if (!request)
		return CTL_USAGE;
	enum ctl_exit status = ask(ctl, request, &answer);
	return status == CTL_OK ? answered(ctl, answer, tell) : status;
}
