/*
 * feed_jobs: what a worker is given to do, and what becomes of it: the next run or file of a feed,
 * in turn, and whether and when it is tried again.
 */
#include "feed_state.h"

#include "enrold/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	DELAY_CHANGED_MS = 1000, /* somebody is writing to the file */
	DELAY_ELSEWHERE_MS = 1000,
	FILE_TRIES = 6, /* some six seconds: then a fault of one file alone ends it */
};

/* The day may have changed, or the clock may have been set. */
enum { DUE_EVERY_MS = 600 * 1000 };

/* The clock is looked at as often, should it be set. */
enum { KEEP_EVERY_MS = 3600 * 1000 };

static int today(void)
{
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

/* Once a day, when nothing else is to be done. */
static bool keep_next(struct feed_state *state, int64_t now_ms, struct job *job)
{
	if (!feed_has_keep(state, now_ms))
		return false;
	job->is_keep = state->keep_day != today();
	state->keep_day = today();
	state->keep_at = now_ms + KEEP_EVERY_MS;
	if (job->is_keep)
		state->now = (struct kept_run){.rows = 0};
	return job->is_keep;
}

static bool state_next(struct feed_state *state, int64_t now_ms, struct job *job)
{
	job->is_last_try = state->file_tries >= FILE_TRIES;
	if (state->runs.count > 0) {
		state->now = state->runs.runs[0];
		memcpy(job->run, state->now.id, sizeof job->run);
		run_list_remove(&state->runs, 0);
		return true;
	}
	const struct order *order = feed_next_order(state);
	if (order) {
		job->has_order = true;
		job->order = order->kind;
		memcpy(job->subject, order->subject, sizeof job->subject);
		state->now = (struct kept_run){.rows = 0};
		return true;
	}
	/* One that was just held may not have been seen yet. */
	state->is_in_review = feed_is_in_review(state);
	const char *name =
	    state->is_paused || state->is_in_review ? NULL : inbox_next(state->inbox);
	if (name) {
		snprintf(job->name, sizeof job->name, "%s", name);
		state->now = (struct kept_run){.rows = 0};
		memcpy(state->now.file, job->name, sizeof state->now.file);
		return true;
	}
	job->is_due = feed_has_due(state, now_ms);
	if (job->is_due) {
		state->now = (struct kept_run){.rows = 0};
		state->due_at = now_ms + DUE_EVERY_MS;
	}
	return job->is_due || keep_next(state, now_ms, job);
}

static enum job_weight state_weight(const struct feed_state *state)
{
	const struct feed *feed = config_find_feed(state->all->config, state->lane.feed);
	uint64_t size;
	if (state->runs.count == 0 && !feed_next_order(state) && inbox_peek(state->inbox, &size) &&
	    size <= RUN_SHORT_BYTES)
		return JOB_SHORT;
	return state->lane.is_preview || (feed && feed->policy.atomic) ? JOB_WHOLE : JOB_YIELDING;
}

static bool is_ready(const struct feed_state *state, int64_t now_ms, enum job_weight heaviest)
{
	return !state->is_busy && state->retry_at <= now_ms &&
	       (feed_has_work(state) || feed_has_due(state, now_ms) ||
	           feed_has_keep(state, now_ms)) &&
	       state_weight(state) <= heaviest;
}

bool feeds_is_waiting(const struct feeds *feeds, int64_t now_ms, enum job_weight heaviest)
{
	for (size_t i = 0; i < feeds->count; i++)
		if (is_ready(&feeds->states[i], now_ms, heaviest))
			return true;
	return false;
}

/* With both its lanes the feed would hold all workers. */
static bool is_greedy(const struct feeds *feeds, size_t index)
{
	const struct feed_state *other = &feeds->states[index ^ 1];
	return feeds->config->workers <= 2 && other->is_busy && other->job.weight != JOB_SHORT &&
	       state_weight(&feeds->states[index]) != JOB_SHORT;
}

static bool next(struct feeds *feeds, int64_t now_ms, enum job_weight heaviest, bool may_be_greedy,
    struct job *job)
{
	for (size_t i = 0; i < feeds->count; i++) {
		size_t index = (feeds->next + i) % feeds->count;
		struct feed_state *state = &feeds->states[index];
		if (!is_ready(state, now_ms, heaviest))
			continue;
		if (!may_be_greedy && is_greedy(feeds, index))
			continue;
		*job = (struct job){
		    .place = index, .weight = state_weight(state), .lane = state->lane};
		if (!state_next(state, now_ms, job))
			continue;
		state->is_busy = true;
		state->job = *job;
		feeds->next = index + 1;
		return true;
	}
	return false;
}

bool feeds_next(struct feeds *feeds, int64_t now_ms, enum job_weight heaviest, struct job *job)
{
	return next(feeds, now_ms, heaviest, false, job) ||
	       next(feeds, now_ms, heaviest, true, job);
}

static size_t files_take(
    struct inbox *inbox, struct run_file *files, size_t count, const struct job *job)
{
	uint64_t size;
	memcpy(files[0].name, job->name, sizeof files[0].name);
	for (size_t i = 1; i < count; i++) {
		if (!inbox_peek(inbox, &size) || size > RUN_SHORT_BYTES)
			return i;
		snprintf(files[i].name, sizeof files[i].name, "%s", inbox_next(inbox));
	}
	return count;
}

void feeds_join(struct feeds *feeds, struct job *job)
{
	struct feed_state *state = &feeds->states[job->place];
	size_t most = inbox_ready(state->inbox) + 1;
	bool can = job->weight == JOB_SHORT && *job->name && !job->lane.is_preview &&
	           state->file_tries == 0;
	if (!can)
		return;
	most = most < RUN_FILES_MAX ? most : RUN_FILES_MAX;
	struct run_file *files = calloc(most, sizeof *files);
	job->files = files;
	job->files_count = files ? files_take(state->inbox, files, most, job) : 0;
}

/* What was told of a run that has ended is over. */
static void orders_end(const struct feeds *feeds, const char *run)
{
	/* The stop last: as long as it stands, the next start knows that the other was about it. */
	static const enum order_kind kinds[] = {ORDER_DISCARD, ORDER_STOP};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!orders_find(&feeds->orders, kinds[i], run))
			continue;
		struct error ignored = order_withdraw(feeds->spool->orders, kinds[i], run);
		(void)ignored; /* the next start does it */
	}
}

