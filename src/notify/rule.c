#include "rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	DAY_S = 24 * 3600,
	WEEK_S = 7 * DAY_S,
	/* What comes at the same hour each day is some minutes early on one of them, and an hour
	 * when clocks are put forward. */
	EARLY_S = 4 * 3600,
	/* A notice may be read before its card lies there. */
	CARD_AGE_S = 600,
};

static const char *const names[TELLS] = {
    [TELL_REFUSED] = "refused",
    [TELL_HELD] = "held",
    [TELL_ERRORS] = "errors",
    [TELL_LATE] = "late",
    [TELL_DUE] = "due",
    [TELL_RECOVERED] = "recovered",
    [TELL_SUCCESS] = "success",
};

_Static_assert((int)TELL_REFUSED == (int)TROUBLE_REFUSED && (int)TELL_HELD == (int)TROUBLE_HELD &&
                   (int)TELL_ERRORS == (int)TROUBLE_ERRORS && (int)TELL_LATE == (int)TROUBLE_LATE,
    "a trouble is told by the word of its number");

const char *tell_name(enum tell tell)
{
	return names[tell];
}

enum tell telling_leads(const struct telling *telling)
{
	enum tell tell = 0;
	while (tell < TELL_SUCCESS && !(telling->tells & TELL_BIT(tell)))
		tell++;
	return tell;
}

/* ---- what is judged ---- */

struct judging {
	struct told *told;
	const struct notice *notice; /* NULL: time has passed */
	unsigned on;
	int64_t now_s;  /* by which it is judged: the notice's */
	int64_t told_s; /* of what is told */
	struct telling *telling;
};

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

/* The clock was set back since: nobody knows when that was. */
static bool is_to_come(const struct judging *judging, int64_t told_s)
{
	return told_s > judging->told_s + DAY_S;
}

static bool is_new_or_again(const struct judging *judging, int64_t told_s, int64_t every_s)
{
	return told_s == 0 || judging->now_s - told_s >= every_s - EARLY_S ||
	       is_to_come(judging, told_s);
}

static bool wants(const struct judging *judging, enum tell tell)
{
	return judging->on & TELL_BIT(tell);
}

static void tell_it(const struct judging *judging, enum tell tell)
{
	judging->telling->tells |= TELL_BIT(tell);
}

static void end(const struct judging *judging, enum trouble trouble, int64_t told_s)
{
	if (told_s > 0)
		judging->telling->over |= TELL_BIT(trouble);
}

/* ---- errors ---- */

static int64_t problem_told(
    const struct told *told, const struct told_problem *wanted, bool *is_new)
{
	*is_new = false;
	for (size_t i = 0; i < told->problems_count; i++)
		if (strcmp(told->problems[i].code, wanted->code) == 0 &&
		    strcmp(told->problems[i].column, wanted->column) == 0)
			return told->problems[i].told_s;
	*is_new = true;
	return 0;
}

static int64_t problems_told(const struct told *told)
{
	int64_t last_s = 0;
	for (size_t i = 0; i < told->problems_count; i++)
		if (told->problems[i].told_s > last_s)
			last_s = told->problems[i].told_s;
	return last_s;
}

/* The problems of this answer, with when they were told. False: none of them is to be told. */
static bool problems_gather(const struct judging *judging, struct told *next)
{
	const struct notice *notice = judging->notice;
	bool is_told = false;
	next->problems_count = 0;
	for (size_t i = 0; i < notice->causes_count && i < NOTICE_CAUSES_MAX; i++) {
		const struct notice_cause *cause = &notice->causes[i];
		struct told_problem problem = {0};
		bool is_new;
		if (!is(cause->outcome, "error"))
			continue;
		snprintf(problem.code, sizeof problem.code, "%s", cause->code ? cause->code : "");
		snprintf(problem.column, sizeof problem.column, "%s",
		    cause->column ? cause->column : "");
		problem.told_s = problem_told(judging->told, &problem, &is_new);
		is_told |= is_new_or_again(judging, problem.told_s, WEEK_S);
		judging->telling->new_causes |= is_new ? 1U << i : 0;
		next->problems[next->problems_count++] = problem;
	}
	return is_told;
}

