#include "lease_parts.h"

#include "enrold/disk.h"
#include "enrold/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

/* A node is dead after so many silent looks, a beat apart. */
enum { LOOKS = 6 };

/* ---- tokens and feeds ---- */

static struct error token_make(char token[NODE_TOKEN_SIZE + 1])
{
	unsigned char bytes[NODE_TOKEN_SIZE / 2];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return error_errno("cannot make a token");
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(token + 2 * i, 3, "%02x", bytes[i]);
	return OK;
}

/* Joins with a new token; nothing held before is held now. */
static struct error join(struct lease *lease, struct lms *lms)
{
	char token[NODE_TOKEN_SIZE + 1];
	uint32_t slot = 0;
	struct error error = token_make(token);
	if (!is_error(&error))
		error = nodes_join(lms_db(lms), lease->config->node, token, &slot);
	if (is_error(&error))
		return error;
	run_ids_stride(lease->ids, slot, NODE_SLOTS);
	pthread_mutex_lock(&lease->mutex);
	memcpy(lease->token, token, sizeof token);
	for (size_t i = 0; i < lease->feeds_count; i++)
		lease->feeds[i].is_ours = false;
	pthread_mutex_unlock(&lease->mutex);
	return OK;
}

/* A feed that is no longer configured may still have a run to be finished. NULL: no memory. */
static struct leased_feed *feed_find(struct lease *lease, const char *name)
{
	for (size_t i = 0; i < lease->feeds_count; i++)
		if (strcmp(lease->feeds[i].name, name) == 0)
			return &lease->feeds[i];
	struct leased_feed *feeds =
	    reallocarray(lease->feeds, lease->feeds_count + 1, sizeof *feeds);
	if (!feeds)
		return NULL;
	lease->feeds = feeds;
	struct leased_feed *feed = &feeds[lease->feeds_count++];
	*feed = (struct leased_feed){.is_ours = false};
	snprintf(feed->name, sizeof feed->name, "%s", name);
	return feed;
}

static struct error feed_take(struct lease *lease, struct lms *lms, const char *name, bool *is_ours)
{
	struct slice holder;
	char last[RUN_ID_SIZE + 1] = "";
	struct arena *arena = arena_create();
	if (!arena)
		return error_memory("taking a feed");
	struct error error =
	    nodes_take_feed(lms_db(lms), lease->config->node, name, &holder, arena, last);
	*is_ours = !is_error(&error) && holder.size == 0;
	arena_free(arena);
	run_ids_note(lease->ids, last);
	return error;
}

/* The mutex is free meanwhile: the database may take its time, and the thread that beats must not
 * wait. Nobody gives up a feed that has users. */
static struct error feed_take_unlocked(struct lease *lease, struct lms *lms, const char *name)
{
	bool is_ours = false;
	char token[NODE_TOKEN_SIZE + 1];
	memcpy(token, lease->token, sizeof token);
	pthread_mutex_unlock(&lease->mutex);
	struct error error = feed_take(lease, lms, name, &is_ours);
	pthread_mutex_lock(&lease->mutex);
	/* Whoever has joined anew holds nothing. */
	bool is_still_us = memcmp(token, lease->token, sizeof token) == 0;
	struct leased_feed *feed = feed_find(lease, name); /* the list may have moved */
	if (is_error(&error))
		return error; /* another worker may have it all the same */
	feed->is_ours = is_ours && is_still_us;
	feed->is_owed = false;
	return OK;
}

bool lease_asks(struct lease *lease, const char *name)
{
	if (!lease)
		return false;
	pthread_mutex_lock(&lease->mutex);
	const struct leased_feed *feed = feed_find(lease, name);
	bool asks = !feed || !feed->is_ours;
	pthread_mutex_unlock(&lease->mutex);
	return asks;
}

struct error lease_acquire(
    struct lease *lease, struct lms *lms, const char *name, struct lease_hold *hold, bool *is_ours)
{
	*hold = (struct lease_hold){.feed = ""};
	*is_ours = true;
	if (!lease)
		return OK;
	pthread_mutex_lock(&lease->mutex);
	struct leased_feed *feed = feed_find(lease, name);
	struct error error = feed ? OK : error_memory("taking a feed");
	if (feed)
		feed->users++;
	if (feed && !feed->is_ours) {
		error = feed_take_unlocked(lease, lms, name);
		feed = feed_find(lease, name);
	}
	*is_ours = feed && feed->is_ours && !is_error(&error);
	if (*is_ours) {
		feed->was_used = true;
		snprintf(hold->feed, sizeof hold->feed, "%s", name);
		memcpy(hold->token, lease->token, sizeof hold->token);
	} else if (feed) {
		feed->users--;
	}
	pthread_mutex_unlock(&lease->mutex);
	return error;
}

