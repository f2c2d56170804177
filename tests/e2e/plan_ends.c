/* What a person has said of a plan comes to an end, whatever has gone or come meanwhile; and what
 * is left of it is about the same file. */
#include "asker.h"
#include "reply.h"
#include "scale.h"
#include "service.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* More than one person who would lose something waits. */
#define FEED                                                                                       \
	"allow_unenrol: true, removal: unenrol, limits: { by_cell: { count: 1, share: 0%, most: "  \
	"1 } }, " RIG_MAY_ALL

#define ENROLMENTS "SELECT count(*) FROM mdl_user_enrolments"
#define IN_C1                                                                                      \
	"SELECT u.username FROM mdl_user_enrolments ue JOIN mdl_user u ON u.id = ue.userid JOIN "  \
	"mdl_enrol e ON e.id = ue.enrolid JOIN mdl_course c ON c.id = e.courseid WHERE "           \
	"c.shortname = 'C1' ORDER BY u.username"

static const char enrolling[] = "username,course1,course2\np1,C1,C2\np2,C1,C2\np3,C1,C2\n";
static const char removing[] = "username,course1,unenrol1\np1,C1,1\np2,C1,1\np3,C1,1\n";

static void done(struct rig *rig, const char *name, const char *text)
{
	struct reply reply;
	reply_to(&reply, rig, name, text);
	cr_assert_str_eq(reply_status(&reply), "done");
	reply_close(&reply);
}

static void make(struct rig *rig, const char *feed)
{
	rig_make(rig, &(struct rig_options){.feeds = feed});
	done(rig, "first.csv", enrolling);
}

/* The word about the newest run of a file of that name is given, and heeded. */
static void heed(struct rig *rig, struct reply *reply, const char *word, const char *name)
{
	struct path run = rig_order(rig, word, name);
	const char *kind = strcmp(word, "decline") == 0 ? "discard" : word;
	struct path answer = path_of("%s-%s.csv", kind, run.text);
	size_t before = reply_count(rig, answer.text);
	rig_once(rig);
	cr_assert_eq(reply_count(rig, answer.text), before + 1, "%s of %s", word, name);
	reply_open(reply, rig, answer.text, before);
	cr_expect_eq(files_count(rig_path(rig, "orders").text, ""), 0);
}

/* ---- the plan is not as it was ---- */

static struct path plan_of(const struct rig *rig, const char *folder, const char *name)
{
	struct buffer run = rig_query(
	    rig, path_of("SELECT max(run) FROM enrold_run WHERE name = '%s.csv'", name).text);
	struct path path = rig_path(
	    rig, "%s/%s.%.*s.plan.csv", folder, name, (int)strcspn(run.bytes, "\n"), run.bytes);
	buffer_done(&run);
	return path;
}

static void plan_lose(const struct rig *rig, const char *name)
{
	cr_assert_eq(unlink(plan_of(rig, "held/default", name).text), 0);
	cr_assert_eq(unlink(plan_of(rig, "outbox", name).text), 0);
}

static void state_is(const struct rig *rig, const char *state)
{
	rig_expect(
	    rig, "SELECT state FROM enrold_plan ORDER BY run LIMIT 1", path_of("%s\n", state).text);
}

Test(plan_ends, refused_where_it_is_gone_and_the_feed_goes_on)
{
	struct rig rig;
	struct reply reply;
	make(&rig, "  default: { " FEED " }\n");
	done(&rig, "removing.csv", removing);
	plan_lose(&rig, "removing");
	rig_drop(&rig, "later.csv", "username,course1\np4,C1\n");
	heed(&rig, &reply, "release", "removing.csv");
	cr_expect_str_eq(reply_status(&reply), "refused");
	cr_expect_str_eq(reply_refusal(&reply), "plan_missing");
	reply_close(&reply);
	cr_expect_eq(reply_count(&rig, "later.csv"), 1);
	rig_expect(&rig, IN_C1, "p1\np2\np3\np4\n");
	state_is(&rig, "open");
	rig_remove(&rig);
}