static void errors_judge(const struct judging *judging)
{
	struct told next, *told = judging->told;
	bool is_told = problems_gather(judging, &next) && wants(judging, TELL_ERRORS);
	if (next.problems_count == 0)
		end(judging, TROUBLE_ERRORS, problems_told(told));
	for (size_t i = 0; is_told && i < next.problems_count; i++)
		next.problems[i].told_s = judging->told_s;
	if (is_told)
		tell_it(judging, TELL_ERRORS);
	memcpy(told->problems, next.problems, sizeof told->problems);
	told->problems_count = next.problems_count;
	snprintf(told->answer, sizeof told->answer, "%s",
	    judging->notice->run ? judging->notice->run : "");
}

/* ---- held ---- */

static int64_t plan_remove(struct told *told, size_t index)
{
	int64_t told_s = told->plans[index].told_s;
	told->plans_count--;
	memmove(&told->plans[index], &told->plans[index + 1],
	    (told->plans_count - index) * sizeof told->plans[0]);
	return told_s;
}

static void plan_close(const struct judging *judging, const char *run)
{
	struct told *told = judging->told;
	for (size_t i = 0; i < told->plans_count; i++) {
		if (strcmp(told->plans[i].run, run) != 0)
			continue;
		int64_t told_s = plan_remove(told, i);
		if (told->plans_count == 0)
			end(judging, TROUBLE_HELD, told_s);
		return;
	}
}

/* As another one that waits for the same reason. */
static void plan_inherit(const struct told *told, struct told_plan *plan)
{
	for (size_t i = 0; i < told->plans_count; i++) {
		const struct told_plan *other = &told->plans[i];
		if (strcmp(other->code, plan->code) != 0 || other->told_s < plan->told_s)
			continue;
		plan->told_s = other->told_s;
		plan->people_told = other->people_told;
	}
}

static void plan_judge(const struct judging *judging)
{
	const struct notice *notice = judging->notice;
	struct told *told = judging->told;
	struct told_plan plan = {.people = notice->plan_people, .since_s = judging->now_s};
	snprintf(plan.run, sizeof plan.run, "%s", notice->run ? notice->run : "");
	snprintf(plan.code, sizeof plan.code, "%s", notice->code ? notice->code : "");
	plan_inherit(told, &plan);
	bool has_grown = plan.people > 2 * plan.people_told;
	if (wants(judging, TELL_HELD) &&
	    (has_grown || is_new_or_again(judging, plan.told_s, WEEK_S))) {
		tell_it(judging, TELL_HELD);
		plan.told_s = judging->told_s;
		plan.people_told = plan.people;
	}
	if (told->plans_count == TOLD_PLANS_MAX)
		plan_remove(told, 0);
	told->plans[told->plans_count++] = plan;
}

static void held_judge(const struct judging *judging)
{
	const struct notice *notice = judging->notice;
	if (notice->order_of &&
	    (is(notice->order_verb, "release") || is(notice->order_verb, "decline")))
		plan_close(judging, notice->order_of);
	if (notice->plan_rows > 0)
		plan_judge(judging);
}

/* ---- refused ---- */

static void refusal_judge(const struct judging *judging)
{
	const struct notice *notice = judging->notice;
	struct told_refusal *last = &judging->told->refusal;
	struct told_refusal refusal = {
	    .line = notice->member ? notice->member_line : notice->line, .since_s = judging->now_s};
	snprintf(refusal.member, sizeof refusal.member, "%s", notice->member ? notice->member : "");
	snprintf(refusal.run, sizeof refusal.run, "%s", notice->run ? notice->run : "?");
	snprintf(refusal.file, sizeof refusal.file, "%s", notice->file ? notice->file : "");
	snprintf(refusal.code, sizeof refusal.code, "%s", notice->code ? notice->code : "");
	bool is_same = strcmp(refusal.file, last->file) == 0 &&
	               strcmp(refusal.code, last->code) == 0 && refusal.line == last->line &&
	               strcmp(refusal.member, last->member) == 0;
	if (*last->run)
		refusal.since_s = last->since_s;
	refusal.told_s = last->told_s;
	if (wants(judging, TELL_REFUSED) &&
	    (!is_same || is_new_or_again(judging, last->told_s, DAY_S))) {
		tell_it(judging, TELL_REFUSED);
		refusal.told_s = judging->told_s;
	}
	*last = refusal;
}

