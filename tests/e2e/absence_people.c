/*
 * People who are absent and stay, each for a reason of their own, which is said once; and those
 * who come back.
 */
#include "law.h"
#include "nightly.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#define SUSPEND "  default: { absence: { action: suspend } }\n"
#define MAKES "  default: { upload_type: add_or_update, absence: { action: suspend } }\n"
/* Of pN in C1. */
#define OF(n)                                                                                      \
	"userid = (SELECT id FROM mdl_user WHERE username = 'p" n "') AND enrolid = (SELECT id "   \
	"FROM mdl_enrol WHERE enrol = 'manual' AND courseid = (SELECT id FROM mdl_course WHERE "   \
	"shortname = 'C1'))"
#define ROLE(shortname, level)                                                                     \
	"INSERT INTO mdl_role_assignments (roleid, contextid, userid, timemodified, component, "   \
	"itemid) SELECT r.id, x.id, u.id, 1, '', 0 FROM mdl_role r, mdl_context x, mdl_user u "    \
	"WHERE r.shortname = '" shortname "' AND u.username = 'p50' AND " level
#define IN_C1                                                                                      \
	"x.contextlevel = 50 AND x.instanceid = (SELECT id FROM mdl_course WHERE shortname = "     \
	"'C1')"

/* p50 was listed in C1, something happened, and the next file does not list p50 there. */
static const struct stay {
	const char *what, *feeds, *sql;
	const char *outcome, *code, *words; /* of the row; NULL: nothing is said */
	bool is_held;                       /* said every night */
} stays[] = {
    {"a teacher", SUSPEND, ROLE("editingteacher", IN_C1), "unchanged", "absent_role",
        "has the role 'editingteacher'", false},
    {"a student who also is a tutor", SUSPEND, ROLE("teacher", IN_C1), "unchanged", "absent_role",
        "has the role 'teacher'", false},
    {"a role that a component gave", SUSPEND,
        ROLE(
            "teacher", IN_C1) ";UPDATE mdl_role_assignments SET component = 'enrol_cohort', itemid "
                              "= 9 WHERE timemodified = 1",
        "unchanged", "absent_role", "has the role 'teacher'", false},
    {"roles: none at all", "  default: { absence: { action: suspend, roles: [] } }\n", "SELECT 1",
        "unchanged", "absent_role", "has the role 'student'", false},
    {"a manager of the site", SUSPEND, ROLE("manager", "x.contextlevel = 10"), "unchanged",
        "protected_account", "no feed touches this account", false},
    {"an administrator", SUSPEND,
        "UPDATE mdl_config SET value = value || ',' || (SELECT id FROM mdl_user WHERE username = "
        "'p50') WHERE name = 'siteadmins'",
        "unchanged", "protected_account", "no feed touches this account", false},
    {"suspended by hand", SUSPEND,
        "UPDATE mdl_user_enrolments SET status = 1, timemodified = timemodified - 5 WHERE " OF(
            "50"),
        "unchanged", "kept_manual", "Left suspended", false},
    {"an enrolment that ended", SUSPEND,
        "UPDATE mdl_user_enrolments SET timestart = 1, timeend = 1700000000 WHERE " OF("50"),
        "unchanged", "absent_ended", "the enrolment ended on 2023-11-1", false},
    {"a course that ended", SUSPEND,
        "UPDATE mdl_course SET startdate = 1, enddate = 1700000000 WHERE shortname = 'C1'",
        "unchanged", "absent_ended", "the course ended on 2023-11-1", false},
    {"an enrolment that is gone", SUSPEND, "DELETE FROM mdl_user_enrolments WHERE " OF("50"), NULL,
        NULL, NULL, false},
    {"an enrolment made anew by hand", SUSPEND,
        "UPDATE mdl_user_enrolments SET id = 4711, timemodified = timemodified - 5 WHERE " OF("50"),
        NULL, NULL, NULL, false},
    {"a course deleted", SUSPEND,
        "DELETE FROM mdl_user_enrolments WHERE enrolid IN (SELECT id FROM mdl_enrol WHERE courseid "
        "= (SELECT id FROM mdl_course WHERE shortname = 'C1'));DELETE FROM mdl_enrol WHERE "
        "courseid "
        "= (SELECT id FROM mdl_course WHERE shortname = 'C1');DELETE FROM mdl_course WHERE "
        "shortname = 'C1'",
        NULL, NULL, NULL, false},
    {"a course renamed", SUSPEND, "UPDATE mdl_course SET shortname = 'C99' WHERE shortname = 'C1'",
        NULL, NULL, NULL, false},
    {"a person deleted", SUSPEND,
        "UPDATE mdl_user SET deleted = 1, username = 'p50@x.1' WHERE username = 'p50'", NULL, NULL,
        NULL, false},
    {"the manual method became another one", SUSPEND,
        "UPDATE mdl_enrol SET enrol = 'self' WHERE courseid = (SELECT id FROM mdl_course WHERE "
        "shortname = 'C1')",
        NULL, NULL, NULL, false},
};

