/*
 * losses: what a simulated database that was put back has forgotten, by a reckoning that asks none
 * of the code under test.
 */
#ifndef SIM_LOSSES_H
#define SIM_LOSSES_H

#include <stddef.h>

/* How many answers are in the outbox that the database does not hold as they are there. */
size_t losses_count(const char *spool);
/* Whether a run of this input has ended in the database. */
int losses_has_ended(const char *sha256);

#endif
