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

/* World's today is 2026-11-23; heidi is in SAFETY since 2026-01-01, ETHICS has a period of 30 days.
 */
static const struct {
	const char *policy, *row, *code, *after, *message;
} ends[] = {
    {"", "alice,SAFETY,,2026-12-31,", "enrolled",
        "status=0;timestart=1795392000;timeend=1798761600;roles=student", "Enrolled."},
    {"", "alice,ETHICS,,0,", "enrolled", "status=0;timestart=1795392000;timeend=0;roles=student",
        "Enrolled."},
    {"", "alice,ETHICS,,,", "enrolled",
        "status=0;timestart=1795392000;timeend=1797984000;roles=student", "Enrolled."},
    {"", "alice,SAFETY,,2026-12-31T12:00Z,", "enrolled",
        "status=0;timestart=1795392000;timeend=1798718400;roles=student", "Enrolled."},
    {"", "alice,SAFETY,2026-12-31,2026-12-31,", "enrolled",
        "status=0;timestart=1798675200;timeend=1798761600;roles=student", "Enrolled."},
    {"", "heidi,SAFETY,,2026-12-31,", "enrolment_updated",
        "status=0;timestart=1767225600;timeend=1798761600;roles=student", NULL},
    {"", "judy,SAFETY,,0,", "enrolment_updated",
        "status=0;timestart=1767225600;timeend=0;roles=student", NULL},
    {"", "judy,SAFETY,,,", "enrolment_expired",
        "status=0;timestart=1767225600;timeend=1769904000;roles=student", NULL},
    {"dates=%25d.%25m.%25Y,%25Y%25m%25d", "alice,SAFETY,,20261231,", "enrolled",
        "status=0;timestart=1795392000;timeend=1798761600;roles=student", "Enrolled."},
    {"dates=%25Y%25m%25d%25H%25M", "alice,SAFETY,,202612310000,", "enrolled",
        "status=0;timestart=1795392000;timeend=1798675200;roles=student", "Enrolled."},
    {"", "alice,SAFETY,,soon,", "invalid_value", "",
        "'soon' is not a date such as 2026-12-31, or 0 for no end: correct it."},
    {"", "alice,SAFETY,,2026-12-31,30", "invalid_value", "",
        "'2026-12-31' and the enrolperiod of the row both say when the enrolment ends: correct "
        "it."},
    {"", "alice,SAFETY,,0,0", "invalid_value", "",
        "'0' and the enrolperiod of the row both say when the enrolment ends: correct it."},
    {"", "alice,SAFETY,2027-02-01,2027-01-01,", "invalid_value", "",
        "The enrolment starts on 2027-02-01, and this is before: correct it."},
    {"", "alice,SAFETY,,2026-11-21,", "invalid_value", "",
        "The enrolment starts on 2026-11-23, and this is before: correct it."},
    {"", "heidi,SAFETY,,2025-12-30,", "invalid_value", "",
        "The enrolment starts on 2026-01-01, and this is before: correct it."},
    {"invalid_values=ignore", "alice,SAFETY,,2026-12-31,30", "invalid_value", "",
        "'2026-12-31' and the enrolperiod of the row both say when the enrolment ends: it was left "
        "out."},
    {"invalid_values=ignore", "alice,SAFETY,2027-02-01,2027-01-01,", "enrolled",
        "status=0;timestart=1801440000;timeend=0;roles=student", "Enrolled."},
    {"compat=moodle", "alice,SAFETY,,31 December 2026,", "enrolled",
        "status=0;timestart=1795392000;timeend=1798761600;roles=student", "Enrolled."},
    {"compat=moodle", "alice,SAFETY,,tomorrow,", "enrolled",
        "status=0;timestart=1795392000;timeend=1795564800;roles=student", "Enrolled."},
};

