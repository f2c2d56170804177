/* What withholds removals, each beside its neighbour that does not. */
#include "enrold/absence.h"
#include "enrold/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(cases) (sizeof(cases) / sizeof *(cases))

static struct {
	struct policy policy;
	struct arena *arena;
	struct absence_terms terms;
} world;

static void begin(const char *policy)
{
	world.arena = arena_create();
	struct error error = policy_parse(policy, world.arena, &world.policy);
	cr_assert(!is_error(&error), "%s: %s", policy, error.text);
	world.terms = (struct absence_terms){.policy = &world.policy, .arena = world.arena};
}

static void end(void)
{
	arena_free(world.arena);
}

static void expect(
    const char *what, const struct absence_ban *ban, enum code code, const char *words)
{
	char reason[400];
	snprintf(reason, sizeof reason, "%.*s", SLICE_ARG(ban->reason));
	cr_expect_eq(ban->code, code, "%s: %s", what,
	    ban->code == CODES ? "nothing" : outcome_code_name(ban->code));
	cr_expect(strstr(reason, words), "%s: no '%s' in: %s", what, words, reason);
	cr_expect_eq(ban->code == CODES, ban->reason.size == 0, "%s: a reason or none", what);
}

/* ---- limits ---- */

static const struct limit_case {
	const char *what;
	struct policy_limit limit;
	uint64_t count, of;
	bool trips;
} limit_cases[] = {
    {"more than both", {10, 100, 0}, 11, 1000, true},
    {"as many as the count", {10, 100, 0}, 10, 100, false},
    {"as much as the share", {10, 100, 0}, 11, 1100, false},
    {"a hair more than the share", {10, 100, 0}, 12, 1199, true},
    {"more than the count alone", {10, 100, 0}, 20, 2000, false},
    {"without a count the share alone", {0, 100, 0}, 2, 100, true},
    {"without a count, as much as the share", {0, 100, 0}, 1, 100, false},
    {"without a share the count alone", {10, 0, 0}, 11, 1000000, true},
    {"without a share, as many", {10, 0, 0}, 10, 10, false},
    {"all of nothing", {0, 100, 0}, 0, 0, false},
    {"some of nothing", {0, 100, 0}, 1, 0, true},
    {"off", {0, 0, 0}, 1000000, 1, false},
    {"more than most, whatever the share", {10, 5000, 1000}, 1001, 1000000, true},
    {"as many as most", {10, 5000, 1000}, 1000, 1000000, false},
    {"most alone", {0, 0, 5}, 6, 100, true},
    {"no more than most alone", {0, 0, 5}, 5, 100, false},
};

Test(absence_ban, trips_limits)
{
	for (size_t i = 0; i < COUNT(limit_cases); i++) {
		const struct limit_case *is = &limit_cases[i];
		cr_expect_eq(limit_trips(&is->limit, is->count, is->of), is->trips, "%s", is->what);
	}
}

/* ---- the file ---- */

struct shape {
	const char *name, *sha256, *columns[3];
	int64_t modified_ms;
	uint64_t rows;
	bool is_ended;
};

static struct file_shape shape_make(const struct shape *is, struct slice columns[3])
{
	size_t count = 0;
	for (; count < 3 && is->columns[count]; count++)
		columns[count] = slice_of(is->columns[count]);
	return (struct file_shape){.run = SLICE("20261122-000000-000001"),
	    .last_run = SLICE("20261122-000000-000001"),
	    .last_modified_ms = is->modified_ms,
	    .name = slice_of(is->name),
	    .sha256 = slice_of(is->sha256),
	    .modified_ms = is->modified_ms,
	    .rows = is->rows,
	    .is_ended = is->is_ended,
	    .columns = columns,
	    .columns_count = count};
}

static const struct shape base = {
    "staff-20261122.csv", "aa", {"username", "course1"}, 5000, 1000, true};

#define NAME "staff-20261123.csv"
#define COLUMNS                                                                                    \
	{                                                                                          \
		"username", "course1"                                                              \
	}

