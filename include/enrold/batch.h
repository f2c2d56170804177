/*
 * batch: some thousand records of a file, what they ask for, and what the LMS says of exactly the
 * people and courses in them. Open data: filled in steps by the run layer, read by the plan.
 *
 *     batch_add          records, requests; distinct course names
 *     batch_prepare      room for what the LMS will say
 *     (lms_find_users)   records[].user  from user_keys
 *     (lms_find_courses) courses         from course_names
 *     batch_pair         distinct enrolments, to be loaded
 *     (lms_load_enrolments)
 *
 * Everything lies in the batch's arena and goes with batch_reset. Pure.
 */
#ifndef ENROLD_BATCH_H
#define ENROLD_BATCH_H

#include "enrold/arena.h"
#include "enrold/columns.h"
#include "enrold/facts.h"
#include "enrold/outcome.h"
#include "enrold/policy.h"

struct record {
	uint64_t line;
	uint32_t cells_count;
	const struct slice *cells; /* as decoded; of a broken record: its raw text */
	struct slice username;     /* the cell's key: trimmed and lower-cased as the feed says */
	bool has_fault;            /* the record as a whole is bad */
	enum code fault;
	uint32_t fault_column;
	uint32_t requests; /* index of its first request */
	uint32_t requests_count;
};

/* One course cell with its modifiers. */
struct request {
	uint32_t record;
	uint32_t column;    /* of the course cell */
	uint32_t course;    /* index into course_names */
	uint32_t enrolment; /* index into enrolments, set by batch_pair; UINT32_MAX: none */
	struct slice role;  /* trimmed cell, empty: the course's own role */
	uint32_t role_column;
	bool has_status, has_start, has_period;
	bool has_fault; /* a modifier is bad and the feed rejects bad values */
	uint32_t fault_column;
	int64_t status;
	int64_t start;    /* epoch seconds */
	int64_t period;   /* seconds, with has_period; 0: no end */
	bool asks_period; /* the cell is not empty; without has_period: the course's own period */
};

struct course_entry;

struct batch {
	const struct header *header;
	const struct policy *policy;
	const struct site_facts *site;
	int64_t now, today; /* of the run's beginning: what relative dates are relative to */
	struct arena *arena;
	struct record *records;
	size_t records_count, records_room;
	struct request *requests;
	size_t requests_count, requests_room;
	struct slice *user_keys;    /* by record; empty where no account must be looked up */
	struct user_facts *users;   /* by record */
	struct slice *course_names; /* distinct */
	struct course_facts *courses;
	size_t courses_count, courses_room;
	struct course_entry *course_index;
	struct enrolment_facts *enrolments; /* distinct, sorted by user, then course */
	size_t enrolments_count;
};

/* Borrows all for its lifetime; owns its arena. now and today are the caller's to set. */
struct error batch_init(struct batch *batch, const struct header *header,
    const struct policy *policy, const struct site_facts *site) MUST_CHECK;
void batch_reset(struct batch *batch);
void batch_done(struct batch *batch);

/* Copies the record and reads its requests. RETRY: out of memory. */
struct error batch_add(struct batch *batch, const struct csvin_record *record) MUST_CHECK;
struct error batch_prepare(struct batch *batch) MUST_CHECK;
struct error batch_pair(struct batch *batch) MUST_CHECK;

#endif
