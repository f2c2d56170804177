/*
 * batch: some thousand records of a file, what they ask for, and what the LMS says of exactly the
 * people and courses in them. Open data: filled in rounds by src/run/look.c, read by the plan.
 *
 *     batch_add              records, requests; distinct keys of people, names of places
 *     once:
 *     (lms_find_courses)     courses      from course_keys
 *     batch_link_places      groups and groupings get their courses
 *     (lms_find_categories, lms_find_cohorts, lms_find_groups, lms_find_groupings)
 *     each round:
 *     (lms_find_users)       keys         those not asked for yet
 *     batch_meet             people       from the keys' answers
 *     (lms_load_accounts)    people       the new ones, where the file may change accounts
 *     batch_pair             enrolments   of people and the places they are to be in
 *                            memberships
 *     (lms_load_enrolments)  enrolments   the new ones
 *     (lms_load_memberships) memberships  the new ones
 *     plan_batch             plans as many records as the facts suffice for
 *
 * One round is the rule. A row about an account that an earlier row of the batch renamed, deleted
 * or kept from its name needs facts that nobody asked for: the plan stops before it, the next round
 * asks. It also stops, if need be within a record, where what is taken away needs facts that an
 * earlier change of the batch has made old (plan/rounds.c). Everything lies in the batch's arena
 * and goes with batch_reset. Pure.
 */
#ifndef ENROLD_BATCH_H
#define ENROLD_BATCH_H

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/columns.h"
#include "enrold/facts.h"
#include "enrold/outcome.h"
#include "enrold/policy.h"
#include "enrold/value.h"

#define INDEX_NONE UINT32_MAX

struct approval;

struct record {
	uint64_t line;
	uint32_t cells_count;
	const struct slice *cells; /* as decoded, with words translated by the feed's values, and
	                              then of all the header's columns; broken: raw text */
	uint32_t written_count;
	const struct slice *written; /* the same as they stand in the file */
	/* By column: a word that the feed's values do not know; NULL: there is none. */
	bool *unknown_words;
	struct slice name; /* the user name: trimmed, in the feed's form, or by template */
	bool is_templated; /* by template */
	bool has_fault;    /* the record as a whole is bad */
	enum code fault;
	uint32_t fault_column;
	/* Of a column that is_of_new: it counts when the account turns out to be a new one. */
	enum code new_fault;
	uint32_t new_fault_column;
	uint32_t requests; /* index of its first request */
	uint32_t requests_count;
	/* Indexes into keys, or INDEX_NONE: */
	uint32_t key;       /* who is meant */
	uint32_t name_key;  /* who has the user name, where that is not the key */
	uint32_t old_key;   /* who is to be renamed */
	uint32_t gone_key;  /* of rows that delete: whether somebody of the name was deleted */
	uint32_t email_key; /* who has the address that the row gives */
	/* By column: who has the value that the row gives to a unique profile field; NULL: there is
	 * no such column. */
	uint32_t *unique_keys;
	uint32_t person; /* whom the plan found: index into people */
	struct slice
	    hash; /* what is stored for its password, where one was foreseen (run/hashes.c) */
	struct slice
	    resolved_name; /* the user name that the account had then; bytes NULL: none found */
	/* The plan's own: a column whose value the account did not get, because of the feed's
	 * settings. */
	uint32_t kept_column;
	/* Also its own: why nothing more of the row is done; NULL: because of its error. */
	const char *ended;
	/* Of a row of a result that is taken back: what that calls its column; bytes NULL: it is a
	 * record of the file. */
	struct slice undone_column;
};

/* In the order in which they are done: cohorts first, the others as their columns stand. */
enum request_kind {
	REQUEST_COHORT,
	REQUEST_SYSTEM_ROLE,
	REQUEST_CATEGORY_ROLE,
	REQUEST_COURSE,     /* with its modifiers and a group */
	REQUEST_COURSELESS, /* modifiers, and no course to which they could belong */
	REQUEST_GROUP,      /* a row of a create course groups file */
};

