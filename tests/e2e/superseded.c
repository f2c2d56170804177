/* What later files of the feed have settled of a plan is not done when it is released. */
#include "reply.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* More than one person who would lose something waits. */
#define FEED                                                                                       \
	"allow_unenrol: true, removal: unenrol, limits: { by_cell: { count: 1, share: 0%, most: "  \
	"1 } }, " RIG_MAY_ALL

static const char enrolling[] = "username,course1,course2\np1,C1,C2\np2,C1,C2\np3,C1,C2\n";
static const char removing[] = "username,course1,unenrol1\np1,C1,1\np2,C1,1\np3,C1,1\n";
/* p1 in that course, p2 in another. */
static const char later[] = "username,course1\np1,C1\np2,C2\np4,C1\n";

struct scene {
	struct rig rig;
	char plan[64], later[64]; /* runs */
};

static void run_of(struct scene *scene, char run[64], const char *name, const char *text)
{
	struct reply reply;
	reply_to(&reply, &scene->rig, name, text);
	cr_assert_str_eq(reply_status(&reply), "done");
	snprintf(run, 64, "%s", reply.run);
	reply_close(&reply);
}

static void scene_make(struct scene *scene, const char *feed)
{
	char first[64];
	rig_make(&scene->rig, &(struct rig_options){.feeds = feed});
	run_of(scene, first, "first.csv", enrolling);
	run_of(scene, scene->plan, "removing.csv", removing);
	cr_assert(files_exist(
	    rig_path(&scene->rig, "held/default/removing.%s.plan.csv", scene->plan).text));
	rig_expect(&scene->rig, "SELECT count(*) FROM mdl_user_enrolments", "6\n");
}

static struct path answer_of(const struct scene *scene)
{
	return rig_path(&scene->rig, "outbox/later.%s.result.csv", scene->later);
}

static struct path input_of(const struct scene *scene)
{
	const char *run = scene->later;
	return rig_path(
	    &scene->rig, "archive/%.4s/%.2s/%.2s/later.%s.csv", run, run + 4, run + 6, run);
}

static void release(struct scene *scene, struct reply *reply)
{
	struct path text =
	    path_of("{\"by\":\"root\",\"uid\":0,\"loginuid\":0,\"why\":\"they left\","
	            "\"at\":1700000000,\"feed\":\"default\"}");
	files_write(rig_path(&scene->rig, "orders/release.%s", scene->plan).text, text.text,
	    strlen(text.text), 0640);
	rig_once(&scene->rig);
	size_t count = reply_count(&scene->rig, path_of("release-%s.csv", scene->plan).text);
	cr_assert_gt(count, 0);
	reply_open(reply, &scene->rig, path_of("release-%s.csv", scene->plan).text, count - 1);
}

static void remaining_are(struct scene *scene, const char *people)
{
	rig_expect(&scene->rig,
	    "SELECT u.username FROM mdl_user_enrolments ue JOIN mdl_user u ON u.id = ue.userid "
	    "JOIN "
	    "mdl_enrol e ON e.id = ue.enrolid JOIN mdl_course c ON c.id = e.courseid WHERE "
	    "c.shortname = 'C1' ORDER BY u.username",
	    people);
}

#define SETTLED "skipped", "superseded"
#define DONE "done", "unenrolled"

Test(superseded, are_the_rows_whose_person_and_course_a_later_file_has_named)
{
	struct scene scene;
	struct reply reply;
	scene_make(&scene, "  default: { " FEED " }\n");
	run_of(&scene, scene.later, "later.csv", later);
	release(&scene, &reply);
	EXPECT(&reply, {2, "course1", SETTLED}, {3, "course1", DONE}, {4, "course1", DONE});
	remaining_are(&scene, "p1\np4\n");
	reply_close(&reply);
	rig_remove(&scene.rig);
}