Test(plan_ends, by_a_discard_where_it_is_gone)
{
	struct rig rig;
	struct reply reply;
	make(&rig, "  default: { " FEED " }\n");
	done(&rig, "removing.csv", removing);
	plan_lose(&rig, "removing");
	heed(&rig, &reply, "decline", "removing.csv");
	cr_expect_str_eq(reply_status(&reply), "done");
	reply_close(&reply);
	state_is(&rig, "discarded");
	cr_expect_eq(files_count(rig_path(&rig, "held/default").text, ""), 0);
	rig_remove(&rig);
}

/* What lies in the outbox is the same. */
Test(plan_ends, released_where_its_copy_in_held_was_altered)
{
	struct rig rig;
	struct reply reply;
	make(&rig, "  default: { " FEED " }\n");
	done(&rig, "removing.csv", removing);
	files_write(plan_of(&rig, "held/default", "removing").text, "line\n", 5, 0640);
	heed(&rig, &reply, "release", "removing.csv");
	cr_expect_str_eq(reply_status(&reply), "done");
	reply_close(&reply);
	rig_expect(&rig, IN_C1, "");
	rig_remove(&rig);
}

Test(plan_ends, by_a_discard_where_all_copies_were_altered)
{
	struct rig rig;
	struct reply reply;
	make(&rig, "  default: { " FEED " }\n");
	done(&rig, "removing.csv", removing);
	files_write(plan_of(&rig, "held/default", "removing").text, "line\n", 5, 0640);
	files_write(plan_of(&rig, "outbox", "removing").text, "line\n", 5, 0640);
	heed(&rig, &reply, "release", "removing.csv");
	cr_expect_str_eq(reply_refusal(&reply), "plan_altered");
	reply_close(&reply);
	heed(&rig, &reply, "decline", "removing.csv");
	cr_expect_str_eq(reply_status(&reply), "done");
	reply_close(&reply);
	state_is(&rig, "discarded");
	rig_remove(&rig);
}

/* ---- a release that is stopped ---- */

enum { PEOPLE = 200, COURSES = 20, GIANT = SCALE(120000, 40000) };

/* The giant is held, its release is stopped in the middle, and the daemon ends: the plan's run. */
static struct path stopped(struct rig *rig)
{
	struct service service;
	rig_make(rig, &(struct rig_options){.people = PEOPLE,
	                  .courses = COURSES,
	                  .feeds = "  default: { review: true }\n",
	                  .settings = "checkpoint_rows: 5000\n"});
	rig_drop_giant(rig, "giant.csv", GIANT);
	rig_once(rig);
	struct path plan = rig_order(rig, "release", "giant.csv");
	service_start(&service, rig);
	struct path run = ask_await_running(rig, "default");
	ask_expect(rig, 0, path_of("\"command\":\"stop\",\"run\":\"%s\"", run.text).text);
	ask_await_state(rig, "default", "stopped");
	service_stop(&service);
	cr_assert_gt(rig_number(rig, ENROLMENTS), 0);
	cr_assert_eq(unlink(rig_path(rig, "orders/stop.%s", run.text).text), 0);
	return plan;
}

/* It goes on, and ends so. */
static void refused(struct rig *rig, struct path plan, const char *code)
{
	struct reply reply;
	rig_once(rig);
	reply_open(&reply, rig, path_of("release-%s.csv", plan.text).text, 0);
	cr_expect_str_eq(reply_status(&reply), "refused");
	cr_expect_str_eq(reply_refusal(&reply), code);
	reply_close(&reply);
}

/* A newer full file is accepted while it waits. */
Test(plan_ends, superseded_while_its_release_was_stopped)
{
	struct rig rig;
	struct path plan = stopped(&rig);
	int64_t enrolled = rig_number(&rig, ENROLMENTS);
	rig_execute(&rig, "UPDATE enrold_plan SET state = 'superseded', closed_by = run");
	refused(&rig, plan, "plan_closed");
	cr_expect_eq(rig_number(&rig, ENROLMENTS), enrolled);
	rig_remove(&rig);
}

