/*
 * fake_lms: lms.h, ledger.h and listing.h without a database: people p1, p2, ..., courses C1,
 * C2, ..., who is in them, and what was committed. It outlives the process of the simulated daemon,
 * as a database does; it can be away, fail, and lose the answer to a commit that happened.
 */
#ifndef SIM_FAKE_LMS_H
#define SIM_FAKE_LMS_H

#include "enrold/ledger.h"
#include "enrold/plans.h"

#include <stdbool.h>
#include <stddef.h>

enum { FAKE_PEOPLE_MAX = 120, FAKE_COURSES_MAX = 8 };
enum { FAKE_TEACHER = 3, FAKE_STUDENT = 5 };

struct fake_person {
	char username[16];
	bool is_suspended;
	int64_t modified;
};

struct fake_course {
	int64_t id; /* 0: deleted; one made anew has another */
	int64_t end;
};

/* A person in a course, both counted from 1. */
struct fake_enrolment {
	int64_t id; /* 0: none */
	bool is_suspended;
	int64_t modified, start, end;
	bool is_teacher, is_student;
	bool has_grade;
	int made; /* so often, by the daemon */
};

/* A new site. */
void fake_lms_make(int people, int courses);
/* The process that was connected has died. */
void fake_lms_abandon(void);

/* A backup, and the day on which it is put back: under the open connections, or they are gone. */
void fake_lms_back_up(void);
void fake_lms_put_back(bool breaks);

/* What is committed. Somebody else may change people, courses and enrolments. */
size_t fake_lms_runs(void);
const struct ledger_run *fake_lms_run(size_t index);
size_t fake_lms_plans(void);
const struct stored_plan *fake_lms_plan(size_t index);
struct slice fake_lms_base(const char *feed);  /* of its last accepted full file; empty: none */
int fake_lms_enrolled(int person, int course); /* how often by the daemon */
struct fake_person *fake_lms_person(int person);
struct fake_course *fake_lms_course(int course);
struct fake_enrolment *fake_lms_enrolment(int person, int course);
/* Ids that nothing had before. */
int64_t fake_lms_new_course(int course);
int64_t fake_lms_new_enrolment(int person, int course);

#endif
