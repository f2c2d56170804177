/*
 * fake_state: what the simulated database holds; for fake_lms.c and fake_ledger.c only.
 */
#ifndef SIM_FAKE_STATE_H
#define SIM_FAKE_STATE_H

#include "fake_lms.h"

#include "enrold/listing.h"
#include "enrold/lms.h"
#include "enrold/plans.h"

enum { FAKE_RUNS_MAX = 1024, FAKE_LISTINGS_MAX = 8000, FAKE_FEEDS_MAX = 4 };

struct fake_listing {
	int feed;
	struct listing is;
};

struct fake_base {
	char feed[24];
	struct slice text; /* empty: none */
};

/* Texts live as long as the simulation's process. */
struct fake_state {
	struct ledger_run runs[FAKE_RUNS_MAX];
	size_t runs_count;
	struct stored_plan plans[FAKE_RUNS_MAX];
	size_t plans_count;
	struct fake_listing listings[FAKE_LISTINGS_MAX]; /* by feed, person and enrolment */
	size_t listings_count;
	struct fake_base feeds[FAKE_FEEDS_MAX];
	int feeds_count;
	struct ledger_head head;
	struct fake_person people[FAKE_PEOPLE_MAX + 1];
	struct fake_course courses[FAKE_COURSES_MAX + 1];
	struct fake_enrolment enrolments[FAKE_PEOPLE_MAX + 1][FAKE_COURSES_MAX + 1];
	int people_count, courses_count;
	int64_t made; /* enrolments and courses, ever */
};

/* As the present transaction sees it. */
struct fake_state *fake_now(void);
struct fake_state *fake_committed(void);
/* Which a transaction may change. */
struct fake_state *fake_working(void);
/* Before each step: RETRY, when the database is away or in trouble. */
struct error fake_step(const char *what);

#endif