Test(plan_ends, not_with_its_input_but_its_release_does_and_can_be_undone)
{
	struct rig rig;
	struct reply reply;
	struct path plan = stopped(&rig);
	cr_assert_eq(unlink(rig_path(&rig, "held/default/giant.%s.csv", plan.text).text), 0);
	refused(&rig, plan, "not_applicable");
	state_is(&rig, "open");
	rig_drop(&rig, "later.csv", "username,course1\np1,C1\n");
	heed(&rig, &reply, "undo", path_of("release-%s.csv", plan.text).text);
	cr_expect_str_eq(reply_status(&reply), "done");
	reply_close(&reply);
	cr_expect_eq(rig_number(&rig, ENROLMENTS), 0);
	rig_remove(&rig);
}

Test(plan_ends, have_once_not_wait_for_those_that_are_open)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { review: true }\n"});
	rig_drop(&rig, "held.csv", "username,course1\np1,C1\n");
	rig_once(&rig);
	rig_drop(&rig, "waits.csv", "username,course1\np2,C1\n");
	rig_once(&rig);
	cr_expect(files_exist(rig_path(&rig, "inbox/waits.csv").text));
	rig_order(&rig, "decline", "held.csv");
	rig_once(&rig);
	rig_expect(&rig, "SELECT name, state FROM enrold_run WHERE name LIKE 'waits%'",
	    "waits.csv|held\n");
	rig_remove(&rig);
}

/* ---- what is left of a plan, and what it was about ---- */

Test(plan_ends, with_another_that_its_owner_cannot_release_either)
{
	struct rig rig;
	struct reply reply;
	make(&rig, "  default: { " FEED " }\n");
	done(&rig, "removing.csv",
	    "username,course1,unenrol1\np1,C1,1\np2,C1,1\np1,C2,1\np2,C2,1\n");
	struct path run = rig_order(&rig, "release", "removing.csv");
	struct path text =
	    path_of("{\"by\":\"anna\",\"uid\":1000,\"why\":\"looked\",\"at\":1790000000,"
	            "\"feed\":\"default\",\"courses\":[\"C1\"]}");
	files_write(
	    rig_path(&rig, "orders/release.%s", run.text).text, text.text, strlen(text.text), 0640);
	rig_once(&rig);
	struct path name = path_of("release-%s.csv", run.text);
	reply_open(&reply, &rig, name.text, 0);
	struct buffer card = files_read(
	    rig_path(&rig, "held/default/release-%s.%s.plan.json", run.text, reply.run).text);
	struct path owner = path_of("\"owner\":%u,", (unsigned)getuid());
	cr_expect(strstr(card.bytes, owner.text), "no %s in %s", owner.text, card.bytes);
	buffer_done(&card);
	reply_close(&reply);
	rig_remove(&rig);
}

Test(plan_ends, and_a_retry_file_of_it_is_what_nothing_is_measured_by)
{
	struct rig rig;
	struct reply reply;
	make(&rig, "  default: { " FEED " }\n");
	done(&rig, "again.csv",
	    "error_line,username,course1,unenrol1\n2,p1,C1,1\n3,p2,C1,1\n4,p3,C1,1\n");
	heed(&rig, &reply, "release", "again.csv");
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 3);
	reply_close(&reply);
	rig_expect(&rig, "SELECT name FROM enrold_run WHERE is_measure = 1", "first.csv\n");
	rig_remove(&rig);
}

#define REVIEWED                                                                                   \
	"  default: { review: true, upload_type: add_or_update, update_details: "                  \
	"file, " RIG_MAY_ALL " }\n"

static void held(struct rig *rig, const char *text)
{
	struct reply reply;
	rig_make(rig, &(struct rig_options){.feeds = REVIEWED});
	reply_to(&reply, rig, "held.csv", text);
	cr_assert_str_eq(reply_status(&reply), "held");
	reply_close(&reply);
}

/* Somebody else's account that has the name by now keeps what it has. */
Test(plan_ends, without_changing_an_account_that_was_shown_as_one_to_be_made)
{
	struct rig rig;
	struct reply reply;
	held(&rig, "username,firstname,lastname,email\nnew,N,Ew,new@x.example\n");
	rig_execute(&rig, "UPDATE mdl_user SET username = 'new', email = 'own@x.example' WHERE "
	                  "username = 'p1'");
	heed(&rig, &reply, "release", "held.csv");
	EXPECT(&reply, {2, "username", "skipped", "withheld"});
	reply_close(&reply);
	rig_expect(&rig, "SELECT email FROM mdl_user WHERE username = 'new'", "own@x.example\n");
	rig_expect(&rig, "SELECT state FROM enrold_plan ORDER BY run", "released\nopen\n");
	rig_remove(&rig);
}

