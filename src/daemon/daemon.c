/*
 * One turn of the loop, whatever woke it: scan what is due, give files to idle workers, say how
 * things stand, set the timer. Callbacks only note what happened and ask for a turn.
 */
#include "enrold/daemon.h"

#include "deadline.h"
#include "feeds.h"
#include "notify.h"
#include "space.h"
#include "startup.h"

#include "enrold/cut.h"
#include "enrold/log.h"
#include "enrold/patient.h"
#include "enrold/value.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SIGNALS = 3, STATUS_EVERY_MS = 1000 };

/*
 * RUNNING --SIGHUP--> RELOADING --all workers at rest--> RUNNING under the new configuration
 *    +------SIGTERM------+--> STOPPING --all workers at rest--> end
 */
enum daemon_state { RUNNING, RELOADING, STOPPING };

struct daemon {
	const char *path;
	struct config_file *file;
	struct config_file *next; /* RELOADING; NULL: only the time zone changes */
	char zone[ZONE_SIZE], zone_next[ZONE_SIZE]; /* the site's */
	const struct config *config;
	enum daemon_state state;
	struct spool spool;
	struct run_ids ids;
	struct turnstile turnstile;
	struct lease *lease;  /* NULL: the spool is not shared */
	uv_async_t inherited; /* runs of a dead daemon */
	atomic_bool is_listening;
	atomic_bool is_stopping; /* runs end at their next checkpoint: not RUNNING */
	atomic_bool is_crowded;  /* a file waits for a worker */
	struct pace pace;
	atomic_uint progress;
	struct run_surroundings surroundings;
	uv_loop_t loop;
	uv_timer_t timer;
	uv_timer_t patience; /* stop_timeout */
	uv_timer_t watchdog;
	unsigned progress_seen;
	uv_signal_t signals[SIGNALS];
	struct watch *watch; /* NULL: inotify is not to be had */
	struct workers *workers;
	struct feeds *feeds;
	enum daemon_exit exit;
	bool once;
	bool is_idle_twice; /* once: nothing was found after all was done */
	struct notify notify;
	char status[320];
	int64_t status_at;
};

static void turn(struct daemon *daemon);
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
	turn(async->data);
}

static struct error lease_begin(struct daemon *daemon)
{
	struct error error = lease_start(
	    daemon->config, &daemon->spool, &daemon->ids, on_run_inherited, daemon, &daemon->lease);
	daemon->surroundings.lease = daemon->lease;
	return error;
}

static void lease_end(struct daemon *daemon)
{
	lease_stop(daemon->lease);
	daemon->lease = daemon->surroundings.lease = NULL;
}

/* ---- ends ---- */

