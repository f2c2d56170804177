/* enrolctl release R: a run that was stopped goes on; or what one withheld, or was held for, is
 * done as it was shown. */
#include "order.h"

enum ctl_exit ctl_release(const struct ctl *ctl)
{
	static const struct order_command command = {.command = "release",
	    .kind = ORDER_STOP,
	    .is_taken_back = true,
	    .of_ended = ORDER_RELEASE,
	    .done = "It goes on: run"};
	return order_do(ctl, &command);
}