/* Nor a detail that was as the file has it when the plan was shown. */
Test(plan_ends, without_changing_what_of_an_account_was_not_shown)
{
	struct rig rig;
	struct reply reply;
	struct buffer email, row;
	rig_make(&rig, &(struct rig_options){.feeds = REVIEWED});
	email = rig_query(&rig, "SELECT email FROM mdl_user WHERE username = 'p1'");
	struct path text = path_of("username,firstname,email\np1,Other,%.*s\n",
	    (int)strcspn(email.bytes, "\n"), email.bytes);
	reply_to(&reply, &rig, "held.csv", text.text);
	reply_close(&reply);
	rig_execute(&rig, "UPDATE mdl_user SET email = 'own@x.example' WHERE username = 'p1'");
	heed(&rig, &reply, "release", "held.csv");
	EXPECT(&reply, {2, "username", "done", "account_updated"},
	    {2, "username", "skipped", "withheld"});
	reply_close(&reply);
	row = rig_query(&rig, "SELECT firstname, email FROM mdl_user WHERE username = 'p1'");
	cr_expect_str_eq(row.bytes, "Other|own@x.example\n");
	buffer_done(&row);
	buffer_done(&email);
	rig_remove(&rig);
}

#define TWO                                                                                        \
	"  default: { absence: { action: suspend } }\n"                                            \
	"  other: { upload_type: add_or_update, limits: { created: { count: 1, share: 0% } "       \
	"}, " RIG_MAY_ALL " }\n"

/* Whom that one lists is there, also for feeds that tell absence. */
Test(plan_ends, and_its_file_does_not_take_the_place_of_a_newer_one)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = TWO});
	done(&rig, "full.csv", "username,course1\np1,C1\np2,C1\np3,C1\n");
	done(&rig, "other/first.csv", "username,course1\np1,C1\n");
	reply_to(&reply, &rig, "other/older.csv",
	    "username,firstname,lastname,email,course1\np1,,,,C1\nn1,N,N,n1@x.example,\n"
	    "n2,N,N,n2@x.example,\n");
	cr_assert_str_eq(reply_status(&reply), "held");
	reply_close(&reply);
	done(&rig, "other/newer.csv", "username,course1\np1,C1\np2,C1\n");
	rig_order(&rig, "release", "older.csv");
	rig_once(&rig);
	rig_expect(&rig, "SELECT state FROM enrold_plan", "released\n");
	reply_to(&reply, &rig, "full.csv", "username,course1\np1,C1\np3,C1\np4,C1\n");
	reply_close(&reply);
	rig_expect(&rig, ENROLMENTS " WHERE status = 1", "0\n");
	rig_remove(&rig);
}

/* Held removals of older files are closed when those of a newer one are released. */
Test(plan_ends, with_that_of_a_newer_full_file)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig,
	    &(struct rig_options){
	        .feeds = "  default: { absence: { action: suspend }, limits: { rows_of_last: 0%, "
	                 "per_course: { count: 0, share: 0% }, removals: { count: 1, share: 1%, "
	                 "most: 0 } } }\n"});
	done(&rig, "staff-1.csv", "username,course1\np1,C1\np2,C1\np3,C1\np4,C1\n");
	done(&rig, "staff-2.csv", "username,course1\np1,C1\np2,C1\n");
	done(&rig, "staff-3.csv", "username,course1\np1,C1\np3,C1\n");
	rig_expect(&rig, "SELECT count(*) FROM enrold_plan WHERE state = 'open'", "2\n");
	heed(&rig, &reply, "release", "staff-3.csv");
	reply_close(&reply);
	rig_expect(&rig, "SELECT state FROM enrold_plan ORDER BY run", "superseded\nreleased\n");
	rig_remove(&rig);
}

/* ---- what the next full file is compared with ---- */

#define FULL                                                                                       \
	"  default: { upload_type: add_or_update, absence: { action: suspend }, limits: { "        \
	"rows_of_last: 0%, created: { count: 1, share: 0% } }, " RIG_MAY_ALL " }\n"

