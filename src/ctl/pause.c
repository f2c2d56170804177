/* enrolctl pause FEED, resume FEED: whether it takes files. */
#include "order.h"

enum ctl_exit ctl_pause(const struct ctl *ctl)
{
	static const struct order_command command = {
	    .command = "pause", .kind = ORDER_PAUSE, .done = "No more files are taken of feed"};
	return order_do(ctl, &command);
}

enum ctl_exit ctl_resume(const struct ctl *ctl)
{
	static const struct order_command command = {.command = "resume",
	    .kind = ORDER_PAUSE,
	    .is_taken_back = true,
	    .done = "Files are taken again of feed"};
	return order_do(ctl, &command);
}
