/*
 * absence: the end of a run of a feed that tells absence (enrold/absence.h): behind the last row
 * what it has listed is noted, and those who are not listed any more are taken out, in batches that
 * count as records. Nobody else includes it.
 *
 *     absence_gather.c   the file's mentions against the feed's listings
 *     absence_facts.c    what the LMS, and other feeds, say of those who are absent
 *     absence_weigh.c    who goes, and what is withheld
 *     absence_verdict.c  which stays what it was when the run goes on later
 *     absence_write.c    the rows of the answer, the changes, and the listings
 *     absence_accounts.c the same of accounts
 */
#ifndef RUN_ABSENCE_H
#define RUN_ABSENCE_H

#include "apply_loop.h"

#include "enrold/absence.h"
#include "enrold/hashlist.h"

enum { COURSES_KEPT = 256 };

/* Whom the file has in which course. */
struct listed {
	int64_t user, enrol, enrolment; /* enrolment 0: not known yet */
	bool is_new;                    /* made by this run */
	bool is_known;                  /* there is a listing of it already */
	bool is_suspended;              /* not by absence: it stays so */
	uint32_t next;                  /* an earlier row of the same person, or of another */
};

/* The file's rows in their order, found by their person: ids are numbers one after the other, so
 * that listings, which come by person, find what they look for near what they have just found. */
struct listed_rows {
	struct listed *items;
	size_t count, room;
	uint32_t *heads;    /* of chains, by the person's id: the number of an item, from 1 on */
	size_t heads_count; /* a power of two */
};

struct mentioned {
	int64_t user;
	bool is_present; /* a row of theirs is in error: nobody knows what it meant */
	bool is_new;     /* an account that this run has made */
	bool is_known;   /* there is a listing of the account already */
};

/* A row whose person is unknown. */
struct stranger {
	uint32_t mark;
	int64_t enrol;
	uint64_t line;
};

/* A listing that the file has not. */
struct absent_item {
	struct listing listing;
	const char *elsewhere;  /* a feed whose last file lists it; NULL: none */
	struct slice resembled; /* a new account that may be the same person; empty: none */
	bool is_judged;         /* it is in the scope, and more may become of it */
	enum absent_fate fate;
	enum code code;
	bool is_withheld;
};

/* What an approval says of a removal, where the run is a release. */
enum absent_say { SAY_APPROVED, SAY_NOTHING, SAY_SUPERSEDED };

struct listings {
	struct listing *items;
	size_t count, room;
};

struct absence {
	struct apply_loop *loop;
	struct run *run;
	struct lms *lms;
	struct arena *arena; /* of the whole */
	struct arena *chunk; /* of some items at a time */
	struct absence_terms terms;
	bool is_full;   /* absence counts */
	bool is_paused; /* but just now nobody is removed */
	bool
	    is_resumed; /* removals have begun in an earlier attempt, under a verdict that stands */
	bool has_verdict; /* it is on the disk */
	bool is_preview;
	bool is_due;     /* no file: their grace is over */
	bool is_release; /* nothing but what was approved, and no limit */
	bool has_base;
	struct file_shape base, file;
	struct absence_doubts doubts;
	struct absence_ban ban; /* of the whole file */
	struct listed_rows listed;
	struct hashlist people;  /* struct mentioned: accounts are told of, or rows in error */
	struct hashlist courses; /* struct absence_course */
	uint32_t kept_courses[COURSES_KEPT];
	uint64_t *seen; /* a bit for each person who is listed */
	size_t seen_words;
	uint64_t people_count;
	struct stranger *strangers;
	size_t strangers_count, strangers_room;
	struct absent_item *absent;
	size_t absent_count, absent_room;
	struct listings back;     /* listed again: nothing is absent of them any more */
	struct listings replaced; /* their enrolment is another one by now */
	uint64_t out_of_reach;    /* absent, found there, and not adopted */
	const char *not_full;     /* why absence does not count; NULL: it does, or nobody asks */
	bool has_failed;          /* no memory */
};

/* Whether runs note who is mentioned: where some feed tells absence, its own may be all that is
 * asked. */
bool absence_is_told(const struct config *config, const struct policy *policy);
/* Behind the last batch, in its transaction, which may end and another begin. */
struct error absence_run(struct apply_loop *loop) MUST_CHECK;

struct error absence_init(struct absence *absence, struct apply_loop *loop) MUST_CHECK;
void absence_done(struct absence *absence);

/* ---- absence_gather.c ---- */

struct error absence_gather(struct absence *absence) MUST_CHECK;
struct absence_course *absence_course_of(struct absence *absence, int64_t enrol); /* NULL: none */
/* What is kept of it: who is active the next time has been activated by somebody. */
static inline int listed_told(const struct listed *listed)
{
	return listed->is_suspended ? CODE_ENROLMENT_SUSPENDED + 1 : 0;
}

/* NULL: the file does not list them there. */
struct listed *absence_take_listed(struct absence *absence, int64_t user, int64_t enrol);
bool absent_add(struct absence *absence, const struct listing *listing);
bool listings_add(struct listings *listings, const struct listing *listing);

/* ---- absence_facts.c ---- */

enum { ABSENT_TOGETHER = 1000 };

/* Of some items; absentees lie in the chunk's arena. */
struct error absence_load(struct absence *absence, const struct absent_item *items, size_t count,
    struct absentee **absentees) MUST_CHECK;
/* Whom no feed touches, or not this one. */
struct error absence_find_protected(
    struct absence *absence, const int64_t *users, size_t count, bool *is_protected) MUST_CHECK;
/* Which of the absent are listed by another feed's last file. */
struct error absence_look_elsewhere(struct absence *absence) MUST_CHECK;

/* ---- absence_weigh.c ---- */

struct error absence_weigh(struct absence *absence) MUST_CHECK;
/* A file that was sent before counts again. */
bool absence_is_right_again(const struct absence *absence);

/* Files and rows in which nobody could leave a course; what the summary says of it. */
struct error absence_remark(struct absence *absence) MUST_CHECK;

enum absent_say absence_say(
    const struct absence *absence, struct slice username, struct slice course);
/* The same of an enrolment. */
enum absent_say absence_say_of(const struct absence *absence, const struct leaver *is);

/* ---- absence_verdict.c ---- */

/* Which courses are banned, or all: durable before the first removal is committed. */
struct error absence_keep_verdict(struct absence *absence) MUST_CHECK;
struct error absence_find_verdict(struct absence *absence) MUST_CHECK;

/* ---- absence_accounts.c ---- */

struct error absence_accounts(struct absence *absence) MUST_CHECK;
/* The same of a release: those that are approved, of the absent ones. */
struct error absence_accounts_release(struct absence *absence) MUST_CHECK;

/* ---- absence_write.c ---- */

/* Somebody is absent once more from an accepted full file. */
static inline void absence_count(const struct absence *absence, struct listing *listing)
{
	if (listing->absences < LISTING_ABSENCES_MAX)
		listing->absences++;
	if (listing->absent_at == 0)
		listing->absent_at = absence->terms.now;
}

/* Of runs, whose ids come in the order of time. */
static inline bool absence_is_before(struct slice run, struct slice other)
{
	size_t size = run.size < other.size ? run.size : other.size;
	return run.size == 0 || memcmp(run.bytes, other.bytes, size) < 0;
}

struct error absence_write(struct absence *absence) MUST_CHECK;
/* What the file lists is the feed's from now on. */
struct error absence_store_listings(struct absence *absence) MUST_CHECK;
/* Those that are judged, removals or the others. */
struct error absence_write_items(struct absence *absence, bool removes) MUST_CHECK;

#endif
