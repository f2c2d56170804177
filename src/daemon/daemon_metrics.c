/*
 * daemon_metrics: when the metrics are written, and what the loop knows of how things stand: every
 * 15 seconds, and soon after each answer, but not more than once a second.
 *
 * It is written on the loop: a few milliseconds, without a flush. A folder that cannot be written
 * is said once, until it can be again, and keeps no file waiting.
 */
#include "daemon_state.h"

#include "metrics_file.h"

#include "enrold/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { METRICS_EVERY_MS = 15000, METRICS_GAP_MS = 1000, SCHEME_SIZE = 16 };

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

static void disk_look(const struct config *config, struct metrics_now *now)
{
	struct statvfs disk;
	if (statvfs(config->spool, &disk) < 0)
		return;
	now->spool_size = (int64_t)(disk.f_blocks * disk.f_frsize);
	now->spool_free = (int64_t)(disk.f_bavail * disk.f_frsize);
}

static void engine_name(const struct config *config, char engine[SCHEME_SIZE])
{
	const char *url = config->lms.url;
	snprintf(engine, SCHEME_SIZE, "%.*s", (int)strcspn(url, ":"), url);
}

/* ---- writing ---- */

static void result_tell(struct daemon *daemon, const struct error *error)
{
	if (is_error(error) && !daemon->are_metrics_unwritten)
		log_event(LOG_WARNING, "metrics_unwritten", NULL,
		    "%s: until that works again there are no new metrics; may the daemon write "
		    "into that folder?",
		    error->text);
	daemon->are_metrics_unwritten = is_error(error);
	if (!is_error(error))
		snprintf(daemon->metrics_path, sizeof daemon->metrics_path, "%s",
		    daemon->config->metrics_file);
}

static struct error feeds_look(const struct daemon *daemon, struct metrics_now *now)
{
	size_t count = daemon->config->feeds_count;
	now->feeds = calloc(count, sizeof *now->feeds);
	if (!now->feeds)
		return error_memory("writing the metrics");
	now->feeds_count = count;
	feeds_tell(daemon->feeds, now->feeds);
	return OK;
}

static struct error now_write(const struct daemon *daemon, const struct metrics_now *now)
{
	struct buffer text = {0};
	metrics_format(daemon->metrics, now, &text);
	struct error error =
	    text.failed ? error_memory("writing the metrics")
	                : metrics_file_write(daemon->config->metrics_file, buffer_slice(&text));
	buffer_done(&text);
	return error;
}

void daemon_metrics_write(struct daemon *daemon)
{
	const struct config *config = daemon->config;
	char engine[SCHEME_SIZE];
	struct metrics_now now = metrics_unknown(time(NULL));
	struct error error = OK;
	if (!config->metrics_file)
		return;
	engine_name(config, engine);
	now.node = config->node;
	now.engine = engine;
	disk_look(config, &now);
	if (daemon->feeds)
		error = feeds_look(daemon, &now);
	else
		now.database_up = 0; /* that is what a start waits for */
	if (!is_error(&error))
		error = now_write(daemon, &now);
	result_tell(daemon, &error);
	free(now.feeds);
}

/* ---- when ---- */

static void on_metrics_timer(uv_timer_t *timer)
{
	struct daemon *daemon = timer->data;
	daemon->metrics_at = (int64_t)uv_now(&daemon->loop);
	daemon_metrics_write(daemon);
	uv_timer_start(timer, on_metrics_timer, METRICS_EVERY_MS, 0);
}

void daemon_metrics_start(struct daemon *daemon)
{
	uv_timer_init(&daemon->loop, &daemon->metrics_timer);
	daemon->metrics_timer.data = daemon;
	uv_timer_start(&daemon->metrics_timer, on_metrics_timer, 0, 0);
}

void daemon_metrics_count(struct daemon *daemon, const struct run_report *report)
{
	int64_t passed_ms = (int64_t)uv_now(&daemon->loop) - daemon->metrics_at;
	metrics_count(daemon->metrics, report);
	uv_timer_start(&daemon->metrics_timer, on_metrics_timer,
	    passed_ms < METRICS_GAP_MS ? (uint64_t)(METRICS_GAP_MS - passed_ms) : 0, 0);
}

void daemon_metrics_end(struct daemon *daemon)
{
	if (daemon->metrics && daemon->feeds)
		daemon_metrics_write(daemon);
	metrics_free(daemon->metrics);
	daemon->metrics = NULL;
}
