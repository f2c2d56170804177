/* The files to start from, etc/templates, do on the demo site what they show: each alone, and one
 * after the other. */
#include "reply.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct template
{
	const char *name;
	const char *code; /* how often this */
	json_int_t alone, later;
}
templates[] = {
    {"create.csv", "account_created", 2, 2},
    {"enrol.csv", "enrolled", 3, 3},
    {"full-file.csv", "enrolled", 5, 3},
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
static void demo_make(struct rig *rig)
{
	char name[] = "/tmp/enrold-test-demo-XXXXXX";
	cr_assert_not_null(mkdtemp(name));
	*rig = (struct rig){.root = path_of("%s", name),
	    .directory = path_of("%s/spool", name),
	    .config = path_of("%s/enrold.yaml", name),
	    .database = path_of("%s/lms.db", name)};
	struct path command =
	    path_of(SOURCE_DIR "/etc/demo.sh %s %s >%s/said 2>&1", name, PROGRAMS, name);
	cr_assert_eq(system(command.text), 0, "%s", command.text);
	rig_once(rig); /* which makes the inbox */
}

static void demo_remove(const struct rig *rig)
{
	files_remove(rig->root.text);
}

static void drop(const struct rig *rig, const char *name, size_t nth, struct reply *reply)
{
	struct buffer text = files_read(path_of(SOURCE_DIR "/etc/templates/%s", name).text);
	struct path inbox = rig_path(rig, "inbox/hr/%s", name);
	files_write(inbox.text, text.bytes, text.size, 0640);
	buffer_done(&text);
	rig_once(rig);
	reply_open(reply, rig, path_of("hr/%s", name).text, nth);
	cr_expect_eq(reply_number(reply, "outcomes", "error"), 0, "%s", name);
	cr_expect_eq(reply_number(reply, "outcomes", "skipped"), 0, "%s", name);
	cr_expect_eq(reply_number(reply, "outcomes", "warning"), 0, "%s", name);
}

Test(templates, do_what_they_show_each_alone)
{
	struct rig rig;
	demo_make(&rig);
	struct path fresh = path_of("%s/fresh.db", rig.root.text);
	files_copy(rig.database.text, fresh.text);
	for (size_t i = 0; i < TEMPLATES; i++) {
		struct reply reply;
		files_remove(rig.directory.text);
		files_copy(fresh.text, rig.database.text);
		rig_once(&rig); /* which makes the inbox */
		drop(&rig, templates[i].name, 0, &reply);
		cr_expect_eq(reply_number(&reply, "codes", templates[i].code), templates[i].alone,
		    "%s", templates[i].name);
		reply_close(&reply);
	}
	demo_remove(&rig);
}

Test(templates, do_what_they_show_one_after_the_other)
{
	struct rig rig;
	demo_make(&rig);
	for (size_t i = 0; i < TEMPLATES; i++) {
		struct reply reply;
		if (i > 0 && strcmp(templates[i].name, templates[i - 1].name) == 0)
			continue;
		drop(&rig, templates[i].name, 0, &reply);
		cr_expect_eq(reply_number(&reply, "codes", templates[i].code), templates[i].later,
		    "%s", templates[i].name);
		reply_close(&reply);
	}
	demo_remove(&rig);
}

/* Bela comes, and dora has left. */
Test(templates, show_a_full_file_and_the_next_takes_out_who_is_not_in_it)
{
	struct rig rig;
	struct reply reply;
	demo_make(&rig);
	drop(&rig, "full-file.csv", 0, &reply);
	reply_close(&reply);
	struct buffer text = files_read(SOURCE_DIR "/etc/templates/full-file.csv");
	char *dora = strstr(text.bytes, "dora,");
	cr_assert_not_null(dora);
	memcpy(dora, "bela", 4);
	files_write(rig_path(&rig, "inbox/hr/full-file.csv").text, text.bytes, text.size, 0640);
	buffer_done(&text);
	rig_once(&rig);
	reply_open(&reply, &rig, "hr/full-file.csv", 1);
	EXPECT(&reply, {0, "absent", "done", "absent_suspended"});
	cr_expect_str_eq(
	    reply_cell(&reply, (struct expected){0, "absent", NULL, NULL}, 0, "username"), "dora");
	reply_close(&reply);
	demo_remove(&rig);
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
