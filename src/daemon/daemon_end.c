/*
 * daemon_end: whether the daemon is over, and how it ends.
 */
#include "daemon_state.h"

#include "deadline.h"

#include "enrold/log.h"

#include <stdlib.h>
#include <unistd.h>

/* Threads that only look: nobody waits long for them, when all else is done. */
enum { LEFT_MS = 2000 };

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

void daemon_leave_cluster(struct daemon *daemon)
{
	lease_stop(daemon->lease);
	daemon->lease = daemon->surroundings.lease = NULL;
}

/* Closes all handles, whereupon the loop ends. Nothing may be running. */
void daemon_end_loop(struct daemon *daemon)
{
	struct deadline deadline;
	deadline_start(&deadline, patience_left_ms(daemon), (int)daemon->exit);
	handle_close((uv_handle_t *)&daemon->timer);
	handle_close((uv_handle_t *)&daemon->patience);
	handle_close((uv_handle_t *)&daemon->watchdog);
	handle_close((uv_handle_t *)&daemon->every);
	overview_stop(&daemon->overview);
	lookback_cancel(&daemon->lookbacks);
	clients_stop(daemon->clients);
	daemon->clients = NULL;
	handle_close((uv_handle_t *)&daemon->metrics_timer);
	for (int i = 0; i < SIGNALS; i++)
		handle_close((uv_handle_t *)&daemon->signals[i]);
	daemon_leave_cluster(daemon); /* before its async goes */
	handle_close((uv_handle_t *)&daemon->inherited);
	watch_stop(daemon->watch);
	workers_stop(daemon->workers);
	daemon->watch = NULL;
	daemon->workers = NULL;
	deadline_stop(&deadline);
	deadline_start(&daemon->deadline, LEFT_MS, (int)daemon->exit);
}

/* Safe at any moment: the next start goes on from the ledger. */
_Noreturn void daemon_leave(const struct daemon *daemon)
{
	run_forgive(&daemon->spool);
	_exit((int)daemon->exit);
}

enum daemon_exit daemon_exit_of(const struct error *error)
{
	switch (error->class) {
	case ERROR_NONE: return DAEMON_OK;
	case ERROR_CONFIG: return DAEMON_CONFIG;
	case ERROR_RETRY:
	case ERROR_REJECT: return DAEMON_TRY_LATER;
	}
	abort();
}

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

/* A change of the time zone that is still to come is the next daemon's. */
static bool pages_are_over(struct daemon *daemon)
{
	return !daemon_may_begin_thread(daemon) || paging_is_over(&daemon->paging, daemon->file);
}

bool daemon_is_over(struct daemon *daemon, int64_t now_ms)
{
	struct feeds_status status;
	feeds_status_find(daemon->feeds, &status);
	if (daemon->state != RUNNING)
		return daemon->state == STOPPING && status.busy == 0 && pages_are_over(daemon);
	if (!daemon->once)
		return false;
	if (is_hopeless(daemon, &status, now_ms)) {
		log_event(LOG_ERROR, "gave_up", NULL, "%s; giving up, the files are kept",
		    status.trouble);
		daemon->exit = DAEMON_TRY_LATER;
		return true;
	}
	if (!is_drained(daemon, &status) || !workers_rest(daemon->workers) ||
	    !checkpointing_is_over(&daemon->checkpointing, daemon->file) || !pages_are_over(daemon))
		return false;
	feeds_log_waiting(daemon->feeds);
	return true;
}
