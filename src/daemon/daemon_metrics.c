/*
 * daemon_metrics: when the metrics are written, and what the loop knows of how things stand: every
 * 15 seconds, and soon after each answer, but not more than once a second.
 *
 * The text is made on the loop, and written by a thread of libuv's pool, so that a folder that
 * hangs keeps nobody waiting. One that cannot be written is said once, until it can be again.
 */
#include "daemon_state.h"

#include "metrics_file.h"
#include "status.h"

#include "enrold/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { METRICS_EVERY_MS = 15000, METRICS_GAP_MS = 1000 };

struct error daemon_metrics_create(struct daemon *daemon)
{
	daemon->metrics = metrics_create(time(NULL));
	return daemon->metrics ? daemon_metrics_use(daemon) : error_memory("starting");
}

/* Where it lay before it would only get old, and be taken for that of a dead daemon. */
static void file_leave(struct daemon *daemon)
{
	const char *path = daemon->config->metrics_file;
	if (*daemon->metrics_path && (!path || strcmp(path, daemon->metrics_path) != 0)) {
		unlink(daemon->metrics_path);
		*daemon->metrics_path = '\0';
		daemon->are_metrics_unwritten = false;
	}
}

struct error daemon_metrics_use(struct daemon *daemon)
{
	struct error error = metrics_use(daemon->metrics, daemon->config);
	if (!is_error(&error))
		file_leave(daemon);
	return error;
}

/* ---- how things stand ---- */

static void overview_tell(const struct overview *overview, struct metrics_now *now)
{
	if (!overview->is_known)
		return;
	now->database_up = overview->is_up;
	if (overview->growth_ms > 0)
		now->chain_height = (int64_t)overview->growth.chained;
	if (overview->spool_disk.size_bytes > 0) {
		now->spool_size = (int64_t)overview->spool_disk.size_bytes;
		now->spool_free = (int64_t)overview->spool_disk.free_bytes;
	}
	now->held_files = (int64_t)overview->held_files;
	now->quarantine_files = (int64_t)overview->quarantine_files;
	now->notices = (int64_t)overview->notices;
	int64_t age_s = now->time_s - overview->notices_oldest_s;
	now->notices_oldest_age_s = overview->notices_oldest_s > 0 && age_s > 0 ? age_s : 0;
}

static void checkpoints_tell(const struct daemon *daemon, struct metrics_now *now)
{
	if (!daemon->config->checkpoints.key || !daemon->overview.is_known)
		return;
	const struct checkpoints_state state =
	    checkpoints_state((struct checkpoints *)&daemon->checkpoints);
	now->checkpoint_number = (int64_t)state.number;
	if (state.number > 0)
		now->checkpoint_s = state.made_s;
	if (state.has_given)
		now->checkpoint_given = (int64_t)state.given;
	now->checkpoint_trouble = *state.failed || *state.not_given;
}

static struct error all_feeds_tell(const struct daemon *daemon, struct metrics_now *now)
{
	size_t count = daemon->config->feeds_count;
	const struct status_moment moment = {
	    .now_s = now->time_s, .overview = &daemon->overview, .workers = daemon->workers};
	now->feeds = calloc(count, sizeof *now->feeds);
	if (!now->feeds)
		return error_memory("writing the metrics");
	now->feeds_count = count;
	feeds_tell(daemon->feeds, &moment, now->feeds);
	for (size_t i = 0; i < count; i++)
		metrics_recall(daemon->metrics, &now->feeds[i]);
	return OK;
}

/* For the caller to put away. */
static struct error text_make(const struct daemon *daemon, struct buffer *text)
{
	struct metrics_now now = metrics_unknown(time(NULL));
	struct error error = OK;
	now.node = daemon->config->node;
	now.engine = status_engine(daemon->config->lms.url);
	overview_tell(&daemon->overview, &now);
	checkpoints_tell(daemon, &now);
	if (daemon->feeds)
		error = all_feeds_tell(daemon, &now);
	else
		now.database_up = 0; /* that is what a start waits for */
	metrics_format(daemon->metrics, &now, text);
	free(now.feeds);
	return text->failed ? error_memory("writing the metrics") : error;
}

