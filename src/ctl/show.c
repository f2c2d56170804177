/*
 * enrolctl show: one run, its problems by their causes, where its files lie, and what to do.
 */
#include "show.h"

#include "answered.h"
#include "ask.h"
#include "figure.h"
#include "outlook.h"
#include "sentence.h"
#include "words.h"

#include "enrold/names.h"

#include <string.h>
#include <time.h>

/* Between the margin and the text. */
enum { INDENT = 11 };

static void line(const char *name, const char *text)
{
	struct buffer out = {0};
	buffer_print(&out, "%-*s%s", INDENT - 1, name, text);
	if (!sentence_write(stdout, &out, INDENT - 1))
		puts("(no memory)");
	buffer_done(&out);
}

static void run_tell(const json_t *run, int64_t now_s)
{
	char started[FIGURE_SIZE], took[FIGURE_SIZE], rows[FIGURE_SIZE], outcomes[OUTCOMES_SIZE],
	    text[2 * OUTCOMES_SIZE];
	bool is_running = words_is(run, "status", "running");
	bool is_preview = words_is(run, "mode", "preview");
	figure_time(started, words_time(words_text(run, "started")), now_s);
	figure_duration(took, words_number(run, "seconds"));
	figure_number(rows, (uint64_t)words_number(run, "rows"));
	words_outcomes(outcomes, json_object_get(run, "outcomes"));
	line("Run", words_text(run, "run"));
	snprintf(text, sizeof text, "%s%s", words_text(run, "file"),
	    name_is_due(words_text(run, "file"))
	        ? ", enrold's own list of who was due to be unenrolled"
	        : "");
	line("File", text);
	line("Feed", words_text(run, "feed"));
	snprintf(text, sizeof text, "%s%s, begun %s, %s %s on %s", words_text(run, "status"),
	    is_preview                        ? " (a preview: nothing was changed)"
	    : words_is(run, "status", "held") ? " (nothing was changed)"
	                                      : "",
	    started + strspn(started, " "), is_running ? "for" : "took", took,
	    words_text(run, "node"));
	line("Status", text);
	snprintf(text, sizeof text, "%s%s%s%s", rows, is_running ? " so far" : "",
	    *outcomes ? ": " : "", outcomes);
	line("Rows", text);
}

/* "2 suspended, 20 not removed", "3 listed again"; what there is of it. */
static void removals_tell(const json_t *run)
{
	static const struct {
		const char *name, *done, *would;
	} words[] = {{"suspended", "suspended", "would be suspended"},
	    {"unenrolled", "unenrolled", "would be unenrolled"},
	    {"withheld", "withheld", "would be withheld"},
	    {"returned", "activated, as listed again", "would be activated, as listed again"}};
	const json_t *removals = json_object_get(run, "removals");
	bool is_preview = words_is(run, "mode", "preview") || words_is(run, "status", "held");
	char text[300] = "", shown[FIGURE_SIZE];
	bool is_of_absence = false; /* what is withheld may be of cells */
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t size = strlen(text);
		int64_t count = words_number(removals, words[i].name);
		is_of_absence |= count > 0 && strcmp(words[i].name, "withheld") != 0;
		figure_number(shown, (uint64_t)count);
		if (count > 0)
			snprintf(text + size, sizeof text - size, "%s%s %s", size > 0 ? ", " : "",
			    shown, is_preview ? words[i].would : words[i].done);
	}
	if (*text)
		line(is_of_absence ? "Absence" : "Waits", text);
}

/* A run that carries out what somebody said. */
static void order_tell(const json_t *order)
{
	char text[600];
	if (!json_is_object(order))
		return;
	snprintf(text, sizeof text, "by %s: %s", words_text(order, "by"), words_text(order, "why"));
	line("Ordered", text);
}

static void refusal_tell(const json_t *refusal, bool is_held)
{
	char text[FIGURE_SIZE], at[PLACE_TEXT_SIZE];
	if (!json_is_object(refusal))
		return;
	line(is_held ? "Held" : "Refused", words_text(refusal, "message"));
	line("", words_text(refusal, "code"));
	words_line(at, refusal);
	if (*words_text(refusal, "member")) {
		line("Line", at);
	} else if (words_number(refusal, "line") > 0) {
		figure_number(text, (uint64_t)words_number(refusal, "line"));
		line("Line", text);
	}
}

static void remarks_tell(const json_t *remarks)
{
	size_t i;
	json_t *remark;
	json_array_foreach(remarks, i, remark) line("Remark", words_text(remark, "message"));
}

static bool plan_tell(const json_t *plan)
{
	char since[FIGURE_SIZE] = "", text[700];
	int64_t since_s = words_time(words_text(plan, "since"));
	const char *by = words_text(plan, "closed_by");
	if (since_s > 0)
		figure_time(since, since_s, (int64_t)time(NULL));
	snprintf(text, sizeof text, "%s%s%s%s%s: %s", words_text(plan, "state"),
	    since_s > 0 ? " since " : "", since + strspn(since, " "), *by ? " by run " : "", by,
	    words_text(plan, "reason"));
	line("Plan", text);
	outlook_plan_tell(plan);
	return true;
}

/* ---- causes ---- */

