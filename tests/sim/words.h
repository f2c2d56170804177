/*
 * words: people look at the plans that wait for them, and release, discard or leave them, at
 * random: all of a plan or one course of it. What the words do is judged by the law.
 */
#ifndef SIM_WORDS_H
#define SIM_WORDS_H

#include "law.h"

struct words_sums {
	unsigned long given[2], left_open; /* released, discarded; in vain */
	unsigned long deaths;
};

/* The run of that file, which was judged last, may have left a plan. */
void words_note(int feed, const struct nightly *file, const struct ledger_run *run);
/* Some of the open plans of all feeds get a word, which is carried out by `live`. is_dangerous: the
 * daemon may be killed at it. What is said is told in *said, for whoever listens. */
void words_give(void (*live)(void), bool is_dangerous, struct words_sums *sums,
    struct law_sums *law, char said[160]);

#endif
