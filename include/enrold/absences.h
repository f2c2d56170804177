/*
 * absences: how the feeds that tell absence (enrold.yaml(5)) stand: which full file was accepted
 * last, what the newest one withheld and why, courses that nobody can leave, and how many people
 * fall due soon. Feeds that do not tell it cost nothing.
 *
 * Who is due is counted over all that a feed has listed: so each feed is looked at when one of its
 * runs has ended, and else every ten minutes.
 *
 * On any one thread at a time.
 */
#ifndef ENROLD_ABSENCES_H
#define ENROLD_ABSENCES_H

#include "enrold/config.h"
#include "enrold/names.h"
#include "enrold/runid.h"

struct absences;
struct arrivals;
struct lms;

enum {
	ABSENCES_EVERY_S = 600,
	ABSENCES_DUE_DAYS = 3,
	ABSENCES_BLOCKED_FILES = 3,
	ABSENCES_BLOCKED_MAX = 5,
	ABSENCES_COURSE_SIZE = 160,
	ABSENCES_WHY_SIZE = 300,
};

/* Nobody could leave it for so many full files in a row, because of that line of the last one. */
struct blocked_standing {
	char course[ABSENCES_COURSE_SIZE]; /* its short name, cut */
	uint64_t files, line;
};

struct absence_standing {
	char feed[FEED_NAME_MAX + 1];
	/* The last accepted full file: */
	char run[RUN_ID_SIZE + 1]; /* "": there is none */
	char file[FILE_NAME_SIZE];
	/* The newest full file, accepted or not, if it withheld removals: */
	uint64_t withheld;
	char withheld_run[RUN_ID_SIZE + 1], withheld_file[FILE_NAME_SIZE];
	char why[ABSENCES_WHY_SIZE]; /* "the file has ..."; "": nobody knows */
	/* For so many files; the first of them are named. */
	size_t blocked_count;
	struct blocked_standing blocked[ABSENCES_BLOCKED_MAX];
	/* Of those whom absence has suspended: */
	uint64_t due_people; /* are unenrolled within three days, unless they are listed again */
	int64_t due_s;       /* when the first of all is, epoch seconds; 0: nobody, or by no date */
};

struct absences *absences_create(void); /* NULL: no memory */
void absences_free(struct absences *absences);

/* arrivals: looked at before this. After an error what was found before stays. */
struct error absences_look(struct absences *absences, struct lms *lms, const struct config *config,
    const struct arrivals *arrivals, int64_t now_s) MUST_CHECK;

/* A copy, in the order of the feeds; given to the caller, who frees it. */
struct error absences_list(
    const struct absences *absences, struct absence_standing **list, size_t *count) MUST_CHECK;
/* NULL: the feed does not tell absence, or nobody has looked yet. */
const struct absence_standing *absence_standing_find(
    const struct absence_standing *list, size_t count, const char *feed);

#endif
