/*
 * run_log: what the log says of a run, and what its report takes from the ledger's row of it.
 */
#include "run_state.h"

#include "enrold/log.h"

#include <stdio.h>

void run_log_start(const struct run *run)
{
	json_t *fields = json_pack("{s:s, s:s}", "run", run->id, "feed", run->lane.feed);
	if (run->lane.is_preview)
		json_object_set_new(fields, "mode", json_string("preview"));
	json_object_set_new(fields, "file", log_text(run->name));
	log_event(LOG_INFO, "run_started", fields,
	    run->is_due           ? "%s is begun: the grace of some people is over"
	    : run_is_ordered(run) ? "%s is begun, as somebody has said"
	                          : "%s was taken from the inbox",
	    run->name);
}

void run_log_forgotten(const struct run *run)
{
	log_event(LOG_WARNING, "run_forgotten",
	    json_pack("{s:s, s:s, s:o}", "run", run->id, "feed", run->lane.feed, "file",
	        log_text(run->row.name.bytes)),
	    "run %s was answered, and the database was put back to before that: its input is "
	    "archived; drop it again if it is to be in force",
	    run->id);
}

static void on_remark(void *context, const char *code, const char *message)
{
	const struct run *run = context;
	log_event(LOG_WARNING, "run_remark",
	    json_pack("{s:s, s:s, s:s*, s:o, s:s}", "run", run->id, "feed", run->row.feed.bytes,
	        "mode", run->lane.is_preview ? "preview" : NULL, "file",
	        log_text(run->row.name.bytes), "code", code),
	    "%s: %s", run->row.name.bytes, message);
}

void run_log_answer(struct run *run, struct run_report *report)
{
	summary_each_remark(run->row.summary, on_remark, run);
	report->is_refused = run->row.state == RUN_REFUSED;
	report->is_discarded = run->row.state == RUN_DISCARDED;
	report->is_held = run->row.state == RUN_HELD;
	report->order = run->ordered.order.kind;
	memcpy(report->ordered, run->ordered.order.subject, sizeof report->ordered);
	if (report->is_refused || report->is_discarded || report->is_held)
		summary_find_refusal(run->row.summary, report->code, sizeof report->code,
		    report->reason, sizeof report->reason);
	struct error error = tally_parse(run->row.counts, &report->tally);
	if (is_error(&error))
		report->tally = (struct tally){0}; /* they are for the log; the answer is out */
	summary_find_chain(run->row.summary, report->chain);
	int64_t took_us = run_now_us() - run->row.started_us;
	report->took_us = took_us > 0 ? (uint64_t)took_us : 0;
	report->bytes = run->row.bytes;
	snprintf(report->lane.feed, sizeof report->lane.feed, "%s", run->row.feed.bytes);
	snprintf(report->file, sizeof report->file, "%s", run->row.name.bytes);
}
