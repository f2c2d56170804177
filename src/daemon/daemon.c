/*
 * The daemon's making and its end: what has to be there before the loop runs, its handles and
 * signals. What a turn of the loop does is in daemon_turn.c.
 */
#include "daemon_state.h"

#include "startup.h"
#include "steer.h"

#include "enrold/log.h"
#include "enrold/patient.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STATUS_EVERY_MS = 1000, ORDERS_RETRY_MS = 1000 };

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
	notify_status(&daemon->notify, text);
}

/* ---- the other daemons of the spool ---- */

/* Called on the lease's thread. */
static void on_run_inherited(void *context)
{
	struct daemon *daemon = context;
	if (atomic_load(&daemon->is_listening))
		uv_async_send(&daemon->inherited);
}

static void inherited_take(struct daemon *daemon)
{
	char run[RUN_ID_SIZE + 1];
	while (daemon->feeds && lease_next_run(daemon->lease, run)) {
		struct error error =
		    feeds_add_run(daemon->feeds, run, "which was that of a daemon that is dead");
		if (is_error(&error))
			log_event(LOG_ERROR, "run_forgotten", NULL,
			    "%s; the run stays in work/ until the next start", error.text);
	}
}

static void on_inherited(uv_async_t *async)
{
	inherited_take(async->data);
	daemon_turn(async->data);
}

static struct error lease_begin(struct daemon *daemon)
{
	struct error error = lease_start(
	    daemon->config, &daemon->spool, &daemon->ids, on_run_inherited, daemon, &daemon->lease);
	daemon->surroundings.lease = daemon->lease;
	return error;
}

/* ---- ends ---- */

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	(void)number;
	if (daemon->state == STOPPING)
		daemon_leave(daemon); /* asked twice */
	daemon_stop(daemon);
}

/* ---- another configuration ---- */

