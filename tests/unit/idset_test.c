/* idset: each number once, whatever it is. */
#include "enrold/idset.h"

#include <criterion/criterion.h>

Test(idset, has_what_was_put_in_once_and_nothing_else)
{
	enum { COUNT = 100000 };
	struct idset set = {0};
	bool is_new;
	cr_expect_not(idset_has(&set, 1));
	for (int round = 0; round < 2; round++)
		for (int64_t i = 1; i <= COUNT; i++) {
			cr_assert(idset_add(&set, i * 1024, &is_new));
			cr_assert_eq(is_new, round == 0);
			cr_assert(idset_add(&set, -i, &is_new));
			cr_assert_eq(is_new, round == 0);
		}
	cr_expect_eq(set.count, 2 * COUNT);
	cr_expect_leq(set.count, set.room / 4 * 3);
	for (int64_t i = 1; i <= COUNT; i++) {
		cr_assert(idset_has(&set, i * 1024));
		cr_assert_not(idset_has(&set, i * 1024 + 1));
	}
	cr_expect(idset_add(&set, INT64_MIN, &is_new));
	cr_expect(idset_add(&set, INT64_MAX, &is_new));
	cr_expect(idset_has(&set, INT64_MIN));
	idset_done(&set);
}
