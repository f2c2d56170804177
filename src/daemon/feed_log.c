/*
 * feed_log: what is told of a feed: its answers, what it waits for, what stays in its inbox. What
 * would be said again and again is said once, or so often a minute.
 */
#include "feed_state.h"

#include "space.h"

#include "enrold/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { MINUTE_MS = 60000, LEFT_LINES_MAX = 100 };

int64_t feed_clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

json_t *feed_about(const char *run, const struct lane *lane, const char *file)
{
	json_t *fields = json_object();
	if (*run)
		json_object_set_new(fields, "run", json_string(run));
	json_object_set_new(fields, "feed", json_string(lane->feed));
	if (lane->is_preview)
		json_object_set_new(fields, "mode", json_string("preview"));
	if (*file)
		json_object_set_new(fields, "file", log_text(file));
	return fields;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void discarded_tell(const struct run_report *report, json_t *fields)
{
	log_event(LOG_WARNING, "run_discarded", fields, "%s lies in quarantine: %s", report->file,
	    report->reason);
}

static void refusal_tell(const struct run_report *report, json_t *fields)
{
	json_object_set_new(fields, "code", json_string(report->code));
	json_object_set_new(fields, "reason", log_text(report->reason));
	log_event(LOG_WARNING, "run_refused", fields,
	    "%s was refused as a whole and lies in quarantine: %s", report->file,
	    *report->reason ? report->reason : "the reason is beside it");
}

static void held_tell(const struct run_report *report, json_t *fields)
{
	json_object_set_new(fields, "code", json_string(report->code));
	json_object_set_new(fields, "reason", log_text(report->reason));
	log_event(LOG_WARNING, "run_held", fields,
	    "%s is held as a whole, and nothing of it was applied: %s; enrolctl show %s tells what "
	    "it would do",
	    report->file, report->reason, report->run);
}

/* Whoever looks for warnings wants to see a file of which no row was right. */
static bool all_failed(const struct tally *tally)
{
	return tally->rows > 0 && tally->rows_in_error == tally->rows;
}

/* Whom absence took out of courses, or would have: what there is of it. */
static void removals_tell(const struct tally *tally, json_t *fields)
{
	uint64_t withheld = 0;
	uint64_t removed =
	    tally->codes[CODE_ABSENT_SUSPENDED] + tally->codes[CODE_ABSENT_UNENROLLED];
	for (enum code code = 0; code < CODES; code++)
		withheld += outcome_code_is_withheld(code) ? tally->codes[code] : 0;
	if (removed > 0)
		json_object_set_new(fields, "removed", json_integer((json_int_t)removed));
	if (withheld > 0)
		json_object_set_new(fields, "withheld", json_integer((json_int_t)withheld));
}

void feed_log_answer(const struct run_report *report)
{
	static const char *const outcomes[OUTCOME_KINDS] = {
	    "done", "unchanged", "warning", "error", "skipped"};
	json_t *fields = feed_about(report->run, &report->lane, report->file);
	json_object_set_new(fields, "rows", json_integer((json_int_t)report->tally.rows));
	json_object_set_new(
	    fields, "rows_in_error", json_integer((json_int_t)report->tally.rows_in_error));
	for (int i = 0; i < OUTCOME_KINDS; i++)
		json_object_set_new(
		    fields, outcomes[i], json_integer((json_int_t)report->tally.outcomes[i]));
	removals_tell(&report->tally, fields);
	json_object_set_new(fields, "chain", json_string(report->chain));
	if (report->is_refused)
		refusal_tell(report, fields);
	else if (report->is_discarded)
		discarded_tell(report, fields);
	else if (report->is_held)
		held_tell(report, fields);
	else
		log_event(all_failed(&report->tally) ? LOG_WARNING : LOG_INFO, "run_done", fields,
		    "%s: %" PRIu64 " row%s, %" PRIu64 " of them with an error; %" PRIu64
		    " request%s %s",
		    report->file, report->tally.rows, plural(report->tally.rows),
		    report->tally.rows_in_error, report->tally.outcomes[OUTCOME_DONE],
		    plural(report->tally.outcomes[OUTCOME_DONE]),
		    report->lane.is_preview ? "would be done" : "done");
}

void feed_log_rest(struct feed_state *state)
{
	if (state->left_count > LEFT_LINES_MAX)
		log_event(LOG_WARNING, "files_left", feed_about("", &state->lane, ""),
		    "%u more time%s a file stayed in the inbox", state->left_count - LEFT_LINES_MAX,
		    plural(state->left_count - LEFT_LINES_MAX));
	state->left_count = 0;
}

/*
 * A file that changes all the time would be logged each time: so many lines a minute are enough,
 * and then their number.
 */
static bool may_log_skipped(struct feed_state *state)
{
	int64_t now_ms = feed_clock_ms();
	if (now_ms >= state->left_until_ms) {
		feed_log_rest(state);
		state->left_until_ms = now_ms + MINUTE_MS;
	}
	return ++state->left_count <= LEFT_LINES_MAX;
}

void feed_log_skipped(void *context, const char *name, const char *why)
{
	struct feed_state *state = context;
	if (!may_log_skipped(state))
		return;
	log_event(LOG_WARNING, "file_left", feed_about("", &state->lane, name),
	    "%s stays in the inbox: %s", name, why);
}

void feed_log_full(void *context)
{
	const struct feed_state *state = context;
	char path[SPOOL_PATH_SIZE];
	spool_inbox(path, &state->lane);
	log_event(LOG_WARNING, "inbox_full", feed_about("", &state->lane, ""),
	    "%s holds too many entries: more than %d files, or than %d that cannot be taken as "
	    "they are; what lies beyond waits until some are gone: clear it",
	    path, INBOX_FILES_MAX, INBOX_LEFT_MAX);
}

bool trouble_is_on(const struct trouble *trouble)
{
	return trouble->since != INT64_MAX;
}

/* True when it is new, or another one. */
bool trouble_note(struct trouble *trouble, const struct error *error, int64_t now_ms)
{
	bool is_new = !trouble_is_on(trouble) || strcmp(trouble->text, error->text) != 0;
	if (!trouble_is_on(trouble))
		trouble->since = now_ms;
	snprintf(trouble->text, sizeof trouble->text, "%s", error->text);
	return is_new;
}

int64_t trouble_delay(struct trouble *trouble)
{
	trouble->delay_ms = trouble->delay_ms ? trouble->delay_ms * 2 : DELAY_FIRST_MS;
	if (trouble->delay_ms > DELAY_MAX_MS)
		trouble->delay_ms = DELAY_MAX_MS;
	return trouble->delay_ms;
}

/* True when there was one. */
bool trouble_end(struct trouble *trouble)
{
	bool is_over = trouble_is_on(trouble);
	trouble->since = INT64_MAX;
	trouble->delay_ms = 0;
	return is_over;
}

void feed_waits(struct feed_state *state, const struct run_report *report, int64_t now_ms)
{
	char space[SPACE_TEXT_SIZE];
	if (!trouble_note(&state->running, &report->error, now_ms))
		return;
	space_describe(state->all->config, &report->error, space);
	log_event(report->error.class == ERROR_CONFIG ? LOG_ERROR : LOG_WARNING, "run_waits",
	    feed_about(report->run, &state->lane, report->file),
	    "%s%s; the file is kept and tried again", report->error.text, space);
}

void feed_goes_on(struct feed_state *state)
{
	if (trouble_end(&state->running))
		log_event(LOG_INFO, "run_goes_on", feed_about("", &state->lane, ""),
		    "what feed %s waited for is over", state->lane.feed);
}
