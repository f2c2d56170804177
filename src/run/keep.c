/*
 * keep: once a day enrold itself gives the order to prune what a feed keeps no longer. A day that
 * has had such a run, whoever has wanted it, needs no other.
 */
#include "run_state.h"

#include <stdio.h>
#include <time.h>

static void day_begin(char since[RUN_ID_SIZE + 1])
{
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	run_id_format((int64_t)mktime(&tm) * 1000000, since);
}

struct error keep_claim(struct run *run)
{
	char name[FILE_NAME_SIZE], since[RUN_ID_SIZE + 1];
	bool has_run = false;
	const char *feed = run->lane.feed;
	struct order *order = &run->ordered.order;
	*order = (struct order){.kind = ORDER_PRUNE,
	    .by = "enrold",
	    .why = "keep",
	    .at_s = (int64_t)time(NULL),
	    .uid = -1,
	    .loginuid = -1};
	snprintf(order->subject, sizeof order->subject, "%s", feed);
	snprintf(order->feed, sizeof order->feed, "%s", feed);
	record_name(ORDER_PRUNE, name);
	day_begin(since);
	struct error error =
	    ledger_has_name(lms_db(run->runner->lms), slice_of(feed), name, since, &has_run);
	if (is_error(&error) || has_run)
		return error;
	error = order_give(run->runner->shared->spool->orders, order);
	return is_error(&error) ? error : order_claim(run, ORDER_PRUNE, feed);
}