/* What a cell asks, with the cells of the same number that go with it. */
struct request {
	enum request_kind kind;
	uint32_t record;
	uint32_t column;              /* of the cell that asks */
	uint32_t course;              /* index into course_keys; INDEX_NONE: the row names none */
	uint32_t target;              /* index into cohorts or categories */
	uint32_t group, group_column; /* index into groups; INDEX_NONE: none is asked */
	uint32_t idnumber, grouping;  /* REQUEST_GROUP: indexes into groups, groupings */
	/* What "-Red" is to be left, where nothing is really called so: index into groups or
	 * cohorts; INDEX_NONE: the cell has no minus. */
	uint32_t left;
	struct slice role; /* trimmed cell without the minus, empty: the course's own role */
	bool removes_role; /* "-manager", which is no role's name */
	bool unenrols;     /* and whatever else the number has counts for nothing */
	bool is_withheld;  /* the plan's own: and that was withheld, as if it were not asked */
	bool asks_entry;   /* more is said of the enrolment than roles to take away */
	uint32_t role_column;
	bool has_status, has_start, has_period, has_end;
	/* Modifiers that are bad, which the feed ignores: 1 << (id - COLUMN_NUMBERED_FIRST). */
	uint32_t ignored;
	bool has_fault; /* a modifier is bad and the feed rejects bad values */
	uint32_t fault_column;
	int64_t status;
	int64_t start;    /* epoch seconds */
	int64_t end;      /* the same, with has_end; 0: none */
	int64_t period;   /* seconds, with has_period; 0: no end */
	bool asks_period; /* the cell is not empty; without has_period: the course's own period */
};

/*
 * A record that asks for more than a batch should hold is done in parts, all in one transaction,
 * each a batch of its own: memory is that of a part. What the first part does to the account holds
 * for the later ones. The caller's, and zeroed at first; record_part_done in the end.
 */
struct record_part {
	size_t next;                 /* in header->asking: where the next part begins */
	bool is_later;               /* not the first: the account has been settled */
	bool is_last;                /* with it the record is done */
	bool is_dropped;             /* the account's step has ended the record */
	const char *ended;           /* and why, as in the record */
	struct buffer resolved_name; /* the account's user name, once it is settled */
};

struct index_entry;

struct batch {
	const struct header *header;
	const struct policy *policy;
	const struct site_facts *site;
	struct slice feed;   /* the caller's to set, borrowed */
	int64_t now, today;  /* of the run's beginning, to which relative dates refer */
	bool is_preview;     /* the caller's to set: the answer says what would be done */
	bool asks_accounts;  /* the file may change accounts: they are loaded whole */
	bool asks_interests; /* the file has tags, and the site too */
	bool asks_makers;   /* a retry file of a feed that only adds: whose accounts are its own? */
	bool asks_unique;   /* and has columns of unique profile fields */
	bool drops_rows;    /* as newer Moodles do where a profile field's cell is bad */
	bool has_aftercare; /* the caller's to set: Moodle is told of what only it can do */
	bool asks_mentions; /* the caller's to set: the plan says who is where */
	/* The caller's to set: 1 << enum limited of what is withheld; and what may be done at all,
	 * NULL: everything. */
	unsigned withholds;
	const struct approval *approval;
	/* Of what is approved: what a later file has settled since; NULL: nothing. */
	const struct approval *superseded;
	struct arena *arena;
	struct record *records;
	size_t records_count, records_room;
	size_t planned;  /* records that the plan is done with */
	size_t paired;   /* records that batch_pair is done with */
	uint32_t rounds; /* of the plan, so far */
	/* Of the record at `planned`: whether its account is settled, something of it was an error,
	 * and how many of its requests are settled. Only requests that take away make the plan stop
	 * within a record. */
	bool is_begun, has_failed;
	uint32_t requests_done;
	bool takes_away; /* some request may */
	struct request *requests;
	size_t requests_count, requests_room;
	struct user_key *keys; /* distinct */
	size_t keys_count, keys_room, keys_asked;
	uint32_t (*key_people)[2]; /* by key: whom it found; moved on by the plan */
	size_t key_people_room;
	struct account_facts *people; /* distinct */
	size_t people_count, people_room, people_loaded;
	/* Places, each distinct. */
	struct course_key *course_keys;
	struct course_facts *courses;
	size_t courses_count, courses_room;
	struct category_facts *categories;
	size_t categories_count, categories_room;
	struct cohort_facts *cohorts;
	size_t cohorts_count, cohorts_room;
	struct group_facts *groups;
	size_t groups_count, groups_room;
	struct grouping_facts *groupings;
	size_t groupings_count, groupings_room;
	struct enrolment_facts *enrolments; /* distinct; those of a round by user, then course */
	size_t enrolments_count, enrolments_room, enrolments_loaded;
	struct membership_facts *memberships; /* distinct */
	size_t memberships_count, memberships_room, memberships_loaded;
	struct record_part *part; /* of its only record; NULL: its records are whole */
	struct index_entry *key_index, *person_index, *place_index, *pair_index;
};

/* Borrows all for its lifetime; owns its arena. now and today are the caller's to set. */
struct error batch_init(struct batch *batch, const struct header *header,
    const struct policy *policy, const struct site_facts *site) MUST_CHECK;
