#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum { MODE_INDEX = 0750 };

/* The database is not needed: without it the answer says less, and that it does. */
static void lms_connect(struct history *history)
{
	struct error error = lms_open(&history->config->lms, &history->lms);
	if (is_error(&error)) {
		history->away = error;
		history->lms = NULL;
		return;
	}
	history->away = lms_check_site(history->lms, true);
	if (!is_error(&history->away))
		history->away = lms_load_site(history->lms, &history->site);
}

/* Who may not read them is told of no stopped run. */
static void orders_take(struct history *history)
{
	int directory =
	    openat(history->root, "orders", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct error error = directory < 0 ? OK : orders_load(directory, &history->orders);
	(void)error;
	if (directory >= 0)
		close(directory);
}

static struct error places_open(struct history *history)
{
	struct stat stat;
	history->root = open(history->config->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (history->root < 0)
		return error_at_start(
		    error_errno("cannot open the spool %s", history->config->spool));
	/* What is made there must be the daemon's. */
	history->may_write = fstat(history->root, &stat) == 0 && stat.st_uid == geteuid();
	if (history->may_write)
		(void)!mkdirat(history->root, "index", MODE_INDEX);
	history->index =
	    openat(history->root, "index", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	orders_take(history);
	return OK;
}

static void done(struct history *history)
{
	lms_close(history->lms);
	orders_free(&history->orders);
	if (history->index >= 0)
		close(history->index);
	if (history->root >= 0)
		close(history->root);
}

struct error history_answer(const struct config *config, const struct history_query *query,
    const atomic_bool *is_cancelled, history_on_object *on_object, void *context)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	struct history history = {.config = config,
	    .query = query,
	    .is_cancelled = is_cancelled,
	    .on_object = on_object,
	    .context = context,
	    .away = OK,
	    .root = -1,
	    .index = -1,
	    .now_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000};
	struct error error = places_open(&history);
	if (!is_error(&error))
		lms_connect(&history);
	if (!is_error(&error))
		error = query->command == HISTORY_RUNS   ? history_runs(&history)
		        : query->command == HISTORY_SHOW ? history_show(&history)
		                                         : history_explain(&history);
	done(&history);
	return error;
}
