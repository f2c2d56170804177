/*
 * order_take: the directory in work/ and the file of a run that carries out an order, and the order
 * itself, which goes there last.
 */
#include "apply_loop.h"

#include "enrold/disk.h"

#include "undo.h"

#include <stdio.h>

/* The order's file itself goes into work/ last: it is carried out once, however often somebody is
 * killed between two steps. */
struct error order_take(struct run *run, const char *name, struct slice text, int from)
{
	const struct order *order = &run->ordered.order;
	char mark[ORDER_NAME_SIZE + 2], file[ORDER_NAME_SIZE];
	int size =
	    snprintf(mark, sizeof mark, "%s %s\n", order_kind_name(order->kind), order->subject);
	const struct made_file made = {RUN_MADE, {mark, (size_t)size}, name, text, from};
	run_ids_next(run->runner->shared->ids, run_now_us(), run->id);
	struct error error = claim_make(run, &made);
	if (!is_error(&error) && order->kind == ORDER_UNDO)
		error = undo_list(run);
	if (!is_error(&error))
		error = disk_sync(run->box, name);
	if (!is_error(&error))
		error = disk_sync(run->box, ".");
	if (!is_error(&error))
		error = disk_sync(run->runner->shared->spool->work, ".");
	order_file_name(order->kind, order->subject, file);
	int orders = run->runner->shared->spool->orders;
	if (!is_error(&error) && renameat(orders, file, run->directory, RUN_ORDER) < 0)
		error = error_errno("cannot take orders/%s", file);
	if (!is_error(&error))
		error = disk_sync(run->directory, ".");
	return is_error(&error) ? error : disk_sync(orders, ".");
}
