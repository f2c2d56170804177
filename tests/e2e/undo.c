/*
 * What a run did is taken back, in the real programs, by a person's word in orders/. What is
 * compared is who is what where, by names: ids, times of changing and logs are others afterwards.
 */
#include "fatal.h"
#include "law.h"
#include "reply.h"
#include "scale.h"
#include "undoing.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#define FEED(more)                                                                                 \
	"  default: { upload_type: add_or_update, update_details: file, allow_rename: true,"       \
	" allow_delete: true, allow_unenrol: true" more ", " RIG_MAY_ALL " }\n"

/* ---- what there is ---- */

/* Of those who were there at first: whom a run has made stays, suspended. */
static const char *const states[] = {
    "SELECT username, firstname, lastname, email, idnumber, coalesce(city, ''), suspended, auth,"
    " deleted FROM mdl_user u WHERE u.id <= %lld ORDER BY id",
    "SELECT u.username, c.shortname, ue.status, ue.timestart, ue.timeend FROM mdl_user_enrolments"
    " ue JOIN mdl_enrol e ON e.id = ue.enrolid JOIN mdl_course c ON c.id = e.courseid JOIN"
    " mdl_user u ON u.id = ue.userid WHERE u.id <= %lld ORDER BY 1, 2",
    "SELECT u.username, r.shortname, x.contextlevel, x.instanceid, ra.component FROM"
    " mdl_role_assignments ra JOIN mdl_user u ON u.id = ra.userid JOIN mdl_role r ON r.id ="
    " ra.roleid JOIN mdl_context x ON x.id = ra.contextid WHERE u.id <= %lld ORDER BY 1, 3, 4, 2",
    "SELECT u.username, c.shortname, g.name FROM mdl_groups_members m JOIN mdl_groups g ON g.id ="
    " m.groupid JOIN mdl_course c ON c.id = g.courseid JOIN mdl_user u ON u.id = m.userid WHERE"
    " u.id <= %lld ORDER BY 1, 2, 3",
    "SELECT u.username, c.idnumber FROM mdl_cohort_members m JOIN mdl_cohort c ON c.id ="
    " m.cohortid JOIN mdl_user u ON u.id = m.userid WHERE u.id <= %lld ORDER BY 1, 2",
    "SELECT u.username, t.name FROM mdl_tag_instance i JOIN mdl_tag t ON t.id = i.tagid JOIN"
    " mdl_user u ON u.id = i.itemid WHERE i.itemtype = 'user' AND u.id <= %lld ORDER BY 1,"
    " i.ordering",
};

static int64_t users_max(const struct rig *rig)
{
	return rig_number(rig, "SELECT max(id) FROM mdl_user");
}

static struct buffer state_of(const struct rig *rig, int64_t users)
{
	struct buffer all = {0};
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		char *sql = sqlite3_mprintf(states[i], (long long)users);
		struct buffer rows = rig_query(rig, sql);
		buffer_print(&all, "-- %zu\n%s", i, rows.bytes ? rows.bytes : "");
		buffer_done(&rows);
		sqlite3_free(sql);
	}
	buffer_add_char(&all, '\0');
	return all;
}

static void expect_state(
    const struct rig *rig, int64_t users, const struct buffer *expected, const char *what)
{
	struct buffer now = state_of(rig, users);
	if (strcmp(now.bytes, expected->bytes) != 0) {
		files_write(rig_path(rig, "is").text, now.bytes, now.size - 1, 0640);
		files_write(
		    rig_path(rig, "should_be").text, expected->bytes, expected->size - 1, 0640);
		fatal(
		    "%s: other than it was, see %s and should_be", what, rig_path(rig, "is").text);
	}
	buffer_done(&now);
}

Test(undo, takes_back_what_each_row_has_done)
{
	struct rig rig;
	struct reply reply;
	rig_make_whole(&rig, &(struct rig_options){.feeds = FEED(", removal: unenrol")}, "");
	reply_to(&reply, &rig, "base.csv",
	    "username,course1,role1,cohort1,interests\np1,C1,,SALES,\np2,C1,teacher,,\"go,"
	    "chess\"\n");
	reply_close(&reply);
	int64_t old = users_max(&rig);
	struct buffer before = state_of(&rig, old);
	reply_to(&reply, &rig, "a.csv",
	    "username,oldusername,firstname,lastname,email,city,suspended,course1,role1,unenrol1,"
	    "group1,cohort1,sysrole1,interests\n"
	    "p1,,,,,Oslo,,C1,,1,,-SALES,,\n"
	    "p2,,,,,,1,C1,-teacher,,Red,SALES,,chess\n"
	    "p33,p3,,,,,,C2,,,Blue,NEW,coursecreator,\"a,b\"\n"
	    "nina,,Nina,N,nina@x.example,,,C1,,,,,,\n");
	struct path run = undo_subject(&reply);
	reply_close(&reply);
	int64_t all = users_max(&rig);
	struct buffer after = state_of(&rig, all);
	undo_run(&rig, run.text, &reply);
	struct path undone = undo_subject(&reply);
	EXPECT(&reply, {5, "username", "done", "undone"}, {5, "course1", "done", "undone"},
	    {4, "oldusername", "done", "undone"}, {4, "sysrole1", "done", "undone"},
	    {4, "group1", "done", "undone"}, {4, "cohort1", "done", "undone"},
	    {4, "course1", "done", "undone"}, {4, "interests", "done", "undone"},
	    {3, "suspended", "done", "undone"}, {3, "course1", "done", "undone"},
	    {3, "group1", "done", "undone"}, {3, "cohort1", "done", "undone"},
	    {3, "interests", "done", "undone"}, {2, "username", "done", "undone"},
	    {2, "course1", "done", "undone"}, {2, "cohort1", "done", "undone"});
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 16);
	cr_expect_eq(reply.result.rows_count, 17);
	reply_close(&reply);
	expect_state(&rig, old, &before, "the run was undone");
	rig_expect(&rig,
	    "SELECT suspended, (SELECT count(*) FROM mdl_user_enrolments WHERE userid = u.id) FROM"
	    " mdl_user u WHERE username = 'nina'",
	    "1|0\n");
	undo_run(&rig, undone.text, &reply);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), 16);
	reply_close(&reply);
	expect_state(&rig, all, &after, "the undo was undone");
	buffer_done(&before);
	buffer_done(&after);
	law_close(&rig);
}

