/* enrolctl stop R: a run that is under way waits at its next checkpoint. */
#include "order.h"

enum ctl_exit ctl_stop(const struct ctl *ctl)
{
	static const struct order_command command = {.command = "stop",
	    .kind = ORDER_STOP,
	    .done = "It ends at its next checkpoint, and waits for release or discard: run"};
	return order_do(ctl, &command);
}
