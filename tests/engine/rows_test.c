/* New rows by one call, a few and many, which servers get in different ways: each is there as it
 * was given, under the id that was told. */
#include "enrold/db.h"

#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 14, MOST = 150, LARGE = 100000 };

/* A table with numbers of several sizes, and with columns that may be NULL. */
static const struct db_table logged = {"logstore_standard_log",
    "eventname, component, action, target, crud, edulevel, contextid, contextlevel, "
    "contextinstanceid, userid, courseid, relateduserid, other, timecreated",
    WIDTH};

static struct slice text_of(size_t i)
{
	static char large[LARGE];
	static const char *const texts[] = {"", "a\tb\r\nc\\d\\.", "it's \"x\", $1 {user} ?1 %s",
	    "\\N", "NULL", "Zo\xc3\xab \xf0\x9d\x84\x9e", "}),(", "\\"};
	enum { TEXTS = sizeof texts / sizeof *texts };
	memset(large, 'x', sizeof large);
	if (i % (TEXTS + 2) == TEXTS)
		return (struct slice){large, sizeof large};
	if (i % (TEXTS + 2) > TEXTS)
		return (struct slice){NULL, 0};
	return slice_of(texts[i % (TEXTS + 2)]);
}

/* A course that no other row has, by which it is found. */
static int64_t course_of(size_t i)
{
	return i % 2 ? INT64_MAX - (int64_t)i : -(int64_t)i - 1;
}

static void row_make(size_t i, struct slice other, struct db_value *row)
{
	const struct db_value made[] = {db_string("\\core\\e"), db_string("core"), db_string("a"),
	    db_string("t"), db_string("c"), db_int(0), db_int(1), db_int(50), db_int(2), db_int(2),
	    db_int(course_of(i)),
	    i % 3 ? db_int((int64_t)i) : db_text_or_null((struct slice){NULL, 0}),
	    db_text_or_null(other), db_int(1800000000)};
	memcpy(row, made, sizeof made);
}

static void rows_write(struct db *db, size_t count, int64_t *ids)
{
	struct db_value *values = calloc(count * WIDTH, sizeof *values);
	for (size_t i = 0; i < count; i++)
		row_make(i, text_of(i), values + i * WIDTH);
	db_insert_ahead(db, &logged, ids ? count : 0);
	db_insert_all(db, &logged, values, count, ids);
	free(values);
}

static void row_expect(struct db *db, size_t i, const int64_t *ids)
{
	struct slice other = text_of(i);
	struct db_rows rows = db_select(db,
	    "SELECT id, relateduserid, other, eventname FROM {logstore_standard_log} WHERE "
	    "courseid = ?1",
	    DB_VALUES(db_int(course_of(i))));
	cr_assert(db_next(&rows), "row %zu", i);
	cr_expect(!ids || db_column_int(&rows, 0) == ids[i], "row %zu", i);
	cr_expect_eq(db_column_int(&rows, 1), i % 3 ? (int64_t)i : 0);
	cr_expect_eq(db_column_text(&rows, 1).bytes == NULL, i % 3 == 0);
	cr_expect_eq(db_column_text(&rows, 2).bytes == NULL, other.bytes == NULL, "row %zu", i);
	cr_expect(slice_is(db_column_text(&rows, 2), other), "row %zu", i);
	cr_expect(slice_is(db_column_text(&rows, 3), SLICE("\\core\\e")));
	cr_expect_not(db_next(&rows), "row %zu is there twice", i);
}

static void count_expect(struct db *db, int64_t count)
{
	cr_expect_eq(
	    db_find(db, "SELECT count(*) FROM {logstore_standard_log}", -1, DB_NONE), count);
}

Test(rows, are_there_as_they_were_given_be_they_few_or_many)
{
	static const size_t counts[] = {1, 2, 14, 15, MOST};
	for (size_t k = 0; k < 2 * sizeof counts / sizeof *counts; k++) {
		struct fixture fixture;
		int64_t ids[MOST];
		size_t count = counts[k / 2];
		fixture_make(&fixture, "C1", "");
		fixture_open(&fixture);
		good(lms_begin(fixture.lms));
		rows_write(lms_db(fixture.lms), count, k % 2 ? ids : NULL);
		for (size_t i = 0; i < count; i++)
			row_expect(lms_db(fixture.lms), i, k % 2 ? ids : NULL);
		count_expect(lms_db(fixture.lms), (int64_t)count);
		good(lms_commit(fixture.lms));
		fixture_remove(&fixture);
	}
}

/* A few behind many of the same table, and many behind a few. */
Test(rows, of_one_transaction_may_come_in_any_portions)
{
	static const size_t counts[] = {3, MOST, 4, 2, MOST, 1};
	struct fixture fixture;
	int64_t ids[MOST], sum = 0;
	fixture_make(&fixture, "C1", "");
	fixture_open(&fixture);
	good(lms_begin(fixture.lms));
	for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
		rows_write(lms_db(fixture.lms), counts[k], k % 2 ? ids : NULL);
		sum += (int64_t)counts[k];
	}
	count_expect(lms_db(fixture.lms), sum);
	cr_expect_eq(db_find(lms_db(fixture.lms),
	                 "SELECT count(DISTINCT id) FROM {logstore_standard_log}", -1, DB_NONE),
	    sum);
	good(lms_commit(fixture.lms));
	fixture_remove(&fixture);
}

/* SQLite takes any bytes, and MariaDB halves of UTF-16's pairs, and NUL. */
static const struct {
	const char *bytes;
	size_t size;
	bool mariadb_takes_it;
} refused[] = {
    {"\xff", 1, false}, {"a\xc3", 2, false}, {"\xed\xa0\x80", 3, true}, {"a\0b", 3, true}};

static void refusal_expect(struct fixture *fixture, struct slice text, size_t count)
{
	struct db_value *values = calloc(count * WIDTH, sizeof *values);
	for (size_t i = 0; i < count; i++)
		row_make(i, i == count / 2 ? text : text_of(i), values + i * WIDTH);
	good(lms_begin(fixture->lms));
	db_insert_all(lms_db(fixture->lms), &logged, values, count, NULL);
	struct error error = lms_commit(fixture->lms);
	cr_expect_eq(error.class, ERROR_CONFIG, "%s", error.text);
	lms_rollback(fixture->lms);
	good(lms_begin(fixture->lms));
	count_expect(lms_db(fixture->lms), 0);
	good(lms_commit(fixture->lms));
	free(values);
}

Test(rows, that_a_server_refuses_leave_none_of_the_others)
{
	struct fixture fixture;
	fixture_make(&fixture, "C1", "");
	fixture_open(&fixture);
	const char *url = fixture.database.server ? db_name(fixture.database.server) : "";
	for (size_t i = 0; *url && i < sizeof refused / sizeof *refused; i++) {
		const struct slice text = {refused[i].bytes, refused[i].size};
		if (refused[i].mariadb_takes_it && strncmp(url, "mariadb:", 8) == 0)
			continue;
		refusal_expect(&fixture, text, 3);
		refusal_expect(&fixture, text, MOST);
	}
	fixture_remove(&fixture);
}
