/* Rights that the database does not give: each costs the requests that need it, and no others. */
#include "world.h"

#include <criterion/criterion.h>

#define ALL "upload_type=add_or_update update_details=file allow_delete=true allow_rename=true"

static const struct {
	deed_set lacks;
	const char *policy, *text, *outcomes, *changes;
} cases[] = {
    {DEED_BIT(DEED_DELETE_ACCOUNT), ALL, "username,deleted,course1\nalice,1,\nbob,,SAFETY\n",
        "2 deleted error no_right\n"
        "3 course1 done enrolled\n",
        "enrol bob\nrole bob\n"},
    {DEED_BIT(DEED_CREATE_ACCOUNT), ALL,
        "username,firstname,lastname,email,course1\nnina,N,N,n@x.example,SAFETY\n"
        "alice,,,,SAFETY\n",
        "2 username error no_right\n2 course1 skipped row_not_applied\n"
        "3 username unchanged account_unchanged\n3 course1 done enrolled\n",
        "enrol alice\nrole alice\n"},
    {DEED_BIT(DEED_UPDATE_ACCOUNT), ALL, "username,city,course1\nalice,Rome,SAFETY\n",
        "2 username error no_right\n2 course1 done enrolled\n", "enrol alice\nrole alice\n"},
    {DEED_BIT(DEED_UPDATE_ACCOUNT), ALL, "username,oldusername,course1\nalison,alice,SAFETY\n",
        "2 oldusername error no_right\n2 course1 done enrolled\n", "enrol alice\nrole alice\n"},
    {DEED_BIT(DEED_END_SESSIONS), ALL, "username,suspended,city\nalice,1,Rome\n",
        "2 suspended error no_right\n2 username done account_updated\n",
        "update alice city=Rome\n"},
    {DEED_BIT(DEED_ENROL), "", "username,course1,group1\nalice,SAFETY,Alpha\nivan,SAFETY,Alpha\n",
        "2 course1 error no_right\n2 group1 skipped row_not_applied\n"
        "3 course1 unchanged enrolment_suspended\n3 group1 done group_joined\n",
        "join ivan\n"},
    {DEED_BIT(DEED_ASSIGN_ROLE), "",
        "username,course1,role1\nheidi,SAFETY,teacher\nheidi,SAFETY,\n",
        "2 course1 error no_right\n3 course1 unchanged already_enrolled\n", ""},
    {DEED_BIT(DEED_CHANGE_ENROLMENT), "",
        "username,course1,enrolstatus1\nivan,SAFETY,0\nivan,SAFETY,\n",
        "2 course1 error no_right\n3 course1 unchanged enrolment_suspended\n", ""},
    {DEED_BIT(DEED_JOIN_COHORT), "", "username,cohort1,course1\nalice,SALES,SAFETY\nheidi,SALES,\n",
        "2 cohort1 error no_right\n2 course1 done enrolled\n"
        "3 cohort1 unchanged already_in_cohort\n",
        "enrol alice\nrole alice\n"},
    {DEED_BIT(DEED_CREATE_COHORT), "may.create.cohorts=true",
        "username,cohort1,cohort2\nalice,NEW,SALES\n",
        "2 cohort1 error no_right\n2 cohort2 done cohort_joined\n", "join alice\n"},
    {DEED_BIT(DEED_SEE_COHORT), "", "username,cohort1,course1\nheidi,SALES,SAFETY\n",
        "2 cohort1 error no_right\n2 course1 unchanged already_enrolled\n", ""},
    {DEED_BIT(DEED_CREATE_GROUP), "may.create.groups=true",
        "username,course1,group1,group2,course2\nheidi,SAFETY,New,,\n"
        "ivan,SAFETY,Alpha,,\n",
        "2 course1 unchanged already_enrolled\n2 group1 error no_right\n"
        "3 course1 unchanged enrolment_suspended\n3 group1 done group_joined\n",
        "join ivan\n"},
    {DEED_BIT(DEED_CREATE_GROUPING), "course=SAFETY", "groupname,groupingname\nRed,Fresh\n",
        "2 groupname done group_created\n2 groupingname error no_right\n",
        "group Red idnumber= description=NULL\n"},
    {DEED_BIT(DEED_UNASSIGN_ROLE), "may.system_roles=* may.unprotected=*",
        "username,sysrole1,sysrole2\nalice,manager,\nalice,-manager,manager\n",
        "2 sysrole1 done role_assigned\n3 sysrole1 error no_right\n"
        "3 sysrole2 unchanged already_assigned\n",
        "role alice\n"},
    {DEED_BIT(DEED_SEE_CATEGORY), "may.system_roles=*",
        "username,category1,categoryrole1,course1\nalice,X,manager,SAFETY\n",
        "2 categoryrole1 error no_right\n2 course1 done enrolled\n", "enrol alice\nrole alice\n"},
};

