/*
 * record: what enrold does with what it keeps is on record in the chain, by a run of its own:
 *
 *     prune-20261227.csv    what was kept long enough, and has gone (prune.h)
 *     accept-20261227.csv   answers that the database does not hold, and somebody has gone on
 * without
 *
 * Its file is a list, which enrold makes; its answer has no rows, and its summary says by the order
 * who has wanted it. It changes nothing in the LMS.
 */
#include "run_state.h"

#include "enrold/accepted.h"
#include "enrold/log.h"

#include <stdio.h>
#include <time.h>

static void name_find(const struct run *run, char name[FILE_NAME_SIZE])
{
	char day[16];
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	strftime(day, sizeof day, "%Y%m%d", &tm);
	snprintf(name, FILE_NAME_SIZE, "%s-%s.csv", order_kind_name(run->ordered.order.kind), day);
}

static struct error list_make(struct run *run, struct buffer *list)
{
	struct error error = run->ordered.order.kind == ORDER_PRUNE
	                         ? prune_list(run, list)
	                         : accepted_list(run->runner->shared->spool, list);
	return !is_error(&error) && list->failed ? error_memory("making a list") : error;
}

struct error record_claim(struct run *run)
{
	char name[FILE_NAME_SIZE];
	struct buffer list = {0};
	const struct order *order = &run->ordered.order;
	run->row.feed = slice_of(run->lane.feed);
	name_find(run, name);
	struct error error = list_make(run, &list);
	if (!is_error(&error) && list.size > 0)
		error = order_take(run, name, buffer_slice(&list), -1);
	else if (!is_error(&error)) /* nothing is to be recorded */
		error =
		    order_withdraw(run->runner->shared->spool->orders, order->kind, order->subject);
	buffer_done(&list);
	return error;
}
