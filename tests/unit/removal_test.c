/* removal: cells that take something away, alone, beside others, and of one person in many rows. */
#include "world.h"

#include <criterion/criterion.h>

#define UNENROL "allow_unenrol=true removal=unenrol"
#define MAKE " may.create.groups=true may.create.cohorts=true"

static const struct world_case courses[] = {
    {"nobody leaves where the feed may not", "removal=unenrol",
        "username,course1,unenrol1\nheidi,SAFETY,1\nheidi,SAFETY,0\nalice,SAFETY,YES\n",
        "2 course1 error unenrol_not_allowed\n3 course1 unchanged already_enrolled\n"
        "4 course1 error unenrol_not_allowed\n",
        ""},
    {"words for yes and no, and what is neither", UNENROL,
        "username,course1,unenrol1\nheidi,SAFETY,Yes\nivan,SAFETY,true\nsven,SAFETY,maybe\n"
        "alice,SAFETY,no\nbob,SAFETY,False\n",
        "2 course1 done unenrolled\n3 course1 done unenrolled\n4 unenrol1 error invalid_value\n"
        "5 course1 done enrolled\n6 course1 done enrolled\n",
        "unenrol heidi\nunenrol ivan\nenrol alice\nrole alice\nenrol bob\nrole bob\n"},
    {"nor does a feed that ignores bad values guess", UNENROL " invalid_values=ignore",
        "username,course1,unenrol1\nalice,SAFETY,maybe\n", "2 unenrol1 error invalid_value\n", ""},
    {"suspending is what a feed does by itself", "allow_unenrol=true",
        "username,course1,unenrol1\nheidi,SAFETY,1\nivan,SAFETY,1\nrolf,SAFETY,1\n",
        "2 course1 done unenrol_suspended\n3 course1 unchanged unenrol_suspended\n"
        "4 course1 unchanged unenrol_suspended\n",
        "enrolment heidi\n"},
    {"without roles, also of who is suspended already",
        "allow_unenrol=true removal=suspend_no_roles",
        "username,course1,unenrol1\nheidi,SAFETY,1\nrolf,SAFETY,1\nsven,SAFETY,1\n",
        "2 course1 done unenrol_suspended\n3 course1 done unenrol_suspended\n"
        "4 course1 unchanged unenrol_suspended\n",
        "unrole_all heidi\nenrolment heidi\nunrole_all rolf\n"},
    {"who is not there, there otherwise, or also otherwise", UNENROL,
        "username,course1,unenrol1\nalice,SAFETY,1\notis,SAFETY,1\nnorma,SAFETY,1\n",
        "2 course1 unchanged not_enrolled\n3 course1 error enrolled_otherwise\n"
        "4 course1 done unenrolled\n4 course1 warning enrolled_otherwise\n",
        "unenrol norma\n"},
    {"grades stay", UNENROL, "username,course1,unenrol1\ngina,SAFETY,1\n",
        "2 course1 error has_history\n", ""},
    {"unless they may go", UNENROL " purge_history=true",
        "username,course1,unenrol1\ngina,SAFETY,1\n", "2 course1 done unenrolled\n",
        "unenrol gina\n"},
    {"or are kept", "allow_unenrol=true", "username,course1,unenrol1\ngina,SAFETY,1\n",
        "2 course1 done unenrol_suspended\n", "enrolment gina\n"},
    {"whoever has a role beyond the feed's stays as he is", "allow_unenrol=true",
        "username,course1,unenrol1\noscar,SAFETY,1\n", "2 course1 error not_allowed\n", ""},
    {"as does who is protected", UNENROL, "username,course1,unenrol1\nmona,SAFETY,1\n",
        "2 username error protected_account\n2 course1 skipped row_not_applied\n", ""},
    {"courses as ever", UNENROL " may.courses=SAFETY,T*,F*,f*",
        "username,course1,unenrol1\nheidi,SAFETI,1\nheidi,ETHICS,1\nheidi,TWINS,1\n"
        "heidi,front,1\nheidi,,1\nheidi,,no\n",
        "2 course1 error not_allowed\n3 course1 error not_allowed\n"
        "4 course1 error course_ambiguous\n5 course1 unchanged not_enrolled\n"
        "6 unenrol1 warning no_effect\n7 - unchanged nothing_asked\n",
        ""},
    {"a course without manual enrolment", UNENROL, "username,course1,unenrol1\nheidi,NOMAN,1\n",
        "2 course1 unchanged not_enrolled\n", ""},
    {"what stands beside it has no effect", UNENROL MAKE,
        "username,course1,unenrol1,role1,enroltimestart1,enrolstatus1,group1\n"
        "heidi,SAFETY,1,teacher,soon,0,New\nalice,SAFETY,1,,,,\n",
        "2 course1 done unenrolled\n2 role1 warning no_effect\n3 course1 unchanged not_enrolled\n",
        "unenrol heidi\n"},
};

