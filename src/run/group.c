/*
 * group: short files of one feed that wait together. Each is a run of its own, with its own answer
 * and its own place in the ledger's chain, and sees what those before it have done. What they share
 * is what costs more than their rows: the transaction, and the flushes before and behind it.
 *
 *     make room for all     flush
 *     claim, copy, check, apply, one after the other, in one transaction
 *     flush inputs and answers     commit     publish, step by step
 *
 * What a group cannot do ends it, and is done by itself in its turn: a file that may have to wait
 * for a person, that has passwords to hash, that tells who is absent, that is refused. When the
 * transaction fails before its commit nothing of the group is done, and each goes by itself. After
 * any trouble the files behind it are not taken: they are the feed's next.
 */
#include "apply_loop.h"

#include "absence.h"

#include "enrold/disk.h"

#include "hook.h"

#include <stdlib.h>

/* How long others wait for a group, at most, and for what one of its files may be. */
enum { GROUP_US = 100000, GROUP_ROWS_MAX = 500 };

struct member {
	struct run run;
	struct apply_loop *loop; /* in the transaction; NULL: not, or not any more */
	bool is_gone;            /* its owner has taken it back: nothing of it is left */
};

struct group {
	struct runner *runner;
	struct lane lane;
	struct run_file *files;
	size_t count;
	char ids[RUN_FILES_MAX][RUN_ID_SIZE + 1];
	struct member *members;
	size_t first, next; /* those between are in the transaction; next: whose turn it is */
	int64_t begun_us;
	bool is_over; /* nobody behind the next is taken */
};

static struct run_report *report_of(const struct group *group, const struct member *member)
{
	return &group->files[member - group->members].report;
}

/* ---- alone ---- */

/* error: what became of what it has done so far. */
static void finish_alone(struct group *group, struct member *member, struct error error)
{
	struct run_report *report = report_of(group, member);
	run_end(&member->run, error, report);
	bool is_answered =
	    report->end == RUN_ANSWERED && !is_error(&report->error) && !report->is_held;
	group->is_over |= !is_answered && report->end != RUN_VANISHED;
}

/* It was claimed, but something before it in its feed waits: for that reason; none: for it was
 * stopped. */
static void put_off(const struct group *group, struct member *member, const struct error *why)
{
	struct error error = *why;
	error.owner = OWNER_MACHINE; /* it is not this file's */
	member->run.is_stopped = !is_error(why);
	run_conclude(&member->run, error, report_of(group, member));
}

/* The next one in the transaction; NULL: none. */
static struct member *leave(struct group *group)
{
	while (group->first < group->next) {
		struct member *member = &group->members[group->first++];
		if (!member->is_gone)
			return member;
	}
	return NULL;
}

/* Nothing of them is done: each by itself, in its turn. */
static void all_alone(struct group *group)
{
	struct error why = OK;
	struct member *member;
	while ((member = leave(group))) {
		if (group->is_over) {
			put_off(group, member, &why);
			continue;
		}
		finish_alone(group, member, run_go(&member->run));
		why = report_of(group, member)->error;
	}
}

/* ---- together ---- */

static void part(struct group *group, const struct error *error)
{
	for (size_t i = group->first; i < group->next; i++) {
		struct member *member = &group->members[i];
		if (member->loop)
			run_part(member->loop, error);
		member->loop = NULL;
	}
}

static struct error inputs_flush(const struct group *group)
{
	struct flush flush = {.count = 0};
	char inbox[SPOOL_PATH_SIZE];
	spool_inbox(inbox, &group->lane);
	for (size_t i = group->first; i < group->next; i++)
		if (!group->members[i].is_gone)
			input_flush(&group->members[i].run, &flush);
	flush_add(&flush, group->runner->shared->spool->root, inbox);
	return flush_end(&flush);
}

static void publish_all(struct group *group)
{
	struct run *runs[RUN_FILES_MAX];
	struct member *members[RUN_FILES_MAX], *member;
	size_t count = 0, published;
	while ((member = leave(group))) {
		tries_end(&member->run);
		report_of(group, member)->end = RUN_ANSWERED;
		members[count] = member;
		runs[count++] = &member->run;
	}
	progress_phase(&group->runner->progress, PHASE_PUBLISHING);
	struct error error = publish(runs, count, &published);
	group->is_over |= is_error(&error);
	for (size_t i = 0; i < count; i++) {
		if (i < published)
			hook_run(runs[i]);
		run_conclude(runs[i], i < published ? OK : error, report_of(group, members[i]));
	}
}

/* What was sent may have come to pass: the ledger is asked when they are gone on with. */
static void commit_lost(struct group *group, const struct error *error)
{
	struct member *member;
	part(group, error);
	while ((member = leave(group)))
		put_off(group, member, error);
	group->is_over = true;
}

/* Commits what there is of it, and publishes that. */
static void group_end(struct group *group)
{
	if (!group->runner->has_turn)
		return;
	struct error error = inputs_flush(group);
	if (is_error(&error)) {
		part(group, &error);
		all_alone(group);
		return;
	}
	for (size_t i = group->first; i < group->next; i++)
		if (group->members[i].loop)
			transaction_send(group->members[i].loop);
	error = transaction_commit(group->runner);
	if (is_error(&error)) {
		commit_lost(group, &error);
		return;
	}
	part(group, &error);
	publish_all(group);
}

