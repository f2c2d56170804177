/*
 * What people are told of absence: show of a run that removed or withheld, explain of somebody who
 * is not listed any more, and the status of feeds that tell absence.
 */
#include "asker.h"
#include "nightly.h"
#include "service.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <time.h>

#define SUSPEND "  default: { absence: { action: suspend } }\n  other: {}\n"
#define UNENROL                                                                                    \
	"  default: { allow_suspend: true, absence: { action: unenrol, grace: 30d, accounts: "     \
	"suspend,"                                                                                 \
	" accounts_grace: 0s } }\n"

/* Given to the caller. */
static struct finished ctl(
    const struct nightly *nightly, int status, const char *first, const char *second, bool is_json)
{
	const char *argv[] = {"enrolctl", "--config", nightly->rig.config.text, first, second,
	    is_json ? "--json" : NULL, NULL};
	if (!second)
		argv[4] = is_json ? "--json" : NULL;
	return program_expect(status, argv);
}

/* What it says for eyes. */
static void says(
    const struct nightly *nightly, const char *first, const char *second, const char *words)
{
	struct finished finished = ctl(nightly, 0, first, second, false);
	cr_expect(strstr(finished.out.bytes, words), "%s %s without '%s':\n%s", first,
	    second ? second : "", words, finished.out.bytes);
	finished_done(&finished);
}

/* The first object with this kind; for json_decref. */
static json_t *object_of(
    const struct nightly *nightly, const char *first, const char *second, const char *kind)
{
	struct finished finished = ctl(nightly, 0, first, second, true);
	json_t *found = NULL;
	for (char *line = finished.out.bytes, *end; !found && (end = strchr(line, '\n'));
	     line = end + 1) {
		json_t *object = json_loadb(line, (size_t)(end - line), 0, NULL);
		const char *is = json_string_value(json_object_get(object, "kind"));
		if (is && strcmp(is, kind) == 0)
			found = json_incref(object);
		json_decref(object);
	}
	cr_assert(found, "no %s:\n%s", kind, finished.out.bytes);
	finished_done(&finished);
	return found;
}

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name)
{
	const char *is = json_string_value(json_object_get(object, name));
	return is ? is : "";
}

/* A day so many days from now, as messages have it. */
static struct path day_in(int days)
{
	char day[32];
	time_t at = time(NULL) + (time_t)days * 86400;
	struct tm tm;
	strftime(day, sizeof day, "%Y-%m-%d", localtime_r(&at, &tm));
	return path_of("%s", day);
}

/* All that absence has suspended was so many days earlier. */
static void days_pass(struct nightly *nightly, int days)
{
	struct path sql =
	    path_of("UPDATE mdl_user_enrolments SET timemodified = timemodified - %d * 86400 WHERE "
	            "status = 1; UPDATE enrold_listing SET suspended_at = suspended_at - %d * "
	            "86400 WHERE suspended_at > 0",
	        days, days);
	rig_execute(&nightly->rig, sql.text);
}

/* ---- show ---- */

Test(absence_told, show_counts_removals_and_says_why_others_were_withheld_and_what_to_do)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1 1-12:C2 1-12:C3");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1 2-12:C2 q1:C2 2-12:C3 q2:C3");
	says(&nightly, "show", "last", "Absence   1 suspended, 2 withheld\n");
	cr_expect(strstr(nightly.finished.err.bytes, "\"removed\":1,\"withheld\":2,\"chain\":"),
	    "%s", nightly.finished.err.bytes);
	cr_expect(strstr(nightly.finished.err.bytes, "\"code\":\"removals_withheld\""));
	says(&nightly, "show", "last",
	    "        2  skipped withheld in absent: C2 (1), C3 (1)\n           Not removed: line "
	    "62 "
	    "names somebody unknown in this course: correct it.\n");
	says(&nightly, "show", "last", "\nWhat was withheld waits for a person. ");
	json_t *run = object_of(&nightly, "show", "last", "run");
	const json_t *removals = json_object_get(run, "removals");
	cr_expect_eq(number(removals, "suspended"), 1);
	cr_expect_eq(number(removals, "withheld"), 2);
	cr_expect_eq(number(removals, "unenrolled"), 0);
	cr_expect_eq(number(removals, "returned"), 0);
	json_decref(run);
	nightly_send(&nightly, "staff-3.csv", "1-50:C1 1-12:C2 1-12:C3");
	says(&nightly, "show", "last", "Absence   1 activated, as listed again\n");
	nightly_close(&nightly);
}

