/*
 * weigh: what a file may do unasked. Most files need no more for that than their header and their
 * number of rows; for the others what a rehearsal has counted is judged here, by what files of the
 * feed, and the site, were like before it.
 */
#include "absence.h"
#include "apply_loop.h"

#include "enrold/active.h"
#include "enrold/disk.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- what files of the feed are measured by ---- */

enum { LARGEST_DAYS = 90 };

struct error weigh_measure(struct run *run)
{
	if (run_is_made(run))
		return OK;
	return ledger_find_measure(
	    lms_db(run->runner->lms), slice_of(run->lane.feed), &run->measure);
}

/* Only whoever is judged asks: few files are, and for the others it would be the dearest question
 * of all, one about every run of a quarter. */
static struct error largest_find(const struct run *run, uint64_t *people)
{
	char since[RUN_ID_SIZE + 1];
	run_id_format(run_now_us() - INT64_C(1000000) * 86400 * LARGEST_DAYS, since);
	return ledger_find_largest(
	    lms_db(run->runner->lms), slice_of(run->lane.feed), since, people);
}

static bool is_full_name(const struct run *run)
{
	return policy_tells_absence(&run->policy) &&
	       absence_is_full_name(&run->policy, slice_of(run->name));
}

static struct limits_facts facts_begin(const struct run *run)
{
	return (struct limits_facts){.rows = run->rows,
	    .has_last = run->measure.has_last,
	    .people_of_last = run->measure.people,
	    .rows_of_last = run->measure.rows,
	    .is_full = is_full_name(run),
	    .is_retry = run->is_retry};
}

/* What can be told by the number of its rows alone. */
static bool is_short(struct run *run)
{
	const struct limits_facts facts = facts_begin(run);
	return limits_judge(&run->policy, &facts, run->arena).held_by;
}

void weigh_foresee(struct run *run, const struct header *header)
{
	struct limits_outlook outlook = {run->rows, run->measure.has_last, run->measure.people, 0};
	run->has_passwords = header->single[COLUMN_PASSWORD] != COLUMN_NONE;
	if (run_is_made(run))
		return;
	run->is_retry = header->single[COLUMN_ERROR_LINE] != COLUMN_NONE;
	run->needs_rehearsal =
	    limits_need_rehearsal(&run->policy, header, &outlook) || is_short(run);
	outlook.strangers = run->rows;
	run->could_make =
	    !run->needs_rehearsal && limits_need_rehearsal(&run->policy, header, &outlook);
	/* A name that somebody has does not keep it from making one more account. */
	if (run->policy.upload_type == UPLOAD_ADD_INCREMENT || run->policy.username_template)
		run->needs_rehearsal |= run->could_make;
	run->could_miss =
	    run->measure.has_last && is_full_name(run) && !run->is_retry && !header->is_of_groups;
}

/* Whose number cannot trip anything makes nobody rehearse. */
bool weigh_strangers(const struct run *run, uint64_t strangers)
{
	const struct policy_limits *limits = &run->policy.limits;
	return (run->could_make && limit_trips(&limits->created, strangers, run->measure.people)) ||
	       (run->could_miss && limit_trips(&limits->removals, strangers, 0));
}

/* ---- the verdict ---- */

static const char *const kind_names[LIMITED_KINDS] = {
    [LIMITED_BY_CELL] = "by_cell", [LIMITED_ACCOUNTS] = "accounts"};

const char *weigh_kind(enum limited kind)
{
	return kind_names[kind];
}

struct error weigh_find(struct run *run)
{
	struct slice text;
	struct error error = disk_load(run->directory, RUN_WEIGHED, run->arena, &text);
	while (!is_error(&error) && text.bytes && text.size > 0) {
		struct slice line = slice_take(&text, '\n'), name = slice_take(&line, ' ');
		for (enum limited kind = LIMITED_NOT + 1; kind < LIMITED_KINDS; kind++) {
			if (!slice_is(name, slice_of(kind_names[kind])))
				continue;
			run->withholds |= 1U << kind;
			run->withheld[kind] = line;
		}
	}
	return error;
}

/* ---- the judgement ---- */

static struct error denominators_find(
    struct apply_loop *loop, const struct weighing *weighing, struct limits_facts *facts)
{
	struct run *run = loop->run;
	size_t count;
	const int64_t *courses = limits_count_courses(weighing->count, &count);
	struct error error = OK;
	if (limits_want_active(&run->policy.limits, facts))
		error = lms_count_active(
		    loop->lms, courses, count, (int64_t)time(NULL), &facts->active);
	if (!is_error(&error) && !run_is_made(run))
		error = largest_find(run, &facts->accounts_of);
	if (!is_error(&error) && facts->accounts_of < LIMITS_PEOPLE_MIN &&
	    limits_want_accounts(&run->policy.limits, facts))
		error = lms_count_accounts(loop->lms, &facts->accounts_of);
	return error;
}

/* As before the run: what was rehearsed has been undone. */
struct error weigh_judge(struct apply_loop *loop)
{
	struct weighing *weighing = loop->weighing;
	struct run *run = loop->run;
	struct limits_facts facts = facts_begin(run);
	facts.rows = loop->tally.rows;
	facts.rows_in_error = loop->tally.rows_in_error;
	facts.by_cell = limits_count_people(weighing->count, LIMITED_BY_CELL);
	facts.accounts = limits_count_people(weighing->count, LIMITED_ACCOUNTS);
	facts.created = limits_count_created(weighing->count);
	struct error error = denominators_find(loop, weighing, &facts);
	if (is_error(&error))
		return error;
	weighing->verdict = limits_judge(&run->policy, &facts, run->arena);
	/* New accounts are what a changed key makes. */
	const char *held_by = weighing->verdict.held_by;
	bool is_told = held_by && strcmp(held_by, "created") != 0;
	if (!is_told && weighing->changed_key.size > 0) {
		weighing->verdict.held_by = "key_changed";
		weighing->verdict.reason = weighing->changed_key;
	}
	return arena_has_failed(run->arena) ? error_memory("weighing a file") : OK;
}

void weigh_remark(const struct weighing *weighing, struct remarks *remarks)
{
	const struct limits_verdict *verdict = &weighing->verdict;
	if (verdict->held_by)
		remark_add(remarks, REMARK_LIMIT_WOULD_TRIP, NULL,
		    arena_print(remarks->arena, "The file would be held as a whole (%s): %.*s.",
		        verdict->held_by, SLICE_ARG(verdict->reason)));
	for (enum limited kind = LIMITED_NOT + 1; kind < LIMITED_KINDS; kind++)
		if (!verdict->held_by && verdict->withholds & 1U << kind)
			remark_add(remarks, REMARK_LIMIT_WOULD_TRIP, NULL,
			    arena_print(remarks->arena, "Changes would be withheld: %.*s.",
			        SLICE_ARG(verdict->reasons[kind])));
}