static void handle_close(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* What is left of stop_timeout. */
static uint64_t patience_left_ms(const struct daemon *daemon)
{
	return uv_is_active((const uv_handle_t *)&daemon->patience)
	           ? uv_timer_get_due_in(&daemon->patience)
	           : (uint64_t)daemon->config->stop_timeout_ms;
}

/* Closes all handles, whereupon the loop ends. Nothing may be running. */
static void loop_end(struct daemon *daemon)
{
	struct deadline deadline;
	deadline_start(&deadline, patience_left_ms(daemon), (int)daemon->exit);
	handle_close((uv_handle_t *)&daemon->timer);
	handle_close((uv_handle_t *)&daemon->patience);
	handle_close((uv_handle_t *)&daemon->watchdog);
	for (int i = 0; i < SIGNALS; i++)
		handle_close((uv_handle_t *)&daemon->signals[i]);
	lease_end(daemon); /* before its async goes */
	handle_close((uv_handle_t *)&daemon->inherited);
	watch_stop(daemon->watch);
	workers_stop(daemon->workers);
	daemon->watch = NULL;
	daemon->workers = NULL;
	deadline_stop(&deadline);
}

/* Safe at any moment: the next start goes on from the ledger. */
static _Noreturn void leave(const struct daemon *daemon)
{
	run_forgive(&daemon->spool);
	_exit((int)daemon->exit);
}

static void on_patience_lost(uv_timer_t *timer)
{
	log_event(LOG_WARNING, "stop_timeout", NULL,
	    "a run did not reach a checkpoint within stop_timeout; it is left as it is and gone "
	    "on with at the next start");
	leave(timer->data);
}

static void stop(struct daemon *daemon)
{
	daemon->state = STOPPING;
	atomic_store(&daemon->is_stopping, true);
	notify_state("STOPPING=1");
	log_event(LOG_INFO, "stopping", NULL,
	    "stopping when the running files have got to a "
	    "checkpoint");
	uv_timer_start(&daemon->patience, on_patience_lost, daemon->config->stop_timeout_ms, 0);
	turn(daemon);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	(void)number;
	if (daemon->state == STOPPING)
		leave(daemon); /* asked twice */
	stop(daemon);
}

/* ---- another configuration ---- */

static struct error next_load(const struct daemon *daemon, struct config_file **file)
{
	struct error error = config_load(daemon->path, file);
	if (is_error(&error))
		return error;
	const struct config *next = config_get(*file), *now = daemon->config;
	if (strcmp(next->spool, now->spool) == 0 && strcmp(next->node, now->node) == 0 &&
	    config_is_shared(next) == config_is_shared(now))
		return OK;
	config_free(*file);
	return error_config(
	    "%s: another spool, node or kind of database needs a restart", daemon->path);
}

static void config_use(struct daemon *daemon, struct config_file *file)
{
	config_free(daemon->file);
	daemon->file = file;
	daemon->config = daemon->surroundings.config = config_get(file);
	log_set_level(daemon->config->log_level);
}

/* False: it is refused, which has been said. */
static bool config_take(const struct daemon *daemon, struct config_file **file)
{
	struct error error = next_load(daemon, file);
	if (is_error(&error))
		log_event(LOG_ERROR, "reload_refused", NULL,
		    "%s; the old configuration stays in force", error.text);
	return !is_error(&error);
}

static void on_hangup(uv_signal_t *handle, int number)
{
	struct daemon *daemon = handle->data;
	struct config_file *file;
	(void)number;
	if (daemon->state == STOPPING || !config_take(daemon, &file))
		return;
	config_free(daemon->next); /* of a reload that has not come to its end */
	daemon->next = file;
	daemon->state = RELOADING;
	atomic_store(&daemon->is_stopping, true);
	notify_reloading();
	turn(daemon);
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

/* --once is over when a scan that followed the last answer found nothing. */
static bool is_drained(struct daemon *daemon, const struct feeds_status *status)
{
	bool is_idle = status->ready + status->runs + status->busy + status->unsettled == 0;
	if (!is_idle || daemon->is_idle_twice)
		return is_idle && status->trouble_since == INT64_MAX;
	daemon->is_idle_twice = true;
	feeds_hear(daemon->feeds, WATCH_ALL, NULL, (int64_t)uv_now(&daemon->loop));
	return false;
}

/* Database or disk stayed away as long as we may wait. */
static bool is_hopeless(struct daemon *daemon, const struct feeds_status *status, int64_t now_ms)
{
	return status->busy == 0 && status->trouble_since != INT64_MAX &&
	       now_ms - status->trouble_since >= daemon->config->stop_timeout_ms;
}

static bool is_over(struct daemon *daemon, int64_t now_ms)
{
	struct feeds_status status;
	feeds_status_find(daemon->feeds, &status);
	if (daemon->state != RUNNING)
		return daemon->state == STOPPING && status.busy == 0;
	if (!daemon->once)
		return false;
	if (is_hopeless(daemon, &status, now_ms)) {
		log_event(LOG_ERROR, "gave_up", NULL, "%s; giving up, the files are kept",
		    status.trouble);
		daemon->exit = DAEMON_TRY_LATER;
		return true;
	}
	if (!is_drained(daemon, &status))
		return false;
	feeds_log_waiting(daemon->feeds);
	return true;
}

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
	turn(timer->data);
}

static void timer_set(struct daemon *daemon, int64_t now_ms)
{
	int64_t at = feeds_wake_at(daemon->feeds, now_ms);
	/* With every worker busy the next turn is the one that frees one, or a rescan. */
	uint64_t delay = at <= now_ms ? 1 : (uint64_t)(at - now_ms);
	if (delay > daemon->config->rescan_ms)
		delay = daemon->config->rescan_ms;
	uv_timer_start(&daemon->timer, on_timer, delay, 0);
}

static void turn(struct daemon *daemon)
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
		feeds_scan(daemon->feeds, daemon->watch, now_ms);
		give_out(daemon, now_ms);
		spool_status(daemon);
	}
	if (!daemon->workers)
		return; /* it was lost, and the loop is ending */
	status_tell(daemon, now_ms);
	if (is_over(daemon, now_ms))
		loop_end(daemon);
	else
		timer_set(daemon, now_ms);
}

