/*
 * clock: whether this machine's clock may be believed before it names a run. One run under a clock
 * of 2099 would give all later ids and folders of the archive that year, for ids never go back.
 *
 * What a clock is compared with, in this order:
 *
 *     the newest run       not more than a day ahead: believed, and nobody is asked
 *     a server's clock     not more than a day ahead: believed; this machine has slept
 *     SQLite has none      a person who touches the configuration under this clock vouches for it;
 *                          else a machine may have slept for as long as 400 days, since a site may
 *                          be used once a year, and no longer
 *
 * A clock that is behind is no trouble: ids go on from the newest.
 */
#include "run_state.h"

#include <stdio.h>
#include <sys/stat.h>

#define DAY_US (INT64_C(86400) * 1000000)

enum { SLEEP_DAYS = 400 };

static void time_show(int64_t epoch_us, char text[32])
{
	char id[RUN_ID_SIZE + 1];
	run_id_format(epoch_us, id);
	snprintf(text, 32, "%.4s-%.2s-%.2s", id, id + 4, id + 6);
}

static struct error ahead_of(int64_t now_us, const char *what, int64_t what_us, const char *advice)
{
	char now[32], then[32];
	time_show(now_us, now);
	time_show(what_us, then);
	return error_retry(
	    "this machine's clock says %s, far ahead of %s (%s): %s", now, what, then, advice);
}

/* A person wrote it last, or something that a person told to. */
static int64_t config_changed_us(const struct run_surroundings *shared)
{
	struct stat stat_of;
	if (!shared->config_path || stat(shared->config_path, &stat_of) < 0)
		return 0;
	return (int64_t)stat_of.st_mtim.tv_sec * 1000000;
}

static struct error compare_files(
    const struct run_surroundings *shared, int64_t now_us, int64_t newest_us)
{
	int64_t changed_us = config_changed_us(shared);
	if (newest_us == 0 || now_us - newest_us <= SLEEP_DAYS * DAY_US ||
	    now_us - changed_us <= DAY_US)
		return OK;
	return ahead_of(now_us, "the newest run", newest_us,
	    "set it, or touch the configuration if it is right");
}

struct error clock_check(struct runner *runner)
{
	const struct run_surroundings *shared = runner->shared;
	int64_t now_us = run_now_us(), newest_us = run_ids_newest(shared->ids), server_us = 0;
	if (newest_us != 0 && now_us - newest_us <= DAY_US)
		return OK;
	struct error error = lms_ask_clock(runner->lms, &server_us);
	if (is_error(&error))
		return error;
	if (server_us == 0)
		return compare_files(shared, now_us, newest_us);
	return now_us - server_us > DAY_US ? ahead_of(now_us, "the database's", server_us, "set it")
	                                   : OK;
}