Test(absence_told, show_of_a_preview_says_what_would_become_of_the_absent)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "other/others.csv", "50:C1");
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "preview/staff-2.csv", "1-48:C1");
	says(&nightly, "show", "last", "Absence   1 would be suspended\n");
	says(&nightly, "show", "last",
	    "Remark    1 absent enrolment is out of reach, because the feed found it there");
	nightly_send(&nightly, "preview/staff-2.csv", "1-20:C1");
	says(&nightly, "show", "last", "Waits     29 would be withheld\n");
	says(&nightly, "show", "last", "\n29 removals would be withheld: why is said above.");
	nightly_close(&nightly);
}

/* ---- explain ---- */

Test(absence_told, explain_says_why_somebody_is_suspended_until_when_and_what_came_of_it)
{
	struct nightly nightly;
	nightly_make(&nightly, UNENROL);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1 50:C2");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1 50:C2");
	struct path due = day_in(30);
	struct path words =
	    path_of("Suspended: not in the file any more; is unenrolled on %s, unless a file lists",
	        due.text);
	says(&nightly, "explain", "p50", words.text);
	words = path_of("  C1: suspended as student. staff-2.csv of ");
	says(&nightly, "explain", "p50", words.text);
	words = path_of("(run %s), and unenrolled on %s, unless a file lists the person again.\n",
	    nightly.reply.run, due.text);
	says(&nightly, "explain", "p50", words.text);
	json_t *course = object_of(&nightly, "explain", "p50", "course");
	const json_t *absence = json_object_get(course, "absence");
	cr_expect_str_eq(text(absence, "feed"), "default");
	cr_expect_str_eq(text(absence, "run"), nightly.reply.run);
	cr_expect_str_eq(text(absence, "due"), due.text);
	cr_expect(json_is_false(json_object_get(course, "changed_since")));
	cr_expect_eq(number(course, "line"), 0);
	json_decref(course);
	json_t *listed = object_of(&nightly, "explain", "p50", "listed");
	cr_assert(listed);
	cr_expect_str_eq(text(listed, "feed"), "default");
	cr_expect_str_neq(text(listed, "first_run"), "");
	json_decref(listed);
	/* What is said of one course is not said of another. */
	struct finished finished = program_expect(
	    0, ARGV("enrolctl", "--config", nightly.rig.config.text, "explain", "p50", "C2"));
	cr_expect_null(strstr(finished.out.bytes, "absent"), "%s", finished.out.bytes);
	finished_done(&finished);
	nightly_send(&nightly, "staff-3.csv", "1-50:C1 50:C2");
	says(&nightly, "explain", "p50", "Listed again: what absence had suspended is active.");
	course = object_of(&nightly, "explain", "p50", "course");
	cr_expect(json_is_null(json_object_get(course, "absence")));
	json_decref(course);
	nightly_close(&nightly);
}

Test(absence_told, explain_says_nothing_of_absence_where_a_person_has_changed_it_since)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	rig_execute(&nightly.rig,
	    "UPDATE mdl_user_enrolments SET timemodified = timemodified + 5 WHERE status = 1");
	json_t *course = object_of(&nightly, "explain", "p50", "course");
	cr_expect(json_is_null(json_object_get(course, "absence")));
	json_decref(course);
	nightly_leave(&nightly);
}

/* Courses are called as the files call them, also in rows that no file has. */
Test(absence_told, explain_and_show_call_courses_as_the_files_do)
{
	struct nightly nightly;
	nightly_make(
	    &nightly, "  default: { course_by: idnumber, absence: { action: suspend } }\n");
	rig_execute(&nightly.rig, "UPDATE mdl_course SET idnumber = 'N-' || shortname");
	nightly_send(&nightly, "staff-1.csv", "1-50:N-C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:N-C1");
	json_t *course = object_of(&nightly, "explain", "p50", "course");
	cr_expect_str_eq(text(course, "course"), "N-C1");
	cr_expect_str_eq(text(course, "code"), "absent_suspended");
	cr_expect_str_eq(text(json_object_get(course, "absence"), "feed"), "default");
	cr_expect(json_is_false(json_object_get(course, "changed_since")));
	json_decref(course);
	nightly_leave(&nightly);
}

