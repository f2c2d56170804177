/* enrolctl undo R...: what runs did is taken back, the newest first. */
#include "order.h"

enum ctl_exit ctl_undo(const struct ctl *ctl)
{
	static const struct order_command command = {.command = "undo",
	    .kind = ORDER_UNDO,
	    .of_ended = ORDER_UNDO,
	    .done = "It is taken back, in a run of its own: run"};
	return order_do(ctl, &command);
}
