/*
 * change: what the plan wants written, as plain data. Made by src/roster, applied by src/lms.
 */
#ifndef ENROLD_CHANGE_H
#define ENROLD_CHANGE_H

#include <stdint.h>

enum change_kind {
	CHANGE_ENROL,       /* a new user_enrolments row with status and times */
	CHANGE_ENROLMENT,   /* status and times of an existing one */
	CHANGE_ASSIGN_ROLE, /* one more role in the course's context */
};

struct change {
	enum change_kind kind;
	uint32_t enrolment; /* index into the batch's enrolments */
	int64_t role;       /* CHANGE_ASSIGN_ROLE */
	int64_t status;     /* else */
	int64_t timestart;
	int64_t timeend;
};

#endif
