/*
 * lease_parts: a lease, as its two files share it. Nobody else includes it.
 */
#ifndef CLUSTER_LEASE_PARTS_H
#define CLUSTER_LEASE_PARTS_H

#include "enrold/lease.h"

#include <pthread.h>
#include <stdatomic.h>

enum { NODES_MAX = NODE_SLOTS };

struct leased_feed {
	char name[FEED_NAME_MAX + 1];
	bool is_ours;
	bool is_owed; /* given up, but the database could not be told yet */
	unsigned users;
	bool was_used; /* since the last beat */
};

/* Another daemon, as we saw it the last time. */
struct peer {
	char name[65], token[NODE_TOKEN_SIZE + 1];
	int64_t beat;
	int looks; /* at the same beat */
};

struct lease {
	const struct config *config;
	const struct spool *spool;
	struct run_ids *ids;
	lease_on_run *on_run;
	void *context;
	pthread_t thread;
	bool is_running;
	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t wake;
	bool is_over;
	atomic_bool has_lost_spool;
	char token[NODE_TOKEN_SIZE + 1];
	struct leased_feed *feeds;
	size_t feeds_count;
	char (*runs)[RUN_ID_SIZE + 1]; /* inherited */
	size_t runs_count;
	/* The thread's own: */
	struct lms *lms;
	struct peer peers[NODES_MAX];
	size_t peers_count;
};

/* The directory in work/ is a run's. */
static inline bool is_run(const char *name)
{
	int64_t epoch_us;
	return run_id_parse(name, &epoch_us);
}

/* ---- takeover.c ---- */

/* The node is taken for dead, if it is still as we last saw it. */
struct error lease_take_over(struct lease *lease, const struct node *dead) MUST_CHECK;

#endif
