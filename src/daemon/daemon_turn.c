/*
 * daemon_turn: one turn of the loop, whatever woke it: scan what is due, give files to idle
 * workers, say how things stand, set the timer. Callbacks only note what happened and ask for a
 * turn. And what a turn comes to when it is asked: to stop, or to go on under other settings.
 */
#include "daemon_state.h"

#include "startup.h"

#include "enrold/cut.h"
#include "enrold/log.h"
#include "enrold/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { STATUS_EVERY_MS = 1000, LOOK_SOON_MS = 1000, ORDERS_RETRY_MS = 1000 };

static void reload(struct daemon *daemon);

/* ---- telling systemd ---- */

static void status_tell(struct daemon *daemon, int64_t now_ms)
{
	struct feeds_status status;
	char text[sizeof daemon->status];
	feeds_status_find(daemon->feeds, &status);
	int length = snprintf(text, sizeof text,
	    "STATUS=%zu %s, %zu files waiting, %zu running, %" PRIu64 " answered (%" PRIu64
	    " refused)",
	    status.feeds, status.feeds == 1 ? "feed" : "feeds", status.ready + status.runs,
	    status.busy, status.answered, status.refused);
	if (status.trouble_since != INT64_MAX && length > 0)
		snprintf(text + length, sizeof text - (size_t)length, "; waiting: %.*s",
		    CUT_ARG(status.trouble, 120));
	value_cover_text(text);
	bool is_news = strcmp(text, daemon->status) != 0;
	/* While files stream through, once a second is enough. */
	if (!is_news || (status.busy > 0 && now_ms < daemon->status_at + STATUS_EVERY_MS))
		return;
	memcpy(daemon->status, text, sizeof text);
	daemon->status_at = now_ms;
	systemd_status(&daemon->notify, text);
}

/* ---- ends ---- */

static void on_patience_lost(uv_timer_t *timer)
{
	log_event(LOG_WARNING, "stop_timeout", NULL,
	    "a run did not reach a checkpoint within stop_timeout; it is left as it is and gone "
	    "on with at the next start");
	daemon_leave(timer->data);
}

void daemon_stop(struct daemon *daemon)
{
	daemon->state = STOPPING;
	atomic_store(&daemon->is_leaving, true);
	atomic_store(&daemon->is_stopping, true);
	systemd_state("STOPPING=1");
	log_event(LOG_INFO, "stopping", NULL,
	    "stopping when the running files have got to a "
	    "checkpoint");
	uv_timer_start(&daemon->patience, on_patience_lost, daemon->config->stop_timeout_ms, 0);
	daemon_turn(daemon);
}

/* ---- another configuration ---- */

struct error daemon_reload(struct daemon *daemon)
{
	struct config_file *file;
	if (daemon->state == STOPPING)
		return error_retry("the daemon is stopping");
	struct error error = daemon_take_config(daemon, &file);
	if (is_error(&error))
		return error;
	config_free(daemon->next); /* of a reload that has not come to its end */
	daemon->next = file;
	daemon->state = RELOADING;
	atomic_store(&daemon->is_stopping, true);
	systemd_reloading();
	return OK;
}

/* ---- what people order ---- */

struct error daemon_take_orders(struct daemon *daemon)
{
	struct orders orders;
	int64_t now_ms = (int64_t)uv_now(&daemon->loop);
	daemon->orders_at = now_ms + ORDERS_RETRY_MS;
	struct error error = orders_load(daemon->spool.orders, &orders);
	if (is_error(&error))
		return error; /* what was ordered before stays so */
	daemon->orders_at = now_ms + feeds_rescan_every_ms(daemon->feeds);
	for (size_t i = 0; daemon->workers && i < orders.count; i++)
		if (orders.items[i].kind == ORDER_STOP)
			workers_stop_run(daemon->workers, orders.items[i].subject);
	feeds_take_orders(daemon->feeds, &orders);
	return OK;
}

static void orders_look(struct daemon *daemon)
{
	struct error ignored = daemon_take_orders(daemon);
	(void)ignored; /* it is looked again */
}

/* ---- what the database says beside the loop ---- */

static void on_overview(void *context)
{
	struct daemon *daemon = context;
	if (daemon->feeds)
		feeds_judge(
		    daemon->feeds, &daemon->overview, daemon->known_s, &daemon->noticing.waiting);
	daemon_metrics_soon(daemon);
	if (daemon->state == RUNNING && daemon_may_begin_thread(daemon))
		checkpointing_give(&daemon->checkpointing, daemon->file);
	if (daemon->state == RUNNING && daemon_may_begin_thread(daemon))
		noticing_begin(&daemon->noticing, daemon->config->node);
	daemon_turn(daemon);
}