void lease_release(struct lease *lease, struct lease_hold *hold)
{
	if (!lease || *hold->feed == '\0')
		return;
	pthread_mutex_lock(&lease->mutex);
	struct leased_feed *feed = feed_find(lease, hold->feed);
	feed->users--;
	*hold->feed = '\0';
	pthread_mutex_unlock(&lease->mutex);
}

struct error lease_check(const struct lease *lease, struct lms *lms, const struct lease_hold *hold)
{
	return lease ? nodes_check(lms_db(lms), lease->config->node, hold->token) : OK;
}

/* ---- giving up what nobody uses ---- */

static bool has_runs(const struct lease *lease)
{
	DIR *listing = disk_list(lease->spool->work);
	const struct dirent *entry;
	bool has = !listing;
	while (!has && (entry = readdir(listing)))
		has = is_run(entry->d_name);
	if (listing)
		closedir(listing);
	return has;
}

/* What fails now is done at the next beat, which also shows when the database is away. */
static void feeds_give_up(struct lease *lease)
{
	struct error error = OK;
	pthread_mutex_lock(&lease->mutex);
	bool may = !has_runs(lease);
	for (size_t i = 0; i < lease->feeds_count && !is_error(&error); i++) {
		struct leased_feed *feed = &lease->feeds[i];
		bool is_idle = feed->users == 0 && !feed->was_used;
		feed->was_used = feed->users > 0;
		if (!may || !is_idle || !(feed->is_ours || feed->is_owed))
			continue;
		feed->is_ours = false;
		error = nodes_free_feed(lms_db(lease->lms), lease->config->node, feed->name);
		feed->is_owed = is_error(&error);
	}
	pthread_mutex_unlock(&lease->mutex);
	lms_rollback(lease->lms);
}

bool lease_next_run(struct lease *lease, char run[RUN_ID_SIZE + 1])
{
	if (!lease)
		return false;
	pthread_mutex_lock(&lease->mutex);
	bool has = lease->runs_count > 0;
	if (has)
		memcpy(run, lease->runs[--lease->runs_count], RUN_ID_SIZE + 1);
	pthread_mutex_unlock(&lease->mutex);
	return has;
}

/* ---- watching ---- */

static struct peer *peer_find(struct lease *lease, const struct node *node)
{
	for (size_t i = 0; i < lease->peers_count; i++)
		if (slice_is(slice_of(lease->peers[i].name), node->name))
			return &lease->peers[i];
	size_t place = lease->peers_count < NODES_MAX ? lease->peers_count++ : 0;
	struct peer *peer = &lease->peers[place];
	*peer = (struct peer){.beat = -1};
	snprintf(peer->name, sizeof peer->name, "%.*s", SLICE_ARG(node->name));
	return peer;
}

/* True when it has been the same for too many looks. */
static bool is_silent(struct lease *lease, const struct node *node)
{
	struct peer *peer = peer_find(lease, node);
	bool is_same = peer->beat == node->beat && slice_is(slice_of(peer->token), node->token);
	peer->looks = is_same ? peer->looks + 1 : 0;
	peer->beat = node->beat;
	snprintf(peer->token, sizeof peer->token, "%.*s", SLICE_ARG(node->token));
	return peer->looks >= LOOKS;
}

static struct error others_watch(struct lease *lease, struct arena *arena)
{
	struct node *nodes;
	size_t count;
	struct error error = nodes_list(lms_db(lease->lms), arena, &nodes, &count);
	for (size_t i = 0; i < count && !is_error(&error); i++)
		if (!slice_is(nodes[i].name, slice_of(lease->config->node)) &&
		    is_silent(lease, &nodes[i]))
			error = lease_take_over(lease, &nodes[i]);
	return error;
}

bool lease_has_lost_spool(const struct lease *lease)
{
	return lease && atomic_load(&lease->has_lost_spool);
}

