/* Rows of which something is withheld, and what becomes of the rest of them. */
#include "world.h"

#include "enrold/approval.h"

#include <criterion/criterion.h>

#define ALL (1U << LIMITED_BY_CELL | 1U << LIMITED_ACCOUNTS)
#define TAKES "allow_unenrol=true removal=unenrol"

static const struct world_case cases[] = {
    {"the other courses of the row", TAKES,
        "username,course1,unenrol1,course2\nheidi,SAFETY,1,ETHICS\n",
        "2 course1 skipped withheld\n2 course2 done enrolled\n", "enrol heidi\nrole heidi\n"},
};

Test(withheld, leaves_the_rest_of_the_row)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world world;
		world_init(&world, cases[i].policy);
		world.withholds = ALL;
		world_run(&world, cases[i].text);
		cr_expect_str_eq(world_outcomes(&world), cases[i].outcomes, "%s:\n%s",
		    cases[i].what, world_outcomes(&world));
		cr_expect_str_eq(world_changes(&world), cases[i].changes, "%s:\n%s", cases[i].what,
		    world_changes(&world));
		world_done(&world);
	}
}