/* Nobody else is in the way of a new configuration, or of a new time zone. */
static bool may_reload(const struct daemon *daemon)
{
	bool has_threads = daemon->overview.look || daemon->lookbacks.count > 0 ||
	                   daemon->orderings > 0 || daemon->checkpointing.work ||
	                   daemon->noticing.work || daemon->paging.work;
	return workers_busy(daemon->workers) == 0 &&
	       (daemon_may_begin_thread(daemon) || !has_threads);
}

void daemon_look(struct daemon *daemon)
{
	daemon->look_at = INT64_MAX;
	if (!daemon_may_begin_thread(daemon))
		return; /* reload looks */
	overview_ask(
	    &daemon->overview, &daemon->loop, daemon->file, &daemon->spool, on_overview, daemon);
}

/* An answer has changed things: soon, but not for each of many. */
static void look_soon(struct daemon *daemon)
{
	if (!daemon->once && daemon->look_at == INT64_MAX)
		daemon->look_at = (int64_t)uv_now(&daemon->loop) + LOOK_SOON_MS;
}

/* ---- the turn ---- */

/* What was opened at the start has been replaced: a new process opens it anew. */
static void spool_status(struct daemon *daemon)
{
	struct feeds_status status;
	feeds_status_find(daemon->feeds, &status);
	if (daemon->state == STOPPING || (!status.is_stale && !lease_has_lost_spool(daemon->lease)))
		return;
	log_event(LOG_ERROR, "spool_lost", NULL,
	    "the spool is not what it was when it was opened: ending, to be started anew");
	daemon->exit = DAEMON_TRY_LATER;
	daemon_stop(daemon);
}

static void give_out(struct daemon *daemon, int64_t now_ms)
{
	struct job job;
	enum job_weight heaviest;
	while (workers_take(daemon->workers, &heaviest) &&
	       feeds_next(daemon->feeds, now_ms, heaviest, &job)) {
		feeds_join(daemon->feeds, &job);
		workers_give(daemon->workers, &job);
		daemon->is_idle_twice = false;
	}
	atomic_store(&daemon->is_crowded, workers_could_take(daemon->workers, &heaviest) &&
	                                      feeds_is_waiting(daemon->feeds, now_ms, heaviest));
}

static void on_timer(uv_timer_t *timer)
{
	daemon_turn(timer->data);
}

static void timer_set(struct daemon *daemon, int64_t now_ms)
{
	int64_t at = feeds_wake_at(daemon->feeds, now_ms);
	at = daemon->look_at < at ? daemon->look_at : at;
	at = daemon->orders_at < at ? daemon->orders_at : at;
	int64_t pages_at = daemon->once ? INT64_MAX : paging_wake_at(&daemon->paging);
	at = pages_at < at ? pages_at : at;
	if (daemon->state != RUNNING)
		at = INT64_MAX; /* nothing is begun: what ends tells of itself */
	/* With every worker busy the next turn is the one that frees one, or a rescan. */
	uint64_t delay = at <= now_ms ? 1 : (uint64_t)(at - now_ms);
	if (delay > daemon->config->rescan_ms)
		delay = daemon->config->rescan_ms;
	uv_timer_start(&daemon->timer, on_timer, delay, 0);
}

void daemon_turn(struct daemon *daemon)
{
	if (!daemon->workers)
		return; /* the loop is ending */
	uv_update_time(&daemon->loop);
	int64_t now_ms = (int64_t)uv_now(&daemon->loop);
	if (daemon->state == RELOADING && may_reload(daemon))
		reload(daemon);
	if (!daemon->workers)
		return; /* it failed, and the loop is ending */
	if (daemon->state == RUNNING) {
		if (now_ms >= daemon->orders_at)
			orders_look(daemon);
		if (now_ms >= daemon->look_at)
			daemon_look(daemon);
		feeds_scan(daemon->feeds, daemon->watch, now_ms);
		give_out(daemon, now_ms);
		if (!daemon->once && daemon_may_begin_thread(daemon))
			paging_work(&daemon->paging, daemon->file, now_ms);
		spool_status(daemon);
	}
	if (!daemon->workers)
		return; /* it was lost, and the loop is ending */
	status_tell(daemon, now_ms);
	if (daemon_is_over(daemon, now_ms))
		daemon_end_loop(daemon);
	else
		timer_set(daemon, now_ms);
}

static void on_watch(void *context, size_t place, const char *name)
{
	struct daemon *daemon = context;
	if (place == feeds_places(daemon->feeds) || place == WATCH_ALL)
		daemon->orders_at = 0;
	if (place != feeds_places(daemon->feeds))
		feeds_hear(daemon->feeds, place, name, (int64_t)uv_now(&daemon->loop));
	/* Many events come at a time: the turn follows when all have been heard. */
	uv_timer_start(&daemon->timer, on_timer, 0, 0);
}

/* Changed like a configuration, when all workers are at rest. */
static void zone_change(struct daemon *daemon, const char *zone)
{
	snprintf(daemon->zone_next, sizeof daemon->zone_next, "%s", zone);
	if (daemon->state != RUNNING)
		return;
	daemon->state = RELOADING;
	atomic_store(&daemon->is_stopping, true);
}

