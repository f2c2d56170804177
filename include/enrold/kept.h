/*
 * kept: what the ledger says of that which a feed keeps, and that it is kept no longer (prune.h).
 */
#ifndef ENROLD_KEPT_H
#define ENROLD_KEPT_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/ledger.h"
#include "enrold/runid.h"

struct db;

struct kept_run {
	/* Without its texts. */
	struct ledger_run is;
	bool has_texts;
};

/* Of the feed, oldest first, as ledger_list; the next page begins at the last. */
struct error kept_list(struct db *db, struct slice feed, const struct ledger_page *page,
    struct arena *arena, struct kept_run **runs, size_t *count) MUST_CHECK;

/* Ids of runs, as they are asked for; in the arena. */
struct kept_ids {
	char (*items)[RUN_ID_SIZE + 1];
	size_t count, room;
};
struct error kept_add(struct kept_ids *ids, struct arena *arena, struct slice run) MUST_CHECK;
void kept_sort(struct kept_ids *ids);
bool kept_has(const struct kept_ids *ids, const char *run);

/* Runs of the feed that have an open plan, and beside each the run whose input it is about. */
struct error kept_find_plans(struct db *db, struct slice feed, struct arena *arena,
    struct kept_ids *runs, struct kept_ids *sources) MUST_CHECK;
/* Runs that have suspended somebody by absence since, who is so still. */
struct error kept_find_suspended(struct db *db, struct slice feed, int64_t since_s,
    struct arena *arena, struct kept_ids *runs) MUST_CHECK;
/* Runs by which others of the feed are measured, and the chain's last. */
struct error kept_find_measures(
    struct db *db, struct slice feed, struct arena *arena, struct kept_ids *runs) MUST_CHECK;

enum kept_mark { KEPT_INPUT, KEPT_ANSWER, KEPT_TEXTS, KEPT_PLAN, KEPT_MARKS };

/* Inside a transaction: marks these runs, some hundred at a time. by: the run that prunes; why: of
 * a plan that is closed. */
struct error kept_store(struct db *db, enum kept_mark mark, const struct kept_ids *ids,
    struct slice by, struct slice why) MUST_CHECK;

/* What the feed has listed of accounts that are deleted: whether there is any, and that it goes. */
struct error kept_has_claims(struct db *db, struct slice feed, bool *has) MUST_CHECK;
struct error kept_drop_claims(struct db *db, struct slice feed) MUST_CHECK;
/* The same of all feeds. */
struct error kept_drop_all_claims(struct db *db) MUST_CHECK;

#endif