Test(removal, of_an_enrolment_is_as_the_feed_says)
{
	world_expect(courses, sizeof courses / sizeof *courses);
}

static const struct world_case parts[] = {
    {"a role", UNENROL,
        "username,course1,role1\nheidi,SAFETY,-student\njudy,SAFETY,-teacher\n"
        "alice,SAFETY,-student\nnorma,SAFETY,-teacher\notis,SAFETY,-student\n"
        "oscar,SAFETY,-manager\nheidi,SAFETY,-chef\nsven,SAFETY,-5\n",
        "2 course1 done role_removed\n3 course1 unchanged not_assigned\n"
        "4 course1 unchanged not_enrolled\n5 course1 error owned_elsewhere\n"
        "6 course1 error owned_elsewhere\n7 role1 error not_allowed\n"
        "8 role1 error role_not_found\n9 course1 unchanged not_assigned\n",
        "unrole heidi\n"},
    {"a role enrols nobody, and groups are those of who is there", UNENROL,
        "username,course1,role1,enroltimeend1,group1\nheidi,SAFETY,-student,2027-01-01,Alpha\n"
        "alice,SAFETY,-student,,Alpha\nivan,SAFETY,-teacher,,Alpha\n",
        "2 course1 done role_removed\n2 enroltimeend1 warning no_effect\n"
        "2 group1 unchanged already_in_group\n3 course1 unchanged not_enrolled\n"
        "3 group1 skipped row_not_applied\n4 course1 unchanged not_assigned\n"
        "4 group1 done group_joined\n",
        "unrole heidi\njoin ivan\n"},
    {"on the front page", UNENROL,
        "username,course1,role1\nalice,front,student\n"
        "alice,front,-student\nalice,front,-student\n",
        "2 course1 done role_assigned\n3 course1 done role_removed\n"
        "4 course1 unchanged not_assigned\n",
        "role alice\nunrole alice\n"},
    {"a group, and whoever is not in the course is not enrolled for it", UNENROL MAKE,
        "username,course1,group1\nheidi,SAFETY,-Alpha\nheidi,SAFETY,-GA\nalice,SAFETY,-Alpha\n"
        "gina,SAFETY,-Alpha\nheidi,SAFETY,-Twice\nheidi,SAFETI,-Alpha\nheidi,SAFETY,-1\n",
        "2 group1 done group_left\n3 group1 error group_not_found\n"
        "4 group1 unchanged not_in_group\n5 group1 error owned_elsewhere\n"
        "6 group1 error group_ambiguous\n7 course1 error course_not_found\n"
        "7 group1 skipped row_not_applied\n8 group1 unchanged not_in_group\n",
        "leave heidi\n"},
    {"a group is left and another joined", UNENROL MAKE,
        "username,course1,role1,group1,course2,group2\nheidi,SAFETY,,-Alpha,SAFETY,42\n"
        "alice,SAFETY,student,-Alpha,,\n",
        "2 group1 done group_left\n2 course2 unchanged already_enrolled\n"
        "2 group2 done group_joined\n3 course1 done enrolled\n3 group1 unchanged not_in_group\n",
        "leave heidi\njoin heidi\nenrol alice\nrole alice\n"},
    {"a cohort", UNENROL MAKE,
        "username,cohort1\nheidi,-SALES\nalice,-SALES\nheidi,-NONE\nheidi,-EXT\ngina,-SALES\n"
        "heidi,-DUP\nheidi,-1\nheidi,-2026\n",
        "2 cohort1 done cohort_left\n3 cohort1 unchanged not_in_cohort\n"
        "4 cohort1 error cohort_not_found\n5 cohort1 error cohort_external\n"
        "6 cohort1 error has_history\n7 cohort1 error cohort_ambiguous\n"
        "8 cohort1 unchanged not_in_cohort\n9 cohort1 error cohort_not_found\n",
        "leave heidi\n"},
    {"a cohort that the feed does not reach", UNENROL " may.cohorts=-SALES,X*",
        "username,cohort1\nheidi,-SALES\n", "2 cohort1 error not_allowed\n", ""},
    {"a cohort with grades that may go", UNENROL " purge_history=true",
        "username,cohort1\ngina,-SALES\n", "2 cohort1 done cohort_left\n", "leave gina\n"},
    {"a role in a category needs more than one in the site", "may.system_roles=*",
        "username,category1,categoryrole1,sysrole1\nalice,CAT,-manager,-manager\n",
        "2 categoryrole1 error unenrol_not_allowed\n2 sysrole1 unchanged not_assigned\n", ""},
    {"a role in a category", UNENROL " may.system_roles=*",
        "username,category1,categoryrole1\nalice,CAT,manager\nalice,CAT,-manager\n"
        "alice,CAT,-manager\nalice,,-manager\n",
        "2 categoryrole1 done role_assigned\n3 categoryrole1 done role_removed\n"
        "4 categoryrole1 unchanged not_assigned\n5 categoryrole1 error category_not_found\n",
        "role alice\nunrole alice\n"},
    {"names may be a minus longer", UNENROL,
        "username,cohort1\nheidi,"
        "-01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
        "9"
        "0123456789\nheidi,"
        "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
        "0"
        "1234567890\n",
        "2 cohort1 error cohort_not_found\n3 cohort1 error value_too_long\n"
        "3 cohort1 skipped row_not_applied\n",
        ""},
};

