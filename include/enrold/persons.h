/*
 * persons: accounts by their ids, as far as absence asks about them.
 */
#ifndef ENROLD_PERSONS_H
#define ENROLD_PERSONS_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lms;

struct person {
	int64_t user;
	bool is_there; /* and not deleted; else nothing of what follows is known */
	struct slice username, fullname, idnumber, email;
	bool is_suspended;
	int64_t modified; /* user.timemodified */
};

/* Fills in all but the id. Texts are put into the arena. */
struct error lms_load_persons(
    struct lms *lms, struct person *persons, size_t count, struct arena *arena) MUST_CHECK;

/* An enrolment by who and where. */
struct enrolment_key {
	int64_t user, enrol;
	int64_t id; /* the answer; 0: there is none */
};
struct error lms_find_enrolments(
    struct lms *lms, struct enrolment_key *keys, size_t count, struct arena *arena) MUST_CHECK;

#endif
