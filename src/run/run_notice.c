/*
 * run_notice: what enrold-notify is told of a run (notice.h), if the feed has somebody to tell. It
 * is made with the run's end, from the same facts as its summary, and lies in work/R as "notice"
 * until the answer is out but for the summary: then it is queued. A crash in between queues it
 * again, under the same ID.
 *
 * Who is told is asked of the settings of now: they are no part of what a run is done under. What
 * cannot be queued is lost, and keeps no run from its end: the log names each.
 */
#include "run_state.h"

#include "enrold/disk.h"
#include "enrold/log.h"
#include "enrold/member_line.h"
#include "enrold/notice.h"
#include "enrold/problems.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whoever has a preview made waits for its answer; and what enrold does with what it keeps is in
 * the log. */
static bool is_told(const struct run *run)
{
	const struct feed *feed = run_feed(run);
	return feed && policy_tells(&feed->policy) && !run->lane.is_preview && !run_is_record(run);
}

/* ---- made ---- */

/* As arrivals.h has it: a file that the feed has sent, or one that was held and is released. */
static bool is_accepted(const struct run *run)
{
	char file[FILE_NAME_SIZE], origin[RUN_ID_SIZE + 1];
	const char *name = run->row.name.bytes;
	if (run->row.state != RUN_APPLIED)
		return false;
	if (run_is_order(run, ORDER_RELEASE))
		return run->ordered.plan.is_whole;
	return !name_is_made(name) && !name_find_origin(name, file, origin);
}

static const char *origin_of(const struct run *run)
{
	char file[FILE_NAME_SIZE], origin[RUN_ID_SIZE + 1];
	return name_find_origin(run->row.name.bytes, file, origin)
	           ? arena_copy(run->arena, slice_of(origin)).bytes
	           : NULL;
}

static struct member_line line_of(const struct run *run, uint64_t line)
{
	return member_line_of(run->content.members, run->content.members_count, line);
}

static void why_take(const struct run *run, const struct run_result *result, struct notice *notice)
{
	char code[64], reason[240];
	if (result->refusal) {
		notice->code = result->refusal->code;
		notice->line = result->refusal->line;
		struct member_line at = line_of(run, notice->line);
		notice->member = at.name;
		notice->member_line = at.name ? at.line : 0;
	} else if (result->plan_rows > 0) {
		summary_find_withheld(run->row.summary, code, sizeof code, reason, sizeof reason);
		notice->code = *code ? arena_copy(run->arena, slice_of(code)).bytes : NULL;
	}
}

static const char *path_of(const struct run *run, const char *suffix)
{
	char folder[SPOOL_PATH_SIZE], name[FILE_NAME_SIZE];
	spool_folder(SPOOL_OUTBOX, run->row.feed, run->id, folder);
	run_name(run, suffix, name);
	return arena_print(run->arena, "%s/%s/%s", run->runner->shared->config->spool, folder, name)
	    .bytes;
}

static void paths_take(
    const struct run *run, const struct run_result *result, struct notice *notice)
{
	const char **const paths[ARTEFACTS] = {
	    [ARTEFACT_RESULT] = &notice->result,
	    [ARTEFACT_RETRY] = &notice->retry,
	    [ARTEFACT_PLAN] = &notice->plan,
	    [ARTEFACT_REPORT] = &notice->report,
	};
	for (enum artefact a = 0; a < ARTEFACTS; a++)
		if (*result->hashes.of[a])
			*paths[a] = path_of(run, artefact_kinds[a].suffix);
	notice->summary = path_of(run, ".summary.json");
}

