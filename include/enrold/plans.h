/*
 * plans: what runs have withheld or held, and what became of it, in the ledger: a row for each plan
 * that was shown (plan_sheet.h). Written in the transaction of the run that makes or closes it.
 *
 *     open --release--> released        --discard--> discarded
 *          --a newer full file--> superseded         --nothing is left of it--> nothing_left
 *
 * Only an open one can be released or discarded; what closes it is decided in one transaction, so
 * that of two words only one is obeyed.
 */
#ifndef ENROLD_PLANS_H
#define ENROLD_PLANS_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/runid.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct db;

enum plan_state {
	PLAN_UNKNOWN, /* there is no such plan */
	PLAN_OPEN,
	PLAN_RELEASED,
	PLAN_DISCARDED,
	PLAN_SUPERSEDED,
	PLAN_NOTHING_LEFT,
	PLAN_STATES,
};

struct stored_plan {
	struct slice run, feed;
	struct slice sha256;  /* of the plan as it was shown */
	struct slice content; /* of what it would do, whatever its run: plan_sheet_content */
	bool is_whole;        /* the file is held, and nothing of it was applied */
	bool is_of_full;      /* a full file's; a newer one that is accepted supersedes it */
	enum plan_state state;
	struct slice closed_by; /* the run that did so; empty: open */
	struct slice why;       /* the reason of whoever discarded it */
	struct slice source;    /* the run whose input it is about: itself, or of a release's plan
	                         * that of the first */
	struct slice base;      /* of a full file: what it was like (file_shape.h), for when its
	                         * removals are released; else empty */
};

const char *plan_state_name(enum plan_state state);

struct error plans_add(struct db *db, const struct stored_plan *plan) MUST_CHECK;
/* PLAN_UNKNOWN: none. Texts lie in the arena. */
struct error plans_find(
    struct db *db, struct slice run, struct arena *arena, struct stored_plan *plan) MUST_CHECK;
/* Whether an open one is about the input of that run. */
struct error plans_need_input(struct db *db, struct slice source, bool *needs) MUST_CHECK;
/* RETRY: it is not open any more. */
struct error plans_close(struct db *db, struct slice run, enum plan_state state, struct slice by,
    struct slice why) MUST_CHECK;
/* All open ones of full files of the feed that are older than that run. */
struct error plans_supersede(
    struct db *db, struct slice feed, struct slice before, struct slice by) MUST_CHECK;
/* A plan of the feed with that content that was discarded: why, and by which run; else "". */
struct error plans_find_discarded(struct db *db, struct slice feed, struct slice content,
    struct arena *arena, struct stored_plan *found) MUST_CHECK;

#endif