/* ---- writing ---- */

struct metrics_writing {
	uv_work_t work;
	struct daemon *daemon;
	struct buffer text;
	char path[PATH_MAX];
	struct error error;
};

static void result_tell(struct daemon *daemon, const char *path, const struct error *error)
{
	if (is_error(error) && !daemon->are_metrics_unwritten)
		log_event(LOG_WARNING, "metrics_unwritten", NULL,
		    "%s: until that works again there are no new metrics; may the daemon write "
		    "into that folder?",
		    error->text);
	daemon->are_metrics_unwritten = is_error(error);
	if (!is_error(error))
		snprintf(daemon->metrics_path, sizeof daemon->metrics_path, "%s", path);
}

/* On the thread. */
static void on_write(uv_work_t *work)
{
	struct metrics_writing *writing = work->data;
	writing->error = metrics_file_write(writing->path, buffer_slice(&writing->text));
}

static void writing_free(struct metrics_writing *writing)
{
	writing->daemon->metrics_writing = NULL;
	buffer_done(&writing->text);
	free(writing);
}

static void on_written(uv_work_t *work, int status)
{
	struct metrics_writing *writing = work->data;
	struct daemon *daemon = writing->daemon;
	(void)status; /* it is never cancelled */
	result_tell(daemon, writing->path, &writing->error);
	file_leave(daemon); /* there may be other settings by now */
	writing_free(writing);
}

/* Only one at a time: while it hangs there is nothing newer to write. */
static void write_begin(struct daemon *daemon)
{
	if (daemon->metrics_writing || !daemon->config->metrics_file)
		return;
	struct metrics_writing *writing = calloc(1, sizeof *writing);
	if (!writing)
		return; /* another time */
	daemon->metrics_writing = writing;
	writing->daemon = daemon;
	writing->work.data = writing;
	snprintf(writing->path, sizeof writing->path, "%s", daemon->config->metrics_file);
	struct error error = text_make(daemon, &writing->text);
	if (!is_error(&error) &&
	    uv_queue_work(&daemon->loop, &writing->work, on_write, on_written) == 0)
		return;
	writing_free(writing);
}

void daemon_metrics_write(struct daemon *daemon)
{
	const char *path = daemon->config->metrics_file;
	struct buffer text = {0};
	if (!path)
		return;
	struct error error = text_make(daemon, &text);
	if (!is_error(&error))
		error = metrics_file_write(path, buffer_slice(&text));
	result_tell(daemon, path, &error);
	buffer_done(&text);
}

/* ---- when ---- */

static void on_metrics_timer(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	daemon->metrics_at = (int64_t)uv_now(&daemon->loop);
	write_begin(daemon);
	uv_timer_start(timer, on_metrics_timer, METRICS_EVERY_MS, 0);
}

void daemon_metrics_start(struct daemon *daemon)
{
	uv_timer_init(&daemon->loop, &daemon->metrics_timer);
	daemon->metrics_timer.data = daemon;
	uv_timer_start(&daemon->metrics_timer, on_metrics_timer, 0, 0);
}

void daemon_metrics_soon(struct daemon *daemon)
{
	int64_t passed_ms = (int64_t)uv_now(&daemon->loop) - daemon->metrics_at;
	uv_timer_start(&daemon->metrics_timer, on_metrics_timer,
	    passed_ms < METRICS_GAP_MS ? (uint64_t)(METRICS_GAP_MS - passed_ms) : 0, 0);
}

void daemon_metrics_count(struct daemon *daemon, const struct run_report *report)
{
	metrics_count(daemon->metrics, report, time(NULL));
	daemon_metrics_soon(daemon);
}

void daemon_metrics_end(struct daemon *daemon)
{
	if (daemon->metrics && daemon->feeds)
		daemon_metrics_write(daemon);
	metrics_free(daemon->metrics);
	daemon->metrics = NULL;
}
