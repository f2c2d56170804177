/*
 * listing: what each feed has listed, a row for an enrolment or, with enrolment 0, for the account
 * itself: what absence goes by (absence.h). Written in the run's own transaction. An enrolment is
 * meant by its user_enrolments.id: one that is made anew, by hand or in a course made anew,
 * inherits nothing.
 *
 * A row is written when it changes: a full file that lists the same people as the last one writes
 * none.
 */
#ifndef ENROLD_LISTING_H
#define ENROLD_LISTING_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/runid.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct db;

/* More absences than that are not counted. */
enum { LISTING_ABSENCES_MAX = 2 };

struct listing {
	int64_t user;
	int64_t enrolment;
	int64_t enrol;        /* the instance, which tells the course; of accounts 0 */
	bool is_made;         /* by this feed; else it was found there */
	int absences;         /* accepted full files in a row that did not list it */
	int64_t absent_at;    /* epoch seconds, of the first of these; 0: it was listed last time */
	int64_t suspended_at; /* epoch seconds, when absence did so; 0: it did not */
	/* An enum code and 1: what was last said of the absence; of one that is listed
	 * CODE_ENROLMENT_SUSPENDED, when somebody has suspended it; 0: nothing. */
	int told;
};

/* Of one feed, in any order; false: no more. Nothing else may be asked meanwhile. */
typedef bool listing_on_row(void *context, const struct listing *listing);
struct error listing_scan(
    struct db *db, struct slice feed, listing_on_row *on_row, void *context) MUST_CHECK;

/* New ones of this run. */
struct error listing_add(struct db *db, struct slice feed, struct slice run,
    const struct listing *listings, size_t count) MUST_CHECK;
/* Stores absences, absent_at, suspended_at and told. last: the run that listed it last, when it is
 * absent from now on; by: the run that has suspended it, when it has; "": as it was. */
struct error listing_store(struct db *db, struct slice feed, const struct listing *listing,
    struct slice last, struct slice by) MUST_CHECK;
/* Stores told alone. */
struct error listing_tell(
    struct db *db, struct slice feed, const struct listing *listing) MUST_CHECK;
struct error listing_drop(
    struct db *db, struct slice feed, const struct listing *listing) MUST_CHECK;

/* Whether some feed has ever listed anything. */
struct error listing_are_there(struct db *db, bool *are_there) MUST_CHECK;

/* Of an enrolment: what absence has done to it. */
struct listing_mark {
	int64_t user, enrolment;
	int64_t suspended_at; /* the answer: by the feed that did so last; 0: none did */
};
/* Answers for all feeds. */
struct error listing_find_marks(
    struct db *db, struct listing_mark *marks, size_t count, struct arena *arena) MUST_CHECK;

/* When the feed has listed it last. */
struct listing_last {
	int64_t user, enrolment;
	bool is_absent; /* the newest file, which perhaps is being applied, does not list it */
	int64_t at;     /* the answer: epoch seconds, of the run; 0: never, or nobody knows */
};
struct error listing_find_last(struct db *db, struct slice feed, struct listing_last *lasts,
    size_t count, struct arena *arena) MUST_CHECK;

/* What absence has suspended of a person, by which feed and run. */
struct listing_suspended {
	struct slice feed, run;
	struct listing is;
};
/* Of all feeds; in the arena. */
struct error listing_find_suspended(struct db *db, int64_t user, struct arena *arena,
    struct listing_suspended **found, size_t *count) MUST_CHECK;

/* What a feed has listed of a person, and by which runs; an empty run: by none. */
struct listing_known {
	struct slice feed;
	struct listing is;
	struct slice first_run, last_run, suspended_by;
};
/* Of all feeds; in the arena. */
struct error listing_find_of(struct db *db, int64_t user, struct arena *arena,
    struct listing_known **found, size_t *count) MUST_CHECK;

/* What some feed has listed of an enrolment, which may be gone; enrolment 0: none has. Reads all
 * that was listed. */
struct error listing_find_enrolment(
    struct db *db, int64_t enrolment, struct listing *found) MUST_CHECK;

/* Who waits to be unenrolled: as many absences as are counted, and nothing else was said of it. */
struct listing_waiting {
	uint64_t people;     /* suspended at that time or before it */
	int64_t earliest_at; /* epoch seconds, of all who wait; 0: nobody does */
};
/* Reads all that the feed has listed. */
struct error listing_count_waiting(struct db *db, struct slice feed, int64_t suspended_at,
    struct listing_waiting *waiting) MUST_CHECK;

/* ---- what the feed's last accepted full file was like, in the words of file_shape.h ---- */

/* text: empty, there was none; it lies in the arena. */
struct error listing_load_base(
    struct db *db, struct slice feed, struct arena *arena, struct slice *text) MUST_CHECK;
struct error listing_store_base(
    struct db *db, struct slice feed, struct slice run, struct slice text) MUST_CHECK;

#endif