static void on_watch(void *context, size_t place, const char *name)
{
	struct daemon *daemon = context;
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
	if (*job->report.zone)
		zone_change(daemon, job->report.zone);
	turn(daemon);
}

/* ---- beginning ---- */

/* As long as the loop does not run, a hangup is not lost, but waits. */
static void hangup_set(sigset_t *hangup, int how)
{
	sigemptyset(hangup);
	sigaddset(hangup, SIGHUP);
	pthread_sigmask(how, hangup, NULL);
}

/* True: a hangup came, which is blocked until the loop takes it. */
static bool pause_ms(int64_t ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	sigset_t hangup;
	hangup_set(&hangup, SIG_BLOCK);
	return sigtimedwait(&hangup, NULL, &time) == SIGHUP;
}

/* A reload before there are feeds or workers: the new settings are simply used from now on. */
static void config_change(struct daemon *daemon)
{
	struct config_file *file;
	if (!config_take(daemon, &file))
		return;
	config_use(daemon, file);
	log_event(LOG_INFO, "reloaded", NULL, "%s is in force", daemon->path);
}

/* SQLite takes a failed read for a damaged file: what is really wrong fails again. */
static struct error site_status(struct daemon *daemon)
{
	struct error error =
	    startup_site(&daemon->spool, daemon->config, &daemon->ids, daemon->zone);
	return error.class == ERROR_CONFIG
	           ? startup_site(&daemon->spool, daemon->config, &daemon->ids, daemon->zone)
	           : error;
}

static void failure_tell(const struct daemon *daemon, const struct error *error)
{
	char space[SPACE_TEXT_SIZE];
	space_describe(daemon->config, error, space);
	log_event(LOG_ERROR, "failed", NULL, "%s%s", error->text, space);
}

/* Nothing can be lost yet: any signal but a hangup simply ends us here. */
static struct error await(struct daemon *daemon, struct error (*look)(struct daemon *daemon))
{
	int64_t waited_ms = 0;
	for (int64_t delay_ms = 100;; delay_ms = delay_ms < 5000 ? delay_ms * 2 : delay_ms) {
		struct error error = look(daemon);
		bool may_wait = !daemon->once || waited_ms < daemon->config->stop_timeout_ms;
		if (error.class != ERROR_RETRY || error.is_stale || !may_wait)
			return error;
		char text[480], space[SPACE_TEXT_SIZE];
		space_describe(daemon->config, &error, space);
		if (waited_ms == 0)
			log_event(LOG_WARNING, "site_away", NULL, "%s%s; waiting for it",
			    error.text, space);
		value_cover_text(error.text);
		snprintf(text, sizeof text, "STATUS=waiting: %s\nEXTEND_TIMEOUT_USEC=30000000",
		    error.text);
		notify_state(text);
		if (pause_ms(delay_ms))
			config_change(daemon);
		waited_ms += delay_ms;
	}
}

static void signals_start(struct daemon *daemon)
{
	sigset_t hangup;
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
	hangup_set(&hangup, SIG_UNBLOCK);
}

/* Without inotify we still scan. */
static void watch_begin(struct daemon *daemon)
{
	struct error error = watch_start(
	    &daemon->loop, feeds_places(daemon->feeds), on_watch, daemon, &daemon->watch);
	if (is_error(&error))
		log_event(LOG_WARNING, "inbox_unwatched", NULL,
		    "%s: new files are only found every `rescan`", error.text);
}

