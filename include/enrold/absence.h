/*
 * absence: whoever is not in a full file has left. The decision, from what the feed has listed
 * (listing.h), what the file is like (file_shape.h) and what the LMS says (leaver.h). The rules are
 * those of enrold.yaml(5), `absence` and `limits`. Pure.
 *
 * Three questions, one after the other, and each can only spare people:
 *
 *     absent_judge      one person in one course: is there something to take away, and is it ours?
 *     absence_ban_...   the file, the course, all in all: does it look like people who have left,
 *                       or like a file that is not what it should be?
 *     due_judge         later: is the grace over, and is everything still as we have left it?
 */
#ifndef ENROLD_ABSENCE_H
#define ENROLD_ABSENCE_H

#include "enrold/facts.h"
#include "enrold/file_shape.h"
#include "enrold/leaver.h"
#include "enrold/listing.h"
#include "enrold/outcome.h"
#include "enrold/policy.h"

/* By what is judged. */
struct absence_terms {
	const struct policy *policy;
	const struct site_facts *site;
	int64_t now; /* epoch seconds */
	struct arena *arena;
};

/* An enrolment that was listed and is not any more. */
struct absentee {
	struct listing listing;
	struct leaver is;                        /* what the LMS says of it */
	const struct enrolment_facts *enrolment; /* its roles, and what stands in the way */
	const char *refused_by; /* the setting that keeps the feed from the course; NULL: none */
	bool is_protected;      /* no feed touches the person */
	struct slice elsewhere; /* another feed whose last file lists it; empty: none */
	struct slice resembled; /* a new account of this run that may be the same person; empty */
};

enum absent_fate {
	ABSENT_IGNORED,   /* nothing is done or said */
	ABSENT_FORGOTTEN, /* there is no such enrolment any more: its listing goes */
	ABSENT_CLAIMED,   /* another feed has it: our listing goes, and the code is said */
	ABSENT_KEPT,      /* left as it is, which is said once */
	ABSENT_HELD,      /* for itself: as often as it is so */
	ABSENT_GOES,      /* unless a ban withholds it */
};

struct absent_verdict {
	enum absent_fate fate;
	enum code code;
	struct slice message; /* why, as a sentence */
};

struct absent_verdict absent_judge(
    const struct absentee *absentee, const struct absence_terms *terms);
/* The same of one that absence suspended before, for whom the day may have come. */
struct absent_verdict due_judge(const struct absentee *absentee, const struct absence_terms *terms);
/* When it comes: epoch seconds; 0: never, by these settings. */
int64_t absence_due(const struct policy_absence *absence, int64_t suspended_at);

/* What withholds removals, as "the file ..."; code CODES: nothing does. */
struct absence_ban {
	enum code code;
	struct slice reason;
};

/* Whether a file of that name is meant to be full at all. The default, "*.csv", means every known
 * ending (ending.h). */
bool absence_is_full_name(const struct policy *policy, struct slice name);
/* It is a time in which nobody is removed; day: since 1970, in the site's zone. */
bool absence_is_paused(const struct policy_absence *absence, int64_t day);

/* What the file says that is not known from its shape. */
struct absence_doubts {
	const char *seen_before; /* the run of an older accepted file, byte for byte; NULL: none */
	uint64_t unknown_new;    /* rows whose person is unknown and that the last file had not */
	uint64_t unknown_line;   /* the first of them */
};
struct absence_ban absence_ban_file(const struct absence_terms *terms,
    const struct file_shape *base, const struct file_shape *file,
    const struct absence_doubts *doubts);

/* A course, as far as the feed has listed people there whom it may remove. */
struct absence_course {
	int64_t enrol;
	bool is_named; /* in this file */
	uint64_t ours; /* people, those who would go included */
	uint64_t going;
	uint64_t unknown_new; /* rows of the course, as in absence_doubts */
	uint64_t unknown_line;
	/* The caller's own: */
	struct absence_ban ban;
	struct slice name; /* of some who would go */
};
struct absence_ban absence_ban_course(
    const struct absence_terms *terms, const struct absence_course *course);
/* All in all: people who would go, of those whom the last full file listed. */
struct absence_ban absence_ban_all(
    const struct absence_terms *terms, uint64_t going, uint64_t listed);
/* The same of accounts that would be suspended. */
struct absence_ban absence_ban_accounts(
    const struct absence_terms *terms, uint64_t going, uint64_t listed);

/* The course as the feed's files call it, and so the plans of those who are absent. */
struct slice absence_course_name(const struct policy *policy, const struct leaver *is);

bool limit_trips(const struct policy_limit *limit, uint64_t count, uint64_t of);

#endif