Test(absence_told, a_release_knows_courses_by_what_the_files_call_them)
{
	struct nightly nightly;
	nightly_make(&nightly, "  default: { course_by: idnumber, absence: { action: suspend }, "
	                       "limits: { rows_of_last: 10% } }\n");
	rig_execute(&nightly.rig, "UPDATE mdl_course SET idnumber = 'N-' || shortname");
	nightly_send(&nightly, "staff-1.csv", "1-50:N-C1");
	nightly_send(&nightly, "staff-2.csv", "1-30:N-C1");
	rig_expect(
	    &nightly.rig, "SELECT COUNT(*) FROM mdl_user_enrolments WHERE status = 1", "0\n");
	rig_order(&nightly.rig, "release", "staff-2.csv");
	rig_once(&nightly.rig);
	rig_expect(
	    &nightly.rig, "SELECT COUNT(*) FROM mdl_user_enrolments WHERE status = 1", "20\n");
	nightly_leave(&nightly);
}

Test(absence_told, explain_and_show_tell_of_those_who_were_due)
{
	struct nightly nightly;
	nightly_make(&nightly, UNENROL);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	days_pass(&nightly, 1);
	nightly_send(&nightly, "staff-3.csv", "1-49:C1");
	says(&nightly, "explain", "p50",
	    "Today: the account is suspended. Not in the files of feed "
	    "default any more: suspended ");
	days_pass(&nightly, 30);
	rig_once(&nightly.rig);
	says(&nightly, "show", "last", ".csv, enrold's own list of who was due to be unenrolled\n");
	says(&nightly, "show", "last", "Absence   1 unenrolled\n");
	says(&nightly, "explain", "p50",
	    "Unenrolled: the feed's full files do not list the person in this course any more.");
	says(&nightly, "explain", "p50", "\n  C1: not enrolled. due-");
	nightly_leave(&nightly);
}

/* ---- status ---- */

/* The status without a daemon. For json_decref. */
static json_t *status_of(const struct nightly *nightly, const json_t **absence)
{
	struct finished finished = ctl(nightly, 69, "status", NULL, true);
	json_t *status = json_loads(finished.out.bytes, 0, NULL);
	cr_assert(status, "%s", finished.out.bytes);
	finished_done(&finished);
	*absence = json_object_get(status_feed(status, "default"), "absence");
	return status;
}

/* How many of the needs say that. */
static size_t needs_of(const json_t *status, const char *words)
{
	size_t i, count = 0;
	const json_t *need;
	json_array_foreach(json_object_get(status, "needs"), i, need) count +=
	    strstr(text(need, "what"), words) != NULL;
	return count;
}

Test(absence_told, status_needs_somebody_while_the_newest_full_file_has_withheld_removals)
{
	struct nightly nightly;
	const json_t *absence;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	struct path first = path_of("%s", nightly.reply.run);
	nightly_send(&nightly, "staff-2.csv", "1-20:C1 1-30:C2");
	json_t *status = status_of(&nightly, &absence);
	cr_expect_str_eq(text(json_object_get(absence, "last_full"), "run"), first.text);
	cr_expect_str_eq(text(json_object_get(absence, "withheld"), "run"), nightly.reply.run);
	cr_expect_eq(number(json_object_get(absence, "withheld"), "removals"), 30);
	cr_expect_eq(needs_of(status, "staff-2.csv was not done in all that it says: 30 "), 1);
	cr_expect_eq(needs_of(status, "staff-2.csv"), 1, "it is said once");
	cr_expect(json_is_null(json_object_get(status_feed(status, "other"), "absence")));
	json_decref(status);
	nightly_send(&nightly, "staff-3.csv", "1-49:C1");
	status = status_of(&nightly, &absence);
	cr_expect_str_eq(text(json_object_get(absence, "last_full"), "run"), nightly.reply.run);
	cr_expect(json_is_null(json_object_get(absence, "withheld")));
	cr_expect_eq(needs_of(status, "withheld"), 0);
	json_decref(status);
	nightly_close(&nightly);
}

Test(absence_told, status_names_a_course_that_nobody_could_leave_for_three_files_and_the_line)
{
	struct nightly nightly;
	const json_t *absence;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1 1-12:C2");
	for (int night = 2; night <= 4; night++) {
		struct path name = path_of("staff-%d.csv", night);
		nightly_send(&nightly, name.text, "1-50:C1 q1:C2 2-12:C2");
		json_t *status = status_of(&nightly, &absence);
		cr_expect_eq(json_array_size(json_object_get(absence, "blocked")),
		    night == 4 ? 1 : 0, "night %d", night);
		cr_expect_eq(needs_of(status, "nobody could leave a course for 3 full files or "
		                              "more: in staff-4.csv line 52 names somebody "
		                              "unknown in C2"),
		    night == 4 ? 1 : 0);
		json_decref(status);
	}
	nightly_send(&nightly, "staff-5.csv", "1-50:C1 2-12:C2");
	json_t *status = status_of(&nightly, &absence);
	cr_expect_eq(json_array_size(json_object_get(absence, "blocked")), 0);
	json_decref(status);
	nightly_close(&nightly);
}

