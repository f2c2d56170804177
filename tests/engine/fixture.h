/*
 * fixture: a site of its own for one test, of the engine that is to be tested, and the LMS opened
 * on it. There are p1 and p2, who may be enrolled, gone, who is deleted, and away, of another site;
 * each course has a manual enrolment method. What goes wrong ends the test.
 */
#ifndef ENGINE_FIXTURE_H
#define ENGINE_FIXTURE_H

#include "enrold/lms.h"

#include "database.h"

enum { NOW = 1800000000, TODAY = 1799971200, P1 = 3, P2 = 4 };

enum { FIXTURE_ENROLMENTS = 3 };

struct fixture {
	struct database database;
	struct lms *lms; /* NULL: not opened */
	const struct site_facts *site;
	struct arena *arena;
	struct course_facts courses[2];
	struct enrolment_facts enrolments[FIXTURE_ENROLMENTS];
};

/* courses: short names, a blank between them. sql: more statements, while the site is in SQLite. */
void fixture_make(struct fixture *fixture, const char *courses, const char *sql);
void fixture_remove(struct fixture *fixture);

/* The LMS by a new connection, and what it says of the site. */
void fixture_open(struct fixture *fixture);
/* So many of: p1 and p2 in C1, p1 in C2. */
void fixture_load(struct fixture *fixture, uint32_t count);
/* To p1 and p2 (persons 0 and 1) and the enrolments. */
struct error fixture_apply(
    struct fixture *fixture, const struct change *changes, size_t count, int64_t now) MUST_CHECK;

/* What database_rows says. */
void fixture_expect(struct fixture *fixture, const char *sql, const char *rows);

#endif
