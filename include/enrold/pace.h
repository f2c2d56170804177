/*
 * pace: how many records a transaction may have, for the whole process, since it is one database
 * that others write to as well. A transaction undone because of them has fewer the next time, down
 * to one; each commit lets it grow again, slowly, because others in the way are likely to return.
 *
 *     free --undone--> a quarter of what was undone --undone--> ... one record
 *       ^                        |
 *       +------- a fourth more with each commit, up to PACE_FREE
 *
 * It also says when the database is left alone for a moment (transaction.c).
 */
#ifndef ENROLD_PACE_H
#define ENROLD_PACE_H

#include <stdatomic.h>
#include <stdint.h>

enum { PACE_FREE = 250000 };

/* Plain data; zeroed is a good beginning. */
struct pace {
	atomic_uint_least64_t records; /* 0: free */
	/* Belongs to the run that has the turn (transaction.c): */
	int64_t begun_us, ended_us;
	int64_t held_us; /* the database, without a gap for others */
};

/* At most `configured`. */
uint64_t pace_records(struct pace *pace, uint64_t configured);
/* A transaction of so many was undone. */
void pace_shorten(struct pace *pace, uint64_t records);
/* One was committed. */
void pace_recover(struct pace *pace);

#endif
