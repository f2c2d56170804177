#include "enrold/run.h"

#include "hook.h"
#include "run_state.h"

#include "enrold/disk.h"
#include "enrold/orders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A site in maintenance is as good as away. */
static struct error lms_enter(struct runner *runner, const struct lane *lane)
{
	struct error error = runner_connect(runner);
	return is_error(&error) ? error : lms_check_site(runner->lms, lane->is_preview);
}

/* ---- one run ---- */

static struct error run_init(struct run *run, struct runner *runner)
{
	*run = (struct run){.runner = runner, .directory = -1, .box = -1, .content = {.file = -1}};
	run->arena = arena_create();
	run->content.remarks.arena = run->arena;
	return run->arena ? OK : error_memory("beginning a run");
}

static void run_done(struct run *run)
{
	content_done(&run->content);
	if (run->box >= 0)
		close(run->box);
	if (run->directory >= 0)
		close(run->directory);
	arena_free(run->arena);
}

/* Where new enrolments start: midnight of the day on which the run began, in the site's time. */
static int64_t midnight(int64_t epoch_us)
{
	time_t now = (time_t)(epoch_us / 1000000);
	struct tm tm;
	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm);
}

/* The row as it will be stored with the first checkpoint, or with the end. */
static struct error row_begin(struct run *run)
{
	run->row.run = slice_of(run->id);
	run->row.feed = slice_of(run->lane.feed);
	run->row.name = slice_of(run->name);
	run->row.node = slice_of(run->runner->shared->config->node);
	run->row.started_us = run_now_us();
	run->row.today = midnight(run->row.started_us);
	return run_keep_policy(run);
}

/* ---- the states: what the ledger says of the run, and what is to be done ---- */

/* Stops the run when the site has moved to another time zone: the process follows when nobody is at
 * work, for a zone is the whole process's. */
static struct error site_load(struct run *run)
{
	const char *zone = run->runner->shared->zone;
	struct error error = lms_load_site(run->runner->lms, &run->site);
	if (is_error(&error) || !zone || strcmp(site_zone(run->site), zone) == 0)
		return error;
	snprintf(run->zone, sizeof run->zone, "%s", site_zone(run->site));
	run->is_stopped = true;
	return OK;
}

static struct error try_begin(struct run *run)
{
	struct error error = tries_begin(run);
	run->has_try = !is_error(&error);
	return error;
}

/* What was broken off says nothing of the tries before it. */
static void try_end(struct run *run)
{
	if (run->is_stopped && run->has_try)
		tries_withdraw(run);
	else if (!run->is_stopped)
		tries_end(run);
}

/* On, unless a person has said that it is to end here, or to wait: that word may have come when
 * nobody was at the run yet who could be told. */
struct error run_go(struct run *run)
{
	int orders = run->runner->shared->spool->orders;
	bool is_discarded;
	if (run_is_order(run, ORDER_DECLINE) || run_is_record(run))
		return order_end(run);
	struct error error = order_stands(orders, ORDER_DISCARD, run->id, &is_discarded);
	if (!is_error(&error) && is_discarded)
		return finish_discarded(run);
	if (!is_error(&error))
		error = order_stands(orders, ORDER_STOP, run->id, &run->is_stopped);
	if (!is_error(&error) && run->is_stopped)
		atomic_store(&run->runner->progress.is_told_to_stop, true);
	if (is_error(&error) || run->is_stopped)
		return error;
	if (run->row.state == RUN_UNKNOWN)
		error = rehearse(run);
	bool is_held = run->row.state == RUN_HELD || run->row.state == RUN_DISCARDED;
	return is_error(&error) || run->is_stopped || is_held ? error : run_apply(run);
}

/* Not yet in the ledger: nothing has been applied. */

static void policy_begin(struct run *run, const struct policy *of_feed)
{
	run->policy = *of_feed;
	if (run->is_due)
		due_policy(&run->policy);
	if (run_is_made(run))
		order_policy(&run->policy);
	if (run_is_order(run, ORDER_UNDO))
		undo_policy(&run->policy);
}

/* A release reads what its plan was made of. */
static struct error order_begin(struct run *run)
{
	struct error error = order_check(run);
	if (!is_error(&error) && !run->is_stopped)
		error = content_make_source(run);
	if (is_error(&error) || run->is_stopped || !run_is_order(run, ORDER_RELEASE))
		return error;
	order_policy(&run->policy);
	error = order_temper(run);
	return is_error(&error) ? error : run_keep_policy(run);
}