/* ---- by chance ---- */

enum { ROUNDS = SCALE(2, 1), PEOPLE = 12 };

static const char *one_of(unsigned *seed, const char *const *words, size_t count)
{
	return words[(size_t)rand_r(seed) % count];
}

#define ONE_OF(...)                                                                                \
	one_of(seed, (const char *const[]){__VA_ARGS__},                                           \
	    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* Empty cells are the rule, so that rows differ in kind. Who is renamed is not named again: nobody
 * would know by which name. */
static void row_add(struct buffer *text, unsigned *seed, bool *is_renamed, bool has_groups)
{
	int person = rand_r(seed) % PEOPLE + 1;
	bool renames = rand_r(seed) % 12 == 0 && !is_renamed[person];
	buffer_print(text, "%sp%d,", is_renamed[person] || renames ? "x" : "", person);
	buffer_print(text, renames ? "p%d," : ",", person);
	is_renamed[person] |= renames;
	buffer_print(
	    text, "%s,%s,", ONE_OF("", "", "Oslo", "Bergen;=%"), ONE_OF("", "", "", "0", "1"));
	buffer_print(text, "%s,%s,%s,%s,%s,", ONE_OF("", "C1", "C2", "C3"),
	    ONE_OF("", "", "teacher", "-student", "-teacher"), ONE_OF("", "", "0", "1"),
	    ONE_OF("", "", "2026-01-05", "2027-03-01"), ONE_OF("", "", "", "1"));
	buffer_print(text, "%s,", has_groups ? ONE_OF("", "Red", "Blue", "-Red", "-Blue") : "");
	buffer_print(text, "%s,%s,%s\n", ONE_OF("", "", "SALES", "-SALES", "HR"),
	    ONE_OF("", "", "", "coursecreator", "-coursecreator"),
	    ONE_OF("", "", "chess", "\"go,chess\""));
}

static struct buffer rows_make(unsigned *seed, int count, bool *is_renamed, bool has_groups)
{
	struct buffer text = {0};
	buffer_add_text(&text,
	    "username,oldusername,city,suspended,course1,role1,enrolstatus1,enroltimestart1,"
	    "unenrol1,group1,cohort1,sysrole1,interests\n");
	for (int i = 0; i < count; i++)
		row_add(&text, seed, is_renamed, has_groups);
	buffer_add_char(&text, '\0');
	return text;
}

static void chance_drop(
    struct rig *rig, unsigned *seed, const char *name, int rows, bool *renamed, bool has_groups)
{
	struct buffer text = rows_make(seed, rows, renamed, has_groups);
	rig_drop(rig, name, text.bytes);
	rig_once(rig);
	buffer_done(&text);
}

/* Unenrolling takes groups along, which nobody notes. */
static void chance_undo(unsigned seed, const char *feeds, bool has_groups)
{
	struct rig rig;
	struct reply reply;
	unsigned chance = seed;
	bool renamed[PEOPLE + 1] = {false};
	rig_make_whole(&rig, &(struct rig_options){.feeds = feeds}, "");
	chance_drop(&rig, &chance, "base.csv", 30, renamed, has_groups);
	int64_t old = users_max(&rig);
	struct buffer before = state_of(&rig, old);
	chance_drop(&rig, &chance, "a.csv", 40, renamed, has_groups);
	struct buffer after = state_of(&rig, old);
	reply_open(&reply, &rig, "a.csv", 0);
	struct path run = undo_subject(&reply);
	reply_close(&reply);
	undo_run(&rig, run.text, &reply);
	struct path undone = undo_subject(&reply);
	cr_expect_gt(reply_number(&reply, "outcomes", "done"), 20, "seed %u", seed);
	cr_expect_eq(reply_number(&reply, "outcomes", "skipped"), 0, "seed %u", seed);
	cr_expect_eq(reply_number(&reply, "outcomes", "error"), 0, "seed %u", seed);
	reply_close(&reply);
	expect_state(&rig, old, &before, path_of("seed %u, undone", seed).text);
	undo_run(&rig, undone.text, &reply);
	reply_close(&reply);
	expect_state(&rig, old, &after, path_of("seed %u, the undo undone", seed).text);
	buffer_done(&before);
	buffer_done(&after);
	law_close(&rig);
}

Test(undo, leaves_what_was_there_before_whatever_the_file_did)
{
	const char *asked = getenv("ENROLD_SEED");
	unsigned seed = asked ? (unsigned)strtoul(asked, NULL, 10) : (unsigned)getpid();
	for (unsigned i = 0; i < ROUNDS; i++) {
		chance_undo(seed + i, FEED(", removal: suspend"), true);
		chance_undo(seed + i, FEED(", removal: suspend_no_roles"), true);
		chance_undo(seed + i, FEED(", removal: unenrol"), false);
	}
}