#define BASE                                                                                       \
	"SELECT r.name FROM enrold_base b JOIN enrold_run r ON r.run = b.run AND b.base LIKE "     \
	"'%last_run ' || (SELECT max(run) FROM enrold_run WHERE name = '"

static void full_held(struct rig *rig, const char *rows)
{
	struct reply reply;
	rig_make(rig, &(struct rig_options){.feeds = FULL});
	done(rig, "full-1.csv", "username,firstname,lastname,email,course1\np1,,,,C1\np2,,,,C2\n");
	reply_to(&reply, rig, "full-2.csv",
	    path_of("username,firstname,lastname,email,course1\nn1,N,N,n1@x.example,C1\n"
	            "n2,N,N,n2@x.example,C2\n%s",
	        rows)
	        .text);
	cr_assert_str_eq(reply_status(&reply), "held");
	reply_close(&reply);
}

Test(plan_ends, for_some_courses_without_its_file_being_accepted)
{
	struct rig rig;
	full_held(&rig, "p1,,,,C1\n");
	struct path run = rig_order(&rig, "release", "full-2.csv");
	struct path text =
	    path_of("{\"by\":\"anna\",\"uid\":1000,\"why\":\"looked\",\"at\":1790000000,"
	            "\"feed\":\"default\",\"courses\":[\"C1\"]}");
	files_write(
	    rig_path(&rig, "orders/release.%s", run.text).text, text.text, strlen(text.text), 0640);
	rig_once(&rig);
	rig_expect(&rig, "SELECT state FROM enrold_plan ORDER BY run LIMIT 1", "released\n");
	rig_expect(&rig, BASE "full-2.csv') || '%'", "full-1.csv\n");
	rig_remove(&rig);
}

/* That which came in between, and has not been accepted, is still the newest. */
Test(plan_ends, late_without_its_file_being_the_newest)
{
	struct rig rig;
	struct reply reply;
	full_held(&rig, "p1,,,,C1\np2,,,,C2\n");
	done(&rig, "full-3.csv", "username,course1\np1,C1\n");
	rig_expect(&rig, BASE "full-3.csv') || '%'", "full-1.csv\n");
	heed(&rig, &reply, "release", "full-2.csv");
	reply_close(&reply);
	rig_expect(&rig, BASE "full-3.csv') || '%'", "full-2.csv\n");
	rig_remove(&rig);
}

/* ---- no more than was shown ---- */

/* The same site under other words of the feed. */
static void settings_change(const struct rig *rig, const char *from, const char *to)
{
	struct buffer text = files_read(rig->config.text);
	const char *at = strstr(text.bytes, from);
	cr_assert_not_null(at, "%s", text.bytes);
	struct buffer changed = {0};
	buffer_add(&changed, text.bytes, (size_t)(at - text.bytes));
	buffer_add_text(&changed, to);
	buffer_add_text(&changed, at + strlen(from));
	files_write(rig->config.text, changed.bytes, changed.size, 0644);
	buffer_done(&changed);
	buffer_done(&text);
}

#define SUSPENDING                                                                                 \
	"allow_unenrol: true, removal: suspend, limits: { by_cell: { count: 1, share: 0%, most: "  \
	"1 } }, " RIG_MAY_ALL

Test(plan_ends, with_a_suspension_where_that_was_shown_whatever_the_settings_say_by_then)
{
	struct rig rig;
	struct reply reply;
	make(&rig, "  default: { " SUSPENDING " }\n");
	done(&rig, "removing.csv", removing);
	settings_change(&rig, "removal: suspend", "removal: unenrol");
	heed(&rig, &reply, "release", "removing.csv");
	cr_expect_eq(reply_number(&reply, "codes", "unenrol_suspended"), 3);
	reply_close(&reply);
	rig_expect(&rig, IN_C1, "p1\np2\np3\n");
	rig_expect(&rig, ENROLMENTS " WHERE status = 1", "3\n");
	rig_remove(&rig);
}