enum { STAYS = sizeof stays / sizeof *stays };

ParameterizedTestParameters(absence_people, stay)
{
	static size_t numbers[STAYS];
	for (size_t i = 0; i < STAYS; i++)
		numbers[i] = i;
	return cr_make_param_array(size_t, numbers, STAYS);
}

static struct buffer enrolments_of(const struct nightly *nightly)
{
	return rig_query(&nightly->rig, "SELECT id, userid, enrolid, status, timestart, timeend, "
	                                "timemodified FROM mdl_user_enrolments ORDER BY id");
}

ParameterizedTest(const size_t *number, absence_people, stay)
{
	const struct stay *is = &stays[*number];
	struct nightly nightly;
	nightly_make(&nightly, is->feeds);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	rig_execute(&nightly.rig, is->sql);
	struct buffer before = enrolments_of(&nightly);
	for (int night = 2; night <= 4; night++) {
		struct path name = path_of("staff-%d.csv", night);
		nightly_send(&nightly, name.text, "1-49:C1");
		struct buffer after = enrolments_of(&nightly);
		cr_expect_str_eq(after.bytes, before.bytes, "%s", is->what);
		buffer_done(&after);
		bool is_said = is->code && (night == 2 || is->is_held);
		const struct expected row = {0, "absent", is->outcome, is->code};
		cr_expect_eq(nightly_rows(&nightly, NULL, NULL), is_said,
		    "%s, night %d: %zu rows, %s", is->what, night,
		    nightly_rows(&nightly, NULL, NULL),
		    reply_cell(
		        &nightly.reply, (struct expected){0, "absent", NULL, NULL}, 0, "code"));
		if (is_said)
			cr_expect(strstr(reply_cell(&nightly.reply, row, 0, "message"), is->words),
			    "%s: %s", is->what, reply_cell(&nightly.reply, row, 0, "message"));
	}
	buffer_done(&before);
	nightly_leave(&nightly); /* a person changed what the law compares */
}

Test(absence_people, whose_user_name_changed_are_present_by_their_id)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	rig_execute(&nightly.rig, "UPDATE mdl_user SET username = 'p99' WHERE username = 'p50'");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1 99:C1");
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
	cr_expect_eq(nightly_suspended(&nightly), 0);
	cr_expect_eq(nightly_active(&nightly, "C1"), 50);
	nightly_leave(&nightly);
}

/* With the person's idnumber, address or name; the other cells are others'. */
static const struct likeness {
	const char *what, *row;
} likenesses[] = {
    {"idnumber", "new50,Other,Name,other@example.org,person-50,C1\n"},
    {"e-mail", "new50,Other,Name,p50@example.org,n50,C1\n"},
    {"full name", "new50,Person,50,other@example.org,n50,C1\n"},
};

Test(absence_people, of_whom_a_new_account_may_be_are_kept)
{
	for (size_t i = 0; i < sizeof likenesses / sizeof *likenesses; i++) {
		struct nightly nightly;
		struct buffer text = {0};
		nightly_make(&nightly, MAKES);
		rig_execute(&nightly.rig, "UPDATE mdl_config SET value = '1' WHERE name = "
		                          "'allowaccountssameemail'");
		buffer_add_text(&text, "username,firstname,lastname,email,idnumber,course1\n");
		for (int n = 1; n <= 49; n++)
			buffer_print(
			    &text, "p%d,Person,%d,p%d@example.org,person-%d,C1\n", n, n, n, n);
		size_t size = text.size;
		buffer_add_text(&text, "p50,Person,50,p50@example.org,person-50,C1\n");
		nightly_drop_bytes(&nightly, "staff-1.csv", text.bytes, text.size);
		text.size = size;
		buffer_add_text(&text, likenesses[i].row);
		nightly_drop_bytes(&nightly, "staff-2.csv", text.bytes, text.size);
		cr_expect_eq(nightly_suspended(&nightly), 0, "%s", likenesses[i].what);
		const struct expected row = {0, "absent", "skipped", "maybe_renamed"};
		cr_expect_eq(reply_lines(&nightly.reply, row), 1, "%s", likenesses[i].what);
		cr_expect(strstr(reply_cell(&nightly.reply, row, 0, "message"), "'new50'"));
		const char *remark = nightly_remark(&nightly, "removals_withheld");
		cr_expect_str_eq(remark ? remark : "",
		    "1 removal was withheld: a new account may be of the same person.");
		buffer_done(&text);
		nightly_close(&nightly);
	}
}