static void on_hangup(uv_signal_t *handle, int number)
{
	(void)number;
	struct error error = daemon_reload(handle->data);
	if (!is_error(&error))
		daemon_turn(handle->data);
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

static void on_every(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	daemon_look(daemon);
	if (daemon->clients)
		clients_listen(daemon->clients, daemon->config);
}

/* ---- systemd's watchdog ---- */

/* Nobody is at work, or somebody gets on with it. */
static void on_watchdog(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	unsigned progress = atomic_load(&daemon->progress);
	bool is_alive = workers_busy(daemon->workers) == 0 || progress != daemon->progress_seen;
	daemon->progress_seen = progress;
	if (is_alive)
		notify_status(&daemon->notify, "WATCHDOG=1");
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
	stop(daemon);
}

static void give_out(struct daemon *daemon, int64_t now_ms)
{
	struct job job;
	enum job_weight heaviest;
	while (workers_take(daemon->workers, &heaviest) &&
	       feeds_next(daemon->feeds, now_ms, heaviest, &job)) {
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
	at = daemon->orders_at < at ? daemon->orders_at : at;
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
	if (daemon->state == RELOADING && workers_busy(daemon->workers) == 0)
		reload(daemon);
	if (!daemon->workers)
		return; /* it failed, and the loop is ending */
	if (daemon->state == RUNNING) {
		if (now_ms >= daemon->orders_at)
			orders_look(daemon);
		feeds_scan(daemon->feeds, daemon->watch, now_ms);
		give_out(daemon, now_ms);
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

static void on_job_done(void *context, const struct job *job)
{
	struct daemon *daemon = context;
	feeds_done(daemon->feeds, job, (int64_t)uv_now(&daemon->loop));
	if (job->report.end == RUN_ANSWERED)
		daemon_metrics_count(daemon, &job->report);
	if (*job->report.zone)
		zone_change(daemon, job->report.zone);
	daemon_turn(daemon);
}

/* ---- beginning ---- */

/* SQLite takes a failed read for a damaged file: what is really wrong fails again. */
static struct error site_status(struct daemon *daemon)
{
	struct error error =
	    startup_site(&daemon->spool, daemon->config, &daemon->ids, daemon->zone);
	return error.class == ERROR_CONFIG
	           ? startup_site(&daemon->spool, daemon->config, &daemon->ids, daemon->zone)
	           : error;
}

static void signals_start(struct daemon *daemon)
{
	static const struct {
		int number;
		uv_signal_cb on_signal;
	} signals[SIGNALS] = {{SIGTERM, on_signal}, {SIGINT, on_signal}, {SIGHUP, on_hangup}};
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < SIGNALS; i++) {
		uv_signal_init(&daemon->loop, &daemon->signals[i]);
		daemon->signals[i].data = daemon;
		uv_signal_start(&daemon->signals[i], signals[i].on_signal, signals[i].number);
	}
	daemon_set_hangup(SIG_UNBLOCK);
}

static void network_tell(const struct daemon *daemon)
{
	if (daemon->spool.network)
		log_event(LOG_WARNING, "spool_on_network", NULL,
		    "the spool lies on %s, of whose other writers the kernel does not tell: the "
		    "inboxes are looked into every %d s; see enrold(8) for how to mount it",
		    daemon->spool.network, SPOOL_NETWORK_RESCAN_MS / 1000);
}

/* Makes what depends on the configuration: the feeds, their watches, the workers. */
static struct error work_begin(struct daemon *daemon)
{
	struct feeds *before = daemon->feeds;
	daemon->feeds = NULL;
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
		error = work_begin(daemon);
	config_free(old);
	daemon->state = RUNNING;
	if (is_asked)
		notify_state("READY=1");
	if (is_asked && daemon->clients)
		clients_listen(daemon->clients, daemon->config);
	if (is_asked)
		clients_end_waiting(daemon->clients, is_error(&error) ? 75 : 0, error.text);
	if (is_error(&error)) {
		daemon_log_failure(daemon, &error);
		daemon->exit = daemon_exit_of(&error);
		daemon_end_loop(daemon);
		return;
	}
	if (is_asked)
		log_event(LOG_INFO, "reloaded", NULL, "%s is in force", daemon->path);
}

static void watchdog_begin(struct daemon *daemon)
{
	uint64_t every_ms = notify_watchdog_ms();
	uv_timer_init(&daemon->loop, &daemon->watchdog);
	daemon->watchdog.data = daemon;
	if (every_ms > 0)
		uv_timer_start(&daemon->watchdog, on_watchdog, every_ms, every_ms);
}

static struct error loop_run(struct daemon *daemon)
{
	uv_replace_allocator(patient_malloc, patient_realloc, patient_calloc, free);
	if (uv_loop_init(&daemon->loop) < 0)
		return error_retry("libuv cannot make a loop");
	uv_timer_init(&daemon->loop, &daemon->timer);
	uv_timer_init(&daemon->loop, &daemon->patience);
	uv_timer_init(&daemon->loop, &daemon->every);
	daemon->timer.data = daemon->patience.data = daemon->every.data = daemon;
	signals_start(daemon);
	watchdog_begin(daemon);
	daemon_metrics_start(daemon);
	uv_async_init(&daemon->loop, &daemon->inherited, on_inherited);
	daemon->inherited.data = daemon;
	atomic_store(&daemon->is_listening, true);
	startup_orders(&daemon->spool);
	struct error error = daemon_begin_work(daemon);
	if (!is_error(&error))
		error = clients_create(&daemon->loop, steer_on_request, daemon, &daemon->clients);
	if (is_error(&error)) {
		daemon->exit = daemon_exit_of(&error);
		daemon_end_loop(daemon);
	} else {
		/* The first turn sets the watches: ready means that from now on nothing is missed.
		 */
		inherited_take(daemon);
		clients_listen(daemon->clients, daemon->config);
		if (!daemon->once)
			uv_timer_start(&daemon->every, on_every, 0, OVERVIEW_EVERY_MS);
		daemon_turn(daemon);
		log_event(LOG_INFO, "ready", NULL, "enrold " ENROLD_VERSION " watches %s/inbox",
		    daemon->config->spool);
		notify_state("READY=1");
	}
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	int closed = uv_loop_close(&daemon->loop);
	assert(closed == 0);
	return error;
}

static struct error run(struct daemon *daemon)
{
	daemon_set_hangup(SIG_BLOCK);
	struct error error = spool_open(daemon->config, &daemon->spool);
	if (is_error(&error))
		return error;
	network_tell(daemon);
	error = daemon_metrics_create(daemon);
	/* Made before the database is there, so that people find where to drop. */
	if (!is_error(&error))
		error = error_at_start(spool_open_feeds(daemon->config, &daemon->spool));
	if (!is_error(&error))
		error = daemon_await(daemon, site_status);
	if (!is_error(&error))
		error = daemon_await(daemon, lease_begin);
	if (!is_error(&error))
		error = loop_run(daemon);
	daemon_leave_cluster(daemon);
	daemon_metrics_end(daemon);
	feeds_free(daemon->feeds);
	overview_done(&daemon->overview);
	spool_close(&daemon->spool);
	return error;
}

enum daemon_exit daemon_run(const char *path, struct config_file *file, bool once)
{
	struct daemon daemon = {
	    .path = path, .once = once, .started_s = (int64_t)time(NULL), .look_at = INT64_MAX};
	daemon.surroundings = (struct run_surroundings){
	    .config_path = path,
	    .zone = daemon.zone,
	    .spool = &daemon.spool,
	    .ids = &daemon.ids,
	    .turnstile = &daemon.turnstile,
	    .pace = &daemon.pace,
	    .is_stopping = &daemon.is_stopping,
	    .is_crowded = &daemon.is_crowded,
	    .progress = &daemon.progress,
	};
	daemon_use_config(&daemon, file);
	run_ids_init(&daemon.ids);
	turnstile_init(&daemon.turnstile);
	notify_open(&daemon.notify);
	umask(0007); /* each file and folder has its own mode; others get nothing */
	struct error error = run(&daemon);
	notify_close(&daemon.notify);
	turnstile_done(&daemon.turnstile);
	run_ids_done(&daemon.ids);
	if (is_error(&error))
		daemon_log_failure(&daemon, &error);
	else
		log_event(LOG_INFO, "stopped", NULL, "enrold has stopped");
	config_free(daemon.next);
	config_free(daemon.file);
	return is_error(&error) ? daemon_exit_of(&error) : daemon.exit;
}
