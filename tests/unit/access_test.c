/* Who may do what with a file or folder, by the rules of acl(5). */
#include "enrold/access.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

enum { ENROLD = 100, HR = 200, PAY = 201, DROP = 202, ANNA = 1000 };

struct may_case {
	char name[48];
	mode_t mode;
	gid_t group;
	struct access_named named[2];
	uid_t user;
	gid_t groups[2];
	unsigned bits;
	bool may;
};

static const struct may_case may_cases[] = {
    {"the owner", 0700, HR, {{0}}, ENROLD, {ENROLD}, ACCESS_ALL, true},
    {"the owner, by the owner's bits alone", 0077, HR, {{0}}, ENROLD, {HR}, ACCESS_READ, false},
    {"the group", 03770, HR, {{0}}, ANNA, {ANNA, HR}, ACCESS_WRITE | ACCESS_PASS, true},
    {"the group, not more than its bits", 02750, HR, {{0}}, ANNA, {HR}, ACCESS_WRITE, false},
    {"the group is not one of the others", 0707, HR, {{0}}, ANNA, {HR}, ACCESS_READ, false},
    {"others", 0751, ENROLD, {{0}}, ANNA, {HR}, ACCESS_PASS, true},
    {"others, not more", 0751, ENROLD, {{0}}, ANNA, {HR}, ACCESS_READ, false},
    {"root", 0, ENROLD, {{0}}, 0, {0}, ACCESS_ALL, true},
    {"a group of the list", 0770, DROP, {{true, HR, 1}}, ANNA, {HR}, ACCESS_PASS, true},
    {"it, not more", 0770, DROP, {{true, HR, 1}}, ANNA, {HR}, ACCESS_READ, false},
    {"it, and no other group", 0770, DROP, {{true, HR, 1}}, ANNA, {PAY}, ACCESS_PASS, false},
    {"the mask narrows it", 0700, DROP, {{true, HR, 7}}, ANNA, {HR}, ACCESS_PASS, false},
    {"no two entries together", 0770, DROP, {{true, HR, 1}, {true, PAY, 4}}, ANNA, {HR, PAY},
        ACCESS_PASS | ACCESS_READ, false},
    {"a user of the list", 0770, DROP, {{false, ANNA, 4}}, ANNA, {DROP}, ACCESS_READ, true},
    {"before all groups", 0770, DROP, {{false, ANNA, 4}}, ANNA, {DROP}, ACCESS_WRITE, false},
};

ParameterizedTestParameters(access, may)
{
	return cr_make_param_array(
	    const struct may_case, may_cases, sizeof may_cases / sizeof *may_cases);
}

ParameterizedTest(const struct may_case *it, access, may)
{
	struct access access = access_of(ENROLD, it->group, it->mode);
	for (size_t i = 0; i < 2 && it->named[i].id != 0; i++)
		access.named[access.named_count++] = it->named[i];
	access.group_bits = access.named_count > 0 ? ACCESS_ALL : access.group_bits;
	struct person person = {it->user, it->groups, it->groups[1] ? 2 : 1};
	cr_expect_eq(access_may(&access, &person, it->bits), it->may, "%s", it->name);
}

Test(access, of_a_list_is_the_same_after_it_was_written_and_read)
{
	char bytes[ACCESS_LIST_MAX];
	struct access access = access_of(ENROLD, DROP, 03750), again = access;
	access.named[access.named_count++] = (struct access_named){false, ANNA, ACCESS_READ};
	cr_assert(access_let_group(&access, PAY, ACCESS_PASS));
	cr_assert(access_let_group(&access, HR, ACCESS_PASS));
	size_t size = access_format_list(&access, bytes);
	cr_expect_eq(size, 4 + 8 * 7);
	cr_assert(access_parse_list(&again, (struct slice){bytes, size}));
	cr_assert_eq(again.named_count, 3);
	cr_expect_eq(again.group_bits, 5);
	for (size_t i = 0; i < 3; i++) {
		cr_expect_eq(again.named[i].id, ((unsigned[]){ANNA, HR, PAY})[i]);
		cr_expect_eq(again.named[i].bits, access.named[i].bits);
		cr_expect_eq(again.named[i].is_group, i > 0);
	}
}

Test(access, of_what_is_no_list_is_not_believed)
{
	char bytes[ACCESS_LIST_MAX];
	struct access access = access_of(ENROLD, DROP, 0750);
	size_t size = access_format_list(&access, bytes);
	cr_expect_not(access_parse_list(&access, (struct slice){bytes, 3}));
	cr_expect_not(access_parse_list(&access, (struct slice){bytes, size - 1}));
	bytes[4] = 0x40; /* a tag of another day */
	cr_expect_not(access_parse_list(&access, (struct slice){bytes, size}));
	bytes[0] = 3; /* a version of another day */
	cr_expect_not(access_parse_list(&access, (struct slice){bytes, size}));
}

Test(access, of_a_group_that_is_let_keeps_what_it_had_and_widens_the_mask)
{
	struct access access = access_of(ENROLD, DROP, 02700);
	cr_assert(access_let_group(&access, HR, ACCESS_READ));
	cr_assert(access_let_group(&access, HR, ACCESS_PASS));
	cr_expect_eq(access.named_count, 1);
	cr_expect_eq(access.named[0].bits, ACCESS_READ | ACCESS_PASS);
	cr_expect_eq(access.mode, 02750);
	/* The owning group gets nothing by that. */
	cr_expect_eq(access_effective(&access), 02700);
	access_set_mode(&access, 03770);
	cr_expect_eq(access_effective(&access), 03770);
	cr_expect_eq(access.named[0].bits, ACCESS_READ | ACCESS_PASS);
}

Test(access, of_more_groups_than_fit_is_told)
{
	struct access access = access_of(ENROLD, DROP, 02700);
	for (gid_t group = 1; group <= ACCESS_NAMED_MAX; group++)
		cr_assert(access_let_group(&access, group, ACCESS_PASS));
	cr_expect_not(access_let_group(&access, ACCESS_NAMED_MAX + 1, ACCESS_PASS));
	char bytes[ACCESS_LIST_MAX];
	cr_expect_eq(access_format_list(&access, bytes), ACCESS_LIST_MAX);
}
