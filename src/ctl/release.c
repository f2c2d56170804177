/* enrolctl release R: a run that was stopped goes on; or what one withheld, or was held for, is
 * done as it was shown. */
#include "order.h"
#include "outlook.h"
#include "terminal.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

static bool has_course(const json_t *plan, const char *name)
{
	size_t i;
	const json_t *course;
	json_array_foreach(json_object_get(plan, "courses"), i,
	    course) if (words_is(course, "course", name)) return true;
	/* Those with few people are not named. */
	return words_number(plan, "other_courses") > 0 ||
	       !json_is_integer(json_object_get(plan, "people_losing"));
}

static bool courses_fit(const struct ctl *ctl, const json_t *plan)
{
	for (size_t i = 0; i < ctl->courses_count; i++)
		if (!has_course(plan, ctl->courses[i])) {
			fputs("enrolctl: the plan has nothing of the course ", stderr);
			terminal_write(stderr, ctl->courses[i]);
			fputs(": enrolctl show names those that it has\n", stderr);
			return false;
		}
	return true;
}

static bool is_meant(const struct ctl *ctl, const struct outlook *outlook)
{
	if (!outlook->plan)
		return true;
	if (!courses_fit(ctl, outlook->plan))
		return false;
	if (!ctl->json) {
		outlook_tell(outlook);
		puts(ctl->courses_count > 0
		         ? "Of this, what is of the courses that were named would be done."
		         : "This would be done, as far as it is still wanted.");
	}
	return !outlook_takes(outlook->plan) || outlook_confirm(ctl);
}

enum ctl_exit ctl_release(const struct ctl *ctl)
{
	struct order_command command = {.command = "release",
	    .kind = ORDER_STOP,
	    .is_taken_back = true,
	    .of_ended = ORDER_RELEASE,
	    .done = "It goes on: run"};
	struct outlook outlook;
	enum ctl_exit found = outlook_find(ctl, ctl->arguments[0], &outlook);
	if (found != CTL_OK)
		return found;
	if (outlook.plan)
		command.done = "It is done in a run of its own: the plan of run";
	bool is = is_meant(ctl, &outlook);
	outlook_done(&outlook);
	return is ? order_do(ctl, &command) : CTL_NO;
}