Test(absence_people, in_a_row_with_an_error_are_present)
{
	static const char *const rows[] = {
	    "p50,C1,chef,\n", "p50,C1,,soon\n", "p50,NOPE,,\n", "P50 ,C1,,x\n"};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct nightly nightly;
		struct buffer text = {0};
		nightly_make(&nightly, SUSPEND);
		buffer_add_text(&text, "username,course1,role1,enrolperiod1\n");
		for (int n = 1; n <= 49; n++)
			buffer_print(&text, "p%d,C1,,\n", n);
		size_t size = text.size;
		buffer_add_text(&text, "p50,C1,,\n");
		nightly_drop_bytes(&nightly, "staff-1.csv", text.bytes, text.size);
		text.size = size;
		buffer_add_text(&text, rows[i]);
		for (int night = 2; night <= 3; night++) {
			struct path name = path_of("staff-%d.csv", night);
			nightly_drop_bytes(&nightly, name.text, text.bytes, text.size);
			cr_expect_eq(nightly_suspended(&nightly), 0, "%s", rows[i]);
			cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0, "%s", rows[i]);
		}
		buffer_done(&text);
		nightly_close(&nightly);
	}
}

/* ---- others' hands ---- */

Test(absence_people, activated_by_hand_stay_active_until_the_feed_has_listed_them_once_more)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	cr_assert_eq(nightly_suspended(&nightly), 1);
	rig_execute(&nightly.rig, "UPDATE mdl_user_enrolments SET status = 0, timemodified = "
	                          "timemodified + 5 WHERE " OF("50"));
	nightly_send(&nightly, "staff-3.csv", "1-49:C1");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	cr_expect_eq(nightly_rows(&nightly, "unchanged", "kept_manual"), 1);
	nightly_send(&nightly, "staff-4.csv", "1-49:C1");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0, "said once");
	nightly_send(&nightly, "staff-5.csv", "1-50:C1");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	/* In another order: these very bytes would be an older file. */
	nightly_send(&nightly, "staff-6.csv", "2-49:C1 1:C1");
	cr_expect_eq(nightly_suspended(&nightly), 1, "listed, and absent again");
	nightly_leave(&nightly);
}

Test(absence_people, activated_by_hand_whom_somebody_else_had_suspended_stay_so_too)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	rig_execute(&nightly.rig, "UPDATE mdl_user_enrolments SET status = 1 WHERE " OF("50"));
	nightly_send(&nightly, "staff-2.csv", "2-50:C1 1:C1");
	rig_execute(&nightly.rig, "UPDATE mdl_user_enrolments SET status = 0 WHERE " OF("50"));
	nightly_send(&nightly, "staff-3.csv", "1-49:C1");
	cr_expect_eq(nightly_rows(&nightly, "unchanged", "kept_manual"), 1);
	nightly_send(&nightly, "staff-4.csv", "2-49:C1 1:C1");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0, "said once");
	nightly_send(&nightly, "staff-5.csv", "3-50:C1 1-2:C1");
	nightly_send(&nightly, "staff-6.csv", "4-49:C1 1-3:C1");
	cr_expect_eq(nightly_suspended(&nightly), 1, "listed, and absent again");
	nightly_leave(&nightly);
}

Test(absence_people, suspended_by_hand_stay_suspended_when_they_are_listed)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	/* Opened and saved by somebody, who means it. */
	rig_execute(&nightly.rig,
	    "UPDATE mdl_user_enrolments SET timemodified = timemodified + 5 WHERE " OF("50"));
	nightly_send(&nightly, "staff-3.csv", "1-50:C1");
	cr_expect_eq(nightly_suspended(&nightly), 1);
	cr_expect_eq(
	    reply_lines(&nightly.reply, (struct expected){0, "course1", NULL, "kept_manual"}), 1);
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
	nightly_leave(&nightly);
}

