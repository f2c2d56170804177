/*
 * limits: what the numbers of a rehearsal mean: whether the file is held, and what is withheld.
 */
#include "enrold/limits.h"

#include "enrold/absence.h"

enum { WHOLE_BP = 10000, ROWS_OF_LAST_BP = 9000 };

/* ---- in words ---- */

static struct slice share_print(struct arena *arena, uint64_t share)
{
	unsigned percent = (unsigned)(share / 100), rest = (unsigned)(share % 100);
	if (rest == 0)
		return arena_print(arena, "%u%%", percent);
	return rest % 10 == 0 ? arena_print(arena, "%u.%u%%", percent, rest / 10)
	                      : arena_print(arena, "%u.%02u%%", percent, rest);
}

/* " (12.5% of 400 people)", rounded up, since more than the limit's share is what has to be seen;
 * of nobody there is no share. */
static struct slice part_print(
    struct arena *arena, uint64_t count, uint64_t of, const char *one, const char *several)
{
	if (of == 0)
		return SLICE("");
	struct slice share = share_print(arena, (count * WHOLE_BP + of - 1) / of);
	return arena_print(arena, " (%.*s of %llu %s)", SLICE_ARG(share), (unsigned long long)of,
	    of == 1 ? one : several);
}

/* "50 and 10%, or 1000" */
static struct slice limit_print(struct arena *arena, const struct policy_limit *limit)
{
	struct slice share = share_print(arena, limit->share);
	bool has_both = limit->count != 0 && limit->share != 0;
	struct slice text = SLICE("");
	if (has_both)
		text = arena_print(arena, "%u and %.*s", limit->count, SLICE_ARG(share));
	else if (limit->count != 0)
		text = arena_print(arena, "%u", limit->count);
	else if (limit->share != 0)
		text = share;
	if (limit->most == 0)
		return text;
	return arena_print(
	    arena, "%.*s%s%u", SLICE_ARG(text), text.size > 0 ? ", or " : "", limit->most);
}

/* ---- what holds the file; each answers why, or an empty text ---- */

/* Full files have a default; deltas are compared with nothing. */
static share_bp rows_wanted(const struct policy *policy, const struct limits_facts *facts)
{
	const struct policy_limits *limits = &policy->limits;
	bool is_delta = policy_tells_absence(policy) && !facts->is_full;
	if (!facts->has_last || facts->is_retry || is_delta)
		return 0;
	if (limits->has_rows_of_last)
		return limits->rows_of_last;
	return facts->is_full ? ROWS_OF_LAST_BP : 0;
}

static struct slice rows_hold(
    const struct policy *policy, const struct limits_facts *facts, struct arena *arena)
{
	share_bp share = rows_wanted(policy, facts);
	if (facts->rows * WHOLE_BP >= facts->rows_of_last * share)
		return SLICE("");
	return arena_print(arena,
	    "the file has %llu row%s, the last %sone had %llu: less than limits.rows_of_last "
	    "(%.*s)",
	    (unsigned long long)facts->rows, facts->rows == 1 ? "" : "s",
	    facts->is_full ? "full " : "", (unsigned long long)facts->rows_of_last,
	    SLICE_ARG(share_print(arena, share)));
}

static struct slice errors_hold(
    const struct policy *policy, const struct limits_facts *facts, struct arena *arena)
{
	const struct policy_limit *limit = &policy->limits.errors;
	if (!limit_trips(limit, facts->rows_in_error, facts->rows))
		return SLICE("");
	bool is_one = facts->rows_in_error == 1;
	return arena_print(arena,
	    "%llu row%s%.*s %s in error, more than limits.errors let pass (%.*s)",
	    (unsigned long long)facts->rows_in_error, is_one ? "" : "s",
	    SLICE_ARG(part_print(arena, facts->rows_in_error, facts->rows, "row", "rows")),
	    is_one ? "is" : "are", SLICE_ARG(limit_print(arena, limit)));
}

