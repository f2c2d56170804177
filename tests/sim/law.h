/*
 * law: what absence may do to people, by a reckoning that asks none of the code under test. It
 * looks at the database before and after each file, and knows who has been listed.
 *
 *     whoever was removed had been listed by this feed, and the file does not list them;
 *     whoever is listed, and known, is in, unless a person has suspended them;
 *     a file that has lost something removes nobody who has not left;
 *     what people, other feeds and roles have a hand in stays;
 *     a person's word about a plan removes nobody whom the plan did not show.
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

/* Whom a file lists, or a plan shows; in course 0 those whose account it is about. */
struct law_people {
	bool has[FAKE_PEOPLE_MAX + 1][FAKE_COURSES_MAX + 1];
};

struct law_sums {
	unsigned long approved, accounts_approved;
	unsigned long removed, unenrolled, due, returned, accounts_suspended, accounts_returned;
};

void law_begin(const struct law_settings settings[LAW_FEEDS]);
/* What the database is like before the next file. */
void law_look(void);
/* The file was run; source: the truth of its feed. */
enum law_end { LAW_NOT_APPLIED, LAW_APPLIED, LAW_ACCEPTED };
void law_judge(int feed, const struct nightly *file, enum law_end end, const struct source *source,
    struct law_sums *sums);
/* Whom the file that was judged last lists. */
void law_listed(struct law_people *listed);
int law_person(const char *name); /* 0: nobody is called so */
int law_course(const char *name);
/* The word was carried out: approved is who may be removed now; listed: whom the file lists that is
 * done, NULL when it had been done but for what was withheld. */
void law_judge_word(int feed, const struct law_people *approved, const struct law_people *listed,
    struct law_sums *sums);
/* It is what the next file of the feed is compared with. */
void law_accept(int feed, const struct law_people *listed, enum nightly_kind kind);
/* Somebody has a hand in it. */
void law_hand_suspended(int person, int course);
void law_hand_activated(int person, int course);
void law_hand_account(int person);
#endif
