/*
 * fake_lms: lms.h and ledger.h without a database: people p1 ... p20, courses C1 ... C5, and what
 * was committed. It outlives the process of the simulated daemon, as a database does; it can be
 * away, fail, and lose the answer to a commit that happened.
 */
#ifndef SIM_FAKE_LMS_H
#define SIM_FAKE_LMS_H

#include "enrold/ledger.h"

#include <stdbool.h>
#include <stddef.h>

enum { FAKE_PEOPLE = 20, FAKE_COURSES = 5 };

/* The process that was connected has died. */
void fake_lms_abandon(void);

/* A backup, and the day on which it is put back: under the open connections, or they are gone. */
void fake_lms_back_up(void);
void fake_lms_put_back(bool breaks);

/* What is committed: rows of the ledger, and how often somebody was enrolled into a course. */
size_t fake_lms_runs(void);
const struct ledger_run *fake_lms_run(size_t index);
int fake_lms_enrolled(int person, int course);

#endif