/* The commonest; never a message or a target, which have cells in them. */
static void causes_take(
    const struct run *run, const struct run_result *result, struct notice *notice)
{
	size_t count = 0;
	const struct problem_cause *causes =
	    result->problems ? problems_causes(result->problems, &count) : NULL;
	size_t taken = count < NOTICE_CAUSES_MAX ? count : NOTICE_CAUSES_MAX;
	notice->other_rows = result->problems ? problems_others(result->problems) : 0;
	notice->causes = taken > 0 ? arena_alloc(run->arena, taken * sizeof *notice->causes) : NULL;
	notice->causes_count = notice->causes ? taken : 0;
	for (size_t i = 0; i < notice->causes_count; i++) {
		const struct problem_cause *cause = &causes[i];
		struct member_line at = line_of(run, cause->line);
		notice->causes[i] = (struct notice_cause){
		    .outcome = cause->outcome,
		    .code = cause->code,
		    .column = cause->stem,
		    .rows = cause->rows,
		    .line = cause->line,
		    .member = at.name,
		    .member_line = at.name ? at.line : 0,
		};
	}
	for (size_t i = taken; i < count; i++)
		notice->other_rows += causes[i].rows;
}

static struct notice notice_of(const struct run *run, const struct run_result *result)
{
	const struct order *order = &run->ordered.order;
	bool is_ordered = run_is_ordered(run);
	struct notice notice = {
	    .kind = NOTICE_RUN,
	    .id = run->id,
	    .feed = run->row.feed.bytes,
	    .node = run->row.node.bytes,
	    .at_us = run_now_us(),
	    .run = run->id,
	    .file = run->row.name.bytes,
	    .mode = "apply",
	    .status = run_end_word(result),
	    .number = run->row.number,
	    .origin = origin_of(run),
	    .is_accepted = is_accepted(run),
	    .has_passwords = result->may_have_passwords,
	    .rows = result->tally->rows,
	    .rows_in_error = result->tally->rows_in_error,
	    .plan_rows = result->plan_rows,
	    .plan_people = result->plan_people,
	    .order_verb = is_ordered ? order_kind_name(order->kind) : NULL,
	    .order_of = is_ordered ? order->subject : NULL,
	};
	memcpy(notice.outcomes, result->tally->outcomes, sizeof notice.outcomes);
	why_take(run, result, &notice);
	paths_take(run, result, &notice);
	causes_take(run, result, &notice);
	return notice;
}

/* What an attempt has left that came to nothing is not to be queued. */
static struct error old_remove(const struct run *run)
{
	if (unlinkat(run->directory, RUN_NOTICE, 0) < 0 && errno != ENOENT)
		return error_errno("cannot remove " RUN_NOTICE " in work/%s", run->id);
	return OK;
}

struct error run_notice_store(const struct run *run, const struct run_result *result)
{
	struct buffer text = {0};
	struct error error = old_remove(run);
	if (is_error(&error) || !is_told(run))
		return error;
	const struct notice notice = notice_of(run, result);
	notice_format(&notice, &text);
	error = text.failed || arena_has_failed(run->arena)
	            ? error_memory("writing a notice")
	            : disk_create(run->directory, RUN_NOTICE, MODE_ANSWER, buffer_slice(&text));
	buffer_done(&text);
	return is_error(&error) ? error : disk_sync(run->directory, ".");
}

/* ---- queued ---- */

static struct error queue(const struct run *run, bool *is_full)
{
	struct slice text;
	struct notice notice;
	*is_full = false;
	struct error error = disk_load(run->directory, RUN_NOTICE, run->arena, &text);
	if (is_error(&error) || !text.bytes)
		return error;
	error = notice_parse(text, run->arena, &notice);
	return is_error(&error) ? error
	                        : notice_queue(run->runner->shared->spool->root, &notice, is_full);
}

void run_notice_publish(struct run *run)
{
	bool is_full;
	struct error error = queue(run, &is_full);
	if (is_error(&error)) /* what fails but once is no reason to tell nobody */
		error = queue(run, &is_full);
	if (is_full)
		error = error_retry("notify/queue is full: is enrold-notify running?");
	if (is_error(&error))
		log_event(LOG_WARNING, "notice_not_queued",
		    json_pack("{s:s, s:s}", "run", run->id, "feed", run->row.feed.bytes),
		    "nobody is told of run %s: %s", run->id, error.text);
}
