/* status_part: what the status is made of, whatever bytes its texts have. */
#include "enrold/status_part.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static const struct held_plans no_plans;

Test(status_part, calls_trouble_critical_after_five_minutes)
{
	cr_expect_str_eq(status_level(0), "warning");
	cr_expect_str_eq(status_level(299), "warning");
	cr_expect_str_eq(status_level(300), "critical");
	cr_expect_str_eq(status_level(-5), "warning"); /* a clock was put back */
}

Test(status_part, needs_are_whole_whatever_bytes_they_quote)
{
	json_t *needs = json_array();
	status_need(needs, NULL, "warning", "cannot open \xff\x01", "look \xE2\x80\xAE there");
	cr_assert_eq(json_array_size(needs), 1);
	const json_t *need = json_array_get(needs, 0);
	cr_expect(json_is_null(json_object_get(need, "feed")));
	cr_expect_str_eq(text_of(need, "level"), "warning");
	cr_expect(strncmp(text_of(need, "what"), "cannot open ", 12) == 0);
	cr_expect_null(strstr(text_of(need, "do"), "\xE2\x80\xAE"), "%s", text_of(need, "do"));
	json_decref(needs);
}

Test(status_part, of_notices_is_a_need_when_the_oldest_has_waited_for_an_hour)
{
	static const struct {
		size_t count;
		int64_t oldest_s, now_s;
		const char *what;
	} cases[] = {
	    {0, 0, 1700000000, NULL},
	    {2, 1700000000, 1700000000 + 3599, NULL},
	    {2, 1700000000, 1700000000 + 3600,
	        "2 notices wait that nobody has been told, for an hour"},
	    {1, 1700000000, 1700000000 + 7199,
	        "1 notice waits that nobody has been told, for an hour"},
	    {7, 1700000000, 1700000000 + 7200,
	        "7 notices wait that nobody has been told, for 2 hours"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *needs = json_array();
		json_t *notices =
		    status_notices(cases[i].count, cases[i].oldest_s, cases[i].now_s, needs);
		const json_t *need = json_array_get(needs, 0);
		cr_expect_eq(
		    json_integer_value(json_object_get(notices, "waiting")), cases[i].count);
		cr_expect_str_eq(
		    text_of(notices, "since"), cases[i].oldest_s > 0 ? "2023-11-14T22:13:20Z" : "");
		cr_expect_eq(json_array_size(needs), cases[i].what ? 1 : 0);
		cr_expect_str_eq(text_of(need, "what"), cases[i].what ? cases[i].what : "");
		cr_expect(!need || strstr(text_of(need, "do"), "journalctl -u enrold-notify"));
		json_decref(notices);
		json_decref(needs);
	}
}

Test(status_part, of_a_stopped_run_says_who_and_what_to_do)
{
	static const char run[] = "20261126-021003-118204";
	const struct order order = {
	    .kind = ORDER_STOP, .by = "root", .why = "wrong month", .at_s = 1};
	json_t *needs = json_array();
	json_t *stopped = status_stopped("hr", run, "staff.csv", &order, needs);
	cr_expect_str_eq(text_of(stopped, "run"), run);
	cr_expect_str_eq(text_of(stopped, "file"), "staff.csv");
	cr_expect_str_eq(text_of(stopped, "by"), "root");
	cr_expect_str_eq(text_of(stopped, "since"), "1970-01-01T00:00:01Z");
	const json_t *need = json_array_get(needs, 0);
	cr_expect_str_eq(text_of(need, "feed"), "hr");
	cr_expect(strstr(text_of(need, "do"), run));
	json_decref(stopped);
	json_decref(needs);
}

Test(status_part, is_null_where_there_is_nothing)
{
	json_t *file = status_file("", 1), *order = status_order(NULL);
	cr_expect(json_is_null(file));
	cr_expect(json_is_null(order));
	json_decref(file);
	json_decref(order);
}

Test(status_part, of_a_feed_without_absence_says_nothing)
{
	json_t *needs = json_array();
	json_t *absence = status_absence(NULL, &no_plans, needs);
	cr_expect(json_is_null(absence));
	cr_expect_eq(json_array_size(needs), 0);
	json_decref(absence);
	json_decref(needs);
}

Test(status_part, of_absence_needs_somebody_where_removals_were_withheld_or_courses_are_blocked)
{
	struct absence_standing standing = {.feed = "hr",
	    .run = "20261126-021003-118204",
	    .file = "staff-4.csv",
	    .withheld = 2,
	    .withheld_run = "20261126-021003-118204",
	    .withheld_file = "staff-4.csv",
	    .why = "line 52 names somebody unknown",
	    .blocked_count = 1,
	    .blocked = {{"SAFETY", 3, 52}, {"FIRE", 5, 7}, {"A", 3, 1}, {"B", 3, 2}, {"C", 3, 3}},
	    .due_people = 1};
	static const struct {
		size_t blocked;
		const char *what;
	} cases[] = {
	    {1, "nobody could leave a course for 3 full files or more: in staff-4.csv line 52 "
	        "names "
	        "somebody unknown in SAFETY"},
	    {2, "nobody could leave courses for 3 full files or more: in staff-4.csv line 52 names "
	        "somebody unknown in SAFETY and line 7 names somebody unknown in FIRE"},
	    {9, "nobody could leave courses for 3 full files or more: in staff-4.csv line 52 names "
	        "somebody unknown in SAFETY, line 7 names somebody unknown in FIRE, line 1 names "
	        "somebody unknown in A, line 2 names somebody unknown in B, line 3 names somebody "
	        "unknown in C, and so in 4 more"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *needs = json_array();
		standing.blocked_count = cases[i].blocked;
		json_t *absence = status_absence(&standing, &no_plans, needs);
		cr_assert_eq(json_array_size(needs), 2);
		cr_expect_str_eq(text_of(json_array_get(needs, 0), "what"),
		    "2 removals of staff-4.csv were withheld: line 52 names somebody unknown");
		cr_expect_str_eq(text_of(json_array_get(needs, 1), "what"), cases[i].what);
		cr_expect_str_eq(text_of(json_array_get(needs, 1), "level"), "warning");
		cr_expect_eq(json_integer_value(json_object_get(absence, "blocked_courses")),
		    (json_int_t)cases[i].blocked);
		cr_expect(json_is_null(json_object_get(absence, "due")));
		json_decref(absence);
		json_decref(needs);
	}
}

/* ---- plans ---- */

static struct held_plan plan_of(const char *feed, int number, int64_t since_s)
{
	struct held_plan plan = {.people = 412, .rows = 500, .since_s = since_s, .owner_uid = -1};
	snprintf(plan.run, sizeof plan.run, "20261126-021003-%06d", number);
	snprintf(plan.feed, sizeof plan.feed, "%s", feed);
	snprintf(plan.file, sizeof plan.file, "nov \xff.csv");
	snprintf(plan.code, sizeof plan.code, "withheld");
	snprintf(plan.reason, sizeof plan.reason, "412 people would lose SAFETY");
	return plan;
}

Test(status_part, of_plans_needs_somebody_and_says_which_and_what_to_do)
{
	struct held_plan items[] = {
	    plan_of("hr", 1, 50), plan_of("hr", 2, 40), plan_of("it", 3, 30)};
	const struct held_plans plans = {items, 3};
	const struct orders orders = {0};
	const struct held_plan *first;
	json_t *needs = json_array();
	items[1].is_whole = true;
	json_t *list = status_plans("hr", &plans, &orders, needs);
	cr_assert_eq(json_array_size(list), 2);
	const json_t *plan = json_array_get(list, 0);
	cr_expect_str_eq(text_of(plan, "run"), items[0].run);
	cr_expect_str_eq(text_of(plan, "reason"), items[0].reason);
	cr_expect_str_eq(text_of(plan, "since"), "1970-01-01T00:00:50Z");
	cr_expect_eq(json_integer_value(json_object_get(plan, "people")), 412);
	cr_expect(json_is_null(json_object_get(plan, "ordered")));
	cr_assert_eq(json_array_size(needs), 2);
	cr_expect(strstr(text_of(json_array_get(needs, 0), "what"),
	    "was not done in all that it says: 412 people would lose SAFETY"));
	cr_expect(strstr(text_of(json_array_get(needs, 1), "what"), "is held as a whole"));
	cr_expect(strstr(text_of(json_array_get(needs, 1), "do"), items[1].run));
	cr_expect_eq(status_plans_count("hr", &plans, &first), 2);
	cr_expect_eq(first, &items[1]);
	cr_expect_eq(status_plans_count("none", &plans, &first), 0);
	cr_expect_null(first);
	json_decref(list);
	json_decref(needs);
}

Test(status_part, of_a_plan_of_which_somebody_has_said_what_becomes_of_it_needs_nobody)
{
	struct held_plan items[] = {plan_of("hr", 1, 50), plan_of("hr", 2, 40)};
	struct order said[] = {{.kind = ORDER_RELEASE}, {.kind = ORDER_DECLINE}};
	const struct held_plans plans = {items, 2};
	const struct orders orders = {said, 2};
	json_t *needs = json_array();
	for (size_t i = 0; i < 2; i++)
		snprintf(said[i].subject, sizeof said[i].subject, "%s", items[i].run);
	json_t *list = status_plans("hr", &plans, &orders, needs);
	cr_expect_str_eq(text_of(json_array_get(list, 0), "ordered"), "release");
	cr_expect_str_eq(text_of(json_array_get(list, 1), "ordered"), "decline");
	cr_expect_eq(json_array_size(needs), 0);
	json_decref(list);
	json_decref(needs);
}

Test(status_part, of_many_plans_needs_are_few_and_say_how_many_more)
{
	enum { MANY = 150 };
	struct held_plan items[MANY];
	const struct held_plans plans = {items, MANY};
	const struct orders orders = {0};
	json_t *needs = json_array();
	for (int i = 0; i < MANY; i++)
		items[i] = plan_of("hr", i, i);
	json_t *list = status_plans("hr", &plans, &orders, needs);
	cr_expect_eq(json_array_size(list), 100);
	cr_assert_eq(json_array_size(needs), 4);
	cr_expect_str_eq(
	    text_of(json_array_get(needs, 3), "what"), "147 more plans wait for a person");
	json_decref(list);
	json_decref(needs);
}

/* It is said once: the plan's reason has it. */
Test(status_part, of_removals_that_wait_in_a_plan_needs_nobody_twice)
{
	struct held_plan items[] = {plan_of("hr", 1, 50)};
	const struct held_plans plans = {items, 1};
	struct absence_standing standing = {.feed = "hr", .withheld = 2};
	json_t *needs = json_array();
	snprintf(standing.withheld_run, sizeof standing.withheld_run, "%s", items[0].run);
	json_t *absence = status_absence(&standing, &plans, needs);
	cr_expect_eq(json_array_size(needs), 0);
	cr_expect_eq(
	    json_integer_value(json_object_get(json_object_get(absence, "withheld"), "removals")),
	    2);
	json_decref(absence);
	json_decref(needs);
}
