/*
 * leaver: what the LMS says of enrolments that somebody may have left, by their ids: for removing
 * those who are absent from a full file, who are named by no row.
 */
#ifndef ENROLD_LEAVER_H
#define ENROLD_LEAVER_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lms;

struct leaver {
	int64_t enrolment; /* user_enrolments.id, which is asked about */
	bool is_there;     /* else nothing of what follows is known */
	int64_t user;
	struct slice username, fullname, idnumber, email; /* fullname: firstname lastname */
	bool is_deleted, is_suspended;                    /* the account */
	int64_t enrol;
	bool is_manual; /* its method */
	int64_t course, context;
	struct slice shortname, course_idnumber, course_fullname;
	int64_t course_end; /* 0: none */
	int64_t status, timestart, timeend, modified;
};

/* Fills them in; one question for all. Texts are put into the arena. */
struct error lms_load_leavers(
    struct lms *lms, struct leaver *leavers, size_t count, struct arena *arena) MUST_CHECK;

/* Short names of the courses of methods of enrolment; empty: there is no such method. */
struct error lms_name_courses(struct lms *lms, const int64_t *enrols, size_t count,
    struct slice *names, struct arena *arena) MUST_CHECK;

#endif