static void answered(struct feeds *feeds, struct feed_state *state, const struct run_report *report)
{
	orders_end(feeds, report->run);
	state->file_tries = 0;
	feed_goes_on(state);
	feeds->answered++;
	feeds->refused += report->is_refused;
	feed_log_answer(report);
}

static void vanished(struct feed_state *state, const struct job *job, int64_t now_ms)
{
	const struct run_report *report = &job->report;
	state->file_tries = 0;
	/* Unless another daemon has it now. */
	bool is_in_work = true;
	struct error looked =
	    *job->run ? orders_find_run(state->all->spool->root, job->run, &is_in_work) : OK;
	if (!is_error(&looked) && !is_in_work)
		orders_end(state->all, job->run);
	feed_goes_on(state);
	if (!*report->file)
		return; /* its owner has taken it back */
	log_event(LOG_INFO, "file_changed", feed_about("", &report->lane, report->file),
	    "%s was written to while it was read, and went back to the inbox", report->file);
	state->retry_at = now_ms + DELAY_CHANGED_MS;
	state->scan_at = state->retry_at;
}

static void skipped(struct feed_state *state, const struct job *job, int64_t now_ms)
{
	int64_t until_ms = now_ms + state->all->config->rescan_ms;
	state->file_tries = 0;
	feed_goes_on(state);
	if (inbox_leave(state->inbox, job->name, until_ms))
		feed_log_skipped(state, job->name, job->report.error.text);
}

