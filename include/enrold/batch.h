/*
 * batch: some thousand records of a file, what they ask for, and what the LMS says of exactly the
 * people and courses in them. Open data: filled in rounds by the run layer, read by the plan.
 *
 *     batch_add              records, requests; distinct keys of people, course names
 *     once: (lms_find_courses)   courses      from course_names
 *     each round:
 *     (lms_find_users)       keys         those not asked for yet
 *     batch_meet             people       from the keys' answers
 *     (lms_load_accounts)    people       the new ones, where the file may change accounts
 *     batch_pair             enrolments   of people and the courses they are to be in
 *     (lms_load_enrolments)  enrolments   the new ones
 *     plan_batch             plans as many records as the facts suffice for
 *
 * One round is the rule. A row about an account that an earlier row of the batch renamed, deleted
 * or kept from its name needs facts that nobody asked for: the plan stops before it, the next round
 * asks. Everything lies in the batch's arena and goes with batch_reset. Pure.
 */
#ifndef ENROLD_BATCH_H
#define ENROLD_BATCH_H

#include "enrold/arena.h"
#include "enrold/columns.h"
#include "enrold/facts.h"
#include "enrold/outcome.h"
#include "enrold/policy.h"

#define INDEX_NONE UINT32_MAX

struct record {
	uint64_t line;
	uint32_t cells_count;
	const struct slice *cells; /* as decoded; of a broken record: its raw text */
	struct slice name;         /* the user name: trimmed, in the feed's form, or by template */
	bool has_fault;            /* the record as a whole is bad */
	enum code fault;
	uint32_t fault_column;
	uint32_t requests; /* index of its first request */
	uint32_t requests_count;
	/* Indexes into keys, or INDEX_NONE: */
	uint32_t key;       /* who is meant */
	uint32_t name_key;  /* who has the user name, where that is not the key */
	uint32_t old_key;   /* who is to be renamed */
	uint32_t email_key; /* who has the address that the row gives */
	uint32_t person;    /* whom the plan found: index into people */
};

/* One course cell with its modifiers. */
struct request {
	uint32_t record;
	uint32_t column;   /* of the course cell */
	uint32_t course;   /* index into course_names */
	struct slice role; /* trimmed cell, empty: the course's own role */
	uint32_t role_column;
	bool has_status, has_start, has_period;
	bool has_fault; /* a modifier is bad and the feed rejects bad values */
	uint32_t fault_column;
	int64_t status;
	int64_t start;    /* epoch seconds */
	int64_t period;   /* seconds, with has_period; 0: no end */
	bool asks_period; /* the cell is not empty; without has_period: the course's own period */
};

struct index_entry;

struct batch {
	const struct header *header;
	const struct policy *policy;
	const struct site_facts *site;
	int64_t now, today; /* of the run's beginning: what relative dates are relative to */
	bool asks_accounts; /* the file may change accounts: they are loaded whole */
	struct arena *arena;
	struct record *records;
	size_t records_count, records_room;
	size_t planned; /* records that the plan is done with */
	size_t paired;  /* records that batch_pair is done with */
	struct request *requests;
	size_t requests_count, requests_room;
	struct user_key *keys; /* distinct */
	size_t keys_count, keys_room, keys_asked;
	uint32_t (*key_people)[2]; /* by key: whom it found; moved on by the plan */
	size_t key_people_room;
	struct account_facts *people; /* distinct */
	size_t people_count, people_room, people_loaded;
	struct slice *course_names; /* distinct */
	struct course_facts *courses;
	size_t courses_count, courses_room;
	struct enrolment_facts *enrolments; /* distinct; those of a round by user, then course */
	size_t enrolments_count, enrolments_room, enrolments_loaded;
	struct index_entry *key_index, *person_index, *course_index, *enrolment_index;
};

/* Borrows all for its lifetime; owns its arena. now and today are the caller's to set. */
struct error batch_init(struct batch *batch, const struct header *header,
    const struct policy *policy, const struct site_facts *site) MUST_CHECK;
void batch_reset(struct batch *batch);
void batch_done(struct batch *batch);

/* Copies the record and reads its requests. RETRY: out of memory. */
struct error batch_add(struct batch *batch, const struct csvin_record *record) MUST_CHECK;
struct error batch_meet(struct batch *batch) MUST_CHECK;
struct error batch_pair(struct batch *batch) MUST_CHECK;

/* The trimmed cell; empty where the record has none. */
struct slice record_cell(const struct record *record, uint32_t column);

/* Index of the key, which is new when nobody asked it before. */
uint32_t batch_key(struct batch *batch, enum user_key_by by, struct slice text);
/* A person that the LMS does not know yet. */
uint32_t batch_add_person(struct batch *batch, struct slice username);
/* Index of what is known of a person in a course; *is_new: nothing yet, it was added just now. */
uint32_t batch_enrolment(struct batch *batch, uint32_t person, uint32_t course, bool *is_new);

#endif