Test(removal, of_a_role_a_group_and_a_cohort_is_by_a_minus)
{
	world_expect(parts, sizeof parts / sizeof *parts);
}

static const struct world_case names[] = {
    {"a role", UNENROL " may.roles=*", "username,course1,role1\nheidi,SAFETY,-chief\n",
        "2 course1 done role_assigned\n", "role heidi\n"},
    {"a group", UNENROL, "username,course1,group1\nheidi,SAFETY,-Red\n",
        "2 course1 unchanged already_enrolled\n2 group1 done group_joined\n", "join heidi\n"},
    {"a cohort", UNENROL, "username,cohort1\nheidi,-NIGHT\n", "2 cohort1 done cohort_joined\n",
        "join heidi\n"},
};

Test(removal, is_not_meant_by_who_is_really_called_so)
{
	world_expect(names, sizeof names / sizeof *names);
}

static const struct world_case orders[] = {
    {"in and out and in", UNENROL,
        "username,course1,unenrol1\nalice,SAFETY,\nalice,SAFETY,1\nalice,SAFETY,\n"
        "alice,SAFETY,1\nalice,SAFETY,1\n",
        "2 course1 done enrolled\n3 course1 done unenrolled\n4 course1 done enrolled\n"
        "5 course1 done unenrolled\n6 course1 unchanged not_enrolled\n",
        "enrol alice\nrole alice\nunenrol alice\nenrol alice\nrole alice\nunenrol alice\n"},
    {"within one row", UNENROL,
        "username,course1,unenrol1,course2,role2,course3,unenrol3\n"
        "heidi,SAFETY,1,SAFETY,teacher,SAFETY,1\nivan,SAFETY,1,ETHICS,,,\n",
        "2 course1 done unenrolled\n2 course2 done enrolled\n2 course3 done unenrolled\n"
        "3 course1 done unenrolled\n3 course2 done enrolled\n",
        "unenrol heidi\nenrol heidi\nrole heidi\nunenrol heidi\n"
        "unenrol ivan\nenrol ivan\nrole ivan\n"},
    {"groups go with the course", UNENROL,
        "username,course1,unenrol1,group1\nheidi,SAFETY,,Alpha\nheidi,SAFETY,1,\n"
        "heidi,SAFETY,,Alpha\nnorma,SAFETY,,Alpha\nnorma,SAFETY,1,\nnorma,SAFETY,,Alpha\n",
        "2 course1 unchanged already_enrolled\n2 group1 unchanged already_in_group\n"
        "3 course1 done unenrolled\n4 course1 done enrolled\n4 group1 done group_joined\n"
        "5 course1 unchanged already_enrolled\n5 group1 done group_joined\n"
        "6 course1 done unenrolled\n6 course1 warning enrolled_otherwise\n"
        "7 course1 done enrolled\n7 group1 unchanged already_in_group\n",
        "unenrol heidi\nenrol heidi\nrole heidi\njoin heidi\njoin norma\nunenrol norma\n"
        "enrol norma\n"},
    {"roles come and go", "allow_unenrol=true removal=suspend_no_roles",
        "username,course1,role1,unenrol1\nsven,SAFETY,student,\nsven,SAFETY,,1\n"
        "sven,SAFETY,student,\nsven,SAFETY,-student,\nsven,SAFETY,,1\n",
        "2 course1 warning enrolment_suspended\n2 course1 done role_assigned\n"
        "3 course1 done unenrol_suspended\n4 course1 warning enrolment_suspended\n"
        "4 course1 done role_assigned\n5 course1 done role_removed\n"
        "6 course1 unchanged unenrol_suspended\n",
        "role sven\nunrole_all sven\nrole sven\nunrole sven\n"},
    {"a cohort, out and in, and a course behind it", UNENROL,
        "username,cohort1,cohort2,course1,unenrol1\nheidi,-SALES,SALES,SAFETY,1\n",
        "2 cohort1 done cohort_left\n2 cohort2 done cohort_joined\n2 course1 done unenrolled\n",
        "leave heidi\njoin heidi\nunenrol heidi\n"},
    {"somebody who was made just now", UNENROL " upload_type=add_or_update",
        "username,firstname,lastname,email,course1,unenrol1\nnew,N,O,n@x.example,SAFETY,\n"
        "new,,,,SAFETY,1\nnew,,,,SAFETY,\n",
        "2 username done account_created\n2 course1 done enrolled\n3 course1 done unenrolled\n"
        "4 course1 done enrolled\n",
        "create new auth=manual stored=to be generated suspended=0 generate=1 force=0\n"
        "enrol new\nrole new\nunenrol new\nenrol new\nrole new\n"},
    {"who is renamed between", UNENROL " allow_rename=true",
        "username,oldusername,course1,unenrol1\nheidi,,SAFETY,0\nheide,heidi,SAFETY,1\n"
        "heide,,SAFETY,\n",
        "2 course1 unchanged already_enrolled\n3 oldusername done account_renamed\n"
        "3 course1 done unenrolled\n4 course1 done enrolled\n",
        "rename heide\nunenrol heide\nenrol heide\nrole heide\n"},
    {"deleted after that", UNENROL " allow_delete=true",
        "username,deleted,course1,unenrol1\nheidi,,SAFETY,1\nheidi,1,,\n",
        "2 course1 done unenrolled\n3 deleted done account_deleted\n",
        "unenrol heidi\ndelete heidi\n"},
};