/* ---- runs, and what is none ---- */

static void accepted_judge(const struct judging *judging)
{
	struct told *told = judging->told;
	errors_judge(judging);
	if (*told->refusal.run)
		end(judging, TROUBLE_REFUSED, told->refusal.told_s);
	told->refusal = (struct told_refusal){0};
	if (told->late.is_late && !told->late.is_stale) { /* the same bytes may still be stale */
		end(judging, TROUBLE_LATE, told->late.told_s);
		told->late = (struct told_late){0};
	}
	if (wants(judging, TELL_SUCCESS))
		tell_it(judging, TELL_SUCCESS);
}

/* What was in error in the last answer, corrected: what is left of it is in this one. */
static bool is_retry_of_last(const struct judging *judging)
{
	const struct notice *notice = judging->notice;
	return is(notice->status, "done") && *judging->told->answer &&
	       is(notice->origin, judging->told->answer);
}

static void run_judge(const struct judging *judging)
{
	const struct notice *notice = judging->notice;
	if (is(notice->mode, "preview"))
		return;
	held_judge(judging);
	if (is(notice->status, "refused"))
		refusal_judge(judging);
	else if (notice->is_accepted)
		accepted_judge(judging);
	else if (is_retry_of_last(judging))
		errors_judge(judging);
}

static void late_judge(const struct judging *judging, bool is_stale)
{
	struct told_late *late = &judging->told->late;
	if (!late->is_late)
		*late = (struct told_late){.since_s = judging->now_s};
	late->is_late = true;
	late->is_stale = is_stale;
	if (wants(judging, TELL_LATE) && is_new_or_again(judging, late->told_s, WEEK_S)) {
		tell_it(judging, TELL_LATE);
		late->told_s = judging->told_s;
	}
}

static void on_time_judge(const struct judging *judging)
{
	struct told_late *late = &judging->told->late;
	if (late->is_late)
		end(judging, TROUBLE_LATE, late->told_s);
	*late = (struct told_late){0};
}

static void notice_judge(const struct judging *judging)
{
	switch (judging->notice->kind) {
	case NOTICE_RUN: run_judge(judging); break;
	case NOTICE_LATE: late_judge(judging, false); break;
	case NOTICE_STALE: late_judge(judging, true); break;
	case NOTICE_ON_TIME: on_time_judge(judging); break;
	case NOTICE_DUE:
		if (wants(judging, TELL_DUE))
			tell_it(judging, TELL_DUE);
		break;
	case NOTICE_KINDS: break;
	}
}

/* ---- the message ---- */

/* Messages about one trouble are one thread: it begins with the first, and ends with the trouble.
 */
static void threads_follow(struct told *told, struct telling *telling)
{
	for (enum trouble trouble = 0; trouble < TROUBLES; trouble++) {
		char *thread = told->threads[trouble];
		unsigned bit = TELL_BIT(trouble);
		bool is_meant = (telling->tells | telling->over) & bit;
		if (is_meant && !*telling->thread)
			snprintf(telling->thread, sizeof telling->thread, "%s", thread);
		if (telling->tells & bit && !*thread)
			snprintf(thread, TOLD_KEY_SIZE, "%s", telling->key);
		if (!told_has(told, trouble))
			*thread = '\0';
	}
}