static struct slice created_hold(
    const struct policy *policy, const struct limits_facts *facts, struct arena *arena)
{
	const struct policy_limit *limit = &policy->limits.created;
	if (!facts->has_last || !limit_trips(limit, facts->created, facts->people_of_last))
		return SLICE("");
	return arena_print(arena,
	    "%llu account%s would be made%.*s, more than limits.created let in (%.*s)",
	    (unsigned long long)facts->created, facts->created == 1 ? "" : "s",
	    SLICE_ARG(part_print(arena, facts->created, facts->people_of_last,
	        "person of the last file", "people of the last file")),
	    SLICE_ARG(limit_print(arena, limit)));
}

static struct slice review_hold(
    const struct policy *policy, const struct limits_facts *facts, struct arena *arena)
{
	(void)facts;
	(void)arena;
	return policy->review ? SLICE("a person looks at every file of the feed first (review)")
	                      : SLICE("");
}

/* The first that has a reason is the one that is said: where all files wait no other matters, and
 * what half a file has in it says little. */
static const struct {
	const char *code;
	struct slice (*reason)(
	    const struct policy *policy, const struct limits_facts *facts, struct arena *arena);
} holds[] = {
    {"review", review_hold},
    {"rows_of_last", rows_hold},
    {"errors", errors_hold},
    {"created", created_hold},
};

/* ---- what is withheld ---- */

static struct slice by_cell_withhold(
    const struct policy_limits *limits, const struct limits_facts *facts, struct arena *arena)
{
	if (!limit_trips(&limits->by_cell, facts->by_cell, facts->active))
		return SLICE("");
	bool is_one = facts->by_cell == 1;
	return arena_print(arena,
	    "%llu %s%.*s would lose an enrolment, role or membership by what cells say, more than "
	    "limits.by_cell let go (%.*s)",
	    (unsigned long long)facts->by_cell, is_one ? "person" : "people",
	    SLICE_ARG(part_print(arena, facts->by_cell, facts->active,
	        "person active in its courses", "people active in its courses")),
	    SLICE_ARG(limit_print(arena, &limits->by_cell)));
}

static struct slice accounts_withhold(
    const struct policy_limits *limits, const struct limits_facts *facts, struct arena *arena)
{
	if (!limit_trips(&limits->accounts, facts->accounts, facts->accounts_of))
		return SLICE("");
	bool is_one = facts->accounts == 1;
	return arena_print(arena,
	    "%llu account%s%.*s would be suspended, deleted, renamed, or given another e-mail, "
	    "idnumber, auth or password, more than limits.accounts let change (%.*s)",
	    (unsigned long long)facts->accounts, is_one ? "" : "s",
	    SLICE_ARG(
	        part_print(arena, facts->accounts, facts->accounts_of, "account", "accounts")),
	    SLICE_ARG(limit_print(arena, &limits->accounts)));
}

static struct slice (*const withholds[LIMITED_KINDS])(
    const struct policy_limits *limits, const struct limits_facts *facts, struct arena *arena) = {
    [LIMITED_BY_CELL] = by_cell_withhold,
    [LIMITED_ACCOUNTS] = accounts_withhold,
};

/* ---- the whole ---- */

bool limits_want_active(const struct policy_limits *limits, const struct limits_facts *facts)
{
	return limit_trips(&limits->by_cell, facts->by_cell, 0);
}

bool limits_want_accounts(const struct policy_limits *limits, const struct limits_facts *facts)
{
	return limit_trips(&limits->accounts, facts->accounts, 0);
}

struct limits_verdict limits_judge(
    const struct policy *policy, const struct limits_facts *facts, struct arena *arena)
{
	struct limits_verdict verdict = {.reason = SLICE("")};
	for (size_t i = 0; i < sizeof holds / sizeof *holds && !verdict.held_by; i++) {
		verdict.reason = holds[i].reason(policy, facts, arena);
		verdict.held_by = verdict.reason.size > 0 ? holds[i].code : NULL;
	}
	for (enum limited kind = LIMITED_NOT + 1; kind < LIMITED_KINDS; kind++) {
		verdict.reasons[kind] = withholds[kind](&policy->limits, facts, arena);
		if (verdict.reasons[kind].size > 0)
			verdict.withholds |= 1U << kind;
	}
	return verdict;
}
