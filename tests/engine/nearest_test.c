/* Which name was probably meant. */
#include "../../src/lms/nearest.h"

#include <criterion/criterion.h>

Test(nearest, is_a_slip_or_two_away_and_never_another_word)
{
	const struct slice names[] = {SLICE("SAFETY"), SLICE("PRIVACY"), SLICE("safety"),
	    SLICE("C1"), SLICE("C2"), SLICE("FIRE-01")};
	const struct {
		struct slice name, nearest;
	} cases[] = {
	    {SLICE("SAFTEY"), SLICE("SAFETY")},
	    {SLICE("Safety"), SLICE("SAFETY")},
	    {SLICE("privacy"), SLICE("PRIVACY")},
	    {SLICE("PRIVAC"), SLICE("PRIVACY")},
	    {SLICE("FIRE01"), SLICE("FIRE-01")},
	    {SLICE("c1"), SLICE("C1")},
	    {SLICE("C3"), SLICE("")},
	    {SLICE("HYGIENE"), SLICE("")},
	    {SLICE(""), SLICE("")},
	    {SLICE("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
	        SLICE("")},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect(slice_is(nearest_find(names, 6, cases[i].name), cases[i].nearest), "%s",
		    cases[i].name.bytes);
}