Test(removal, goes_with_what_is_before_and_behind_it)
{
	world_expect(orders, sizeof orders / sizeof *orders);
}

/* ---- what it costs ---- */

Test(removal, of_many_rows_of_one_person_takes_no_round_of_its_own)
{
	struct world world;
	world_init(&world, UNENROL);
	world_run(&world, "username,course1,unenrol1,course2\nheidi,SAFETY,1,ETHICS\n"
	                  "ivan,SAFETY,1,\nivan,ETHICS,1,BOSSES\njudy,SAFETY,1,\njudy,ETHICS,,\n");
	cr_expect_eq(world.rounds, 1, "%d", world.rounds);
	world_done(&world);
}

Test(removal, that_a_file_does_not_ask_for_is_not_looked_into)
{
	struct world world;
	world_init(&world, UNENROL);
	world_run(&world, "username,course1,unenrol1,role1,group1\nheidi,SAFETY,0,student,Alpha\n"
	                  "heidi,SAFETY,no,teacher,Alpha\n");
	cr_expect_not(world.batch.takes_away);
	cr_expect_not(world.batch.enrolments[0].asks_leaving);
	cr_expect_eq(world.rounds, 1);
	world_done(&world);
}

/* ---- what is said ---- */

static const struct {
	const char *policy, *text, *before, *after, *message;
} states[] = {
    {UNENROL, "username,course1,unenrol1\nheidi,SAFETY,1\n",
        "status=0;timestart=1767225600;timeend=0;roles=student", "", "Unenrolled."},
    {"allow_unenrol=true", "username,course1,unenrol1\nheidi,SAFETY,1\n",
        "status=0;timestart=1767225600;timeend=0;roles=student",
        "status=1;timestart=1767225600;timeend=0;roles=student",
        "Suspended, not unenrolled: the feed's removal is suspend."},
    {"allow_unenrol=true removal=suspend_no_roles", "username,course1,unenrol1\nrolf,SAFETY,1\n",
        "status=1;timestart=1767225600;timeend=0;roles=student",
        "status=1;timestart=1767225600;timeend=0;roles=",
        "Suspended without roles, not unenrolled: the feed's removal is suspend_no_roles."},
    {UNENROL, "username,course1,unenrol1\notis,SAFETY,1\n", "", "",
        "Is in the course by another method (cohort), and only manual enrolments are ours: take "
        "the person out there."},
    {UNENROL, "username,course1,group1\nheidi,SAFETY,-Alpha\n", "course=SAFETY;member=1", "",
        "Left the group."},
    {UNENROL, "username,cohort1\nheidi,-SALES\n", "member=1", "", "Left the cohort."},
};

Test(removal, tells_what_was_and_what_is)
{
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		struct world world;
		world_init(&world, states[i].policy);
		world_run(&world, states[i].text);
		cr_expect(slice_is(world.last.before, slice_of(states[i].before)), "%s: %.*s",
		    states[i].text, SLICE_ARG(world.last.before));
		cr_expect(slice_is(world.last.after, slice_of(states[i].after)), "%s: %.*s",
		    states[i].text, SLICE_ARG(world.last.after));
		cr_expect(slice_is(world.last.message, slice_of(states[i].message)), "%s: %.*s",
		    states[i].text, SLICE_ARG(world.last.message));
		world_done(&world);
	}
}