/* What the file says of those who are unchanged is not in its answer. */
Test(superseded, are_all_rows_of_the_people_of_a_later_file_whose_answer_lists_changes_only)
{
	struct scene scene;
	struct reply reply;
	scene_make(&scene, "  default: { result_rows: changes, " FEED " }\n");
	run_of(&scene, scene.later, "later.csv", later);
	release(&scene, &reply);
	EXPECT(&reply, {2, "course1", SETTLED}, {3, "course1", SETTLED}, {4, "course1", DONE});
	remaining_are(&scene, "p1\np2\np4\n");
	reply_close(&reply);
	rig_remove(&scene.rig);
}

/* Whoever reads answers may take them away; that of a file by addresses names people, too. */
Test(superseded, are_all_rows_of_the_people_of_a_later_file_whose_answer_is_not_there)
{
	struct scene scene;
	struct reply reply;
	scene_make(&scene, "  default: { " FEED " }\n");
	run_of(&scene, scene.later, "later.csv", later);
	cr_assert_eq(unlink(answer_of(&scene).text), 0);
	release(&scene, &reply);
	EXPECT(&reply, {2, "course1", SETTLED}, {3, "course1", SETTLED}, {4, "course1", DONE});
	remaining_are(&scene, "p1\np2\np4\n");
	reply_close(&reply);
	rig_remove(&scene.rig);
}

/* Nothing is guessed: the plan stays open, and can be released when one is back. */
Test(superseded, cannot_be_known_when_neither_answer_nor_input_is_as_it_was)
{
	struct scene scene;
	struct reply reply;
	scene_make(&scene, "  default: { " FEED " }\n");
	run_of(&scene, scene.later, "later.csv", later);
	struct buffer answer = files_read(answer_of(&scene).text);
	files_write(answer_of(&scene).text, answer.bytes, answer.size - 1, 0640);
	files_rename(input_of(&scene).text, rig_path(&scene.rig, "kept.csv").text);
	release(&scene, &reply);
	cr_expect_str_eq(reply_status(&reply), "refused");
	cr_expect_str_eq(reply_refusal(&reply), "later_file_missing");
	remaining_are(&scene, "p1\np2\np3\np4\n");
	reply_close(&reply);
	files_write(answer_of(&scene).text, answer.bytes, answer.size, 0640);
	release(&scene, &reply);
	EXPECT(&reply, {2, "course1", SETTLED}, {3, "course1", DONE}, {4, "course1", DONE});
	remaining_are(&scene, "p1\np4\n");
	reply_close(&reply);
	buffer_done(&answer);
	files_rename(rig_path(&scene.rig, "kept.csv").text, input_of(&scene).text);
	rig_remove(&scene.rig);
}

/* A preview does nothing, a refused file neither, and another feed has its own. */
Test(superseded, are_not_what_files_say_that_were_not_applied_or_are_of_another_feed)
{
	struct scene scene;
	struct reply reply;
	char run[64];
	scene_make(&scene, "  default: { " FEED " }\n  hr: { " RIG_MAY_ALL " }\n");
	reply_to(&reply, &scene.rig, "preview/later.csv", later);
	reply_close(&reply);
	reply_to(&reply, &scene.rig, "later.csv", "username,course1,course1\np1,C1,C1\n");
	cr_assert_str_eq(reply_status(&reply), "refused");
	reply_close(&reply);
	run_of(&scene, run, "hr/later.csv", later);
	release(&scene, &reply);
	EXPECT(&reply, {2, "course1", DONE}, {3, "course1", DONE}, {4, "course1", DONE});
	remaining_are(&scene, "p4\n");
	reply_close(&reply);
	rig_remove(&scene.rig);
}

/* ---- of what is older than it seems ---- */

/* One new account more than one waits, too. */
#define HOLDS                                                                                      \
	"upload_type: add_or_update, update_details: file, allow_unenrol: true, removal: "         \
	"unenrol, "                                                                                \
	"limits: { created: { count: 1, share: 0% }, by_cell: { count: 0, share: 0%, most: 0 } "   \
	"}, " RIG_MAY_ALL