struct error run_prepare(struct run *run, bool *is_prepared)
{
	const struct feed *feed = run_feed(run);
	bool stands = true;
	*is_prepared = false;
	if (!*run->name || !feed)
		return claim_return(run); /* the claim was cut short, or nobody wants it now */
	policy_begin(run, &feed->policy);
	if (run->ordered.is_unmoved)
		return claim_drop(run); /* the claim was cut short */
	struct error error = run_is_ordered(run) ? order_stands_still(run, &stands) : OK;
	if (!is_error(&error) && !stands)
		return claim_drop(run); /* a newer file has closed the plan */
	if (!is_error(&error))
		error = site_load(run);
	if (!is_error(&error) && !run->is_stopped)
		error = weigh_measure(run);
	if (!is_error(&error) && !run->is_stopped)
		error = row_begin(run);
	if (is_error(&error) || run->is_stopped)
		return error;
	error = try_begin(run);
	struct error copied = input_copy(run);
	if (run->has_changed)
		return claim_return(run);
	if (!is_error(&error) || run->is_stopped)
		error = copied;
	if (run->is_stopped)
		return error;
	if (!is_error(&error))
		error = run_is_ordered(run) ? order_begin(run) : sidecar_check(run);
	*is_prepared = !is_error(&error) && !run->is_stopped;
	return run->is_stopped ? OK : error;
}

static struct error begin(struct run *run)
{
	bool is_prepared;
	struct error error = run_prepare(run, &is_prepared);
	if (error.class == ERROR_REJECT)
		return finish_refused(run, &error);
	return is_prepared ? run_go(run) : error;
}

static struct error resume(struct run *run)
{
	struct error error = policy_parse(run->row.policy.bytes, run->arena, &run->policy);
	if (error.class == ERROR_CONFIG)
		error = row_is_altered(run, error);
	if (!is_error(&error))
		error = site_load(run);
	if (run->is_stopped)
		return OK;
	if (!is_error(&error))
		error = publish_withdraw(run);
	if (!is_error(&error))
		error = try_begin(run);
	if (!is_error(&error))
		error = order_check_open(run);
	if (!is_error(&error))
		error = content_find(run);
	if (run->is_stopped)
		return OK;
	if (error.class == ERROR_REJECT)
		return finish_refused(run, &error);
	if (!is_error(&error))
		error = weigh_find(run);
	survey_find_rows(run);
	return is_error(&error) ? error : run_go(run);
}

static bool has_ended(const struct run *run)
{
	return run->row.state >= RUN_APPLIED;
}

/*
 * The site has just been read without trouble: what fails for good after that belongs to this file,
 * be it a disk that cannot read it or a database that refuses what it asks.
 */
static struct error own(const struct run *run, struct error error)
{
	return run->site && error.class == ERROR_CONFIG ? error_own(error, OWNER_FILE) : error;
}

/* Ends the file that has failed again and again, so that its feed goes on. */
static struct error give_up(struct run *run, const struct error *error)
{
	struct error refusal = error_reject(
	    error->class == ERROR_CONFIG ? "not_applicable" : "unreadable", 0, "%s", error->text);
	return finish_refused(run, &refusal);
}

static struct error answer(struct run *run)
{
	size_t published;
	progress_phase(&run->runner->progress, PHASE_PUBLISHING);
	struct error error = publish(&run, 1, &published);
	if (!is_error(&error))
		hook_run(run);
	return error;
}

/* error: what became of it. */
static struct error settle(struct run *run, struct error error, struct run_report *report)
{
	error = own(run, error);
	if (error.owner == OWNER_FILE && run->is_last_try)
		error = give_up(run, &error);
	if (run->directory >= 0)
		try_end(run);
	if (is_error(&error) || run->is_stopped)
		return error;
	report->end = has_ended(run) ? RUN_ANSWERED : RUN_VANISHED;
	return has_ended(run) ? answer(run) : OK;
}

static struct error advance(struct run *run, struct run_report *report)
{
	struct error error = OK;
	if (run->row.state == RUN_UNKNOWN)
		error = begin(run);
	else if (run->row.state == RUN_RUNNING)
		error = resume(run);
	return settle(run, error, report);
}

/* ---- the report ---- */

