/*
 * run_json: a run as one object, the same for runs and show: enrolctl(1) has its members.
 */
#include "history.h"

#include "enrold/summary.h"
#include "enrold/tally.h"

#include <stdio.h>
#include <time.h>

const char *run_mode(const struct past_run *run)
{
	return run->is_preview ? "preview" : "apply";
}

const char *run_status(const struct history *history, const struct past_run *run)
{
	if (run->row.state == RUN_RUNNING)
		return orders_find(&history->orders, ORDER_STOP, run->row.run.bytes) ? "stopped"
		                                                                     : "running";
	if (run->row.state == RUN_DISCARDED)
		return "discarded";
	if (run->row.state == RUN_HELD)
		return "held";
	return run->row.state == RUN_REFUSED ? "refused" : "done";
}

static void time_set(json_t *object, const char *name, int64_t epoch_us)
{
	char text[TIME_TEXT_SIZE];
	summary_time(epoch_us, text);
	json_object_set_new(object, name, json_string(text));
}

static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void times_set(json_t *object, const struct history *history, const struct past_run *run)
{
	const char *started = member(run->summary, "started");
	const char *finished = member(run->summary, "finished");
	int64_t began = started ? summary_parse_time(started) : run->row.started_us;
	bool is_running = run->row.state == RUN_RUNNING;
	int64_t ended = finished     ? summary_parse_time(finished)
	                : is_running ? history->now_us
	                             : began;
	time_set(object, "started", began);
	json_object_set_new(object, "finished", finished ? json_string(finished) : json_null());
	json_object_set_new(
	    object, "seconds", json_real((double)(ended > began ? ended - began : 0) / 1e6));
}

static json_t *outcomes_json(const struct past_run *run)
{
	struct tally tally;
	json_t *known = json_object_get(run->summary, "outcomes");
	if (known)
		return json_incref(known);
	struct error error = tally_parse(run->row.counts, &tally);
	json_t *object = json_object();
	for (enum outcome_kind kind = 0; kind < OUTCOME_KINDS; kind++)
		json_object_set_new(object, outcome_kind_name(kind),
		    json_integer(is_error(&error) ? 0 : (json_int_t)tally.outcomes[kind]));
	return object;
}

/* As the summary has it; and of an archive in which of its files. */
static json_t *refusal_json(const json_t *summary)
{
	json_t *refusal = json_copy(json_object_get(summary, "refusal"));
	json_int_t line = json_integer_value(json_object_get(refusal, "line"));
	struct told_line told = told_line_of(summary, line > 0 ? (uint64_t)line : 0);
	if (told.at.name)
		told_line_set(refusal, &told);
	return refusal ? refusal : json_null();
}

json_t *run_json(const struct history *history, const struct past_run *run)
{
	json_t *object = json_pack("{s:s, s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:I, s:o}", "kind",
	    "run", "source", history->lms ? "ledger" : "outbox", "run", history_text(run->row.run),
	    "feed", history_text(run->row.feed), "file", history_text(run->row.name), "mode",
	    run_mode(run), "status", run_status(history, run), "node", history_text(run->row.node),
	    "rows", (json_int_t)run->row.records, "rows_in_error",
	    run->has_rows_in_error ? json_integer((json_int_t)run->rows_in_error) : json_null());
	if (!object)
		return NULL;
	times_set(object, history, run);
	json_object_set_new(object, "outcomes", outcomes_json(run));
	json_object_set_new(object, "refusal", refusal_json(run->summary));
	json_object_set_new(object, "bytes", json_integer((json_int_t)run->row.bytes));
	return object;
}
