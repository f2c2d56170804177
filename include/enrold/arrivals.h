/*
 * arrivals: each feed's newest accepted file by the ledger, and what was refused since: whoever is
 * told that a feed is late, or for how long it has sent the same, is told by this.
 *
 * A file counts as accepted when its run has ended as applied, one that was held as a whole when
 * that of its release has; retry files, which only repeat what
 * failed, and enrold's own lists of who is due count as nothing. It is looked at again and again,
 * by whichever connection is at hand: the first time the runs of 400 days are read, as briefly as
 * can be, and after that one row, as long as no run has ended. Several daemons end runs in another
 * order than that of their ids: so the newest 500 ids are read each time, whatever was under way
 * before, and the head of the chain, which is the run that ended last. A ledger that has been put
 * back to an earlier day is read anew.
 *
 * On any one thread at a time.
 */
#ifndef ENROLD_ARRIVALS_H
#define ENROLD_ARRIVALS_H

#include "enrold/config.h"
#include "enrold/hash.h"
#include "enrold/names.h"
#include "enrold/runid.h"

struct db;
struct arrivals;

enum { ARRIVALS_DAYS = 400 };

struct arrival {
	char feed[FEED_NAME_MAX + 1];
	/* The newest accepted file: */
	char run[RUN_ID_SIZE + 1]; /* "": there is none */
	char file[FILE_NAME_SIZE];
	char sha256[HASH_TEXT_SIZE + 1];
	uint64_t rows;
	int64_t accepted_s; /* when it was done, seconds since 1970 */
	int64_t changed_s;  /* when the first of the last ones with the same bytes was */
	bool is_repeated;   /* these are two or more */
	/* Since then: */
	uint64_t refused;
	char refused_run[RUN_ID_SIZE + 1]; /* the newest of them; "": none */
};

struct arrivals *arrivals_create(void); /* NULL: no memory */
void arrivals_free(struct arrivals *arrivals);

/* now_s: of this look. After an error what was found before stays, and the next look goes on. */
struct error arrivals_look(struct arrivals *arrivals, struct db *db, int64_t now_s) MUST_CHECK;

/* Another number than at the look before: a run of the feed has ended since. */
uint64_t arrivals_count_ended(const struct arrivals *arrivals, const char *feed);

/* A copy of what was found, sorted by feed; given to the caller, who frees it. */
struct error arrivals_list(
    const struct arrivals *arrivals, struct arrival **list, size_t *count) MUST_CHECK;
/* NULL: the feed has neither an accepted file nor a refused one. */
const struct arrival *arrival_find(const struct arrival *list, size_t count, const char *feed);

#endif