void batch_reset(struct batch *batch);
void batch_done(struct batch *batch);

/* Copies the record and reads its requests. RETRY: out of memory. */
struct error batch_add(struct batch *batch, const struct csvin_record *source) MUST_CHECK;
/* More requests than that many; then it has to be added in parts. */
bool record_is_large(
    const struct batch *batch, const struct csvin_record *record, size_t requests_max);
/* The next part, of so many requests, of a batch that is empty. The source is borrowed until the
 * next reset. */
struct error batch_add_part(struct batch *batch, const struct csvin_record *source,
    struct record_part *part, size_t requests_max) MUST_CHECK;
void record_part_done(struct record_part *part);
/* Call once the courses are known, to give groups and groupings theirs; and again once the groups
 * are known, to find which are the same. */
void batch_link_places(struct batch *batch);
struct error batch_meet(struct batch *batch) MUST_CHECK;
struct error batch_pair(struct batch *batch) MUST_CHECK;

/* Tells whether a row of a retry file is still as it was, by its cells other than error_line and
 * the like. */
uint32_t record_mark(const struct header *header, const struct record *record);

/* The trimmed cell; empty where the record has none. */
static inline struct slice record_cell(const struct record *record, uint32_t column)
{
	return column < record->cells_count ? value_trim(record->cells[column]) : SLICE("");
}

/* The cell of a course's modifier says nothing: it is empty, 0, or a no to unenrol. */
bool modifier_is_empty(const struct record *record, enum column_id id, uint32_t column);

/* The same as it stands in the file. */
static inline struct slice record_written(const struct record *record, uint32_t column)
{
	return column < record->written_count ? value_trim(record->written[column]) : SLICE("");
}

/* The first column that belongs to the person, or the row, and has a word that the feed's values do
 * not know; COLUMN_NONE: there is none. is_new: also in those that count for new accounts only. */
uint32_t record_unknown_word(const struct header *header, const struct record *record, bool is_new);

/* Whether the key asks for somebody of that name. */
bool batch_is_meant(const struct batch *batch, const struct user_key *key, struct slice stored);
/* Index of the key, which is new when nobody asked it before. */
uint32_t batch_key(struct batch *batch, enum user_key_by by, struct slice text);
/* The same for a value of a profile field. */
uint32_t batch_profile_key(struct batch *batch, uint32_t field, struct slice value);
/* A person that the LMS does not know yet. */
uint32_t batch_add_person(struct batch *batch, struct slice username);

/* A record of nobody's row, line 0, about this account; and, unless NULL, what is known of an
 * enrolment of theirs, which becomes the batch's next. Index of the record; its person and
 * enrolment have the same. The batch has nothing but such records. */
uint32_t batch_add_absent(struct batch *batch, struct slice username, int64_t user,
    const struct enrolment_facts *enrolment);

/* A record that stands for a row of a result that is taken back (undo.h). Index of it. */
uint32_t batch_add_undone(
    struct batch *batch, uint64_t line, struct slice username, struct slice column);

/* Index of a place that a file names, added when it is new. */
uint32_t batch_course(struct batch *batch, enum course_key_by by, struct slice text);
uint32_t batch_category(struct batch *batch, struct slice idnumber);
uint32_t batch_cohort(struct batch *batch, struct slice text);
uint32_t batch_group(struct batch *batch, enum group_key_by by, uint32_t course, struct slice text);
uint32_t batch_grouping(struct batch *batch, uint32_t course, struct slice name);

/* Where people have roles, as one number: an index into courses, or one of these. */
enum { PLACE_SYSTEM = 1 << 30, PLACE_CATEGORY = 1 << 29 };

/* Index of what is known of a person in a place, or of a membership; *is_new: nothing yet, it was
 * added just now. */
uint32_t batch_enrolment(struct batch *batch, uint32_t person, uint32_t place, bool *is_new);
uint32_t batch_membership(
    struct batch *batch, enum membership_kind kind, uint32_t who, uint32_t target, bool *is_new);

/* False: the LMS has to be asked about the person there first. */
bool request_pair(struct batch *batch, const struct request *request, uint32_t person);

/* The group or cohort that the cell means, once places have been linked; and whether it is to be
 * left, because it has a minus in front and nothing is really called so. */
uint32_t request_group(const struct batch *batch, const struct request *request, bool *leaves);
uint32_t request_cohort(const struct batch *batch, const struct request *request, bool *leaves);
/* What is known of the person in any place has become old: the next round asks anew. */
void batch_renew(struct batch *batch, uint32_t person);

#endif
