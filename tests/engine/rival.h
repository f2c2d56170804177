/*
 * rival: somebody else who writes to the site at the same time, and an administrator who looks on.
 * Whoever waits for a lock in the site's database is taken to be enrold: MariaDB counts those who
 * wait on all of the server, so that tests with a rival run one after the other.
 */
#ifndef ENGINE_RIVAL_H
#define ENGINE_RIVAL_H

#include "enrold/config.h"

#include <pthread.h>

struct db;

/* What he does on a thread of his own, while enrold is at work. */
enum rival_deed {
	RIVAL_RESTS,
	RIVAL_SPEAKS,         /* `sql`, which has to wait */
	RIVAL_ENDS_STATEMENT, /* of the one who waits for a lock, as soon as somebody does */
	RIVAL_ENDS_SESSION,
};

struct rival {
	struct db *db, *watcher;
	enum rival_deed deed;
	pthread_t thread;
	char sql[256];
};

/* Borrows the options until close. */
void rival_open(struct rival *rival, const struct lms_options *options);
void rival_close(struct rival *rival);
void rival_say(struct rival *rival, const char *sql);
/* With RIVAL_SPEAKS it returns when he waits. */
void rival_start(struct rival *rival, enum rival_deed deed);
void rival_finish(struct rival *rival);

#endif
