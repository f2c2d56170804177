/*
 * history: what ledger and outbox tell of runs and people: the commands runs, show and explain of
 * enrolctl(1), as JSON objects, one after the other. The daemon answers with it on a thread of its
 * own, and enrolctl itself where no daemon runs.
 *
 * Reads only. It takes no lock of the spool, believes no file of the outbox that is not what the
 * ledger says, and does without the ledger as far as the outbox goes when the database is away,
 * which it says. What makes it quick (src/history/) can be removed at any time and made anew.
 */
#ifndef ENROLD_HISTORY_H
#define ENROLD_HISTORY_H

#include "enrold/config.h"
#include "enrold/error.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum history_command { HISTORY_RUNS, HISTORY_SHOW, HISTORY_EXPLAIN };

/* What is asked. Texts are borrowed; NULL: not given. */
struct history_query {
	enum history_command command;
	/* runs: the newest `limit` that are all of this, newest first */
	const char *feed, *status, *file; /* file: a shell pattern of the input's name */
	int64_t since_us, until_us;       /* of the start; 0: not given */
	uint32_t limit;                   /* 0: all */
	/* show */
	const char *run; /* an id; or "last", of `feed` if that is given */
	/* explain */
	const char *user;   /* user name, e-mail address or idnumber, in any letter case */
	const char *course; /* short name or idnumber; NULL: all */
	int64_t enrolment;  /* the id of one, instead of both; 0: not given */
};

/* Borrowed until it returns. False: no more is wanted. */
typedef bool history_on_object(void *context, const json_t *object);

/* REJECT not_found: no such run, or nothing is known of such a person. is_cancelled: may be NULL;
 * set by another thread it ends the answer soon. */
struct error history_answer(const struct config *config, const struct history_query *query,
    const atomic_bool *is_cancelled, history_on_object *on_object, void *context) MUST_CHECK;

#endif