Test(absence_people, who_were_there_before_the_feed_are_its_to_take_only_with_adopt)
{
	for (int adopts = 0; adopts < 2; adopts++) {
		struct nightly nightly;
		nightly_make(&nightly,
		    adopts
		        ? "  default: { absence: { action: suspend, adopt: true } }\n  other: {}\n"
		        : SUSPEND "  other: {}\n");
		nightly_drop(&nightly, "other/by-hand.csv", "username,course1\np50,C1\n");
		nightly_send(&nightly, "staff-1.csv", "1-50:C1");
		nightly_drop(&nightly, "other/nobody.csv", "username,course1\np1,C1\n");
		nightly_send(&nightly, "preview/staff-2.csv", "1-49:C1");
		const char *remark = nightly_remark(&nightly, "out_of_reach");
		cr_expect_eq(remark != NULL, !adopts);
		if (remark)
			cr_expect(
			    strstr(remark, "1 absent enrolment is out of reach"), "%s", remark);
		nightly_send(&nightly, "staff-2.csv", "1-49:C1");
		cr_expect_eq(nightly_suspended(&nightly), adopts);
		cr_expect_eq(nightly_rows(&nightly, NULL, NULL), (size_t)adopts);
		nightly_close(&nightly);
	}
}

Test(absence_people, whom_another_feed_lists_are_its_own_from_then_on)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND "  hr: {}\n");
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_drop(&nightly, "hr/staff.csv", "username,course1\np50,C1\np49,C2\n");
	nightly_send(&nightly, "staff-2.csv", "1-48:C1 51:C1 52:C1");
	cr_expect_eq(nightly_suspended(&nightly), 1, "p49, whom hr lists elsewhere");
	const struct expected row = {0, "absent", "unchanged", "absent_elsewhere"};
	cr_expect_eq(reply_lines(&nightly.reply, row), 1);
	cr_expect(strstr(reply_cell(&nightly.reply, row, 0, "message"), "'hr'"));
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 2);
	nightly_send(&nightly, "staff-3.csv", "1-48:C1 51:C1 52:C1");
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
	/* hr lets go, and the claim is lost: nobody takes p50 out. */
	nightly_drop(&nightly, "hr/staff.csv", "username,course1\np49,C2\n");
	nightly_send(&nightly, "staff-4.csv", "1-48:C1 51:C1 52:C1");
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
	cr_expect_eq(nightly_suspended(&nightly), 1);
	nightly_close(&nightly);
}

Test(absence_people, in_an_erroneous_row_of_another_feed_are_present)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND "  hr: {}\n");
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_drop(&nightly, "hr/staff.csv", "username,course1\np50,NOPE\n");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	cr_expect_eq(nightly_rows(&nightly, "unchanged", "absent_elsewhere"), 1);
	nightly_close(&nightly);
}

/* Whom that feed lists was never noted: it ran before absence was told by any. */
Test(absence_people, are_kept_while_nobody_knows_whom_another_feed_lists)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND "  hr: {}\n");
	nightly_drop(&nightly, "hr/staff.csv", "username,course1\np50,C1\n");
	files_remove(rig_path(&nightly.rig, "listed/hr").text);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-48:C1 51:C1");
	nightly_withheld(&nightly, 1, "withheld", "the last file of the feed 'hr' lists");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_close(&nightly);
}

Test(absence_people, in_the_course_by_a_cohort_too_lose_the_manual_enrolment_and_that_is_said)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	rig_execute(&nightly.rig,
	    "INSERT INTO mdl_enrol (enrol, status, courseid, roleid, customint1) SELECT 'cohort', "
	    "0, "
	    "id, 5, 1 FROM mdl_course WHERE shortname = 'C1';INSERT INTO mdl_user_enrolments "
	    "(enrolid, "
	    "userid, status, timestart, timeend, modifierid, timecreated, timemodified) SELECT "
	    "e.id, "
	    "u.id, 0, 0, 0, 2, 1, 1 FROM mdl_enrol e, mdl_user u WHERE e.enrol = 'cohort' AND "
	    "u.username = 'p50'");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	cr_expect_eq(nightly_rows(&nightly, "done", "absent_suspended"), 1);
	const struct expected row = {0, "absent", "warning", "enrolled_otherwise"};
	cr_expect_eq(reply_lines(&nightly.reply, row), 1);
	cr_expect(strstr(reply_cell(&nightly.reply, row, 0, "message"), "cohort"));
	cr_expect_eq(nightly_suspended(&nightly), 1);
	nightly_leave(&nightly);
}

/* ---- settings that change ---- */

