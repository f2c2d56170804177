/* Cohorts, groups, roles elsewhere, and create course groups files: rows, and what comes of them.
 */
#include "world.h"

#include <criterion/criterion.h>

static const struct world_case cases[] = {
    {"cohorts come before all else", "", "username,course1,cohort1\nalice,SAFETY,SALES\n",
        "2 cohort1 done cohort_joined\n2 course1 done enrolled\n",
        "join alice\nenrol alice\nrole alice\n"},
    {"a cohort is one, by idnumber and by id, and made once", "may.create.cohorts=true",
        "username,cohort1,cohort2\nalice,SALES,1\nheidi,SALES,NEW\nalice,NEW,\n",
        "2 cohort1 done cohort_joined\n2 cohort2 unchanged already_in_cohort\n"
        "3 cohort1 unchanged already_in_cohort\n3 cohort2 done cohort_created\n"
        "4 cohort1 done cohort_joined\n",
        "join alice\ncohort \njoin heidi\njoin alice\n"},
    {"no cohort is made of a number, none of another component's changed",
        "may.create.cohorts=true", "username,cohort1\nalice,555\nalice,EXT\nalice,007\n",
        "2 cohort1 error cohort_not_found\n3 cohort1 error cohort_external\n"
        "4 cohort1 done cohort_created\n",
        "cohort \njoin alice\n"},
    {"a group is found by name, then by id, and made when missing", "may.create.groups=true",
        "username,course1,group1\nalice,SAFETY,Alpha\nheidi,SAFETY,1\nalice,SAFETY,42\n"
        "alice,SAFETY,New\nheidi,SAFETY,New\nalice,SAFETY,777\n",
        "2 course1 done enrolled\n2 group1 done group_joined\n"
        "3 course1 unchanged already_enrolled\n3 group1 unchanged already_in_group\n"
        "4 course1 unchanged already_enrolled\n4 group1 done group_joined\n"
        "5 course1 unchanged already_enrolled\n5 group1 done group_created\n"
        "6 course1 unchanged already_enrolled\n6 group1 done group_joined\n"
        "7 course1 unchanged already_enrolled\n7 group1 done group_created\n",
        "enrol alice\nrole alice\njoin alice\njoin alice\n"
        "group New idnumber= description=\njoin alice\njoin heidi\n"
        "group 777 idnumber= description=\njoin alice\n"},
    {"a group is not for those who are not in the course", "",
        "username,course1,role1,group1\nalice,SAFETY,chef,Alpha\nalice,NOMAN,,G\nheidi,SAFETY,,"
        "Twice\n",
        "2 role1 error role_not_found\n2 group1 skipped row_not_applied\n"
        "3 course1 error no_enrol_instance\n3 group1 skipped row_not_applied\n"
        "4 course1 unchanged already_enrolled\n4 group1 error group_ambiguous\n",
        ""},
    {"of two groups of a name the older is meant when the newer is empty", "",
        "username,course1,group1\nheidi,SAFETY,Spare\nheidi,SAFETY,Spare\n",
        "2 course1 unchanged already_enrolled\n2 group1 warning group_ambiguous\n"
        "2 group1 done group_joined\n3 course1 unchanged already_enrolled\n"
        "3 group1 warning group_ambiguous\n3 group1 unchanged already_in_group\n",
        "join heidi\n"},
    {"a row that is not applied skips the group too", "",
        "username,course1,group1,cohort1,sysrole1\nnobody,SAFETY,Alpha,SALES,manager\n",
        "2 username error user_not_found\n2 cohort1 skipped row_not_applied\n"
        "2 course1 skipped row_not_applied\n2 group1 skipped row_not_applied\n"
        "2 sysrole1 skipped row_not_applied\n",
        ""},
    {"roles in the whole site are given and taken, by name and id",
        "may.system_roles=* may.unprotected=manager",
        "username,sysrole1,sysrole2\nalice,manager,-manager\nalice,-1,1\nalice,manager,-2\n"
        "bob,student,\nbob,-manager,\n",
        "2 sysrole1 done role_assigned\n2 sysrole2 done role_removed\n"
        "3 sysrole1 unchanged not_assigned\n3 sysrole2 done role_assigned\n"
        "4 sysrole1 unchanged already_assigned\n4 sysrole2 error role_not_found\n"
        "5 sysrole1 error role_not_found\n6 sysrole1 unchanged not_assigned\n",
        "role alice\nunrole alice\nrole alice\n"},
    {"roles in categories", "may.system_roles=manager",
        "username,category1,categoryrole1\nalice,CAT,manager\nalice,CAT,1\nalice,cat,manager\n"
        "alice,CAT,student\nalice,CAT,\nalice,,manager\nalice,,\n",
        "2 categoryrole1 done role_assigned\n3 categoryrole1 unchanged already_assigned\n"
        "4 categoryrole1 error category_not_found\n5 categoryrole1 error role_not_found\n"
        "6 categoryrole1 error role_not_found\n7 categoryrole1 error category_not_found\n"
        "8 - unchanged nothing_asked\n",
        "role alice\n"},
    {"the front page has roles and nothing else", "",
        "username,course1,role1\nalice,front,teacher\nalice,front,teacher\nalice,front,\n",
        "2 course1 done role_assigned\n3 course1 unchanged already_assigned\n"
        "4 course1 error role_not_found\n",
        "role alice\n"},
    {"new accounts join at once", "upload_type=add",
        "username,firstname,lastname,email,cohort1,course1,group1\nnina,N,N,n@x.example,SALES,"
        "SAFETY,"
        "Alpha\n",
        "2 username done account_created\n2 cohort1 done cohort_joined\n2 course1 done enrolled\n"
        "2 group1 done group_joined\n",
        "create nina auth=manual stored=to be generated suspended=0 generate=1 force=0\njoin "
        "nina\nenrol nina\nrole nina\njoin nina\n"},
    {"Moodle takes 0 for nothing", "compat=moodle",
        "username,cohort1,course1,group1\nalice,0,SAFETY,0\n", "2 course1 done enrolled\n",
        "enrol alice\nrole alice\n"},
    {"nothing is made whose name has a character that nobody sees",
        "may.create.cohorts=true may.create.groups=true",
        "username,cohort1,course1,group1\nalice,SA\u200BLES,SAFETY,Al\u00A0pha\n"
        "bob,,SAFETY,\u06AF\u200C\u0647\n",
        "2 cohort1 error invalid_value\n2 course1 done enrolled\n2 group1 error invalid_value\n"
        "3 course1 done enrolled\n3 group1 done group_created\n",
        "enrol alice\nrole alice\nenrol bob\nrole bob\n"
        "group \u06AF\u200C\u0647 idnumber= description=\njoin bob\n"},
    /* Create course groups files. */
    {"groups are made once, with what the file says", "",
        "groupname,coursename,groupidnumber,description,groupingname\n"
        "Red,SAFETY,R1,text,Letters\nRed,SAFETY,R2,,Letters\nAlpha,SAFETY,,,Letters\n"
        "Blue,SAFETY,GA,,Colours\nGreen,SAFETY,R1,,\n",
        "2 groupname done group_created\n2 groupingname done grouping_joined\n"
        "3 groupname unchanged group_exists\n3 groupingname unchanged already_in_grouping\n"
        "4 groupname unchanged group_exists\n4 groupingname unchanged already_in_grouping\n"
        "5 groupidnumber warning idnumber_taken\n5 groupname done group_created\n"
        "5 groupingname done grouping_created\n6 groupidnumber warning idnumber_taken\n"
        "6 groupname done group_created\n",
        "group Red idnumber=R1 description=\njoin \n"
        "group Blue idnumber= description=\ngrouping \njoin \n"
        "group Green idnumber= description=\n"},
    {"one bad row stops nothing", "",
        "groupname,coursename\n,SAFETY\nRed,NOPE\nRed,\nTwice,SAFETY\nRed,TWINS\nRed,SAFETY,more\n"
        "Red,SAFETY\n",
        "2 groupname error group_name_missing\n3 coursename error course_not_found\n"
        "4 coursename error course_not_found\n5 groupname error group_ambiguous\n"
        "6 coursename error course_ambiguous\n7 - error wrong_field_count\n"
        "8 groupname done group_created\n",
        "group Red idnumber= description=NULL\n"},
    {"no group, number or grouping is made with a character that nobody sees", "course=SAFETY",
        "groupname,groupidnumber,groupingname\nR\u200Bed,,\nBlue,B\u00AD1,\nGreen,,Col\u2060ours\n",
        "2 groupname error invalid_value\n3 groupidnumber error invalid_value\n"
        "4 groupname done group_created\n4 groupingname error invalid_value\n",
        "group Green idnumber= description=NULL\n"},
    {"nor is a third group made of a name", "course=SAFETY", "groupname\nSpare\n",
        "2 groupname warning group_ambiguous\n2 groupname unchanged group_exists\n", ""},
    {"one column is enough where the feed names the course", "course=SAFETY", "groupname\nRed\n",
        "2 groupname done group_created\n", "group Red idnumber= description=NULL\n"},
    {"conversations are not made, and it is said", "course=SAFETY",
        "enablemessaging,lang,groupname\n1,en,Red\n0,,Blue\n",
        "2 groupname done group_created\n2 enablemessaging warning not_on_this_site\n"
        "3 groupname done group_created\n",
        "group Red idnumber= description=NULL\ngroup Blue idnumber= description=NULL\n"},
};

