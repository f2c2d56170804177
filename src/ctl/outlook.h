/*
 * outlook: what comes of an order about a run, told before it is given, and whether whoever gives
 * it means it: a person at a terminal is asked where people would lose something. What is not known
 * is not told; the order itself says what is wrong.
 */
#ifndef CTL_OUTLOOK_H
#define CTL_OUTLOOK_H

#include "ctl.h"

#include <jansson.h>
#include <stdbool.h>

struct outlook {
	json_t *answer;     /* of show; NULL: nothing is known */
	const json_t *run;  /* NULL: not known */
	const json_t *plan; /* an open one; NULL: there is none */
};

/* CTL_TRY_LATER, and it was said: the daemon has no time to tell, so that nobody could know what he
 * orders. Else CTL_OK. */
enum ctl_exit outlook_find(const struct ctl *ctl, const char *run, struct outlook *outlook);
void outlook_done(struct outlook *outlook);

/* "SAFETY (400), FIRE (12) and 3 more" behind what it is about; nothing without a newline. */
void outlook_plan_tell(const json_t *plan);
/* File, reason and what the plan is about. */
void outlook_tell(const struct outlook *outlook);
/* A plan that would take something from somebody, or of which that is not known. */
bool outlook_takes(const json_t *plan);

/* "yes", or there is nobody to ask, or --yes. */
bool outlook_confirm(const struct ctl *ctl);

#endif