static void names_add(struct buffer *out, const json_t *columns)
{
	size_t i;
	json_t *column;
	json_array_foreach(columns, i, column)
	    buffer_print(out, "%s%s", i > 0 ? ", " : " in ", json_string_value(column));
}

/* Two lines at least: which, and where for example. */
static bool cause_tell(const json_t *cause)
{
	size_t i;
	json_t *target;
	char shown[FIGURE_SIZE], at[PLACE_TEXT_SIZE];
	struct buffer out = {0};
	figure_number(shown, (uint64_t)words_number(cause, "count"));
	buffer_print(
	    &out, "%9s  %s %s", shown, words_text(cause, "outcome"), words_text(cause, "code"));
	names_add(&out, json_object_get(cause, "columns"));
	json_array_foreach(json_object_get(cause, "targets"), i, target)
	    buffer_print(&out, "%s%s (%lld)", i > 0 ? ", " : ": ", words_text(target, "target"),
	        (long long)words_number(target, "count"));
	bool is_told = sentence_write(stdout, &out, INDENT);
	buffer_print(&out, "%*s", INDENT, "");
	words_line(at, cause);
	buffer_print(&out, "%s%s", at, *at ? ": " : "");
	buffer_add_text(&out, words_text(cause, "message"));
	is_told &= sentence_write(stdout, &out, INDENT);
	buffer_done(&out);
	return is_told;
}

static bool rest_tell(const json_t *rest)
{
	char shown[FIGURE_SIZE];
	figure_number(shown, (uint64_t)words_number(rest, "count"));
	return printf("%9s  of other causes\n", shown) >= 0;
}

/* ---- files ---- */

/* A path is never cut. */
static bool file_tell(const json_t *file)
{
	static const struct {
		const char *state, *words;
	} states[] = {{"as_recorded", "as recorded"}, {"altered", "ALTERED"}, {"missing", "gone"},
	    {"not_checked", "there"}, {"pruned", "pruned"}};
	char shown[FIGURE_SIZE] = "";
	struct buffer out = {0};
	if (json_is_true(json_object_get(file, "is_there")))
		figure_bytes(shown, (uint64_t)words_number(file, "bytes"));
	buffer_print(&out, "%-9s %8s  ", words_text(file, "what"), shown);
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (words_is(file, "state", states[i].state))
			buffer_print(&out, "%-11s", states[i].words);
	buffer_print(&out, "  %s", words_text(file, "path"));
	if (words_is(file, "state", "pruned"))
		buffer_print(&out, ", by rule on %.4s-%.2s-%.2s (run %s)",
		    words_text(file, "pruned_by"), words_text(file, "pruned_by") + 4,
		    words_text(file, "pruned_by") + 6, words_text(file, "pruned_by"));
	bool is_told = sentence_write(stdout, &out, INDENT);
	buffer_done(&out);
	return is_told;
}

/* ---- all of it ---- */

static bool todo_tell(const json_t *todo)
{
	struct buffer out = {0};
	buffer_add_text(&out, words_text(todo, "text"));
	bool is_told = sentence_write(stdout, &out, 0);
	buffer_done(&out);
	if (*words_text(todo, "command")) {
		fputs("    ", stdout);
		terminal_write(stdout, words_text(todo, "command"));
		putchar('\n');
	}
	return is_told;
}

static bool run_all_tell(const json_t *run)
{
	run_tell(run, (int64_t)time(NULL));
	refusal_tell(json_object_get(run, "refusal"), words_is(run, "status", "held"));
	order_tell(json_object_get(run, "order"));
	removals_tell(run);
	remarks_tell(json_object_get(run, "remarks"));
	if (words_is(run, "source", "outbox"))
		line("Source", "the outbox, as the database is away");
	return true;
}

typedef bool tell_one(const json_t *object);

/* Those of a kind, if there are any, behind an empty line. */
static bool each_tell(const json_t *answer, const char *kind, bool is_first, tell_one *tell)
{
	size_t i;
	json_t *object;
	bool is_told = true;
	json_array_foreach(answer, i, object)
	{
		if (!words_is(object, "kind", kind))
			continue;
		if (!is_first)
			putchar('\n');
		is_first = true;
		is_told &= tell(object);
	}
	return is_told;
}

static bool tell(const json_t *answer)
{
	return each_tell(answer, "run", true, run_all_tell) &&
	       each_tell(answer, "plan", true, plan_tell) &&
	       each_tell(answer, "cause", false, cause_tell) &&
	       each_tell(answer, "other_causes", true, rest_tell) &&
	       each_tell(answer, "file", false, file_tell) &&
	       each_tell(answer, "todo", false, todo_tell);
}

enum ctl_exit show_run(const struct ctl *ctl, const char *run)
{
	json_t *answer;
	enum ctl_exit status = ask(ctl,
	    json_pack("{s:s, s:s, s:s*}", "command", "show", "run", run, "feed",
	        ctl->options[OPTION_FEED]),
	    &answer);
	return status == CTL_OK ? answered(ctl, answer, tell) : status;
}

enum ctl_exit ctl_show(const struct ctl *ctl)
{
	return show_run(ctl, ctl->arguments[0]);
}