Test(plan_ends, open_where_a_setting_stands_in_its_way)
{
	struct rig rig;
	struct reply reply;
	make(&rig, "  default: { " FEED " }\n");
	done(&rig, "removing.csv", removing);
	settings_change(&rig, "allow_unenrol: true", "allow_unenrol: false");
	heed(&rig, &reply, "release", "removing.csv");
	cr_expect_eq(reply_number(&reply, "codes", "unenrol_not_allowed"), 3);
	reply_close(&reply);
	state_is(&rig, "open");
	settings_change(&rig, "allow_unenrol: false", "allow_unenrol: true");
	heed(&rig, &reply, "release", "removing.csv");
	cr_expect_eq(reply_number(&reply, "codes", "unenrolled"), 3);
	reply_close(&reply);
	state_is(&rig, "released");
	rig_remove(&rig);
}

#define ABSENCE                                                                                    \
	"absence: { action: suspend }, limits: { removals: { count: 1, share: 0%, most: 1 }, "     \
	"rows_of_last: 0%, per_course: { count: 0, share: 0% } }, " RIG_MAY_ALL

/* Removals of courses that were not named wait in a plan of their own. */
Test(plan_ends, for_one_course_and_waits_for_the_other)
{
	struct rig rig;
	make(&rig, "  default: { " ABSENCE " }\n");
	done(&rig, "first.csv", "username,course1,course2\np1,C1,C2\n");
	struct path run = rig_order(&rig, "release", "first.csv");
	struct buffer order = files_read(rig_path(&rig, "orders/release.%s", run.text).text);
	size_t end = strcspn(order.bytes, "}");
	struct path text = path_of("%.*s,\"courses\":[\"C1\"]}", (int)end, order.bytes);
	files_write(
	    rig_path(&rig, "orders/release.%s", run.text).text, text.text, strlen(text.text), 0640);
	rig_once(&rig);
	rig_expect(&rig, "SELECT state FROM enrold_plan ORDER BY run", "released\nopen\n");
	rig_expect(&rig, ENROLMENTS " WHERE status = 1", "2\n");
	buffer_done(&order);
	rig_remove(&rig);
}

/* Whose name somebody has is one account more: how many they are has to be counted. */
Test(plan_ends, held_where_the_same_accounts_would_be_made_twice)
{
	struct rig rig;
	struct reply reply;
	struct buffer text = {0};
	buffer_add_text(&text, "username,firstname,lastname,email\n");
	for (int i = 0; i < 60; i++)
		buffer_print(&text, "new%d,N,N,new%d@x.example\n", i, i);
	rig_make(
	    &rig, &(struct rig_options){
	              .feeds = "  default: { upload_type: add_increment, " RIG_MAY_ALL " }\n"});
	done(&rig, "new.csv", text.bytes);
	for (char *at = text.bytes; (at = strchr(at, '@')); at++)
		at[1] = 'y';
	reply_to(&reply, &rig, "again.csv", text.bytes);
	cr_expect_str_eq(reply_status(&reply), "held");
	cr_expect_str_eq(reply_refusal(&reply), "created");
	reply_close(&reply);
	buffer_done(&text);
	rig_remove(&rig);
}

/* ---- the database is put back to before it ---- */

Test(plan_ends, with_a_database_of_before_it_once_somebody_has_accepted_that)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){
	                   .journal_mode = "delete", .feeds = "  default: { review: true }\n"});
	struct path backup = path_of("%s/backup.db", rig.root.text);
	files_copy(rig.database.text, backup.text);
	reply_to(&reply, &rig, "first.csv", enrolling);
	cr_assert_str_eq(reply_status(&reply), "held");
	reply_close(&reply);
	struct path held = rig_path(&rig, "held/default"),
	            quarantine = rig_path(&rig, "quarantine");
	cr_expect_eq(files_count(held.text, ""), 3);
	files_copy(backup.text, rig.database.text);
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "reconcile", "accept"));
	finished_done(&finished);
	cr_expect_eq(files_count(held.text, ""), 0);
	cr_expect_eq(files_count(quarantine.text, ".csv"), 1);
	cr_expect_eq(files_count(quarantine.text, ".csv.reason.txt"), 1);
	/* And the feed takes the next one. */
	reply_to(&reply, &rig, "second.csv", enrolling);
	cr_assert_str_eq(reply_status(&reply), "held");
	reply_close(&reply);
	rig_remove(&rig);
}
