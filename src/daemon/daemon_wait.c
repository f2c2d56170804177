/*
 * daemon_wait: the configuration that is in force, and waiting for what has to be there before the
 * loop can run: the site, and the other daemons' consent.
 */
#include "daemon_state.h"

#include "space.h"
#include "startup.h"

#include "enrold/lms.h"
#include "enrold/log.h"
#include "enrold/value.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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

void daemon_close_opened(struct daemon *daemon)
{
	lms_close(atomic_exchange(&daemon->opened, NULL));
}

void daemon_use_config(struct daemon *daemon, struct config_file *file)
{
	daemon_close_opened(daemon); /* it has borrowed of the old one */
	config_free(daemon->file);
	daemon->file = file;
	daemon->config = daemon->surroundings.config = config_get(file);
	log_set_level(daemon->config->log_level);
}

struct error daemon_take_config(const struct daemon *daemon, struct config_file **file)
{
	struct error error = next_load(daemon, file);
	if (is_error(&error))
		log_event(LOG_ERROR, "reload_refused", NULL,
		    "%s; the old configuration stays in force", error.text);
	return error;
}

/* A reload before there are feeds or workers: the new settings are simply used from now on. */
static void config_change(struct daemon *daemon)
{
	struct config_file *file;
	struct error error = daemon_take_config(daemon, &file);
	if (is_error(&error))
		return;
	daemon_use_config(daemon, file);
	log_event(LOG_INFO, "reloaded", NULL, "%s is in force", daemon->path);
}

bool daemon_may_begin_thread(const struct daemon *daemon)
{
	return *daemon->zone_next == '\0';
}

/* No other thread may exist. */
void daemon_use_zone(struct daemon *daemon)
{
	if (*daemon->zone_next == '\0')
		return;
	memcpy(daemon->zone, daemon->zone_next, sizeof daemon->zone);
	*daemon->zone_next = '\0';
	startup_zone(daemon->zone);
	log_event(LOG_INFO, "zone_changed", NULL,
	    "the site's time zone is %s now: dates and days are its own", daemon->zone);
}

/* As long as the loop does not run, a hangup is not lost, but waits. */
void daemon_set_hangup(int how)
{
	sigset_t hangup;
	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	pthread_sigmask(how, &hangup, NULL);
}

/* True: a hangup came, which is blocked until the loop takes it. */
static bool pause_ms(int64_t ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	sigset_t hangup;
	daemon_set_hangup(SIG_BLOCK);
	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	return sigtimedwait(&hangup, NULL, &time) == SIGHUP;
}

void daemon_log_failure(const struct daemon *daemon, const struct error *error)
{
	char space[SPACE_TEXT_SIZE];
	space_describe(daemon->config, error, space);
	log_event(LOG_ERROR, "failed", NULL, "%s%s", error->text, space);
}

/* Nothing can be lost yet: any signal but a hangup simply ends us here. */
struct error daemon_await(struct daemon *daemon, struct error (*look)(struct daemon *daemon))
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
		systemd_state(text);
		daemon_metrics_write(daemon);
		if (pause_ms(delay_ms))
			config_change(daemon);
		waited_ms += delay_ms;
	}
}
