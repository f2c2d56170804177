/*
 * nodes: the daemons that share a spool and a ledger, and which of them serves which feed. Rows of
 * enrold_node and enrold_feed.
 *
 * A daemon is alive as long as its beat changes; its watchers count their own looks, so that no two
 * clocks have to agree. Its token is new each time it joins: a daemon that has lost its token
 * (because it was taken for dead) may not write any more.
 *
 * Each call is a transaction of its own, except where it says otherwise. All errors are RETRY.
 * Those of the thread that beats (nodes_free_feed, nodes_fence, nodes_take_over) give up after a
 * second when another transaction is in the way: they are for another time.
 */
#ifndef ENROLD_NODES_H
#define ENROLD_NODES_H

#include "enrold/arena.h"
#include "enrold/ledger.h"

struct db;

enum { NODE_TOKEN_SIZE = 32, NODE_SLOTS = 64 };

/* One daemon, as its row has it. */
struct node {
	struct slice name, token;
	int64_t beat;
};

/* Whose a feed is; node "": nobody's just now. */
struct node_feed {
	struct slice feed, node;
};

/* Its row begins anew. *slot: 0..NODE_SLOTS-1, nobody else's as long as there are free ones. */
struct error nodes_join(
    struct db *db, const char *node, const char *token, uint32_t *slot) MUST_CHECK;
/* One beat; *is_still_ours: the token is still the row's. */
struct error nodes_heartbeat(
    struct db *db, const char *node, const char *token, bool *is_still_ours) MUST_CHECK;
/* All rows; texts and list lie in the arena. */
struct error nodes_list(
    struct db *db, struct arena *arena, struct node **nodes, size_t *count) MUST_CHECK;

struct error nodes_list_feeds(
    struct db *db, struct arena *arena, struct node_feed **feeds, size_t *count) MUST_CHECK;

/* Inside a transaction: RETRY when the token is no longer the row's. */
struct error nodes_check(struct db *db, const char *node, const char *token) MUST_CHECK;

/* The feed becomes the node's, if it is nobody else's; else *holder says whose ("": ours). `last`:
 * the newest run of the ledger. */
struct error nodes_take_feed(struct db *db, const char *node, const char *feed,
    struct slice *holder, struct arena *arena, char last[RUN_ID_SIZE + 1]) MUST_CHECK;
struct error nodes_free_feed(struct db *db, const char *node, const char *feed) MUST_CHECK;

/* Takes away the token of a daemon that is still as we last saw it; *is_done: it was. */
struct error nodes_fence(struct db *db, const struct node *dead, bool *is_done) MUST_CHECK;
/* Its feeds are the heir's, its row goes. */
struct error nodes_take_over(struct db *db, const char *dead, const char *heir) MUST_CHECK;

#endif