void run_conclude(struct run *run, struct error error, struct run_report *report)
{
	struct progress_view view;
	progress_read(&run->runner->progress, &view);
	report->rows = view.rows;
	report->rows_done = view.rows_done;
	progress_end(&run->runner->progress);
	bool is_over =
	    report->end == RUN_SKIPPED || (report->end == RUN_VANISHED && !is_error(&error));
	if (report->end == RUN_ELSEWHERE && !is_error(&error)) {
		report->lane = run->lane;
		run_done(run);
		return;
	}
	report->lane = run->lane;
	snprintf(report->file, sizeof report->file, "%s", run->name);
	report->error = error;
	if (is_over) {
		report->run[0] = '\0';
		if (run_is_made(run))
			report->file[0] = '\0'; /* nobody misses it */
	} else if (is_error(&error) || run->is_stopped) {
		bool is_stopping = atomic_load(run->runner->shared->is_stopping);
		bool yields = !is_error(&error) && !is_stopping && *run->zone == '\0';
		bool is_told = atomic_load(&run->runner->progress.is_told_to_stop);
		report->end = yields ? is_told ? RUN_STOPPED : RUN_YIELDED : RUN_POSTPONED;
		memcpy(report->zone, run->zone, sizeof report->zone);
	} else {
		run_log_answer(run, report);
	}
	if (is_error(&error))
		runner_disconnect(run->runner);
	lease_release(run->runner->shared->lease, &run->hold);
	run_done(run);
}

void run_end(struct run *run, struct error error, struct run_report *report)
{
	run_conclude(run, settle(run, error, report), report);
}

/* Ends it with RUN_ELSEWHERE when another daemon serves the feed. */
static struct error feed_enter(struct run *run, struct run_report *report)
{
	const struct run_surroundings *shared = run->runner->shared;
	/* Taking a feed writes to the database too, so it takes a turn. A feed that is ours already
	 * is not asked for: a small file waits once, not twice. */
	bool is_ours, asks = lease_asks(shared->lease, run->lane.feed);
	if (asks)
		turnstile_enter(shared->turnstile, TURN_FIRST);
	struct error error =
	    lease_acquire(shared->lease, run->runner->lms, run->lane.feed, &run->hold, &is_ours);
	if (asks)
		turnstile_leave(shared->turnstile);
	if (!is_error(&error) && !is_ours)
		report->end = RUN_ELSEWHERE;
	return error;
}

/* A database that is away leaves the files in the inbox, where people look for them. */
struct error run_enter(
    struct run *run, struct runner *runner, const struct lane *lane, struct run_report *report)
{
	struct error error = run_init(run, runner);
	run->lane = *lane;
	if (!is_error(&error))
		error = lms_enter(runner, lane);
	if (!is_error(&error))
		error = clock_check(runner);
	return is_error(&error) ? error : feed_enter(run, report);
}

/* The feed is ours already: nobody is asked. */
struct error run_follow(struct run *run, struct runner *runner, const struct lane *lane)
{
	struct run_report report = {.end = RUN_ANSWERED};
	struct error error = run_init(run, runner);
	run->lane = *lane;
	if (!is_error(&error))
		error = feed_enter(run, &report);
	return is_error(&error) || report.end != RUN_ELSEWHERE
	           ? error
	           : error_retry("another daemon has taken the feed");
}

void run_begin(struct run *run, struct run_report *report)
{
	memcpy(report->run, run->id, sizeof run->id);
	run->row.run = slice_of(run->id);
	progress_begin(&run->runner->progress, run->id);
}

/* What has been claimed, if anything was. */
static void carry_out(struct run *run, struct error error, struct run_report *report)
{
	if (run->directory >= 0)
		run_begin(run, report);
	if (run->directory >= 0 && !is_error(&error)) {
		run_log_start(run);
		error = advance(run, report);
	}
	run_conclude(run, error, report);
}

void run_file(struct runner *runner, const struct lane *lane, const char *name, bool is_short,
    struct run_report *report)
{
	struct run run;
	*report = (struct run_report){.end = RUN_ANSWERED};
	struct error error = run_enter(&run, runner, lane, report);
	run.is_short = is_short;
	if (!is_error(&error) && report->end != RUN_ELSEWHERE) {
		run_ids_next(runner->shared->ids, run_now_us(), run.id);
		error = claim_file(&run, name, report);
	}
	carry_out(&run, error, report);
}

