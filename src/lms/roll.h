/*
 * roll: what a transaction has read of the groups and groupings of courses, the cohorts of the site
 * and the groups in groupings. Moodle has no index of their names, so each question by name costs
 * the database all of them: they are read once per course and found here from then on. What the
 * transaction itself makes is added; its end forgets everything.
 *
 * A name that has its letters composed otherwise, or blanks at its end, means the one that looks
 * like it, unless there is one to the letter.
 *
 * An owner is what the names stand in: a course's or a grouping's id, 0 for the site.
 */
#ifndef ENROLD_LMS_ROLL_H
#define ENROLD_LMS_ROLL_H

#include "enrold/slice.h"

#include <stdint.h>

enum roll_kind {
	ROLL_GROUPS,        /* by name, in a course */
	ROLL_GROUP_NUMBERS, /* by idnumber; read together with ROLL_GROUPS */
	ROLL_GROUPINGS,     /* by name, in a course */
	ROLL_COHORTS,       /* by idnumber, in the site */
	ROLL_GROUPS_IN,     /* by id, in a grouping */
};

struct roll;

struct roll *roll_create(void); /* NULL: no memory */
void roll_free(struct roll *roll);
/* It has grown too large: a new one has to be begun. */
bool roll_is_full(const struct roll *roll);

/* Whether all of the owner's have been read. */
bool roll_has_read(const struct roll *roll, enum roll_kind kind, int64_t owner);
/* Notes that they are being read. False, here and below: no memory, and nothing may be found any
 * more. */
bool roll_read(struct roll *roll, enum roll_kind kind, int64_t owner);

bool roll_add(struct roll *roll, enum roll_kind kind, int64_t owner, struct slice name, int64_t id);
/* The same of something just made: only where the others are known. */
bool roll_note(
    struct roll *roll, enum roll_kind kind, int64_t owner, struct slice name, int64_t id);
/* How many are called so; *id: the least of their ids. */
uint32_t roll_find(
    const struct roll *roll, enum roll_kind kind, int64_t owner, struct slice name, int64_t *id);

#endif
