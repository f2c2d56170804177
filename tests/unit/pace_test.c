#include "enrold/pace.h"

#include <criterion/criterion.h>

Test(pace, is_as_configured_until_something_is_undone)
{
	struct pace pace = {0};
	cr_expect_eq(pace_records(&pace, 1000), 1000);
	pace_recover(&pace);
	cr_expect_eq(pace_records(&pace, 1000), 1000);
}

Test(pace, goes_down_to_one_record_however_large_the_first_transaction_was)
{
	struct pace pace = {0};
	uint64_t records = PACE_FREE;
	int steps = 0;
	while (records > 1) {
		pace_shorten(&pace, records);
		cr_assert_lt(pace_records(&pace, PACE_FREE), records);
		records = pace_records(&pace, PACE_FREE);
		steps++;
	}
	cr_expect_eq(steps, 9);
	pace_shorten(&pace, records);
	cr_expect_eq(pace_records(&pace, PACE_FREE), 1, "there is no transaction of none");
}

Test(pace, shortens_what_was_undone_not_what_was_allowed)
{
	struct pace pace = {0};
	pace_shorten(&pace, 400);
	cr_expect_eq(pace_records(&pace, PACE_FREE), 100);
}

Test(pace, recovers_slowly_and_then_is_free_again)
{
	struct pace pace = {0};
	int commits = 0;
	pace_shorten(&pace, 4000);
	pace_recover(&pace);
	cr_expect_eq(pace_records(&pace, PACE_FREE), 1251);
	for (; pace_records(&pace, 2 * PACE_FREE) < 2 * PACE_FREE; commits++)
		pace_recover(&pace);
	cr_expect_gt(commits, 20);
}
