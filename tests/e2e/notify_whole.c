/* From a dropped file to a mail: what the daemon queues enrold-notify understands, and makes
 * messages of, which wait where no server is. */
#include "law.h"

#include <criterion/criterion.h>

Test(notify_whole, makes_messages_of_what_the_daemon_queues)
{
	static const struct rig_options options = {
	    .settings = "mail: { smtp: \"smtp://127.0.0.1:1\", from: e@example.org }\n",
	    .feeds = "  default: { notify: { on: [errors, refused, success],"
	             " mail: [a@example.org] } }\n"};
	struct rig rig;
	rig_make(&rig, &options);
	rig_drop(&rig, "good.csv", "username,course1\np1,C1\n");
	rig_drop(&rig, "bad.csv", "username,course1\nnobody,C1\n");
	rig_drop(&rig, "none.csv", "what,ever\n1,2\n");
	rig_once(&rig);
	cr_expect_eq(files_count(rig_path(&rig, "notify/queue").text, ".json"), 3);
	struct finished finished =
	    program_expect(75, ARGV("enrold-notify", "--config", rig.config.text, "--once"));
	cr_expect_eq(files_count(rig_path(&rig, "notify/queue").text, ".json"), 0);
	cr_expect_eq(files_count(rig_path(&rig, "notify/out").text, ".json"), 3);
	cr_expect_eq(files_count(rig_path(&rig, "notify/failed").text, ".json"), 0);
	finished_done(&finished);
	law_close(&rig);
}
