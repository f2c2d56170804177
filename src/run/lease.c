#include "enrold/lease.h"

#include "chores.h"
#include "disk.h"

#include "enrold/answer.h"
#include "enrold/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* A node is dead after so many silent looks, a beat apart. */
enum { LOOKS = 6, NODES_MAX = NODE_SLOTS };

struct held_feed {
	char name[FEED_NAME_MAX + 1];
	bool is_ours;
	bool is_owed; /* given up, but the database could not be told yet */
	unsigned users;
	bool was_used; /* since the last beat */
};

/* Another daemon, as we saw it the last time. */
struct watched {
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
	struct held_feed *feeds;
	size_t feeds_count;
	char (*runs)[RUN_ID_SIZE + 1]; /* inherited */
	size_t runs_count;
	/* The thread's own: */
	struct lms *lms;
	struct watched watched[NODES_MAX];
	size_t watched_count;
};

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
		error = nodes_join(lms, lease->config->node, token, &slot);
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
static struct held_feed *feed_find(struct lease *lease, const char *name)
{
	for (size_t i = 0; i < lease->feeds_count; i++)
		if (strcmp(lease->feeds[i].name, name) == 0)
			return &lease->feeds[i];
	struct held_feed *feeds = reallocarray(lease->feeds, lease->feeds_count + 1, sizeof *feeds);
	if (!feeds)
		return NULL;
	lease->feeds = feeds;
	struct held_feed *feed = &feeds[lease->feeds_count++];
	*feed = (struct held_feed){.is_ours = false};
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
	struct error error = nodes_take_feed(lms, lease->config->node, name, &holder, arena, last);
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
	struct held_feed *feed = feed_find(lease, name); /* the list may have moved */
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
	const struct held_feed *feed = feed_find(lease, name);
	bool asks = !feed || !feed->is_ours;
	pthread_mutex_unlock(&lease->mutex);
	return asks;
}

