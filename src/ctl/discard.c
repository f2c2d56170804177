/* enrolctl discard R: a run that was stopped ends where it is; what one withheld, or was held for,
 * is not wanted; or a refused one has been seen to. */
#include "order.h"

enum ctl_exit ctl_discard(const struct ctl *ctl)
{
	static const struct order_command command = {.command = "discard",
	    .kind = ORDER_DISCARD,
	    .of_ended = ORDER_DECLINE,
	    .done = "It is left as it is: run"};
	return order_do(ctl, &command);
}
