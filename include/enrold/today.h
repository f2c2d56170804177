/*
 * today: what the LMS says of one person now, in the words of an answer, so that it can be held
 * against what a file once did. Reads only.
 */
#ifndef ENROLD_TODAY_H
#define ENROLD_TODAY_H

#include "enrold/lms.h"

struct person_today {
	struct account_facts account; /* id 0: nobody is called so; else all there is to know */
	bool is_deleted;              /* id 0, and somebody of that user name was deleted */
	bool is_ambiguous;            /* id 0, and several have that address or number */
};

/* Who is called so: by user name in any letter case, else by e-mail address, else by idnumber. */
struct error lms_find_person(struct lms *lms, struct slice text, struct arena *arena,
    struct person_today *person) MUST_CHECK;
/* *nearest: a user name that may have been meant; "": none is that close. */
struct error lms_suggest_person(
    struct lms *lms, struct slice text, struct arena *arena, struct slice *nearest) MUST_CHECK;

/* A row of user_enrolments, or what is known of one that is gone. */
struct enrolment_known {
	int64_t id;
	const char *known_by; /* "lms": it is there; else "listing", "log"; NULL: it is not known */
	bool is_there;
	int64_t user;
	bool is_of_deleted;               /* the account: then that is not what it was called */
	struct slice username;            /* and the others, "": not known */
	struct slice shortname, idnumber; /* of the course */
	struct slice method;              /* "manual" */
	int64_t created, deleted;         /* epoch seconds; 0: not known */
	struct slice deleted_by;          /* a user name */
};

/* Fills in course and method by the instance, an enrol.id. */
struct error lms_find_enrolment_course(
    struct lms *lms, int64_t enrol, struct arena *arena, struct enrolment_known *known) MUST_CHECK;
/* Of one that is gone the LMS's log is read from its beginning to its end. Texts lie in the arena.
 */
struct error lms_find_enrolment(
    struct lms *lms, int64_t id, struct arena *arena, struct enrolment_known *row) MUST_CHECK;

/* What the files may call a course. */
struct course_called {
	bool is_known;                    /* there is one such course */
	struct slice shortname, idnumber; /* idnumber "": it has none */
};

/* The one course of that short name; else of that idnumber. Texts lie in the arena. */
struct error lms_find_course_called(struct lms *lms, struct slice text, struct arena *arena,
    struct course_called *course) MUST_CHECK;

/* Another way of being in the course than by its manual enrolment. */
struct other_way {
	struct slice method; /* "cohort" */
	int64_t status, timestart, timeend;
	bool is_disabled; /* the method, in this course */
};

struct course_today {
	struct course_key key;
	uint32_t matches;        /* courses of that name */
	struct slice state;      /* as `after` has it; "": not in it by what enrold does */
	int64_t enrolment;       /* user_enrolments.id of the manual one; 0: there is none */
	int64_t changed;         /* when the enrolment was written last; 0: there is none */
	struct slice changed_by; /* the user name of who did; "": not known */
	struct other_way *others;
	size_t others_count;
};

/* Fills in all but the keys. user 0: nobody, who is in no course. */
struct error lms_load_today(struct lms *lms, int64_t user, struct course_today *courses,
    size_t count, struct arena *arena) MUST_CHECK;

#endif