Test(plan, ends_an_enrolment_when_the_row_says)
{
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct world world;
		struct buffer text = {0};
		buffer_print(&text,
		    "username,course1,enroltimestart1,enroltimeend1,enrolperiod1\n%s\n",
		    ends[i].row);
		buffer_add_char(&text, '\0');
		world_init(&world, ends[i].policy);
		world_run(&world, text.bytes);
		cr_expect_str_eq(
		    outcome_code_name(world.last.code), ends[i].code, "%s", ends[i].row);
		cr_expect(slice_is(world.last.after, slice_of(ends[i].after)), "%s: %.*s",
		    ends[i].row, SLICE_ARG(world.last.after));
		cr_expect(
		    !ends[i].message || slice_is(world.last.message, slice_of(ends[i].message)),
		    "%s: %.*s", ends[i].row, SLICE_ARG(world.last.message));
		buffer_done(&text);
		world_done(&world);
	}
}

static const struct world_case early_ends[] = {
    {"an end before the start is left out where the feed ignores bad values",
        "invalid_values=ignore",
        "username,course1,enroltimestart1,enroltimeend1\nalice,SAFETY,2027-02-01,2027-01-01\n",
        "2 enroltimeend1 warning invalid_value\n2 course1 done enrolled\n",
        "enrol alice\nrole alice\n"},
    {"and an error of the request elsewhere", "",
        "username,course1,enroltimestart1,enroltimeend1\nalice,SAFETY,2027-02-01,2027-01-01\n",
        "2 enroltimeend1 error invalid_value\n", ""},
    {"an end that has passed is told", "",
        "username,course1,enroltimestart1,enroltimeend1\nalice,SAFETY,2026-01-01,2026-02-01\n",
        "2 enroltimeend1 warning enrolment_expired\n2 course1 done enrolled\n",
        "enrol alice\nrole alice\n"},
    {"without a course it modifies nothing", "",
        "username,course1,enroltimeend1\nalice,,2027-01-01\n",
        "2 enroltimeend1 warning no_effect\n", ""},
};

Test(plan, tells_of_an_end_that_cannot_be)
{
	world_expect(early_ends, sizeof early_ends / sizeof *early_ends);
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

static const struct world_case numbered[] = {
    {"a feed may call courses by their numbers", "course_by=idnumber",
        "username,course1,group1\nalice,S1,Alpha\nbob,E1,\n",
        "2 course1 done enrolled\n2 group1 done group_joined\n3 course1 done enrolled\n",
        "enrol alice\nrole alice\njoin alice\nenrol bob\nrole bob\n"},
    {"short names are no numbers, nor numbers short names", "course_by=idnumber",
        "username,course1\nalice,SAFETY\n", "2 course1 error course_not_found\n", ""},
    {"and the other way round", "", "username,course1\nalice,S1\n",
        "2 course1 error course_not_found\n", ""},
    {"a number of two courses is an error", "course_by=idnumber", "username,course1\nalice,T1\n",
        "2 course1 error course_ambiguous\n", ""},
    {"patterns are of numbers then", "course_by=idnumber may.courses=S*",
        "username,course1\nalice,S1\nalice,E1\nalice,E9\n",
        "2 course1 done enrolled\n3 course1 error not_allowed\n4 course1 error not_allowed\n",
        "enrol alice\nrole alice\n"},
    {"the feed's own course is a number, too", "course_by=idnumber course=S1", "groupname\nNew\n",
        "2 groupname done group_created\n", "group New idnumber= description=NULL\n"},
    {"files of groups have a column for either", "course_by=idnumber may.courses=S1",
        "groupname,coursename,idnumber\nRed,,S1\nNew,SAFETY,\nBlue,ETHICS,\n",
        "2 groupname done group_created\n3 groupname done group_created\n"
        "4 coursename error not_allowed\n",
        "group Red idnumber= description=NULL\ngroup New idnumber= description=NULL\n"},
};

Test(plan, finds_courses_by_number_where_the_feed_says_so)
{
	world_expect(numbered, sizeof numbered / sizeof *numbered);
}

Test(plan, says_which_number_was_meant)
{
	struct world world;
	world_init(&world, "course_by=idnumber");
	world_run(&world, "username,course1\nalice,S11\n");
	cr_expect(slice_is(
	    world.last.message, SLICE("No course has the idnumber 'S11': is 'S1' meant?")));
	world_done(&world);
	world_init(&world, "course_by=idnumber may.courses=S11");
	world_run(&world, "username,course1\nalice,S11\n");
	cr_expect(
	    slice_is(world.last.message, SLICE("No course has the idnumber 'S11': correct it.")));
	world_done(&world);
}