/* Others have waited long enough. */
static bool is_full(const struct group *group)
{
	return run_clock_us() - group->begun_us >= GROUP_US ||
	       turnstile_is_wanted(group->runner->shared->turnstile, TURN_FIRST);
}

/* By its settings, and what was learnt of it while it was copied, it goes through in one piece. */
static bool fits(const struct run *run)
{
	const struct config *config = run->runner->shared->config;
	bool could_wait = run->needs_rehearsal || run->could_make || run->could_miss;
	return !could_wait && !run->has_passwords && run->rows <= GROUP_ROWS_MAX &&
	       !absence_is_told(config, &run->policy);
}

static void join(struct group *group, struct member *member)
{
	if (!group->runner->has_turn)
		group->begun_us = run_clock_us();
	struct error error = run_join(&member->run, &member->loop);
	group->next++;
	if (is_error(&error)) {
		part(group, &error);
		all_alone(group);
	} else if (is_full(group)) {
		group_end(group);
	}
}

/* ---- one after the other ---- */

/* error: of what came before its first transaction, unless it is prepared. */
static void turn_alone(
    struct group *group, struct member *member, struct error error, bool is_prepared)
{
	struct run *run = &member->run;
	group_end(group);
	group->first = ++group->next;
	if (group->is_over) {
		struct error why = error_retry("a file before it has not come to its end");
		put_off(group, member, &why);
		return;
	}
	if (is_prepared)
		error = run_go(run);
	else if (error.class == ERROR_REJECT)
		error = finish_refused(run, &error);
	finish_alone(group, member, error);
	group->is_over |= atomic_load(group->runner->shared->is_crowded);
}

static void turn(struct group *group)
{
	struct member *member = &group->members[group->next];
	struct run *run = &member->run;
	struct run_report *report = report_of(group, member);
	bool is_prepared = false;
	struct error error = OK;
	if (group->next > 0)
		error = run_follow(run, group->runner, &group->lane);
	memcpy(run->id, group->ids[group->next], sizeof run->id);
	run->is_short = true;
	if (!is_error(&error))
		error = claim_file(run, group->files[group->next].name, report);
	if (run->directory < 0) /* its owner has taken it back, or it has to stay */
		claim_drop_room(group->runner->shared->spool, &group->lane, run->id);
	if (run->directory < 0 && !is_error(&error)) {
		member->is_gone = true;
		group->next++;
		run_conclude(run, OK, report);
		return;
	}
	if (run->directory < 0) {
		turn_alone(group, member, error, false);
		return;
	}
	run_begin(run, report);
	if (!is_error(&error)) {
		run_log_start(run);
		error = run_prepare(run, &is_prepared);
	}
	if (is_prepared && fits(run))
		join(group, member);
	else
		turn_alone(group, member, error, is_prepared);
}

/* ---- the group ---- */

/* Before anything is moved into them: it must not be lost with them in a power cut. */
static struct error rooms_make(struct group *group)
{
	const struct run_surroundings *shared = group->runner->shared;
	struct flush flush = {.count = 0};
	for (size_t i = 0; i < group->count; i++) {
		run_ids_next(shared->ids, run_now_us(), group->ids[i]);
		struct error error =
		    claim_make_room(shared->spool, &group->lane, group->ids[i], &flush);
		if (is_error(&error) && i == 0)
			flush.error = error;
		if (is_error(&error))
			group->count = i; /* for these there is */
	}
	flush_add(&flush, shared->spool->work, ".");
	return flush_end(&flush);
}

/* Nothing has been claimed. */
static void not_entered(struct group *group, struct error error)
{
	for (size_t i = 0; i < group->count; i++)
		claim_drop_room(group->runner->shared->spool, &group->lane, group->ids[i]);
	run_conclude(&group->members[0].run, error, &group->files[0].report);
}

static void turns(struct group *group)
{
	const struct run_surroundings *shared = group->runner->shared;
	while (group->next < group->count && !group->is_over) {
		turn(group);
		group->is_over |=
		    lease_asks(shared->lease, group->lane.feed) || atomic_load(shared->is_stopping);
	}
	group_end(group);
	for (size_t i = group->next; i < group->count; i++)
		claim_drop_room(shared->spool, &group->lane, group->ids[i]);
}

static void group_run(struct group *group)
{
	struct run *first = &group->members[0].run;
	struct run_report *report = &group->files[0].report;
	struct error error = run_enter(first, group->runner, &group->lane, report);
	bool is_elsewhere = report->end == RUN_ELSEWHERE;
	if (is_error(&error) || is_elsewhere)
		group->count = 0; /* no room is made */
	else
		error = rooms_make(group);
	if (is_error(&error) || is_elsewhere)
		not_entered(group, error);
	else
		turns(group);
}

void run_files(struct runner *runner, const struct lane *lane, struct run_file *files, size_t count)
{
	struct group *group = calloc(1, sizeof *group);
	if (group)
		group->members = calloc(count, sizeof *group->members);
	for (size_t i = 0; i < count; i++)
		files[i].report = (struct run_report){.end = RUN_UNTAKEN, .lane = *lane};
	if (group && group->members) {
		*group = (struct group){.runner = runner,
		    .lane = *lane,
		    .files = files,
		    .count = count,
		    .members = group->members};
		files[0].report.end = RUN_ANSWERED;
		group_run(group);
	} else {
		run_file(runner, lane, files[0].name, true, &files[0].report);
	}
	if (group)
		free(group->members);
	free(group);
}
