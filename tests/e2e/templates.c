/* The files to start from, etc/templates, do on the demo site what they show: each alone, and one
 * after the other. */
#include "answer.h"
#include "program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

TestSuite(templates, .timeout = 120);

static const struct template
{
	const char *name;
	const char *code; /* how often this */
	json_int_t alone, later;
}
templates[] = {
    {"create.csv", "account_created", 2, 2},
    {"enrol.csv", "enrolled", 3, 3},
    {"groups.csv", "group_created", 2, 2},
    {"group-members.csv", "group_joined", 0, 2},
    {"group-members.csv", "group_created", 2, 0},
    {"segments.csv", "cohort_created", 3, 3},
    {"roles.csv", "role_assigned", 2, 2},
    {"suspend.csv", "account_suspended", 1, 1},
    {"rename.csv", "account_renamed", 1, 1},
    {"delete.csv", "account_deleted", 1, 1},
};

enum { TEMPLATES = sizeof templates / sizeof *templates };

/* Of a spool only its places are needed. */
static void demo_make(struct spool *spool)
{
	char name[] = "/tmp/enrold-test-demo-XXXXXX";
	cr_assert_not_null(mkdtemp(name));
	*spool = (struct spool){.root = path_of("%s", name),
	    .directory = path_of("%s/spool", name),
	    .config = path_of("%s/enrold.yaml", name),
	    .database = path_of("%s/lms.db", name)};
	struct path command =
	    path_of(SOURCE_DIR "/etc/demo.sh %s %s >%s/said 2>&1", name, PROGRAMS, name);
	cr_assert_eq(system(command.text), 0, "%s", command.text);
	spool_once(spool); /* which makes the inbox */
}

static void demo_remove(const struct spool *spool)
{
	files_remove(spool->root.text);
}

static void drop(const struct spool *spool, const char *name, size_t nth, struct answer *answer)
{
	struct buffer text = files_read(path_of(SOURCE_DIR "/etc/templates/%s", name).text);
	struct path inbox = spool_path(spool, "inbox/hr/%s", name);
	files_write(inbox.text, text.bytes, text.size, 0640);
	buffer_done(&text);
	spool_once(spool);
	answer_open(answer, spool, path_of("hr/%s", name).text, nth);
	cr_expect_eq(answer_number(answer, "outcomes", "error"), 0, "%s", name);
	cr_expect_eq(answer_number(answer, "outcomes", "skipped"), 0, "%s", name);
	cr_expect_eq(answer_number(answer, "outcomes", "warning"), 0, "%s", name);
}

Test(templates, do_what_they_show_each_alone)
{
	struct spool spool;
	demo_make(&spool);
	struct path fresh = path_of("%s/fresh.db", spool.root.text);
	files_copy(spool.database.text, fresh.text);
	for (size_t i = 0; i < TEMPLATES; i++) {
		struct answer answer;
		files_remove(spool.directory.text);
		files_copy(fresh.text, spool.database.text);
		spool_once(&spool); /* which makes the inbox */
		drop(&spool, templates[i].name, 0, &answer);
		cr_expect_eq(answer_number(&answer, "codes", templates[i].code), templates[i].alone,
		    "%s", templates[i].name);
		answer_close(&answer);
	}
	demo_remove(&spool);
}

Test(templates, do_what_they_show_one_after_the_other)
{
	struct spool spool;
	demo_make(&spool);
	for (size_t i = 0; i < TEMPLATES; i++) {
		struct answer answer;
		if (i > 0 && strcmp(templates[i].name, templates[i - 1].name) == 0)
			continue;
		drop(&spool, templates[i].name, 0, &answer);
		cr_expect_eq(answer_number(&answer, "codes", templates[i].code), templates[i].later,
		    "%s", templates[i].name);
		answer_close(&answer);
	}
	demo_remove(&spool);
}

/* Every file there is. */
Test(templates, are_all_tried_here)
{
	struct listing listing = files_list(SOURCE_DIR "/etc/templates");
	for (size_t i = 0; i < listing.count; i++) {
		bool is_tried = false;
		for (size_t k = 0; k < TEMPLATES; k++)
			is_tried |= strcmp(listing.entries[i].path, templates[k].name) == 0;
		cr_expect(is_tried, "%s", listing.entries[i].path);
	}
	cr_expect_gt(listing.count, 0);
	listing_done(&listing);
}