void run_due(struct runner *runner, const struct lane *lane, struct run_report *report)
{
	struct run run;
	*report = (struct run_report){.end = RUN_ANSWERED};
	struct error error = run_enter(&run, runner, lane, report);
	run.is_due = true;
	if (!is_error(&error) && report->end != RUN_ELSEWHERE) {
		error = due_claim(&run);
		report->end = run.directory >= 0 ? RUN_ANSWERED : RUN_VANISHED;
	}
	carry_out(&run, error, report);
}

void run_order(struct runner *runner, const struct lane *lane, enum order_kind kind,
    const char *subject, struct run_report *report)
{
	struct run run;
	*report = (struct run_report){.end = RUN_ANSWERED};
	struct error error = run_enter(&run, runner, lane, report);
	if (!is_error(&error) && report->end != RUN_ELSEWHERE) {
		error = order_claim(&run, kind, subject);
		report->end = run.directory >= 0 ? RUN_ANSWERED : RUN_VANISHED;
	}
	carry_out(&run, error, report);
}

void run_keep(struct runner *runner, const struct lane *lane, struct run_report *report)
{
	struct run run;
	*report = (struct run_report){.end = RUN_ANSWERED};
	struct error error = run_enter(&run, runner, lane, report);
	if (!is_error(&error) && report->end != RUN_ELSEWHERE) {
		error = keep_claim(&run);
		report->end = run.directory >= 0 ? RUN_ANSWERED : RUN_VANISHED;
	}
	carry_out(&run, error, report);
}

static struct error run_open(struct run *run, const char *id, struct run_report *report)
{
	const struct spool *spool = run->runner->shared->spool;
	snprintf(run->id, sizeof run->id, "%s", id);
	progress_begin(&run->runner->progress, run->id);
	run->directory = openat(spool->work, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (run->directory < 0 && errno == ENOENT) {
		report->end =
		    RUN_VANISHED; /* another daemon has taken us for dead, and has it now */
		return OK;
	}
	if (run->directory < 0)
		return error_errno("cannot open work/%s", id);
	run->is_due = disk_has(run->directory, RUN_DUE);
	struct error error = claim_open(run);
	if (!is_error(&error))
		error = runner_connect(run->runner);
	if (!is_error(&error))
		error = clock_check(run->runner);
	if (!is_error(&error))
		error = feed_enter(run, report);
	if (!is_error(&error) && report->end != RUN_ELSEWHERE)
		error =
		    ledger_find(lms_db(run->runner->lms), slice_of(run->id), run->arena, &run->row);
	if (!is_error(&error) && report->end != RUN_ELSEWHERE)
		error = order_open(run);
	/* Its box may have gone already. */
	run->lane.is_preview |= summary_is_preview(run->row.summary);
	return error;
}

static struct error go_on(struct run *run, struct run_report *report)
{
	bool is_out = false;
	struct error error = has_ended(run) ? OK : publish_forgotten(run, &is_out);
	if (!is_error(&error) && !is_out)
		return advance(run, report);
	if (is_out)
		report->end = RUN_VANISHED;
	if (!is_error(&error))
		run_log_forgotten(run);
	return error;
}

void run_continue(
    struct runner *runner, const char *id, bool is_last_try, struct run_report *report)
{
	struct run run;
	*report = (struct run_report){.end = RUN_ANSWERED};
	snprintf(report->run, sizeof report->run, "%s", id);
	struct error error = run_init(&run, runner);
	run.is_last_try = is_last_try;
	if (!is_error(&error))
		error = run_open(&run, id, report);
	/* What has ended only wants its answer published. */
	if (!is_error(&error) && report->end == RUN_ANSWERED && !has_ended(&run))
		error = lms_check_site(runner->lms, run.lane.is_preview);
	if (!is_error(&error) && report->end == RUN_ANSWERED)
		error = go_on(&run, report);
	run_conclude(&run, error, report);
}

void run_find_lane(
    const struct spool *spool, const char *id, struct lane *lane, char file[FILE_NAME_SIZE])
{
	const struct run_surroundings shared = {.spool = spool};
	struct runner runner = {.shared = &shared};
	struct run run;
	struct error error = run_init(&run, &runner);
	run.directory = openat(spool->work, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (!is_error(&error) && run.directory >= 0)
		error = claim_open(&run);
	*lane = run.lane;
	snprintf(file, FILE_NAME_SIZE, "%s", run.name);
	run_done(&run);
}