static void network_tell(const struct daemon *daemon)
{
	if (daemon->spool.network)
		log_event(LOG_WARNING, "spool_on_network", NULL,
		    "the spool lies on %s, of whose other writers the kernel does not tell: the "
		    "inboxes are looked into every %d s; see enrold(8) for how to mount it",
		    daemon->spool.network, SPOOL_NETWORK_RESCAN_MS / 1000);
}

static enum daemon_exit exit_of(const struct error *error)
{
	switch (error->class) {
	case ERROR_NONE: return DAEMON_OK;
	case ERROR_CONFIG: return DAEMON_CONFIG;
	case ERROR_RETRY:
	case ERROR_REJECT: return DAEMON_TRY_LATER;
	}
	abort();
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
		error = startup_runs(&daemon->spool, &daemon->ids, daemon->feeds);
	if (is_error(&error))
		return error;
	watch_begin(daemon);
	return workers_start(
	    &daemon->loop, &daemon->surroundings, on_job_done, daemon, &daemon->workers);
}

/* No other thread may exist. */
static void zone_use(struct daemon *daemon)
{
	if (*daemon->zone_next == '\0')
		return;
	memcpy(daemon->zone, daemon->zone_next, sizeof daemon->zone);
	*daemon->zone_next = '\0';
	startup_zone(daemon->zone);
	log_event(LOG_INFO, "zone_changed", NULL,
	    "the site's time zone is %s now: dates and days are its own", daemon->zone);
}

/* All workers are at rest: everything that knows the old configuration goes. */
static void reload(struct daemon *daemon)
{
	watch_stop(daemon->watch);
	workers_stop(daemon->workers);
	daemon->watch = NULL;
	daemon->workers = NULL;
	lease_pause(daemon->lease);
	zone_use(daemon);
	/* The feeds still point into the old one, until work_begin has made new ones. */
	struct config_file *old = daemon->next ? daemon->file : NULL;
	bool is_asked = daemon->next;
	if (is_asked) {
		daemon->file = NULL;
		config_use(daemon, daemon->next);
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
	if (is_error(&error)) {
		failure_tell(daemon, &error);
		daemon->exit = exit_of(&error);
		loop_end(daemon);
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
	daemon->timer.data = daemon->patience.data = daemon;
	signals_start(daemon);
	watchdog_begin(daemon);
	uv_async_init(&daemon->loop, &daemon->inherited, on_inherited);
	daemon->inherited.data = daemon;
	atomic_store(&daemon->is_listening, true);
	struct error error = work_begin(daemon);
	if (is_error(&error)) {
		daemon->exit = exit_of(&error);
		loop_end(daemon);
	} else {
		/* The first turn sets the watches: ready means that from now on nothing is missed.
		 */
		inherited_take(daemon);
		turn(daemon);
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
	sigset_t hangup;
	hangup_set(&hangup, SIG_BLOCK);
	struct error error = spool_open(daemon->config, &daemon->spool);
	if (is_error(&error))
		return error;
	network_tell(daemon);
	/* Made before the database is there, so that people find where to drop. */
	error = error_at_start(spool_open_feeds(daemon->config, &daemon->spool));
	if (!is_error(&error))
		error = await(daemon, site_status);
	if (!is_error(&error))
		error = await(daemon, lease_begin);
	if (!is_error(&error))
		error = loop_run(daemon);
	lease_end(daemon);
	feeds_free(daemon->feeds);
	spool_close(&daemon->spool);
	return error;
}

enum daemon_exit daemon_run(const char *path, struct config_file *file, bool once)
{
	struct daemon daemon = {.path = path, .once = once};
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
	config_use(&daemon, file);
	run_ids_init(&daemon.ids);
	turnstile_init(&daemon.turnstile);
	notify_open(&daemon.notify);
	umask(0007); /* each file and folder has its own mode; others get nothing */
	;
	struct error error = run(&daemon);
	notify_close(&daemon.notify);
	turnstile_done(&daemon.turnstile);
	run_ids_done(&daemon.ids);
	if (is_error(&error))
		failure_tell(&daemon, &error);
	else
		log_event(LOG_INFO, "stopped", NULL, "enrold has stopped");
	config_free(daemon.next);
	config_free(daemon.file);
	return is_error(&error) ? exit_of(&error) : daemon.exit;
}
