/* A million problems as a few causes, in little memory. */
#include "../../src/history/history.h"

#include <criterion/criterion.h>
#include <stdio.h>

struct heard {
	json_t *objects;
};

static bool hear(void *context, const json_t *object)
{
	json_array_append_new(((struct heard *)context)->objects, json_deep_copy(object));
	return true;
}

static json_t *given(struct causes *causes)
{
	struct heard heard = {json_array()};
	struct history history = {.on_object = hear, .context = &heard};
	struct error error = causes_give(causes, &history);
	cr_assert_not(is_error(&error));
	causes_free(causes);
	return heard.objects;
}

static void add(struct causes *causes, int line, const char *column, const char *target,
    const char *outcome, const char *code)
{
	char row[512];
	int size = snprintf(row, sizeof row, "%d,p,%s,%s,%s,%s,\"What, and how: line %d\",,\n",
	    line, column, target, outcome, code, line);
	causes_add(causes, (struct slice){row, (size_t)size});
}

static long long number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static const char *text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

Test(causes, come_errors_first_and_then_the_commonest_with_their_first_line)
{
	struct causes *causes = causes_create();
	for (int i = 0; i < 100; i++)
		add(causes, i + 2, "password", "(set)", "warning", "weak_password");
	for (int i = 0; i < 7; i++)
		add(causes, 200 + i, i % 2 ? "course1" : "course12", i < 5 ? "SAFTEY" : "FIER",
		    "error", "course_not_found");
	add(causes, 300, "username", "nobody", "error", "user_not_found");
	add(causes, 300, "course1", "C1", "skipped", "row_not_applied");
	add(causes, 301, "course1", "C1", "done", "enrolled");
	add(causes, 302, "course1", "C1", "unchanged", "already_enrolled");
	json_t *all = given(causes);
	cr_assert_eq(json_array_size(all), 3);
	const json_t *first = json_array_get(all, 0);
	cr_expect_str_eq(text(first, "code"), "course_not_found");
	cr_expect_eq(number(first, "count"), 7);
	cr_expect_eq(number(first, "line"), 200);
	cr_expect_str_eq(text(first, "message"), "What, and how: line 200");
	cr_expect_eq(json_array_size(json_object_get(first, "columns")), 2);
	const json_t *targets = json_object_get(first, "targets");
	cr_expect_eq(json_array_size(targets), 2);
	cr_expect_str_eq(text(json_array_get(targets, 0), "target"), "SAFTEY");
	cr_expect_eq(number(json_array_get(targets, 0), "count"), 5);
	cr_expect_str_eq(text(json_array_get(all, 1), "code"), "user_not_found");
	cr_expect_str_eq(text(json_array_get(all, 2), "code"), "weak_password");
	json_decref(all);
}

static void absent_add(struct causes *causes, const char *target, const char *message)
{
	char row[512];
	int size = snprintf(
	    row, sizeof row, "0,p,absent,%s,skipped,withheld,\"%s\",a,a\n", target, message);
	causes_add(causes, (struct slice){row, (size_t)size});
}

Test(causes, of_the_absent_are_told_apart_by_their_sentences_whatever_numbers_and_names)
{
	struct causes *causes = causes_create();
	absent_add(causes, "C1", "Not removed: 6 of 20 people would leave the course.");
	absent_add(causes, "C2", "Not removed: line 52 names somebody unknown.");
	absent_add(causes, "C3", "Not removed: line 7 names somebody unknown.");
	absent_add(causes, "C4", "Not removed: 'anna 2' has the same name.");
	absent_add(causes, "C4", "Not removed: 'bert' has the same name.");
	absent_add(causes, "C3", "Not removed: line 99 names somebody unknown.");
	json_t *all = given(causes);
	cr_assert_eq(json_array_size(all), 3);
	const json_t *first = json_array_get(all, 0);
	cr_expect_eq(number(first, "count"), 3);
	cr_expect_str_eq(text(first, "message"), "Not removed: line 52 names somebody unknown.");
	cr_expect_eq(json_array_size(json_object_get(first, "targets")), 2);
	cr_expect_eq(number(json_array_get(all, 1), "count"), 2);
	cr_expect_eq(number(json_array_get(all, 2), "count"), 1);
	json_decref(all);
}

Test(causes, of_a_million_names_find_the_one_that_is_named_often)
{
	enum { ROWS = 1000000 };
	struct causes *causes = causes_create();
	for (int i = 0; i < ROWS; i++) {
		char target[32];
		snprintf(target, sizeof target, "n%d", i);
		add(causes, i + 2, "username", i % 10 == 3 ? "often" : target, "error",
		    "user_not_found");
	}
	json_t *all = given(causes);
	const json_t *cause = json_array_get(all, 0);
	const json_t *target = json_array_get(json_object_get(cause, "targets"), 0);
	cr_expect_eq(number(cause, "count"), ROWS);
	cr_expect(json_is_false(json_object_get(cause, "targets_exact")));
	cr_expect_str_eq(text(target, "target"), "often");
	cr_expect_leq(number(target, "count"), ROWS / 10);
	cr_expect_gt(number(target, "count"), ROWS / 10 - ROWS / 64);
	json_decref(all);
}

Test(causes, of_more_kinds_than_there_is_room_for_are_counted_together)
{
	struct causes *causes = causes_create();
	for (int i = 0; i < 1000; i++) {
		char column[32];
		snprintf(column, sizeof column, "profile_field_%dx", i);
		add(causes, i + 2, column, "t", "error", "invalid_value");
	}
	json_t *all = given(causes);
	size_t last = json_array_size(all) - 1;
	cr_expect_eq(last, 256);
	cr_expect_str_eq(text(json_array_get(all, last), "kind"), "other_causes");
	cr_expect_eq(number(json_array_get(all, last), "count"), 1000 - 256);
	json_decref(all);
}