static void feeds_change(const struct nightly *nightly, const char *from, const char *to)
{
	struct buffer yaml = files_read(nightly->rig.config.text);
	char *at = strstr(yaml.bytes, from);
	struct buffer changed = {0};
	cr_assert_not_null(at);
	buffer_add(&changed, yaml.bytes, (size_t)(at - yaml.bytes));
	buffer_add_text(&changed, to);
	buffer_add_text(&changed, at + strlen(from));
	files_write(nightly->rig.config.text, changed.bytes, changed.size, 0640);
	buffer_done(&changed);
	buffer_done(&yaml);
}

Test(absence_people, in_courses_that_the_feed_may_reach_no_more_are_left_alone)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-40:C1 1-40:C2");
	feeds_change(&nightly, "default: {", "default: { may: { courses: [C2] },");
	nightly_send(&nightly, "staff-2.csv", "1-39:C1 1-39:C2");
	rig_expect(&nightly.rig,
	    "SELECT c.shortname FROM mdl_user_enrolments ue JOIN mdl_enrol e ON e.id = ue.enrolid "
	    "JOIN "
	    "mdl_course c ON c.id = e.courseid WHERE ue.status = 1",
	    "C2\n");
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 1);
	nightly_close(&nightly);
}

/* A term has ended: its courses are named no longer. */
Test(absence_people, of_a_term_that_is_over_stay_in_its_courses)
{
	for (int is_of_feed = 0; is_of_feed < 2; is_of_feed++) {
		struct nightly nightly;
		nightly_make(&nightly,
		    is_of_feed ? "  default: { absence: { action: suspend, scope: feed } }\n"
		               : SUSPEND);
		nightly_send(&nightly, "staff-1.csv", "1-8:C1 1-8:C2");
		rig_execute(&nightly.rig,
		    "UPDATE mdl_course SET enddate = strftime('%s') - 10 WHERE "
		    "shortname IN ('C1', 'C2')");
		nightly_send(&nightly, "staff-2.csv", "1-8:C3 1-8:C4");
		cr_expect_eq(nightly_suspended(&nightly), 0);
		cr_expect_eq(
		    nightly_rows(&nightly, "unchanged", "absent_ended"), is_of_feed ? 16 : 0);
		cr_expect_eq(nightly_rows(&nightly, NULL, NULL), is_of_feed ? 16 : 0);
		nightly_send(&nightly, "staff-3.csv", "1-8:C3 1-8:C4");
		cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
		nightly_close(&nightly);
	}
}

/* ---- accounts ---- */

#define ACCOUNTS(more)                                                                             \
	"  default: { allow_suspend: true, absence: { action: suspend, accounts: suspend, "        \
	"accounts_grace: 0s" more " } }\n"

static int64_t accounts_suspended(const struct nightly *nightly)
{
	return rig_number(&nightly->rig, "SELECT count(*) FROM mdl_user WHERE suspended = 1");
}

Test(absence_people, in_no_row_of_two_files_have_their_accounts_suspended_and_get_them_back)
{
	struct nightly nightly;
	nightly_make(&nightly, ACCOUNTS(""));
	nightly_send(&nightly, "staff-1.csv", "1-50:C1 1-50:C2");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1 1-49:C2");
	cr_expect_eq(accounts_suspended(&nightly), 0, "the first file without");
	nightly_send(&nightly, "staff-3.csv", "1-49:C1 1-49:C2");
	cr_expect_eq(accounts_suspended(&nightly), 1, "the second");
	cr_expect_eq(nightly_rows(&nightly, "done", "account_suspended"), 1);
	nightly_send(&nightly, "staff-4.csv", "1-49:C1 1-49:C2");
	cr_expect_eq(nightly_rows(&nightly, NULL, NULL), 0);
	nightly_send(&nightly, "staff-5.csv", "1-50:C1 1-50:C2");
	cr_expect_eq(accounts_suspended(&nightly), 0);
	cr_expect_eq(nightly_rows(&nightly, "done", "returned"), 1);
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_close(&nightly);
}

