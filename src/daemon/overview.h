/*
 * overview: what the database says beside the loop: whether it is there, which daemons share it,
 * whose each feed is, how the feeds' last runs ended, and what absence waits for. It is looked at
 * now and then on a thread of libuv's pool, never on the loop, and what was found is told without
 * asking.
 *
 *     asked --a thread looks--> read, or away: since when, and why
 *
 * A database that hangs keeps that thread, and nothing else. On the loop's thread.
 */
#ifndef DAEMON_OVERVIEW_H
#define DAEMON_OVERVIEW_H

#include "enrold/absences.h"
#include "enrold/arrivals.h"
#include "enrold/checkpoints.h"
#include "enrold/config.h"
#include "enrold/held.h"
#include "enrold/nodes.h"
#include "enrold/places_look.h"
#include "enrold/spool.h"

#include <uv.h>

enum { OVERVIEW_EVERY_MS = 15000, NODE_NAME_SIZE = 65 };

struct overview_node {
	char name[NODE_NAME_SIZE];
	int64_t beat;
	int64_t beat_ms; /* when we saw that it had changed, monotonic */
};

struct overview_holder {
	char feed[FEED_NAME_MAX + 1], node[NODE_NAME_SIZE];
};

struct overview_disk {
	uint64_t free_bytes, size_bytes; /* size 0: not known */
};

/* What does not change with each run; looked at once an hour. */
struct overview_growth {
	uint64_t runs, archive_bytes, answer_bytes; /* of the last 30 days */
	uint64_t database_bytes;                    /* SQLite's file; 0: a server's */
	uint64_t chained;                           /* runs in the chain, ever */
};

/* Open data, constant until the next look has come back. */
struct overview {
	struct checkpoints *checkpoints; /* those that are due are made; NULL: nobody wants them */
	bool is_known;                   /* it has been looked at */
	bool is_up;
	int64_t since_s; /* that it is up, or away, as far as we know; epoch seconds */
	char why[400];   /* it is away */
	struct overview_node *nodes;
	size_t nodes_count;
	struct overview_holder *holders;
	size_t holders_count;
	struct overview_disk spool_disk, database_disk; /* the latter: only if it is another one */
	struct overview_growth growth;
	int64_t growth_ms;              /* when it was looked at; 0: never */
	char folders[PLACE_FAULT_SIZE]; /* what is wrong with those of who drops; "": nothing */
	size_t held_files, quarantine_files;
	size_t notices;            /* that wait for enrold-notify */
	int64_t notices_oldest_s;  /* epoch seconds; 0: none does */
	struct held_plans plans;   /* of all feeds, that wait for a person */
	struct arrivals *arrivals; /* NULL: none, or the look has it */
	struct arrival *arrived;   /* of each feed, as it found them */
	size_t arrived_count;
	int64_t arrived_s;               /* until when that is known, epoch seconds; 0: not yet */
	struct absences *absences;       /* NULL: none, or the look has it */
	struct absence_standing *absent; /* of each feed that tells absence */
	size_t absent_count;
	/* Of the look under way: */
	struct overview_look *look; /* NULL: none */
};

typedef void overview_on_read(void *context);

/* Begins to look, unless somebody looks already. on_read: when that has come back. file: held as
 * long as it takes; spool: borrowed as long. */
void overview_ask(struct overview *overview, uv_loop_t *loop, struct config_file *file,
    const struct spool *spool, overview_on_read *on_read, void *context);
/* No on_read comes any more. */
void overview_stop(struct overview *overview);
/* Nobody may be looking. */
void overview_done(struct overview *overview);

/* Its newest accepted file, and what was refused since; NULL: there is none, or this is not known.
 */
const struct arrival *overview_arrival(const struct overview *overview, const char *feed);
/* NULL: it does not tell absence, or this is not known. */
const struct absence_standing *overview_absence(const struct overview *overview, const char *feed);
/* The daemon that has the feed; "": nobody, or this is not known. */
const char *overview_holder(const struct overview *overview, const char *feed);

#endif