Test(rights, that_are_missing_cost_what_needs_them_and_nothing_else)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world world;
		world_init(&world, cases[i].policy);
		world.site.lacks = cases[i].lacks;
		for (enum deed deed = 0; deed < DEEDS; deed++)
			world.site.missing[deed] = SLICE("X on y");
		world_run(&world, cases[i].text);
		cr_expect_str_eq(world_outcomes(&world), cases[i].outcomes, "case %zu:\n%s", i,
		    world_outcomes(&world));
		cr_expect_str_eq(world_changes(&world), cases[i].changes, "case %zu:\n%s", i,
		    world_changes(&world));
		world_done(&world);
	}
}

Test(rights, that_a_feed_can_need_follow_from_what_it_allows)
{
	const struct policy safe = {.allow_suspend = false};
	const char *const any[] = {"*"};
	struct policy all = {.upload_type = UPLOAD_ADD_OR_UPDATE,
	    .update_details = DETAILS_FILE,
	    .allow_suspend = true,
	    .allow_delete = true,
	    .allow_unenrol = true,
	    .removal = REMOVAL_UNENROL,
	    .update_password = true,
	    .may = {.system_roles = {.items = any, .count = 1}, .create_cohorts = true}};
	deed_set accounts = DEED_BIT(DEED_CREATE_ACCOUNT) | DEED_BIT(DEED_UPDATE_ACCOUNT) |
	                    DEED_BIT(DEED_DELETE_ACCOUNT) | DEED_BIT(DEED_END_SESSIONS) |
	                    DEED_BIT(DEED_SET_PROFILE) | DEED_BIT(DEED_SET_PREFERENCE);
	deed_set leaving = DEED_BIT(DEED_UNENROL) | DEED_BIT(DEED_LEAVE_GROUP) |
	                   DEED_BIT(DEED_LEAVE_COHORT) | DEED_BIT(DEED_UNASSIGN_ROLE);
	deed_set allowed = leaving | DEED_BIT(DEED_CREATE_COHORT) | DEED_BIT(DEED_SEE_CATEGORY);
	cr_expect_eq(deeds_of_policy(&all), DEED_BIT(DEEDS) - 1);
	cr_expect_eq(deeds_of_policy(&safe), (DEED_BIT(DEEDS) - 1) & ~accounts & ~allowed);
	all.upload_type = UPLOAD_ADD;
	cr_expect_eq(deeds_of_policy(&all) & accounts, DEED_BIT(DEED_CREATE_ACCOUNT) |
	                                                   DEED_BIT(DEED_SET_PROFILE) |
	                                                   DEED_BIT(DEED_SET_PREFERENCE));
	all.removal = REMOVAL_SUSPEND_NO_ROLES;
	cr_expect_eq(deeds_of_policy(&all) & leaving, leaving & ~DEED_BIT(DEED_UNENROL));
	all.allow_unenrol = false;
	all.may.system_roles.count = 0;
	cr_expect_eq(deeds_of_policy(&all) & leaving, 0);
	all.absence.action = ABSENCE_SUSPEND;
	cr_expect_eq(deeds_of_policy(&all) & leaving, 0);
	all.absence.action = ABSENCE_SUSPEND_NO_ROLES;
	cr_expect_eq(deeds_of_policy(&all) & leaving, DEED_BIT(DEED_UNASSIGN_ROLE));
	all.absence.action = ABSENCE_UNENROL;
	cr_expect_eq(deeds_of_policy(&all) & leaving, DEED_BIT(DEED_UNENROL));
}
