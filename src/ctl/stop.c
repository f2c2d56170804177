/* enrolctl stop R, release R, discard R: a run that is under way waits at its next checkpoint, goes
 * on, or ends where it is. */
#include "order.h"

enum ctl_exit ctl_stop(const struct ctl *ctl)
{
	static const struct order_command command = {.command = "stop",
	    .kind = ORDER_STOP,
	    .done = "It ends at its next checkpoint, and waits for release or discard: run"};
	return order_do(ctl, &command);
}

enum ctl_exit ctl_release(const struct ctl *ctl)
{
	static const struct order_command command = {.command = "release",
	    .kind = ORDER_STOP,
	    .is_taken_back = true,
	    .done = "It goes on: run"};
	return order_do(ctl, &command);
}

enum ctl_exit ctl_discard(const struct ctl *ctl)
{
	static const struct order_command command = {
	    .command = "discard", .kind = ORDER_DISCARD, .done = "It is left as it is: run"};
	return order_do(ctl, &command);
}