Test(member, joins_as_the_rules_say)
{
	world_expect(cases, sizeof cases / sizeof *cases);
}

static const struct world_case keys[] = {
    {"a number is an id, whoever has it for an idnumber", "may.create.cohorts=true",
        "username,cohort1\nalice,2026\nalice,5\nalice,DUP\n",
        "2 cohort1 error cohort_not_found\n3 cohort1 error cohort_ambiguous\n"
        "4 cohort1 error cohort_ambiguous\n",
        ""},
    {"as in Moodle", "compat=moodle may.create.cohorts=true", "username,cohort1\nalice,5\n",
        "2 cohort1 done cohort_joined\n", "join alice\n"},
    {"a - takes nobody out of anything where the feed may not",
        "may.create.cohorts=true may.create.groups=true",
        "username,cohort1,course1,group1\nalice,-SALES,SAFETY,-Alpha\nalice,-,,\n",
        "2 cohort1 error unenrol_not_allowed\n2 group1 error unenrol_not_allowed\n"
        "3 cohort1 done cohort_created\n",
        "cohort \njoin alice\n"},
    {"nor in Moodle's way", "compat=moodle may.create.cohorts=true",
        "username,cohort1\nalice,-SALES\n", "2 cohort1 error unenrol_not_allowed\n", ""},
};

Test(member, keys_that_could_mean_two_things_are_refused)
{
	world_expect(keys, sizeof keys / sizeof *keys);
}

Test(member, a_number_that_is_an_idnumber_is_told_with_the_id_to_write)
{
	struct world world;
	world_init(&world, "");
	world_run(&world, "username,cohort1\nalice,2026\n");
	cr_expect(slice_is(world.last.message,
	              SLICE("2026 is the idnumber of a cohort, and a number is taken for an id: "
	                    "write its id, 7, or give it an idnumber that is no number.")),
	    "%.*s", SLICE_ARG(world.last.message));
	world_done(&world);
}
