/* plan: a row of input about a course, and what must come out of it. */
#include "world.h"

#include <criterion/criterion.h>

#define HEADER "username,course1,role1,enrolstatus1,enroltimestart1,enrolperiod1,type1\n"

/* The last outcome's code and `after`, and how many changes there are. */
static const struct {
	enum policy_compat compat;
	const char *lines;
	const char *code;
	size_t changes;
	const char *after;
} cases[] = {
    {0, "alice,SAFETY,,,,,\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {0, "ALICE,SAFETY,teacher,1,2026-12-01Z,,\n", "invalid_value", 0, ""},
    {0, "alice,SAFETY,4,1,,7,\n", "enrolled", 2,
        "status=1;timestart=1795392000;timeend=1795996800;roles=teacher"},
    {0, "alice,ETHICS,,,,,\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=1797984000;roles=student"},
    {0, "alice,ETHICS,,,,0,\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=1797984000;roles=student"},
    {0, "alice,SAFETY,,,,,\nalice,SAFETY,,,,,\n", "already_enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {0, "alice,SAFETY,,2,,,\n", "invalid_value", 0, ""},
    {0, "alice,SAFETY,,,soon,,\n", "invalid_value", 0, ""},
    {0, "alice,SAFETY,,,,-5,\n", "invalid_value", 0, ""},
    {0, "alice,SAFETY,,,,2.9,\n", "invalid_value", 0, ""},
    {0, "alice,SAFETY,wizard,,,,\n", "role_not_found", 0, ""},
    {0, "alice,SAFETY,user,,,,\n", "role_not_found", 0, ""},
    {0, "alice,SAFETY,7,,,,\n", "role_not_found", 0, ""},
    {0, "alice,safety,,,,,\n", "course_not_found", 0, ""},
    {0, "alice,TWINS,,,,,\n", "course_ambiguous", 0, ""},
    {0, "alice,NOMAN,,,,,\n", "no_enrol_instance", 0, ""},
    {0, "nobody,SAFETY,,,,,\n", "row_not_applied", 0, ""},
    {0, ",SAFETY,,,,,\n", "row_not_applied", 0, ""},
    {0, "admin,SAFETY,,,,,\n", "row_not_applied", 0, ""},
    {0, "nobody,,,,,,\n", "user_not_found", 0, ""},
    {0, "admin,,,,,,\n", "protected_account", 0, ""},
    {0, "alice,,,,,,\n", "nothing_asked", 0, ""},
    {0, "alice,SAFETY\n", "wrong_field_count", 0, ""},
    {0, "heidi,SAFETY,,,,,\n", "already_enrolled", 0,
        "status=0;timestart=1767225600;timeend=0;roles=student"},
    {0, "heidi,SAFETY,teacher,,,,\n", "role_assigned", 1,
        "status=0;timestart=1767225600;timeend=0;roles=teacher,student"},
    {0, "heidi,SAFETY,,,,7,\n", "enrolment_updated", 1,
        "status=0;timestart=1767225600;timeend=1767830400;roles=student"},
    {0, "ivan,SAFETY,,,,,\n", "enrolment_suspended", 0,
        "status=1;timestart=1767225600;timeend=0;roles=student"},
    {0, "ivan,SAFETY,,0,,,\n", "enrolment_updated", 1,
        "status=0;timestart=1767225600;timeend=0;roles=student"},
    {0, "judy,SAFETY,,,,,\n", "enrolment_expired", 0,
        "status=0;timestart=1767225600;timeend=1769904000;roles=student"},
    {0, "judy,SAFETY,,,2026-12-01T00:00Z,,\n", "enrolment_updated", 1,
        "status=0;timestart=1796083200;timeend=1769904000;roles=student"},
    {1, "al!i#ce,SAFETY,0,x,soon,-5,\n", "invalid_value", 2, ""},
    {1, "heidi,SAFETY,,,,,\n", "enrolment_updated", 1,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {0, "alice,SAFETY,,,,,1\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {0, "alice,SAFETY,,,,,3\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=teacher"},
    {0, "alice,SAFETY,student,,,,3\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {0, "alice,SAFETY,,,,,2\n", "invalid_value", 0, ""}, /* no role of that archetype */
    {0, "alice,SAFETY,,,,,4\n", "invalid_value", 0, ""},
    {1, "alice,SAFETY,,,,,x\n", "invalid_value", 0, ""},
    {1, "alice,SAFETY,0,,,,0\n", "enrolled", 2,
        "status=0;timestart=1795392000;timeend=0;roles=student"},
    {1, "alice,0,,,,,\n", "nothing_asked", 0, ""},
};

static const struct world_case closed[] = {
    {"an enrolment that is over when it is made or moved is told", "",
        HEADER "alice,SAFETY,,,2026-01-01,30,\nheidi,SAFETY,,,,7,\njudy,SAFETY,,,,40,\n"
               "bob,SAFETY,,,2026-01-01,,\n",
        "2 enrolperiod1 warning enrolment_expired\n2 course1 done enrolled\n"
        "3 enrolperiod1 warning enrolment_expired\n3 course1 done enrolment_updated\n"
        "4 enrolperiod1 warning enrolment_expired\n4 course1 done enrolment_updated\n"
        "5 course1 done enrolled\n",
        "enrol alice\nrole alice\nenrolment heidi\nenrolment judy\nenrol bob\nrole bob\n"},
    {"and one that ends before it starts", "",
        HEADER "judy,SAFETY,,,2026-12-01,,\njudy,SAFETY,,,2026-12-01,90,\n",
        "2 enroltimestart1 warning enrolment_expired\n2 course1 done enrolment_updated\n"
        "3 course1 done enrolment_updated\n",
        "enrolment judy\nenrolment judy\n"},
    {"and a role in one that is over, or suspended", "",
        HEADER "judy,SAFETY,teacher,,,,\nivan,SAFETY,teacher,,,,\nivan,SAFETY,,,,90,\n",
        "2 course1 warning enrolment_expired\n2 course1 done role_assigned\n"
        "3 course1 warning enrolment_suspended\n3 course1 done role_assigned\n"
        "4 enrolperiod1 warning enrolment_expired\n4 course1 warning enrolment_suspended\n"
        "4 course1 done enrolment_updated\n",
        "role judy\nrole ivan\nenrolment ivan\n"},
};

Test(plan, tells_of_an_enrolment_that_lets_nobody_in)
{
	world_expect(closed, sizeof closed / sizeof *closed);
}

Test(plan, decides_each_row_as_the_rules_say)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world world;
		struct buffer text = {0};
		size_t changes = 0;
		world_init(&world, cases[i].compat == COMPAT_MOODLE ? "compat=moodle" : "");
		world.policy.unknown_columns = UNKNOWN_REFUSE;
		buffer_print(&text, HEADER "%s", cases[i].lines);
		buffer_add_char(&text, '\0');
		world_run(&world, text.bytes);
		for (const char *c = world_changes(&world); *c; c++)
			changes += *c == '\n';
		cr_expect_str_eq(outcome_code_name(world.last.code), cases[i].code, "case %zu", i);
		cr_expect_eq(changes, cases[i].changes, "case %zu: %zu", i, changes);
		cr_expect(slice_is(world.last.after, slice_of(cases[i].after)), "case %zu: %.*s", i,
		    SLICE_ARG(world.last.after));
		cr_expect_eq(world.rounds, 1, "case %zu", i);
		buffer_done(&text);
		world_done(&world);
	}
}

static const struct world_case courseless[] = {
    {"what belongs to a course is told where there is none", "",
        "username,course1,role1,group1,enrolperiod1\nalice,,teacher,Red,\nbob,,,,90\n"
        "carol,,,,\nheidi,,,,0\n",
        "2 role1 warning no_effect\n3 enrolperiod1 warning no_effect\n"
        "4 - unchanged nothing_asked\n5 - unchanged nothing_asked\n",
        ""},
    {"and no other course of the row suffers", "",
        "username,course1,role1,course2,role2\nalice,SAFETY,,,teacher\n",
        "2 course1 done enrolled\n2 role2 warning no_effect\n", "enrol alice\nrole alice\n"},
    {"nor is it told of somebody who is not there", "", "username,course1,role1\nnobody,,teacher\n",
        "2 username error user_not_found\n", ""},
    {"as in Moodle", "compat=moodle", "username,course1,role1,type1\nalice,0,teacher,\nbob,,,3\n",
        "2 role1 warning no_effect\n3 type1 warning no_effect\n", ""},
    {"nobody is enrolled into the front page", "",
        "username,course1,role1,enrolperiod1\nalice,front,teacher,90\nbob,front,teacher,\n",
        "2 course1 done role_assigned\n2 enrolperiod1 warning no_effect\n"
        "3 course1 done role_assigned\n",
        "role alice\nrole bob\n"},
};

Test(plan, tells_of_modifiers_that_modify_nothing)
{
	world_expect(courseless, sizeof courseless / sizeof *courseless);
}

static const struct {
	const char *policy, *row, *code, *message;
} ignored[] = {
    {"compat=moodle", "alice,SAFETY,,soon,", "invalid_value",
        "'soon' is not a date such as 2026-12-31: it was left out."},
    {"compat=moodle", "alice,SAFETY,suspended,,", "invalid_value",
        "'suspended' is not 0 (active) or 1 (suspended): it was left out."},
    {"compat=moodle", "alice,SAFETY,,,90 days", "invalid_value",
        "'90 days' is not a whole number of days, at most 36500: 90 were taken, as in Moodle."},
    {"invalid_values=ignore", "alice,SAFETY,,,-5", "invalid_value",
        "'-5' is not a whole number of days, at most 36500: the enrolment has no end, as in "
        "Moodle."},
    {"invalid_values=ignore", "heidi,SAFETY,,31.02.2026,", "invalid_value",
        "'31.02.2026' is not a date such as 2026-12-31: it was left out."},
    {"invalid_values=ignore", "alice,SAFETY,0,2026-12-01,90", "enrolled", "Enrolled."},
    {"invalid_values=ignore", "alice,NOSUCH,x,x,x", "course_not_found",
        "No course has the short name 'NOSUCH': correct it."},
};

Test(plan, warns_of_a_bad_modifier_that_the_feed_ignores)
{
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
		struct world world;
		struct buffer text = {0};
		buffer_print(&text,
		    "username,course1,enrolstatus1,enroltimestart1,enrolperiod1\n%s\n",
		    ignored[i].row);
		buffer_add_char(&text, '\0');
		world_init(&world, ignored[i].policy);
		world_run(&world, text.bytes);
		cr_expect_str_eq(
		    outcome_code_name(world.last.code), ignored[i].code, "case %zu", i);
		cr_expect(slice_is(world.last.message, slice_of(ignored[i].message)),
		    "case %zu: %.*s", i, SLICE_ARG(world.last.message));
		buffer_done(&text);
		world_done(&world);
	}
}

Test(plan, warns_of_each_bad_modifier_beside_what_was_done)
{
	struct world world;
	world_init(&world, "compat=moodle");
	world_run(&world, "username,course1,enrolstatus1,enroltimestart1,enrolperiod1\n"
	                  "alice,SAFETY,x,y,z\n");
	cr_expect_str_eq(world_outcomes(&world),
	    "2 course1 done enrolled\n2 enrolstatus1 warning invalid_value\n"
	    "2 enroltimestart1 warning invalid_value\n2 enrolperiod1 warning invalid_value\n");
	world_done(&world);
}
