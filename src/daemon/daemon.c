/*
 * The daemon's making and its end: what has to be there before the loop runs, its handles and
 * signals. What a turn of the loop does is in daemon_turn.c.
 */
#include "daemon_state.h"

#include "startup.h"
#include "steer.h"

#include "enrold/lms.h"
#include "enrold/log.h"
#include "enrold/patient.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

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

/* ---- checkpoints ---- */

static void on_checkpoints(void *context)
{
	struct daemon *daemon = context;
	if (daemon->workers) /* else the loop is ending */
		daemon_metrics_soon(daemon);
	daemon_turn(daemon);
}

/* ---- what people are told, and pages ---- */

static void on_written(void *context)
{
	daemon_turn(context); /* a reload may have waited */
}

/* ---- what the database says beside the loop ---- */

static void on_every(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	daemon_look(daemon);
	paging_look(&daemon->paging);
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
		systemd_status(&daemon->notify, "WATCHDOG=1");
}

/* ---- beginning ---- */

static struct error site_look(struct daemon *daemon, struct lms **opened)
{
	return startup_site(&daemon->spool, daemon->config, &daemon->ids, daemon->zone, opened);
}

/* With --once the first run goes on with the connection: it need not be made and checked again. A
 * daemon may wait for hours for its first file. */
static struct error site_status(struct daemon *daemon)
{
	struct lms *opened = NULL;
	struct error error = site_look(daemon, &opened);
	/* SQLite takes a failed read for a damaged file: what is really wrong fails again. */
	if (error.class == ERROR_CONFIG)
		error = site_look(daemon, &opened);
	if (daemon->once)
		atomic_store(&daemon->opened, opened);
	else
		lms_close(opened);
	return error;
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

static void watchdog_begin(struct daemon *daemon)
{
	uint64_t every_ms = systemd_watchdog_ms();
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
		systemd_state("READY=1");
	}
	uv_run(&daemon->loop, UV_RUN_DEFAULT);
	int closed = uv_loop_close(&daemon->loop);
	assert(closed == 0);
	deadline_stop(&daemon->deadline);
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
	daemon_close_opened(daemon);
	daemon_leave_cluster(daemon);
	daemon_metrics_end(daemon);
	feeds_free(daemon->feeds);
	overview_done(&daemon->overview);
	noticing_done(&daemon->noticing);
	paging_done(&daemon->paging);
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
	    .checkpoints = &daemon.checkpoints,
	    .opened = &daemon.opened,
	    .is_stopping = &daemon.is_stopping,
	    .is_crowded = &daemon.is_crowded,
	    .progress = &daemon.progress,
	};
	daemon_use_config(&daemon, file);
	daemon.surroundings.packer = packer_create();
	run_ids_init(&daemon.ids);
	turnstile_init(&daemon.turnstile);
	checkpoints_init(&daemon.checkpoints);
	daemon.overview.checkpoints = &daemon.checkpoints;
	daemon.checkpointing = (struct checkpointing){.loop = &daemon.loop,
	    .checkpoints = &daemon.checkpoints,
	    .spool = &daemon.spool,
	    .is_leaving = &daemon.is_leaving,
	    .on_end = on_checkpoints,
	    .context = &daemon};
	daemon.noticing = (struct noticing){
	    .loop = &daemon.loop, .spool = &daemon.spool, .on_end = on_written, .context = &daemon};
	daemon.paging = (struct paging){.loop = &daemon.loop,
	    .spool = &daemon.spool,
	    .packer = daemon.surroundings.packer,
	    .zone = daemon.zone,
	    .on_end = on_written,
	    .context = &daemon};
	systemd_open(&daemon.notify);
	umask(0007); /* each file and folder has its own mode; others get nothing */
	struct error error = daemon.surroundings.packer ? run(&daemon) : error_memory("starting");
	systemd_close(&daemon.notify);
	checkpoints_done(&daemon.checkpoints);
	turnstile_done(&daemon.turnstile);
	packer_free(daemon.surroundings.packer);
	run_ids_done(&daemon.ids);
	if (is_error(&error))
		daemon_log_failure(&daemon, &error);
	else
		log_event(LOG_INFO, "stopped", NULL, "enrold has stopped");
	config_free(daemon.next);
	config_free(daemon.file);
	return is_error(&error) ? daemon_exit_of(&error) : daemon.exit;
}