struct error lease_enter(
    struct lease *lease, struct lms *lms, const char *name, struct lease_hold *hold, bool *is_ours)
{
	*hold = (struct lease_hold){.feed = ""};
	*is_ours = true;
	if (!lease)
		return OK;
	pthread_mutex_lock(&lease->mutex);
	struct held_feed *feed = feed_find(lease, name);
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

void lease_leave(struct lease *lease, struct lease_hold *hold)
{
	if (!lease || *hold->feed == '\0')
		return;
	pthread_mutex_lock(&lease->mutex);
	struct held_feed *feed = feed_find(lease, hold->feed);
	feed->users--;
	*hold->feed = '\0';
	pthread_mutex_unlock(&lease->mutex);
}

struct error lease_check(const struct lease *lease, struct lms *lms, const struct lease_hold *hold)
{
	return lease ? nodes_check(lms, lease->config->node, hold->token) : OK;
}

/* ---- giving up what nobody uses ---- */

static bool is_run(const char *name)
{
	int64_t epoch_us;
	return run_id_parse(name, &epoch_us);
}

static bool has_runs(const struct lease *lease)
{
	int copy = openat(lease->spool->work, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = copy < 0 ? NULL : fdopendir(copy);
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
		struct held_feed *feed = &lease->feeds[i];
		bool is_idle = feed->users == 0 && !feed->was_used;
		feed->was_used = feed->users > 0;
		if (!may || !is_idle || !(feed->is_ours || feed->is_owed))
			continue;
		feed->is_ours = false;
		error = nodes_free_feed(lease->lms, lease->config->node, feed->name);
		feed->is_owed = is_error(&error);
	}
	pthread_mutex_unlock(&lease->mutex);
	lms_rollback(lease->lms);
}

/* ---- inheriting ---- */

/* A daemon taken for dead may still have it open: from now on it writes into nothing. */
static struct error file_renew(int run, const char *name)
{
	char chunk[64 << 10];
	int from = openat(run, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0)
		return errno == ENOENT ? OK : error_errno("cannot open %s", name);
	int to =
	    openat(run, "renewed", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	struct error error = to < 0 ? error_errno("cannot make a file in work") : OK;
	if (!is_error(&error))
		error = disk_copy(from, to, chunk, sizeof chunk);
	if (!is_error(&error) && fsync(to) < 0)
		error = error_errno("cannot flush %s", name);
	if (!is_error(&error) && renameat(run, "renewed", run, name) < 0)
		error = error_errno("cannot renew %s", name);
	if (to >= 0)
		close(to);
	close(from);
	return error;
}

static struct error run_move(struct lease *lease, int work, const char *id)
{
	int run = openat(work, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (run < 0)
		return errno == ENOENT ? OK : error_errno("cannot open work/%s", id);
	struct error error = OK;
	if (renameat(work, id, lease->spool->work, id) < 0)
		error = error_errno("cannot take over work/%s", id);
	if (!is_error(&error))
		error = file_renew(run, ANSWER_RESULT);
	if (!is_error(&error))
		error = file_renew(run, ANSWER_RETRY);
	if (!is_error(&error))
		error = file_renew(run, RUN_CHORES);
	close(run);
	return is_error(&error) ? error : disk_sync(lease->spool->work, ".");
}

static struct error run_remember(struct lease *lease, const char *id)
{
	pthread_mutex_lock(&lease->mutex);
	void *runs = reallocarray(lease->runs, lease->runs_count + 1, sizeof *lease->runs);
	if (runs) {
		lease->runs = runs;
		snprintf(
		    lease->runs[lease->runs_count++], sizeof *lease->runs, "%.*s", RUN_ID_SIZE, id);
	}
	pthread_mutex_unlock(&lease->mutex);
	return runs ? OK : error_memory("remembering a run");
}

static struct error runs_move(struct lease *lease, const char *node)
{
	char path[128];
	snprintf(path, sizeof path, "work/%s", node);
	int work =
	    openat(lease->spool->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (work < 0)
		return errno == ENOENT ? OK : error_errno("cannot open %s", path);
	int copy = openat(work, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = copy < 0 ? NULL : fdopendir(copy);
	struct error error = listing ? OK : error_errno("cannot list %s", path);
	const struct dirent *entry;
	while (listing && !is_error(&error) && (entry = readdir(listing))) {
		if (!is_run(entry->d_name))
			continue;
		error = run_move(lease, work, entry->d_name);
		if (!is_error(&error))
			error = run_remember(lease, entry->d_name);
	}
	if (listing)
		closedir(listing);
	if (!is_error(&error))
		error = disk_sync(work, ".");
	close(work);
	return error;
}

/* In this order: it can write no more, its runs are here, its feeds are ours. */
static struct error inherit(struct lease *lease, const struct node *dead)
{
	bool is_done;
	struct error error = nodes_condemn(lease->lms, dead, &is_done);
	if (is_error(&error))
		lms_rollback(lease->lms); /* somebody writes just now: at the next beat */
	if (is_error(&error) || !is_done)
		return OK;
	log_event(LOG_WARNING, "node_dead",
	    json_pack("{s:s%}", "node", dead->name.bytes, dead->name.size),
	    "%.*s has been silent for too long: its work is done here", SLICE_ARG(dead->name));
	error = runs_move(lease, dead->name.bytes);
	if (!is_error(&error))
		error = nodes_inherit(lease->lms, dead->name.bytes, lease->config->node);
	lease->on_run(lease->context);
	return error;
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

static struct watched *watched_find(struct lease *lease, const struct node *node)
{
	for (size_t i = 0; i < lease->watched_count; i++)
		if (slice_is(slice_of(lease->watched[i].name), node->name))
			return &lease->watched[i];
	size_t place = lease->watched_count < NODES_MAX ? lease->watched_count++ : 0;
	struct watched *watched = &lease->watched[place];
	*watched = (struct watched){.beat = -1};
	snprintf(watched->name, sizeof watched->name, "%.*s", SLICE_ARG(node->name));
	return watched;
}

/* True when it has been the same for too many looks. */
static bool is_silent(struct lease *lease, const struct node *node)
{
	struct watched *watched = watched_find(lease, node);
	bool is_same =
	    watched->beat == node->beat && slice_is(slice_of(watched->token), node->token);
	watched->looks = is_same ? watched->looks + 1 : 0;
	watched->beat = node->beat;
	snprintf(watched->token, sizeof watched->token, "%.*s", SLICE_ARG(node->token));
	return watched->looks >= LOOKS;
}

static struct error others_watch(struct lease *lease, struct arena *arena)
{
	struct node *nodes;
	size_t count;
	struct error error = nodes_list(lease->lms, arena, &nodes, &count);
	for (size_t i = 0; i < count && !is_error(&error); i++)
		if (!slice_is(nodes[i].name, slice_of(lease->config->node)) &&
		    is_silent(lease, &nodes[i]))
			error = inherit(lease, &nodes[i]);
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
	struct error error = lease->lms ? OK : lms_open(&lease->config->lms, &lease->lms);
	if (!is_error(&error))
		error = nodes_beat(lease->lms, lease->config->node, lease->token, &is_ours);
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
	struct error error = lms_open(&config->lms, &lease->lms);
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
