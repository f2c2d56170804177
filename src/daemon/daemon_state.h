/*
 * daemon_state: the daemon from the inside, as daemon.c and its neighbours share it. Nobody else
 * includes it.
 */
#ifndef DAEMON_DAEMON_STATE_H
#define DAEMON_DAEMON_STATE_H

#include "enrold/daemon.h"
#include "enrold/systemd.h"

#include "checkpointing.h"
#include "clients.h"
#include "deadline.h"
#include "feeds.h"
#include "lookback.h"
#include "metrics.h"
#include "noticing.h"
#include "overview.h"
#include "paging.h"

#include <limits.h>
#include <signal.h>

enum { SIGNALS = 3 };

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
	struct lease *lease;          /* NULL: the spool is not shared */
	_Atomic(struct lms *) opened; /* what the start has left for the first run; NULL: nothing */
	uv_async_t inherited;         /* runs of a dead daemon */
	atomic_bool is_listening;
	atomic_bool is_stopping; /* runs end at their next checkpoint: not RUNNING */
	atomic_bool is_crowded;  /* a file waits for a worker */
	atomic_bool is_leaving;  /* STOPPING */
	struct pace pace;
	struct checkpoints checkpoints;
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
	struct clients *clients;
	struct lookbacks lookbacks;
	struct overview overview;
	size_t orderings;         /* of people, that a thread writes down */
	struct deadline deadline; /* of what is left when the loop ends */
	uv_timer_t every;         /* OVERVIEW_EVERY_MS */
	struct checkpointing checkpointing;
	struct noticing noticing;
	struct paging paging;
	int64_t started_s;
	int64_t known_s;   /* when the settings in force were written */
	int64_t look_at;   /* when the overview is asked for out of turn; INT64_MAX: it is not */
	int64_t orders_at; /* when they are looked at next */
	enum daemon_exit exit;
	bool once;
	bool is_idle_twice; /* once: nothing was found after all was done */
	struct metrics *metrics;
	uv_timer_t metrics_timer;
	struct metrics_writing *metrics_writing; /* under way; NULL: none */
	int64_t metrics_at;                      /* milliseconds: the last writing */
	bool are_metrics_unwritten;              /* which has been said */
	char metrics_path[PATH_MAX];             /* of what was written; "": nothing */
	struct systemd notify;
	char status[320];
	int64_t status_at;
};

/* ---- daemon_turn.c ---- */

void daemon_turn(struct daemon *daemon);
/* When the running files have got to a checkpoint. */
void daemon_stop(struct daemon *daemon);
/* Makes what depends on the configuration: the feeds, their watches, the workers. */
struct error daemon_begin_work(struct daemon *daemon) MUST_CHECK;
/* At what the database and the disks say, on a thread. */
void daemon_look(struct daemon *daemon);
/* Reads what people have ordered, and obeys. */
struct error daemon_take_orders(struct daemon *daemon) MUST_CHECK;
/* Begins to; the error: the settings stay as they are. */
struct error daemon_reload(struct daemon *daemon) MUST_CHECK;

/* ---- daemon_wait.c ---- */

/* NULL there: nothing. No worker may run. */
void daemon_close_opened(struct daemon *daemon);
/* The file is taken, and what was in force is given back. */
void daemon_use_config(struct daemon *daemon, struct config_file *file);
/* An error: it is refused, which has been said. */
struct error daemon_take_config(const struct daemon *daemon, struct config_file **file) MUST_CHECK;
/* False: the time zone is about to change. It is the whole process's, in its environment, which
 * libraries ask: no thread of the pool may be begun until it has. */
bool daemon_may_begin_thread(const struct daemon *daemon);
/* The site's time zone, if it is another now. No other thread may exist. */
void daemon_use_zone(struct daemon *daemon);
/* As long as the loop does not run, a hangup is not lost, but waits: SIG_BLOCK, SIG_UNBLOCK. */
void daemon_set_hangup(int how);
/* Looks until there is no RETRY any more, or waiting is over. */
struct error daemon_await(
    struct daemon *daemon, struct error (*look)(struct daemon *daemon)) MUST_CHECK;
void daemon_log_failure(const struct daemon *daemon, const struct error *error);

/* ---- daemon_metrics.c ---- */

struct error daemon_metrics_create(struct daemon *daemon) MUST_CHECK;
/* Once there is a loop: from now on it is written every so often. */
void daemon_metrics_start(struct daemon *daemon);
/* Another configuration is in force. */
struct error daemon_metrics_use(struct daemon *daemon) MUST_CHECK;
/* There is news. */
void daemon_metrics_soon(struct daemon *daemon);
/* An answer, which is. */
void daemon_metrics_count(struct daemon *daemon, const struct run_report *report);
/* At once, where no loop runs: while the database is waited for. What fails is said. */
void daemon_metrics_write(struct daemon *daemon);
/* For the last time. */
void daemon_metrics_end(struct daemon *daemon);

/* ---- daemon_end.c ---- */

bool daemon_is_over(struct daemon *daemon, int64_t now_ms);
void daemon_leave_cluster(struct daemon *daemon);
/* Closes all handles, whereupon the loop ends. Nothing may be running. */
void daemon_end_loop(struct daemon *daemon);
/* At once; safe at any moment: the next start goes on from the ledger. */
_Noreturn void daemon_leave(const struct daemon *daemon);
enum daemon_exit daemon_exit_of(const struct error *error);

#endif
