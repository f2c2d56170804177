/*
 * prune_rules: what of a run goes, when: pure.
 *
 *     archive     its input and what lay beside it
 *     answers     result, retry, plan, summary
 *     quarantine  the input of one that was refused or discarded, and why
 *     held        its plan, and the file that waits with it: closed, undecided
 *     history     its texts in the ledger
 */
#ifndef RUN_PRUNE_RULES_H
#define RUN_PRUNE_RULES_H

#include "enrold/ledger.h"
#include "enrold/prune.h"

enum keep_kind { KEEP_ARCHIVE, KEEP_ANSWERS, KEEP_QUARANTINE, KEEP_HELD, KEEP_HISTORY, KEEP_KINDS };

/* Runs with an id before it are old enough; "": none are. */
struct keep_limits {
	char before[KEEP_KINDS][RUN_ID_SIZE + 1];
	char rule[KEEP_KINDS][PRUNE_RULE_SIZE]; /* "archive 90d", "before 2026-01-01" */
	char latest[RUN_ID_SIZE + 1];           /* none of them is later */
};
void keep_limits_find(const struct prune_terms *terms, struct keep_limits *limits);

/* What is known of a run, its age aside. */
struct keep_facts {
	enum run_state state;
	bool is_in_work;    /* not published yet, or not to its end */
	bool is_record;     /* enrold's own, of what it does with what it keeps */
	bool has_open_plan; /* its own, not that of another run about its input */
	bool is_source;     /* of another's open plan, which does not go */
	bool is_awaited;    /* a grace that it began is not over, or an order is about it */
	bool is_measured;   /* others are, by it, or the chain ends with it */
	bool has_texts;
};

/* 1 << enum keep_kind of all that goes. */
unsigned keep_judge(
    const struct keep_limits *limits, const char *run, const struct keep_facts *facts);

static inline bool keep_goes(unsigned verdict, enum keep_kind kind)
{
	return verdict >> kind & 1;
}

#endif