Test(absence_people, keep_their_accounts_where_a_file_looks_wrong)
{
	static const char *const rosters[][2] = {{"1-40:C1", "1-40:C1"},
	    {"1-49:C1 q1:C2", "1-49:C1 q1:C2 q2:C2"}, {"1-38:C1 q1-12:C1", "1-38:C1 q1-12:C1"}};
	for (size_t i = 0; i < sizeof rosters / sizeof *rosters; i++) {
		struct nightly nightly;
		nightly_make(&nightly, ACCOUNTS(""));
		nightly_send(&nightly, "staff-1.csv", "1-50:C1");
		for (int night = 0; night < 2; night++) {
			struct path name = path_of("staff-%d.csv", night + 2);
			nightly_send(&nightly, name.text, rosters[i][night]);
			cr_expect_eq(accounts_suspended(&nightly), 0, "%s", rosters[i][night]);
		}
		nightly_close(&nightly);
	}
}

Test(absence_people, suspended_by_hand_meanwhile_keep_their_accounts_so)
{
	struct nightly nightly;
	nightly_make(&nightly, ACCOUNTS(""));
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	rig_execute(&nightly.rig, "UPDATE mdl_user SET suspended = 1, timemodified = timemodified "
	                          "+ 5 WHERE username = 'p50'");
	nightly_send(&nightly, "staff-3.csv", "1-49:C1");
	cr_expect_eq(nightly_rows(&nightly, "done", NULL), 0);
	nightly_send(&nightly, "staff-4.csv", "1-50:C1");
	cr_expect_eq(accounts_suspended(&nightly), 1);
	nightly_leave(&nightly);
}

/* The accounts alone: nobody leaves a course. */
Test(absence_people, keep_their_accounts_where_more_would_be_suspended_than_the_limits_let_go)
{
	struct nightly nightly;
	nightly_make(&nightly, "  default: { allow_suspend: true, limits: { accounts: { count: 0, "
	                       "share: 0%, most: 1 } "
	                       "}, absence: { accounts: suspend, accounts_grace: 0s } }\n");
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-48:C1");
	nightly_send(&nightly, "staff-3.csv", "1-48:C1");
	cr_expect_eq(accounts_suspended(&nightly), 0);
	cr_expect_eq(nightly_rows(&nightly, "skipped", "withheld"), 2);
	const char *remark = nightly_remark(&nightly, "removals_withheld");
	cr_expect(remark && text_starts(remark, "2 accounts were not suspended: 2 of 48 accounts"),
	    "%s", remark ? remark : "no remark");
	nightly_close(&nightly);
}

Test(absence_people, have_their_accounts_suspended_where_courses_are_ignored)
{
	struct nightly nightly;
	nightly_make(&nightly, "  default: { allow_suspend: true, absence: { accounts: suspend, "
	                       "accounts_grace: 0s } }\n");
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	nightly_send(&nightly, "staff-3.csv", "1-49:C1");
	cr_expect_eq(accounts_suspended(&nightly), 1);
	cr_expect_eq(nightly_suspended(&nightly), 0);
	nightly_close(&nightly);
}

Test(absence_people, lose_their_roles_too_with_suspend_no_roles_and_get_them_back)
{
	struct nightly nightly;
	nightly_make(&nightly, "  default: { absence: { action: suspend_no_roles } }\n");
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	cr_expect_eq(nightly_suspended(&nightly), 1);
	cr_expect_eq(rig_number(&nightly.rig, "SELECT count(*) FROM mdl_role_assignments"), 49);
	nightly_send(&nightly, "staff-3.csv", "1-50:C1");
	cr_expect_eq(nightly_suspended(&nightly), 0);
	cr_expect_eq(rig_number(&nightly.rig, "SELECT count(*) FROM mdl_role_assignments"), 50);
	nightly_close(&nightly);
}

Test(absence_people, are_unenrolled_at_once_without_grace_and_enrolled_anew_when_listed)
{
	struct nightly nightly;
	nightly_make(&nightly, "  default: { absence: { action: unenrol, grace: 0s } }\n");
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1 51:C1");
	cr_expect_eq(nightly_rows(&nightly, "done", "absent_unenrolled"), 1);
	cr_expect_eq(rig_number(&nightly.rig, "SELECT count(*) FROM mdl_user_enrolments"), 50);
	cr_expect_eq(
	    rig_number(&nightly.rig, "SELECT count(*) FROM enrold_listing WHERE enrolment > 0"),
	    50);
	nightly_send(&nightly, "staff-3.csv", "1-51:C1");
	cr_expect_eq(
	    reply_lines(&nightly.reply, (struct expected){0, "course1", "done", "enrolled"}), 1);
	nightly_send(&nightly, "staff-4.csv", "1-49:C1 51-52:C1");
	cr_expect_eq(
	    nightly_rows(&nightly, "done", "absent_unenrolled"), 1, "it is the feed's again");
	nightly_close(&nightly);
}
