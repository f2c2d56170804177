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
#include <unistd.h>

void record_name(enum order_kind kind, char name[FILE_NAME_SIZE])
{
	char day[16];
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	strftime(day, sizeof day, "%Y%m%d", &tm);
	snprintf(name, FILE_NAME_SIZE, "%s-%s.csv", order_kind_name(kind), day);
}

/* *from: a list in a file, -1: there is none. */
static struct error list_make(struct run *run, struct buffer *list, int *from)
{
	if (run->ordered.order.kind == ORDER_PRUNE)
		return prune_list(run, from);
	struct error error = accepted_list(run->runner->shared->spool, list);
	return !is_error(&error) && list->failed ? error_memory("making a list") : error;
}

struct error record_claim(struct run *run)
{
	char name[FILE_NAME_SIZE];
	struct buffer list = {0};
	int from = -1;
	const struct order *order = &run->ordered.order;
	run->row.feed = slice_of(run->lane.feed);
	record_name(order->kind, name);
	struct error error = list_make(run, &list, &from);
	if (!is_error(&error) && (list.size > 0 || from >= 0))
		error = order_take(run, name, buffer_slice(&list), from);
	else if (!is_error(&error)) /* nothing is to be recorded */
		error =
		    order_withdraw(run->runner->shared->spool->orders, order->kind, order->subject);
	if (from >= 0)
		close(from);
	buffer_done(&list);
	return error;
}
