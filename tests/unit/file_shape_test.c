/* What a full file was like: written, read again, compared. */
#include "enrold/file_shape.h"

#include <criterion/criterion.h>

#define COUNT(cases) (sizeof(cases) / sizeof *(cases))

static struct slice columns[] = {{"username", 8}, {"profile_field_x y", 17}};
static uint32_t unknown[] = {3, 4000000000, UINT32_MAX};
static struct blocked_course blocked[] = {{7, 1, 2}, {123456789012, 3, 4}};

static const struct file_shape whole = {.run = {"20261127-000000-000001", 22},
    .name = {"staff of 2026, all.csv", 22},
    .sha256 = {"00ff", 4},
    .modified_ms = 1795444310123,
    .rows = 5000000,
    .people = 4000000,
    .is_ended = true,
    .columns = columns,
    .columns_count = 2,
    .unknown = unknown,
    .unknown_count = 3,
    .blocked = blocked,
    .blocked_count = 2};

static void expect_same(const struct file_shape *a, const struct file_shape *b)
{
	cr_expect(slice_is(a->run, b->run));
	cr_expect(slice_is(a->name, b->name));
	cr_expect(slice_is(a->sha256, b->sha256));
	cr_expect_eq(a->modified_ms, b->modified_ms);
	cr_expect_eq(a->rows, b->rows);
	cr_expect_eq(a->people, b->people);
	cr_expect_eq(a->is_ended, b->is_ended);
	cr_assert_eq(a->columns_count, b->columns_count);
	for (size_t i = 0; i < a->columns_count; i++)
		cr_expect(slice_is(a->columns[i], b->columns[i]), "column %zu", i);
	cr_assert_eq(a->unknown_count, b->unknown_count);
	for (size_t i = 0; i < a->unknown_count; i++)
		cr_expect_eq(a->unknown[i], b->unknown[i], "unknown %zu", i);
	cr_assert_eq(a->blocked_count, b->blocked_count);
	for (size_t i = 0; i < a->blocked_count; i++) {
		cr_expect_eq(a->blocked[i].enrol, b->blocked[i].enrol, "blocked %zu", i);
		cr_expect_eq(a->blocked[i].files, b->blocked[i].files, "blocked %zu", i);
		cr_expect_eq(a->blocked[i].line, b->blocked[i].line, "blocked %zu", i);
	}
}

static void expect_round_trip(const struct file_shape *shape)
{
	struct file_shape again;
	struct buffer text = {0};
	struct arena *arena = arena_create();
	file_shape_format(shape, &text);
	struct error error = file_shape_parse(buffer_slice(&text), arena, &again);
	cr_assert(!is_error(&error), "%s", error.text);
	expect_same(shape, &again);
	arena_free(arena);
	buffer_done(&text);
}

Test(file_shape, is_read_as_it_was_written)
{
	expect_round_trip(&whole);
	expect_round_trip(&(struct file_shape){.run = SLICE("")});
}

static const struct time_case {
	const char *what;
	int64_t epoch_s, ns, ms;
} time_cases[] = {
    {"today", 1795444310, 123999999, 1795444310123},
    {"the first of all", 0, 0, 0},
    {"before that", -1, 999999999, 0},
    {"the end of the world", INT64_MAX / 1000, 5000000, 99999999999005},
};

Test(file_shape, keeps_any_time_so_that_it_is_read_again)
{
	for (size_t i = 0; i < COUNT(time_cases); i++) {
		const struct time_case *is = &time_cases[i];
		int64_t ms = file_shape_time(is->epoch_s, is->ns);
		cr_expect_eq(ms, is->ms, "%s: %lld", is->what, (long long)ms);
		expect_round_trip(&(struct file_shape){.modified_ms = ms});
	}
}

static const struct text_case {
	const char *what, *text;
	bool is_good;
} text_cases[] = {
    {"nothing", "", true},
    {"no newline at the end", "rows 5", true},
    {"an unknown key", "rows 5\nrowz 5\n", false},
    {"a line without a key", "\n", false},
    {"a number that is none", "rows five\n", false},
    {"no number", "rows\n", false},
    {"a number with something behind it", "rows 5x\n", false},
    {"the largest mark", "unknown 4294967295\n", true},
    {"a mark that is too large", "unknown 4294967296\n", false},
    {"a blocked course", "blocked 1 2 3\n", true},
    {"a blocked course without its line", "blocked 1 2\n", false},
    {"a blocked course of letters", "blocked a 2 3\n", false},
};

Test(file_shape, believes_no_text_that_was_altered)
{
	for (size_t i = 0; i < COUNT(text_cases); i++) {
		struct file_shape shape;
		struct arena *arena = arena_create();
		struct error error = file_shape_parse(slice_of(text_cases[i].text), arena, &shape);
		cr_expect_eq(error.class, text_cases[i].is_good ? ERROR_NONE : ERROR_CONFIG, "%s",
		    text_cases[i].what);
		arena_free(arena);
	}
}

static const struct name_case {
	const char *a, *b;
	bool is_same;
} name_cases[] = {
    {"staff.csv", "staff.csv", true},
    {"staff-2026-11-27.csv", "staff-2027-1-2.csv", true},
    {"20261127.csv", "1.csv", true},
    {"staff1.csv", "staff.csv", true},
    {"staff.csv", "staff1.csv", true},
    {"staff7", "staff", true},
    {"", "123", true},
    {"staff.csv", "Staff.csv", false},
    {"staff.csv", "staff.csvx", false},
    {"staff.csvx", "staff.csv", false},
    {"staff-1.csv", "staff1.csv", false},
    {"staff-de-1.csv", "staff-at-1.csv", false},
    {"", "a", false},
};

Test(file_shape, compares_names_without_their_digits)
{
	for (size_t i = 0; i < COUNT(name_cases); i++)
		cr_expect_eq(
		    file_shape_is_called(slice_of(name_cases[i].a), slice_of(name_cases[i].b)),
		    name_cases[i].is_same, "'%s' and '%s'", name_cases[i].a, name_cases[i].b);
}

Test(file_shape, names_the_first_column_that_is_lacking)
{
	struct slice all[] = {SLICE("a"), SLICE("b"), SLICE("c")},
	             other[] = {SLICE("c"), SLICE("a")};
	const struct file_shape base = {.columns = all, .columns_count = 3},
	                        less = {.columns = other, .columns_count = 2},
	                        none = {.columns_count = 0};
	cr_expect(slice_is(file_shape_lacks(&base, &less), SLICE("b")));
	cr_expect(slice_is(file_shape_lacks(&base, &none), SLICE("a")));
	cr_expect_eq(file_shape_lacks(&less, &base).size, 0);
	cr_expect_eq(file_shape_lacks(&none, &base).size, 0);
}

Test(file_shape, knows_its_marks)
{
	static const uint32_t foreign[] = {0, 2, 4, 3999999999, 4000000001};
	const struct file_shape none = {.unknown_count = 0};
	for (size_t i = 0; i < COUNT(unknown); i++)
		cr_expect(file_shape_knows(&whole, unknown[i]), "%u", unknown[i]);
	for (size_t i = 0; i < COUNT(foreign); i++)
		cr_expect_not(file_shape_knows(&whole, foreign[i]), "%u", foreign[i]);
	cr_expect_not(file_shape_knows(&none, 0));
}