static void job_end(struct daemon *daemon, const struct job *job)
{
	feeds_done(daemon->feeds, job, (int64_t)uv_now(&daemon->loop));
	if (job->report.end == RUN_ANSWERED) {
		daemon_metrics_count(daemon, &job->report);
		look_soon(daemon);
		paging_answered(&daemon->paging, job->report.took_us);
	}
	if (*job->report.zone)
		zone_change(daemon, job->report.zone);
}

/* Of files that were given together each counts as one. */
static void files_end(struct daemon *daemon, const struct job *job)
{
	struct job one = *job;
	one.files = NULL;
	for (size_t i = 0; i < job->files_count; i++) {
		memcpy(one.name, job->files[i].name, sizeof one.name);
		one.report = job->files[i].report;
		job_end(daemon, &one);
	}
	free(job->files);
}

static void on_job_done(void *context, const struct job *job)
{
	struct daemon *daemon = context;
	if (job && job->files)
		files_end(daemon, job);
	else if (job)
		job_end(daemon, job);
	daemon_turn(daemon);
}

/* ---- beginning ---- */

/* Without inotify we still scan. */
static void watch_begin(struct daemon *daemon)
{
	struct error error = watch_start(
	    &daemon->loop, feeds_places(daemon->feeds) + 1, on_watch, daemon, &daemon->watch);
	if (!is_error(&error))
		error = watch_place_leaving(
		    daemon->watch, feeds_places(daemon->feeds), daemon->spool.orders);
	if (is_error(&error))
		log_event(LOG_WARNING, "inbox_unwatched", NULL,
		    "%s: new files are only found every `rescan`", error.text);
}

/* A restart makes no feed younger. */
static int64_t settings_written(const char *path)
{
	struct stat stat_;
	int64_t now_s = (int64_t)time(NULL);
	bool is_known = stat(path, &stat_) == 0 && (int64_t)stat_.st_mtim.tv_sec < now_s;
	return is_known ? (int64_t)stat_.st_mtim.tv_sec : now_s;
}

/* Makes what depends on the configuration: the feeds, their watches, the workers. */
struct error daemon_begin_work(struct daemon *daemon)
{
	struct feeds *before = daemon->feeds;
	daemon->feeds = NULL;
	daemon->known_s = settings_written(daemon->path);
	struct error error = spool_open_feeds(daemon->config, &daemon->spool);
	if (!is_error(&error))
		error = feeds_create(daemon->config, &daemon->spool, &daemon->feeds);
	if (!is_error(&error) && before)
		feeds_inherit(daemon->feeds, before);
	feeds_free(before);
	if (!is_error(&error))
		error = daemon_take_orders(daemon); /* before there are runs that they are about */
	if (!is_error(&error))
		error = startup_runs(&daemon->spool, &daemon->ids, daemon->feeds);
	if (is_error(&error))
		return error;
	error = daemon_metrics_use(daemon);
	if (is_error(&error))
		return error;
	watch_begin(daemon);
	packer_hurry(daemon->surroundings.packer);
	paging_begin(&daemon->paging);
	return workers_start(
	    &daemon->loop, &daemon->surroundings, on_job_done, daemon, &daemon->workers);
}

/* All workers are at rest: everything that knows the old configuration goes. */
static void reload(struct daemon *daemon)
{
	watch_stop(daemon->watch);
	workers_stop(daemon->workers);
	daemon->watch = NULL;
	daemon->workers = NULL;
	lease_pause(daemon->lease);
	daemon_use_zone(daemon);
	/* The feeds still point into the old one, until work_begin has made new ones. */
	struct config_file *old = daemon->next ? daemon->file : NULL;
	bool is_asked = daemon->next;
	if (is_asked) {
		daemon->file = NULL;
		daemon_use_config(daemon, daemon->next);
		daemon->next = NULL;
	}
	atomic_store(&daemon->is_stopping, false);
	struct error error = lease_resume(daemon->lease, daemon->config);
	if (!is_error(&error))
		error = daemon_begin_work(daemon);
	config_free(old);
	daemon->state = RUNNING;
	if (is_asked)
		systemd_state("READY=1");
	if (is_asked && daemon->clients)
		clients_listen(daemon->clients, daemon->config);
	if (is_asked)
		clients_end_waiting(daemon->clients, protocol_exit(&error), error.text);
	if (is_error(&error)) {
		daemon_log_failure(daemon, &error);
		daemon->exit = daemon_exit_of(&error);
		daemon_end_loop(daemon);
		return;
	}
	look_soon(daemon); /* what the new settings expect is not known yet */
	if (is_asked)
		log_event(LOG_INFO, "reloaded", NULL, "%s is in force", daemon->path);
}
