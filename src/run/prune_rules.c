#include "prune_rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static const char *const words[KEEP_KINDS] = {
    [KEEP_ARCHIVE] = "archive",
    [KEEP_ANSWERS] = "answers",
    [KEEP_QUARANTINE] = "quarantine",
    [KEEP_HELD] = "held",
    [KEEP_HISTORY] = "history",
};

/* As it would be written in the configuration. */
static void rule_print(enum keep_kind kind, uint64_t ms, char rule[PRUNE_RULE_SIZE])
{
	static const struct {
		const char *suffix;
		uint64_t factor;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	size_t unit = 0;
	while (ms % units[unit].factor != 0)
		unit++;
	snprintf(rule, PRUNE_RULE_SIZE, "%s %" PRIu64 "%s", words[kind], ms / units[unit].factor,
	    ms == 0 ? "" : units[unit].suffix);
}

static void before_print(int64_t before_s, char rule[PRUNE_RULE_SIZE])
{
	time_t at = (time_t)before_s;
	struct tm tm;
	if (!localtime_r(&at, &tm))
		return;
	bool is_midnight = tm.tm_hour + tm.tm_min + tm.tm_sec == 0;
	strftime(rule, PRUNE_RULE_SIZE,
	    is_midnight ? "before %Y-%m-%d" : "before %Y-%m-%d %H:%M:%S", &tm);
}

static uint64_t kept_ms(const struct policy_keep *keep, enum keep_kind kind)
{
	switch (kind) {
	case KEEP_ARCHIVE: return keep->archive_ms;
	case KEEP_ANSWERS: return keep->answers_ms;
	case KEEP_QUARANTINE: return keep->quarantine_ms;
	case KEEP_HELD: return keep->held_ms;
	case KEEP_HISTORY: return keep->history_ms;
	case KEEP_KINDS: break;
	}
	return PERIOD_ENDLESS;
}

/* Behind the year 9999 there are no ids. */
#define LAST_S INT64_C(253402300799)

static int64_t before_find(const struct prune_terms *terms)
{
	return terms->before_s < LAST_S ? terms->before_s : LAST_S;
}

void keep_limits_find(const struct prune_terms *terms, struct keep_limits *limits)
{
	int64_t before_s = before_find(terms);
	*limits = (struct keep_limits){0};
	for (enum keep_kind kind = 0; kind < KEEP_KINDS; kind++) {
		uint64_t ms = kept_ms(&terms->policy->keep, kind);
		int64_t at_us = 0;
		/* What waits for a person is no question of age, unless a setting makes it one. */
		if (before_s != 0 && kind == KEEP_HELD && ms == PERIOD_ENDLESS)
			continue;
		if (before_s != 0) {
			at_us = before_s > 0 ? before_s * 1000000 : 0;
			before_print(before_s, limits->rule[kind]);
		} else if (ms != PERIOD_ENDLESS) {
			at_us = terms->now_us - (int64_t)ms * 1000;
			rule_print(kind, ms, limits->rule[kind]);
		}
		if (at_us > 0)
			run_id_format(at_us, limits->before[kind]);
		if (strcmp(limits->before[kind], limits->latest) > 0)
			memcpy(limits->latest, limits->before[kind], sizeof limits->latest);
	}
}

static bool is_old(const struct keep_limits *limits, const char *run, enum keep_kind kind)
{
	return strcmp(run, limits->before[kind]) < 0;
}

static bool is_put_aside(enum run_state state)
{
	return state == RUN_REFUSED || state == RUN_DISCARDED;
}

/* Its plan has been decided upon, or its time is over: what it needed may go by its own rule. */
static unsigned rest_judge(
    const struct keep_limits *limits, const char *run, const struct keep_facts *facts)
{
	unsigned verdict = 0;
	/* What was held as a whole lies where its plan's end has put it. */
	bool is_held = facts->state == RUN_HELD;
	if (!is_put_aside(facts->state) && is_old(limits, run, KEEP_ARCHIVE))
		verdict |= 1U << KEEP_ARCHIVE;
	if ((is_put_aside(facts->state) || is_held) && is_old(limits, run, KEEP_QUARANTINE))
		verdict |= 1U << KEEP_QUARANTINE;
	if (!facts->is_awaited && is_old(limits, run, KEEP_ANSWERS))
		verdict |= 1U << KEEP_ANSWERS;
	if (facts->has_texts && !facts->is_measured && !facts->is_awaited &&
	    is_old(limits, run, KEEP_HISTORY))
		verdict |= 1U << KEEP_HISTORY;
	return verdict;
}

unsigned keep_judge(
    const struct keep_limits *limits, const char *run, const struct keep_facts *facts)
{
	bool has_ended = facts->state >= RUN_APPLIED;
	if (!has_ended || facts->is_in_work || facts->is_record || facts->is_source)
		return 0;
	if (!facts->has_open_plan)
		return rest_judge(limits, run, facts);
	if (facts->is_awaited || !is_old(limits, run, KEEP_HELD))
		return 0;
	return 1U << KEEP_HELD | rest_judge(limits, run, facts);
}
