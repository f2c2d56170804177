/*
 * law: the conservation law (tests/README.md) as one checker, called by every harness after the
 * programs have ended. It believes nobody: places are compared with what was dropped, answers with
 * the ledger, the ledger with the LMS, and every change with the audit log, in both directions.
 *
 *     L1  every file dropped is in exactly one place, byte for byte     law_places.c
 *     L2  archive iff applied or previewed, quarantine iff refused      law_places.c
 *     L3  each such run has its answer, equal to the ledger's hashes    law_answers.c, law_chain.c
 *         and each change is in the LMS exactly once                    law_lms.c
 *     L4  nothing is in the LMS that no answer names                    law_lms.c
 *     L5  no temporary names, no work left                              law_places.c
 *     L8  what waits for a person is in held/, with its plan, and every  law_plans.c
 *         plan that is closed was closed by a run that says so
 *
 * Besides: whoever absence takes out, the feed had listed, and the file that does so does not list.
 *
 * L6 needs a living daemon and L7 a second drop: those are tests of their own.
 */
#ifndef SUPPORT_LAW_H
#define SUPPORT_LAW_H

#include "rig.h"

enum law_moment {
	LAW_IDLE,    /* the inbox was drained, everything has its answer */
	LAW_STOPPED, /* enrold was stopped or killed somewhere: runs may lie in work/, half
	                published */
};

struct law_report {
	struct buffer text; /* a line for each breach, up to some dozens */
	size_t breaches;
};

/* Number of breaches. The report is the caller's, to be given to law_report_done. */
size_t law_check(const struct rig *rig, enum law_moment moment, struct law_report *report);
void law_report_done(struct law_report *report);

/* Fatal with the report when the law is broken. */
void law_holds(const struct rig *rig, enum law_moment moment);
/* The end of every test: the law holds, and the spool is removed. */
void law_close(struct rig *rig);

#endif