#define NEW(number) "n" number ",N,N,n" number "@x.example,,\n"

/* The newest run of a file of that name is released. */
static void release_of(struct scene *scene, struct reply *reply, const char *name)
{
	struct path run = rig_order(&scene->rig, "release", name);
	rig_once(&scene->rig);
	reply_open(reply, &scene->rig, path_of("release-%s.csv", run.text).text, 0);
	cr_assert_str_eq(reply_status(reply), "done");
}

static void held(struct scene *scene, const char *name, const char *rows)
{
	struct reply reply;
	struct path text = path_of("username,firstname,lastname,email,course1,unenrol1\n%s", rows);
	reply_to(&reply, &scene->rig, name, text.text);
	cr_assert_str_eq(reply_status(&reply), "held");
	reply_close(&reply);
}

/* What the later one gave back stays given. */
Test(superseded, are_the_rows_that_a_later_file_has_named_which_was_held_and_released_before)
{
	struct scene scene;
	struct reply reply;
	char first[64];
	rig_make(&scene.rig, &(struct rig_options){.feeds = "  default: { " HOLDS " }\n"});
	run_of(&scene, first, "first.csv", enrolling);
	held(&scene, "older.csv", "p1,,,,C1,1\np2,,,,C1,1\n" NEW("1") NEW("2"));
	held(&scene, "newer.csv", "p1,,,,C1,\n" NEW("3") NEW("4"));
	release_of(&scene, &reply, "newer.csv");
	reply_close(&reply);
	release_of(&scene, &reply, "older.csv");
	EXPECT(&reply, {2, "course1", SETTLED}, {3, "course1", DONE});
	remaining_are(&scene, "p1\np3\n");
	reply_close(&reply);
	rig_remove(&scene.rig);
}

/* Nor does an older file that is released late settle what a newer one says. */
Test(superseded, are_not_what_an_older_file_says_that_is_released_later)
{
	struct scene scene;
	struct reply reply;
	char first[64];
	rig_make(&scene.rig, &(struct rig_options){.feeds = "  default: { " HOLDS " }\n"});
	run_of(&scene, first, "first.csv", enrolling);
	held(&scene, "older.csv", "p1,,,,C1,\n" NEW("1") NEW("2"));
	held(&scene, "newer.csv", "p1,,,,C1,1\n" NEW("3") NEW("4"));
	release_of(&scene, &reply, "older.csv");
	reply_close(&reply);
	release_of(&scene, &reply, "newer.csv");
	EXPECT(&reply, {2, "course1", DONE});
	remaining_are(&scene, "p2\np3\n");
	reply_close(&reply);
	rig_remove(&scene.rig);
}

/* Somebody has put p1 into the course since the plan was shown, so that he goes into a new one. */
Test(superseded, are_the_rows_of_what_is_left_of_a_plan_that_a_file_has_named_before_the_release)
{
	struct scene scene;
	struct reply reply;
	char first[64];
	rig_make(&scene.rig, &(struct rig_options){.feeds = "  default: { " HOLDS " }\n"});
	run_of(&scene, first, "first.csv", "username,course1\np2,C1\n");
	held(&scene, "older.csv", "p1,,,,C1,1\np2,,,,C1,1\n" NEW("1") NEW("2"));
	run_of(&scene, scene.later, "later.csv", "username,course1\np1,C1\n");
	release_of(&scene, &reply, "older.csv");
	EXPECT(&reply, {2, "course1", "skipped", "withheld"}, {3, "course1", DONE});
	struct path name = path_of("%s",
	    json_string_value(json_object_get(json_object_get(reply.summary, "input"), "name")));
	reply_close(&reply);
	release_of(&scene, &reply, name.text);
	cr_expect_str_eq(reply_status(&reply), "done");
	EXPECT(&reply, {2, "course1", SETTLED});
	remaining_are(&scene, "p1\n");
	reply_close(&reply);
	rig_remove(&scene.rig);
}
