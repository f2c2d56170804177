/* The cells that a person has approved: those, and no others. */
#include "enrold/approval.h"

#include <criterion/criterion.h>

static struct approval approval;

static void teardown(void)
{
	approval_done(&approval);
}

TestSuite(approval, .fini = teardown);

struct cell {
	uint64_t line;
	const char *column, *username, *target;
};

static void add(struct cell cell)
{
	approval_add(&approval, cell.line, slice_of(cell.column), slice_of(cell.username),
	    slice_of(cell.target));
}

static bool has(struct cell cell)
{
	return approval_has(&approval, cell.line, slice_of(cell.column), slice_of(cell.username),
	    slice_of(cell.target));
}

Test(approval, of_nothing_has_nothing)
{
	cr_assert(approval_end(&approval));
	cr_expect_not(has((struct cell){2, "course1", "anna", "SAFETY"}));
	cr_expect_not(has((struct cell){0, "", "", ""}));
}

Test(approval, is_of_a_cell_by_its_line_and_column)
{
	static const struct cell approved[] = {{2, "course1", "anna", "SAFETY"},
	    {2, "role1", "anna", "student"}, {3, "", "bela", ""}, {200000, "course1", "zoe", "X"}};
	static const struct cell others[] = {{2, "", "anna", ""}, {3, "course1", "anna", "SAFETY"},
	    {2, "course10", "anna", "SAFETY"}, {2, "course", "anna", "SAFETY"}, {4, "", "bela", ""},
	    {0, "absent", "anna", "SAFETY"}, {512, "course1", "anna", "SAFETY"}};
	for (size_t i = 0; i < sizeof approved / sizeof *approved; i++)
		add(approved[i]);
	cr_assert(approval_end(&approval));
	for (size_t i = 0; i < sizeof approved / sizeof *approved; i++)
		cr_expect(has(approved[i]), "%zu", i);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_expect_not(has(others[i]), "%zu", i);
}

/* The account may have been renamed, and the course, since it was shown. */
Test(approval, of_a_cell_stays_when_those_are_renamed_whom_it_is_about)
{
	add((struct cell){2, "course1", "anna", "SAFETY"});
	cr_assert(approval_end(&approval));
	cr_expect(has((struct cell){2, "course1", "anne", "SAFETY-2"}));
}

/* No cell of the file says it: nothing but person and course tells one from another. */
Test(approval, of_who_is_absent_is_of_that_person_in_that_course)
{
	add((struct cell){0, "absent", "anna", "SAFETY"});
	add((struct cell){0, "absent", "bela", "FIRE"});
	cr_assert(approval_end(&approval));
	cr_expect(has((struct cell){0, "absent", "anna", "SAFETY"}));
	cr_expect_not(has((struct cell){0, "absent", "anna", "FIRE"}));
	cr_expect_not(has((struct cell){0, "absent", "bela", "SAFETY"}));
	cr_expect_not(has((struct cell){0, "absent", "annaS", "AFETY"}));
	cr_expect_not(has((struct cell){0, "absent", "SAFETY", "anna"}));
}

Test(approval, has_each_of_many_in_whatever_order_they_come)
{
	enum { LINES = 100000 };
	for (uint64_t i = 0; i < LINES; i++)
		add((struct cell){2 + i * 7919 % LINES * 2, "course1", "", ""});
	cr_assert(approval_end(&approval));
	cr_expect_eq(approval.count, LINES);
	for (uint64_t line = 2; line < 2 + 2 * LINES; line++)
		cr_assert_eq(
		    has((struct cell){line, "course1", "", ""}), line % 2 == 0, "%d", (int)line);
}

Test(approval, done_can_be_done_again)
{
	add((struct cell){2, "course1", "anna", "SAFETY"});
	approval_done(&approval);
	cr_expect_null(approval.cells);
	cr_expect_eq(approval.count, 0);
}
