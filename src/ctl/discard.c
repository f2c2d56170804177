/* enrolctl discard R: a run that was stopped ends where it is; what one withheld, or was held for,
 * is not wanted; or a refused one has been seen to. */
#include "order.h"
#include "outlook.h"

#include <stdio.h>

enum ctl_exit ctl_discard(const struct ctl *ctl)
{
	struct order_command command = {.command = "discard",
	    .kind = ORDER_DISCARD,
	    .of_ended = ORDER_DECLINE,
	    .done = "It is left as it is: run"};
	struct outlook outlook;
	enum ctl_exit found = outlook_find(ctl, ctl->arguments[0], &outlook);
	if (found != CTL_OK)
		return found;
	if (outlook.plan) {
		command.done = "It is not done, and closed in a run of its own: the plan of run";
		if (!ctl->json) {
			outlook_tell(&outlook);
			puts("Nothing of this would be done, nor the same of a later file: nobody "
			     "would lose anything.");
		}
	}
	outlook_done(&outlook);
	return order_do(ctl, &command);
}
