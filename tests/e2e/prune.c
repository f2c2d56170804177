/* What was kept as long as its feed says goes, is on record, and leaves nothing of anybody behind.
 */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEEP_NOTHING "keep: { archive: 0, answers: 0, quarantine: 0, held: 0, history: 0 }"
#define LISTS "SELECT count(*) FROM enrold_run WHERE name LIKE 'prune-%'"

static void done(struct rig *rig, const char *name, const char *text)
{
	struct reply reply;
	reply_to(&reply, rig, name, text);
	cr_assert_str_eq(reply_status(&reply), "done");
	reply_close(&reply);
}

static size_t files_below(const struct rig *rig, const char *place, const char *end)
{
	size_t count = 0;
	struct listing listing = files_list(rig_path(rig, "%s", place).text);
	for (size_t i = 0; i < listing.count; i++)
		count += text_ends(listing.entries[i].path, end);
	listing_done(&listing);
	return count;
}

/* By an order, whatever keep says, all that there is by now. */
static void prune_all(const struct rig *rig)
{
	rig_witness(rig);
	rig_prune(rig, "default", (long)time(NULL) + 86400);
	rig_once(rig);
	cr_expect_not(files_exist(rig_path(rig, "orders/prune.default").text));
}

Test(prune, of_old_files_leaves_the_list_alone)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){0});
	done(&rig, "staff.csv", "username,course1\np1,C1\n");
	prune_all(&rig);
	cr_expect_eq(rig_number(&rig, LISTS), 1);
	cr_expect_eq(files_below(&rig, "archive", ".csv"), 1);
	cr_expect_eq(files_below(&rig, "outbox", ".result.csv"), 1);
	cr_expect_eq(files_below(&rig, "outbox", ".summary.json"), 1);
	rig_expect(&rig,
	    "SELECT input_pruned = p.run, answer_pruned = p.run FROM enrold_run r, (SELECT run "
	    "FROM "
	    "enrold_run WHERE name LIKE 'prune-%') p WHERE name = 'staff.csv'",
	    "1|1\n");
	law_close(&rig);
}
