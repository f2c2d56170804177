/* Tags of people: what cells mean where the site has them, and what it has of each already. */
#include "world.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct {
	const char *policy, *text, *outcomes, *changes;
} cases[] = {
    /* The whole set, in its order, whatever else the feed may do; an empty cell asks nothing. */
    {"", "username,interests\nalice,\"maths, Physics ,maths\"\nalice,\"maths,physics\"\nalice,\n",
        "2 interests done interests_set\n3 interests unchanged already_interested\n"
        "4 - unchanged nothing_asked\n",
        "interests alice maths Physics\n"},
    {"", "username,interests\nalice,\"a,b\"\nalice,\"b,a\"\nalice,b\nbob,b\n",
        "2 interests done interests_set\n3 interests done interests_set\n"
        "4 interests done interests_set\n5 interests done interests_set\n",
        "interests alice a b\ninterests alice b a\ninterests alice b\ninterests bob b\n"},
    /* As Moodle cleans them; the last spelling of a name counts. */
    {"", "username,interests\nalice,\"<b>Big</b>  `news`,Ski,SKI,0,,\"\n",
        "2 interests done interests_set\n", "interests alice bBig/b news SKI\n"},
    {"", "username,interests\nalice,0\nbob,\" , <>\"\n",
        "2 - unchanged nothing_asked\n3 interests warning invalid_value\n", ""},
    {"",
        "username,interests\nalice,\xC3\x84rzte-0123456789-0123456789-0123456789-0123456789-"
        "01234\n",
        "2 interests done interests_set\n",
        "interests alice \xC3\x84rzte-0123456789-0123456789-0123456789-0123456789-\n"},
    {"upload_type=add", "username,firstname,lastname,email,interests\nnina,N,N,n@x.example,chess\n",
        "2 username done account_created\n2 interests done interests_set\n",
        "create nina auth=manual stored=to be generated suspended=0 generate=1 force=0\n"
        "interests nina chess\n"},
    {"", "username,interests,course1\nnobody,chess,SAFETY\nadmin,chess,SAFETY\n",
        "2 username error user_not_found\n2 course1 skipped row_not_applied\n"
        "3 username error protected_account\n3 course1 skipped row_not_applied\n",
        ""},
};

Test(interests, are_set_as_a_whole)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world world;
		world_init(&world, cases[i].policy);
		world.site.has_tags = true;
		world_run(&world, cases[i].text);
		cr_expect_str_eq(world_outcomes(&world), cases[i].outcomes, "case %zu:\n%s", i,
		    world_outcomes(&world));
		cr_expect_str_eq(world_changes(&world), cases[i].changes, "case %zu:\n%s", i,
		    world_changes(&world));
		world_done(&world);
	}
}

Test(interests, need_a_right)
{
	struct world world;
	world_init(&world, "");
	world.site.has_tags = true;
	world.site.lacks = DEED_BIT(DEED_SET_INTERESTS);
	world.site.missing[DEED_SET_INTERESTS] = SLICE("INSERT on mdl_tag");
	world_run(&world, "username,interests,course1\nalice,chess,SAFETY\n");
	cr_expect_str_eq(world_outcomes(&world),
	    "2 interests error no_right\n2 course1 done enrolled\n", "%s", world_outcomes(&world));
	world_done(&world);
}

Test(interests, are_bounded)
{
	struct world world;
	struct buffer text = {0};
	world_init(&world, "");
	world.site.has_tags = true;
	buffer_add_text(&text, "username,interests\nalice,\"");
	for (int i = 0; i < 220; i++)
		buffer_print(&text, "t%d,", i);
	buffer_add_text(&text, "\"\n");
	buffer_add_char(&text, '\0');
	world_run(&world, text.bytes);
	cr_expect(strstr(world_changes(&world), " t199\n"), "%s", world_changes(&world));
	buffer_done(&text);
	world_done(&world);
}