/* False: there is nothing to tell. id: of what it is about, for the key. */
static bool telling_end(const struct judging *judging, const char *id)
{
	struct telling *telling = judging->telling;
	if (!wants(judging, TELL_RECOVERED))
		telling->over = 0;
	if (telling->over)
		tell_it(judging, TELL_RECOVERED);
	telling->at_s = judging->now_s;
	for (enum trouble trouble = 0; trouble < TROUBLES; trouble++)
		if (told_has(judging->told, trouble))
			telling->open |= TELL_BIT(trouble);
	snprintf(telling->key, sizeof telling->key, "%.*s.%s", NOTICE_ID_MAX, id,
	    names[telling_leads(telling)]);
	threads_follow(judging->told, telling);
	return telling->tells != 0;
}

bool rule_apply(struct told *told, const struct notice *notice, unsigned on, int64_t now_s,
    struct telling *telling)
{
	struct judging judging = {told, notice, on, notice->at_us / 1000000, now_s, telling};
	*telling = (struct telling){0};
	if (told_has_seen(told, notice->id))
		return false;
	notice_judge(&judging);
	told_see(told, notice->id);
	return telling_end(&judging, notice->id);
}

/* ---- when time has passed ---- */

static int runs_compare(const void *run, const void *item)
{
	return strcmp(run, *(const char *const *)item);
}

/* Plans whose cards have gone: released, discarded, superseded or pruned. */
static void plans_look(const struct judging *judging, const char *const *open, size_t open_count)
{
	struct told *told = judging->told;
	int64_t told_s = 0;
	for (size_t i = told->plans_count; i-- > 0;) {
		const struct told_plan *plan = &told->plans[i];
		if (judging->now_s - plan->since_s < CARD_AGE_S ||
		    (open_count > 0 &&
		        bsearch(plan->run, open, open_count, sizeof *open, runs_compare)))
			continue;
		int64_t gone_s = plan_remove(told, i);
		if (gone_s > told_s)
			told_s = gone_s;
	}
	if (told->plans_count == 0)
		end(judging, TROUBLE_HELD, told_s);
}

static bool is_weekly(const struct judging *judging, enum tell tell, int64_t told_s)
{
	return wants(judging, tell) && told_s > 0 &&
	       (judging->now_s - told_s >= WEEK_S || is_to_come(judging, told_s));
}

static void remind(const struct judging *judging)
{
	struct told *told = judging->told;
	bool is_plan_due = false;
	for (size_t i = 0; i < told->plans_count; i++)
		is_plan_due |= is_weekly(judging, TELL_HELD, told->plans[i].told_s);
	for (size_t i = 0; is_plan_due && i < told->plans_count; i++)
		told->plans[i].told_s = judging->told_s;
	if (is_plan_due)
		tell_it(judging, TELL_HELD);
	if (*told->refusal.run && is_weekly(judging, TELL_REFUSED, told->refusal.told_s)) {
		told->refusal.told_s = judging->told_s;
		tell_it(judging, TELL_REFUSED);
	}
	if (told->late.is_late && is_weekly(judging, TELL_LATE, told->late.told_s)) {
		told->late.told_s = judging->told_s;
		tell_it(judging, TELL_LATE);
	}
}

/* The same when it is looked at again, after somebody was killed: by what had been told before. */
static int64_t newest_told(const struct told *told)
{
	int64_t newest_s = told->refusal.told_s;
	for (size_t i = 0; i < told->plans_count; i++)
		if (told->plans[i].told_s > newest_s)
			newest_s = told->plans[i].told_s;
	return told->late.told_s > newest_s ? told->late.told_s : newest_s;
}

bool rule_look(struct told *told, const char *feed, const char *const *open, size_t open_count,
    unsigned on, int64_t now_s, struct telling *telling)
{
	char id[NOTICE_ID_MAX + 1];
	struct judging judging = {told, NULL, on, now_s, now_s, telling};
	*telling = (struct telling){0};
	snprintf(id, sizeof id, "again-%s-%lld-%.30s", feed, (long long)newest_told(told),
	    told->plans_count > 0 ? told->plans[0].run : "none");
	plans_look(&judging, open, open_count);
	remind(&judging);
	telling->is_reminder = telling->tells != 0;
	return telling_end(&judging, id);
}