static void spool_lose(struct lease *lease, const struct error *error)
{
	log_event(LOG_ERROR, "spool_lost", NULL, "%s", error->text);
	atomic_store(&lease->has_lost_spool, true);
	lease->on_run(lease->context);
}

static struct error beat(struct lease *lease)
{
	bool is_ours = true;
	struct error lock = spool_check_lock(lease->spool, lease->config);
	if (is_error(&lock) && !lease_has_lost_spool(lease))
		spool_lose(lease, &lock);
	struct error error = lease->lms ? OK : lms_open_known(&lease->config->lms, &lease->lms);
	if (!is_error(&error))
		error = nodes_heartbeat(
		    lms_db(lease->lms), lease->config->node, lease->token, &is_ours);
	if (!is_error(&error) && !is_ours) {
		log_event(LOG_WARNING, "lease_lost", NULL,
		    "another daemon has taken this one for dead, or goes by the same name, %s; "
		    "joining anew",
		    lease->config->node);
		error = join(lease, lease->lms);
	}
	if (!is_error(&error))
		feeds_give_up(lease);
	struct arena *arena = is_error(&error) ? NULL : arena_create();
	if (arena)
		error = others_watch(lease, arena);
	arena_free(arena);
	return error;
}

static void *lease_main(void *argument)
{
	struct lease *lease = argument;
	const uint32_t every_ms = lease->config->lease_ms / LOOKS;
	bool was_away = false;
	pthread_mutex_lock(&lease->mutex);
	while (!lease->is_over) {
		pthread_mutex_unlock(&lease->mutex);
		struct error error = beat(lease);
		if (is_error(&error)) {
			if (!was_away)
				log_event(LOG_WARNING, "lease_waits", NULL, "%s", error.text);
			if (error.is_stale && !lease_has_lost_spool(lease))
				spool_lose(lease, &error);
			lms_close(lease->lms);
			lease->lms = NULL;
		}
		was_away = is_error(&error);
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += every_ms / 1000;
		until.tv_nsec += every_ms % 1000 * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_mutex_lock(&lease->mutex);
		if (!lease->is_over)
			pthread_cond_timedwait(&lease->wake, &lease->mutex, &until);
	}
	pthread_mutex_unlock(&lease->mutex);
	return NULL;
}

/* ---- beginning and end ---- */

static void lease_free(struct lease *lease)
{
	lms_close(lease->lms);
	pthread_cond_destroy(&lease->wake);
	pthread_mutex_destroy(&lease->mutex);
	free(lease->feeds);
	free(lease->runs);
	free(lease);
}

struct error lease_resume(struct lease *lease, const struct config *config)
{
	if (!lease)
		return OK;
	lease->config = config;
	lease->is_over = false;
	if (pthread_create(&lease->thread, NULL, lease_main, lease) != 0)
		return error_retry("cannot start the lease's thread");
	lease->is_running = true;
	return OK;
}

struct error lease_start(const struct config *config, const struct spool *spool,
    struct run_ids *ids, lease_on_run *on_run, void *context, struct lease **result)
{
	*result = NULL;
	if (!config_is_shared(config))
		return OK;
	struct lease *lease = calloc(1, sizeof *lease);
	if (!lease)
		return error_memory("joining the other daemons");
	*lease = (struct lease){
	    .config = config, .spool = spool, .ids = ids, .on_run = on_run, .context = context};
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&lease->mutex, NULL);
	pthread_cond_init(&lease->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	struct error error = lms_open_known(&config->lms, &lease->lms); /* the start has looked */
	if (!is_error(&error))
		error = join(lease, lease->lms);
	if (!is_error(&error))
		error = lease_resume(lease, config);
	if (is_error(&error))
		lease_free(lease);
	else
		*result = lease;
	return error;
}

void lease_pause(struct lease *lease)
{
	if (!lease || !lease->is_running)
		return;
	pthread_mutex_lock(&lease->mutex);
	lease->is_over = true;
	pthread_cond_signal(&lease->wake);
	pthread_mutex_unlock(&lease->mutex);
	pthread_join(lease->thread, NULL);
	lms_close(lease->lms);
	lease->lms = NULL;
	lease->is_running = false;
}

void lease_stop(struct lease *lease)
{
	if (!lease)
		return;
	lease_pause(lease);
	lease_free(lease);
}
