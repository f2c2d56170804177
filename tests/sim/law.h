/*
 * law: what absence may do to people, by a reckoning that asks none of the code under test. It
 * looks at the database before and after each file, and knows who has been listed.
 *
 *     whoever was removed had been listed by this feed, and the file does not list them;
 *     whoever is listed, and known, is in, unless a person has suspended them;
 *     a file that has lost something removes nobody who has not left;
 *     what people, other feeds and roles have a hand in stays.
 */
#ifndef SIM_LAW_H
#define SIM_LAW_H

#include "nightly.h"

enum { LAW_FEEDS = 2 };

struct law_settings {
	bool acts, adopts, reaches_feed; /* scope: feed */
	bool suspends_accounts;
	bool unenrols;
	int grace_days;
};

struct law_sums {
	unsigned long removed, unenrolled, due, returned, accounts_suspended, accounts_returned;
};

void law_begin(const struct law_settings settings[LAW_FEEDS]);
/* What the database is like before the next file. */
void law_look(void);
/* The file was run; source: the truth of its feed. */
enum law_end { LAW_NOT_APPLIED, LAW_APPLIED, LAW_ACCEPTED };
void law_judge(int feed, const struct nightly *file, enum law_end end, const struct source *source,
    struct law_sums *sums);
/* Somebody has a hand in it. */
void law_hand_suspended(int person, int course);
void law_hand_activated(int person, int course);
void law_hand_account(int person);
#endif
