/* Which name was probably meant. */
#include "enrold/nearest.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static struct nearest *make(const struct slice *names, size_t count)
{
	struct nearest *nearest = nearest_create();
	for (size_t i = 0; i < count; i++)
		cr_assert(nearest_add(nearest, names[i]));
	return nearest;
}

static struct slice find(struct nearest *nearest, struct slice word, size_t budget)
{
	struct slice found;
	cr_assert(nearest_find(nearest, word, &budget, &found));
	return found;
}

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
	struct nearest *nearest = make(names, sizeof names / sizeof *names);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int again = 0; again < 2; again++)
			cr_expect(
			    slice_is(find(nearest, cases[i].name, SIZE_MAX), cases[i].nearest),
			    "%s", cases[i].name.bytes);
	nearest_free(nearest);
}

/* The whole matrix, as it stands in the books. */
static size_t slips_of(const char *a, const char *b)
{
	size_t rows[16][16], m = strlen(a), n = strlen(b);
	for (size_t i = 0; i <= m; i++)
		for (size_t j = 0; j <= n; j++) {
			rows[i][j] = i > j ? i : j;
			if (i == 0 || j == 0)
				continue;
			rows[i][j] = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (rows[i - 1][j] + 1 < rows[i][j])
				rows[i][j] = rows[i - 1][j] + 1;
			if (rows[i][j - 1] + 1 < rows[i][j])
				rows[i][j] = rows[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    rows[i - 2][j - 2] + 1 < rows[i][j])
				rows[i][j] = rows[i - 2][j - 2] + 1;
		}
	return rows[m][n];
}

static void word_draw(char word[10])
{
	size_t size = 6 + (size_t)rand() % 4;
	for (size_t i = 0; i < size; i++)
		word[i] = (char)('a' + rand() % 3);
	word[size] = '\0';
}

Test(nearest, finds_exactly_the_names_that_are_two_slips_away)
{
	srand(7);
	for (int round = 0; round < 4000; round++) {
		char name[10], word[10];
		word_draw(name);
		word_draw(word);
		const struct slice names[] = {slice_of(name)};
		struct nearest *nearest = make(names, 1);
		bool is_near = find(nearest, slice_of(word), SIZE_MAX).size > 0;
		cr_assert_eq(is_near, slips_of(word, name) <= 2, "%s %s", word, name);
		nearest_free(nearest);
	}
}

Test(nearest, spends_no_more_than_its_budget_and_nothing_on_a_word_it_knows)
{
	struct nearest *nearest = nearest_create();
	char name[32];
	for (int i = 0; i < 10000; i++) {
		snprintf(name, sizeof name, "aaaaaaaaaaaaaaaa%04d", i);
		cr_assert(nearest_add(nearest, slice_of(name)));
	}
	size_t budget = 1000;
	struct slice found;
	cr_assert(nearest_find(nearest, SLICE("aaaaaaaaaaaaaaaabbbb"), &budget, &found));
	cr_expect_eq(budget, 0);
	cr_expect_eq(found.size, 0, "the first twenty names are not near");
	cr_assert(nearest_find(nearest, SLICE("AAAAAAAAAAAAAAAA0000"), &budget, &found));
	cr_expect_eq(found.size, 0, "with nothing left to spend nothing is looked for");
	budget = 1000;
	cr_assert(nearest_find(nearest, SLICE("AAAAAAAAAAAAAAAA0000"), &budget, &found));
	cr_expect(slice_is(found, SLICE("aaaaaaaaaaaaaaaa0000")));
	size_t left = budget;
	cr_assert(nearest_find(nearest, SLICE("AAAAAAAAAAAAAAAA0000"), &budget, &found));
	cr_expect(slice_is(found, SLICE("aaaaaaaaaaaaaaaa0000")));
	cr_expect_eq(budget, left);
	nearest_free(nearest);
}