static void run_remember(struct feed_state *state, const struct job *job)
{
	const struct run_report *report = &job->report;
	const char *run = *report->run ? report->run : job->run;
	struct kept_run kept = state->now;
	memcpy(kept.id, run, sizeof kept.id);
	if (*report->file)
		memcpy(kept.file, report->file, sizeof kept.file);
	if (report->rows > 0) { /* else it did not get so far as to know it */
		kept.rows = report->rows;
		kept.rows_done = report->rows_done;
	}
	struct error error = feed_keep_run(state, &kept);
	if (is_error(&error))
		log_event(LOG_ERROR, "run_forgotten", feed_about(run, &state->lane, ""),
		    "%s; the run stays in work/ until the next start", error.text);
}

/* It has ended in its run, or there was nothing to carry out. Else nobody can say whether the run
 * has it already: it is looked for again when that is over. */
static void order_done(struct feed_state *state, const struct job *job)
{
	enum run_end end = job->report.end;
	if (job->has_order && (end == RUN_ANSWERED || end == RUN_VANISHED))
		feed_forget_order(state, job->order, job->subject);
	state->is_in_review = feed_is_in_review(state);
}

static void postponed(struct feed_state *state, const struct job *job, int64_t now_ms)
{
	const struct run_report *report = &job->report;
	bool is_of_file = report->error.owner == OWNER_FILE;
	state->file_tries = is_of_file ? state->file_tries + 1 : 0;
	if (job->is_due && !*report->run)
		state->due_at = 0; /* it is looked again */
	if (job->is_keep && !*report->run) {
		state->keep_at = 0;
		state->keep_day = 0;
	}
	if (is_of_file && job->is_last_try && *job->name && !*report->run) {
		skipped(state, job, now_ms); /* it has not even been claimed */
		return;
	}
	if (is_error(&report->error))
		feed_waits(state, report, now_ms);
	state->retry_at = now_ms + trouble_delay(&state->running);
	state->scan_at = state->retry_at; /* what was not claimed is listed again */
	if (*report->run)
		run_remember(state, job);
}

/* It goes on first in its feed, after the other feeds. */
static void yielded(struct feed_state *state, const struct job *job)
{
	state->file_tries = 0;
	feed_goes_on(state);
	run_remember(state, job);
}

/* Should the word have been taken back meanwhile, it goes on at once. */
static void stopped(struct feed_state *state, const struct job *job)
{
	const struct run_report *report = &job->report;
	state->file_tries = 0;
	feed_goes_on(state);
	run_remember(state, job);
	if (run_list_has(&state->stopped, report->run))
		log_event(LOG_WARNING, "run_stopped",
		    feed_about(report->run, &state->lane, report->file),
		    "%s was stopped, as told, and waits for a person: enrolctl release %s goes on "
		    "with it, "
		    "enrolctl discard %s leaves it as it is",
		    report->file, report->run, report->run);
}

/* Looks again and again: the other daemon may be done with the feed, or dead. */
static void elsewhere(struct feed_state *state, const struct job *job, int64_t now_ms)
{
	state->retry_at = now_ms + DELAY_ELSEWHERE_MS;
	state->scan_at = state->retry_at;
	if (*job->run)
		run_remember(state, job);
}

void feeds_done(struct feeds *feeds, const struct job *job, int64_t now_ms)
{
	struct feed_state *state = &feeds->states[job->place];
	const struct run_report *report = &job->report;
	state->is_busy = false;
	state->is_elsewhere = report->end == RUN_ELSEWHERE;
	feeds->is_stale |= report->error.is_stale;
	order_done(state, job);
	switch (report->end) {
	case RUN_ANSWERED: answered(feeds, state, report); break;
	case RUN_VANISHED: vanished(state, job, now_ms); break;
	case RUN_SKIPPED: skipped(state, job, now_ms); break;
	case RUN_ELSEWHERE: elsewhere(state, job, now_ms); break;
	case RUN_YIELDED: yielded(state, job); break;
	case RUN_STOPPED: stopped(state, job); break;
	case RUN_UNTAKEN: state->scan_at = now_ms; break; /* it is listed again */
	case RUN_POSTPONED: postponed(state, job, now_ms); break;
	}
}
