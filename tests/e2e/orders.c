/* Words about runs that cannot be carried out as they were meant: whoever has taken away what they
 * are about holds nobody up. */
#include "reply.h"

#include <criterion/criterion.h>

/* The plan of a file that is held as a whole is nowhere any more. */
static struct path plan_lose(struct rig *rig)
{
	rig_make(rig, &(struct rig_options){.feeds = "  default: { review: true }\n"});
	rig_drop(rig, "staff.csv", "username,course1\np1,C1\n");
	rig_once(rig);
	struct path run = rig_order(rig, "release", "staff.csv");
	const char *const places[] = {"outbox", "held/default"};
	for (size_t i = 0; i < 2; i++)
		files_remove(rig_path(rig, "%s/staff.%s.plan.csv", places[i], run.text).text);
	return run;
}

static void expect_places(const struct rig *rig, const char *run, bool is_held)
{
	cr_expect_eq(files_exist(rig_path(rig, "held/default/staff.%s.csv", run).text), is_held);
	cr_expect_eq(files_exist(rig_path(rig, "quarantine/staff.%s.csv", run).text), !is_held);
	cr_expect_eq(files_count(rig_path(rig, "orders").text, run), 0);
}

Test(orders, about_a_plan_that_is_lost_release_nothing_and_can_discard_it)
{
	struct rig rig;
	struct reply reply;
	struct path run = plan_lose(&rig);
	rig_once(&rig);
	reply_open(&reply, &rig, path_of("release-%s.csv", run.text).text, 0);
	cr_expect_str_eq(reply_refusal(&reply), "plan_missing");
	reply_close(&reply);
	rig_expect(&rig, "SELECT state FROM enrold_plan", "open\n");
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "0\n");
	expect_places(&rig, run.text, true);
	rig_order(&rig, "decline", "staff.csv");
	rig_drop(&rig, "next.csv", "username,course1\np2,C1\n");
	rig_once(&rig);
	rig_expect(&rig, "SELECT state FROM enrold_plan ORDER BY run", "discarded\nopen\n");
	expect_places(&rig, run.text, false);
	rig_remove(&rig);
}