Test(absence_told, status_of_a_daemon_tells_who_is_due_three_days_before_and_who_was_withheld)
{
	struct nightly nightly;
	struct service service;
	nightly_make(&nightly, UNENROL);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	days_pass(&nightly, 1);
	nightly_send(&nightly, "staff-3.csv", "1-49:C1");
	days_pass(&nightly, 26);
	service_start(&service, &nightly.rig);
	struct path soon = path_of(
	    "default: 1 person is unenrolled by absence within three days, the first on %s\n",
	    day_in(3).text);
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	bool is_told = false;
	while (!is_told) {
		struct finished finished = ctl(&nightly, 0, "status", NULL, false);
		is_told = strstr(finished.out.bytes, soon.text) != NULL;
		cr_assert(is_told || movement_pause(&movement), "%s", finished.out.bytes);
		finished_done(&finished);
	}
	struct buffer roster = roster_of("1-20:C1 1-30:C2");
	rig_drop_bytes(&nightly.rig, "staff-4.csv", roster.bytes, roster.size);
	buffer_done(&roster);
	service_await(&service, &nightly.rig, "", 4);
	movement_start(&movement, MOVEMENT_QUIET_MS);
	for (bool is_needed = false; !is_needed;) {
		json_t *status = ask_status(&nightly.rig);
		is_needed =
		    needs_of(status, "staff-4.csv was not done in all that it says: 29 ") == 1;
		cr_assert(is_needed || movement_pause(&movement));
		json_decref(status);
	}
	struct finished finished = ctl(&nightly, 1, "status", "--check", false);
	cr_expect(
	    text_starts(finished.out.bytes,
	        "ENROLD WARNING - default: staff-4.csv was not done in all that it says: 29 "),
	    "%s", finished.out.bytes);
	finished_done(&finished);
	service_stop(&service);
	nightly_leave(&nightly);
}

/* ---- preview ---- */

Test(absence_told, preview_waits_and_says_who_would_be_removed_withheld_or_is_out_of_reach)
{
	struct nightly nightly;
	struct service service;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "other/others.csv", "50:C1");
	nightly_send(&nightly, "staff-1.csv", "1-50:C1 1-12:C2");
	struct path file = path_of("%s/staff-2.csv", nightly.rig.root.text);
	struct buffer roster = roster_of("1-48:C1 2-12:C2 q1:C2");
	files_write(file.text, roster.bytes, roster.size, 0640);
	service_start(&service, &nightly.rig);
	struct finished finished = program_run(
	    ARGV("enrolctl", "--config", nightly.rig.config.text, "preview", "--wait", file.text));
	static const char *const words[] = {"Absence   1 would be suspended, 1 would be withheld\n",
	    "Remark    1 absent enrolment is out of reach",
	    "Remark    1 removal was withheld: in "
	    "the course 'C2' line 61 names "
	    "somebody unknown"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		cr_expect(strstr(finished.out.bytes, words[i]), "'%s' is not in:\n%s%s", words[i],
		    finished.out.bytes, finished.err.bytes);
	finished_done(&finished);
	rig_note(&nightly.rig, "preview/staff-2.csv", roster.bytes, roster.size);
	buffer_done(&roster);
	service_stop(&service);
	nightly_close(&nightly);
}

Test(absence_told, explain_knows_whose_a_listed_enrolment_was_that_is_gone)
{
	struct nightly nightly;
	nightly_make(&nightly, SUSPEND);
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	int64_t id = rig_number(&nightly.rig,
	    "SELECT ue.id FROM mdl_user_enrolments ue JOIN mdl_user u ON u.id = ue.userid WHERE "
	    "u.username = 'p7'");
	rig_execute(&nightly.rig, path_of("DELETE FROM mdl_logstore_standard_log; DELETE FROM "
	                                  "mdl_user_enrolments WHERE id = %lld",
	                              (long long)id)
	                              .text);
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", nightly.rig.config.text, "explain",
	                          "--enrolment", path_of("%lld", (long long)id).text));
	cr_expect(strstr(finished.out.bytes, " of p7 in C1"), "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "it is gone"), "%s", finished.out.bytes);
	finished_done(&finished);
	nightly_leave(&nightly);
}