static const struct file_case {
	const char *what, *policy;
	struct shape is;
	struct absence_doubts doubts;
	enum code code;
	const char *words;
} file_cases[] = {
    {"the next night's", "", {NAME, "bb", COLUMNS, 6000, 1000, true}, {0}, CODES, ""},
    {"of the very time", "", {NAME, "bb", COLUMNS, 5000, 1000, true}, {0}, CODES, ""},
    {"changed before the last one", "", {NAME, "bb", COLUMNS, 4999, 1000, true}, {0},
        CODE_OLDER_FILE, "before the last full one, that of run 20261122-000000-000001"},
    {"byte for byte an old one", "", {NAME, "bb", COLUMNS, 6000, 1000, true},
        {.seen_before = "20261101-000000-000001"}, CODE_OLDER_FILE, "20261101-000000-000001"},
    {"of another name", "", {"stuff-20261123.csv", "bb", COLUMNS, 6000, 1000, true}, {0},
        CODE_OTHER_FILE, "'staff-20261122.csv'"},
    {"the name counts before the time", "", {"stuff.csv", "bb", COLUMNS, 1, 1000, true}, {0},
        CODE_OTHER_FILE, "called"},
    {"a column is gone", "", {NAME, "bb", {"username"}, 6000, 1000, true}, {0}, CODE_HEADER_CHANGED,
        "'course1'"},
    {"a column has come", "", {NAME, "bb", {"username", "role1", "course1"}, 6000, 1000, true}, {0},
        CODES, ""},
    {"nine rows of ten", "", {NAME, "bb", COLUMNS, 6000, 900, true}, {0}, CODES, ""},
    {"a row less", "", {NAME, "bb", COLUMNS, 6000, 899, true}, {0}, CODE_WITHHELD,
        "has 899 rows, the last full one had 1000"},
    {"one row", "", {NAME, "bb", COLUMNS, 6000, 1, true}, {0}, CODE_WITHHELD, "has 1 row,"},
    {"half of the rows, as the feed allows", "limits.rows_of_last=50%25",
        {NAME, "bb", COLUMNS, 6000, 500, true}, {0}, CODES, ""},
    {"less than that", "limits.rows_of_last=50%25", {NAME, "bb", COLUMNS, 6000, 499, true}, {0},
        CODE_WITHHELD, "limits.rows_of_last"},
    {"any number of rows, as the feed allows", "limits.rows_of_last=0%25",
        {NAME, "bb", COLUMNS, 6000, 1, true}, {0}, CODES, ""},
    {"its end may be lost", "", {NAME, "bb", COLUMNS, 6000, 1000, false}, {0}, CODE_WITHHELD,
        "no newline"},
    {"ten unknown people", "", {NAME, "bb", COLUMNS, 6000, 1000, true}, {NULL, 10, 7}, CODES, ""},
    {"eleven, more than one in a hundred", "", {NAME, "bb", COLUMNS, 6000, 1000, true},
        {NULL, 11, 7}, CODE_WITHHELD, "11 rows name people whom nobody knows"},
    {"eleven, one in a hundred", "", {NAME, "bb", COLUMNS, 6000, 1100, true}, {NULL, 11, 7}, CODES,
        ""},
};

Test(absence_ban, looks_at_the_file)
{
	for (size_t i = 0; i < COUNT(file_cases); i++) {
		const struct file_case *is = &file_cases[i];
		struct slice old_columns[3], columns[3];
		const struct file_shape old = shape_make(&base, old_columns),
		                        file = shape_make(&is->is, columns);
		begin(is->policy);
		struct absence_ban ban = absence_ban_file(&world.terms, &old, &file, &is->doubts);
		expect(is->what, &ban, is->code, is->words);
		end();
	}
}

Test(absence_ban, misses_no_newline_where_there_was_none)
{
	struct shape old = base, new = base;
	struct slice old_columns[3], columns[3];
	old.is_ended = new.is_ended = false;
	const struct file_shape last = shape_make(&old, old_columns),
	                        file = shape_make(&new, columns);
	begin("");
	struct absence_ban ban =
	    absence_ban_file(&world.terms, &last, &file, &(struct absence_doubts){0});
	expect("as ever", &ban, CODES, "");
	end();
}

/* ---- a course ---- */

static const struct course_case {
	const char *what, *policy;
	bool is_named;
	uint64_t ours, going, unknown_new;
	enum code code;
	const char *words;
} course_cases[] = {
    {"some go", "", true, 100, 6, 0, CODES, ""},
    {"a quarter goes", "", true, 100, 25, 0, CODES, ""},
    {"more than a quarter goes", "", true, 100, 26, 0, CODE_WITHHELD,
        "26 of 100 people would leave the course, more than limits.per_course"},
    {"five of six go", "", true, 6, 5, 0, CODES, ""},
    {"all six go", "", true, 6, 6, 0, CODE_WITHHELD, "all 6 people"},
    {"all five go", "", true, 5, 5, 0, CODES, ""},
    {"the file names the course no longer", "", false, 6, 1, 0, CODE_WITHHELD, "no longer"},
    {"a small one that it names no longer", "", false, 5, 5, 0, CODES, ""},
    {"nobody goes", "", false, 100, 0, 3, CODES, ""},
    {"somebody unknown is in it", "", true, 100, 1, 1, CODE_WITHHELD, "line 9 names"},
    {"as many as may be", "absence.errors=2", true, 100, 1, 2, CODES, ""},
    {"one more", "absence.errors=2", true, 100, 1, 3, CODE_WITHHELD, "line 9 names"},
    {"all go from a feed without that limit",
        "limits.per_course.count=0 limits.per_course.share=0%25", false, 100, 100, 0, CODES, ""},
};

Test(absence_ban, looks_at_a_course)
{
	for (size_t i = 0; i < COUNT(course_cases); i++) {
		const struct course_case *is = &course_cases[i];
		const struct absence_course course = {.enrol = 7,
		    .is_named = is->is_named,
		    .ours = is->ours,
		    .going = is->going,
		    .unknown_new = is->unknown_new,
		    .unknown_line = 9};
		begin(is->policy);
		struct absence_ban ban = absence_ban_course(&world.terms, &course);
		expect(is->what, &ban, is->code, is->words);
		end();
	}
}

/* ---- all in all ---- */

Test(absence_ban, counts_people_and_accounts)
{
	begin("limits.removals.count=3 limits.removals.share=0%25 limits.accounts.count=4 "
	      "limits.accounts.share=0%25");
	struct absence_ban ban = absence_ban_all(&world.terms, 4, 9);
	expect("four of nine", &ban, CODE_WITHHELD,
	    "4 of 9 people would leave courses, more than "
	    "limits.removals");
	ban = absence_ban_all(&world.terms, 3, 9);
	expect("three of nine", &ban, CODES, "");
	ban = absence_ban_accounts(&world.terms, 5, 9);
	expect("five accounts", &ban, CODE_WITHHELD, "limits.accounts");
	ban = absence_ban_accounts(&world.terms, 4, 9);
	expect("four accounts", &ban, CODES, "");
	end();
}

/* ---- names and days ---- */

Test(absence_ban, knows_full_files_by_their_names)
{
	begin("");
	cr_expect(absence_is_full_name(&world.policy, SLICE("staff.csv")));
	/* However it is packed. */
	cr_expect(absence_is_full_name(&world.policy, SLICE("night.zip")));
	cr_expect(absence_is_full_name(&world.policy, SLICE("Staff.CSV.gz.pgp")));
	cr_expect(absence_is_full_name(&world.policy, SLICE("staff.txt")));
	cr_expect_not(absence_is_full_name(&world.policy, SLICE("staff")));
	cr_expect_not(absence_is_full_name(&world.policy, SLICE("staff.xlsx")));
	end();
	begin("absence.files=full-*.csv");
	cr_expect(absence_is_full_name(&world.policy, SLICE("full-1.csv")));
	cr_expect_not(absence_is_full_name(&world.policy, SLICE("delta-1.csv")));
	cr_expect_not(absence_is_full_name(&world.policy, SLICE("full-1.csv.retry.csv2")));
	cr_expect_not(absence_is_full_name(&world.policy, SLICE("full-1.csv.gz")));
	end();
}

Test(absence_ban, pauses_from_the_first_day_to_the_last)
{
	enum { JULY_1 = 20635, AUGUST_20 = 20685 };
	begin("absence.pause=2026-07-01..2026-08-20,2026-12-24");
	cr_expect_not(absence_is_paused(&world.policy.absence, JULY_1 - 1));
	cr_expect(absence_is_paused(&world.policy.absence, JULY_1));
	cr_expect(absence_is_paused(&world.policy.absence, AUGUST_20));
	cr_expect_not(absence_is_paused(&world.policy.absence, AUGUST_20 + 1));
	cr_expect(absence_is_paused(&world.policy.absence, AUGUST_20 + 126));
	end();
}
