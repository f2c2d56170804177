/* What a feed may reach: rows, and what comes of them. */
#include "world.h"

#include "enrold/may.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define COURSE "username,course1\n"

static const struct world_case cases[] = {
    /* Courses. */
    {"a course whose name does not fit is refused, there or not", "may.courses=SAF*",
        COURSE "alice,SAFETY\nalice,ETHICS\nalice,NOPE\nalice,safety\n",
        "2 course1 done enrolled\n3 course1 error not_allowed\n4 course1 error not_allowed\n"
        "5 course1 error not_allowed\n",
        "enrol alice\nrole alice\n"},
    {"an empty list is nothing at all", "may.courses=", COURSE "alice,SAFETY\nalice,NOPE\n",
        "2 course1 error not_allowed\n3 course1 error not_allowed\n", ""},
    {"a course counts with all its parents; what is not there is not told from what is elsewhere",
        "may.categories=HR", COURSE "alice,SAFETY\nalice,ETHICS\nalice,NOPE\nalice,TWINS\n",
        "2 course1 done enrolled\n3 course1 error not_allowed\n4 course1 error not_allowed\n"
        "5 course1 error not_allowed\n",
        "enrol alice\nrole alice\n"},
    {"the front page stands in no category", "may.categories=HR,L*",
        "username,course1,role1\nalice,front,teacher\nalice,ETHICS,\n",
        "2 course1 error not_allowed\n3 course1 done enrolled\n", "enrol alice\nrole alice\n"},
    {"the front page is a course like others", "may.courses=SAFETY",
        "username,course1,role1\nalice,front,teacher\n", "2 course1 error not_allowed\n", ""},
    {"the group of a course that is refused is not tried", "may.courses=ETHICS",
        "username,course1,group1\nheidi,SAFETY,Alpha\n",
        "2 course1 error not_allowed\n2 group1 skipped row_not_applied\n", ""},
    {"a create course groups file reaches the feed's courses only", "may.courses=ETHICS",
        "groupname,coursename\nRed,SAFETY\nRed,ETHICS\nRed,NOPE\n",
        "2 coursename error not_allowed\n3 groupname done group_created\n"
        "4 coursename error not_allowed\n",
        "group Red idnumber= description=NULL\n"},
    {"by idnumber, too, it is the short name that counts", "may.courses=ETHICS",
        "groupname,idnumber\nRed,S1\nRed,NONE\n",
        "2 idnumber error not_allowed\n3 idnumber error not_allowed\n", ""},
    {"by idnumber of a course that is within", "may.courses=SAF*", "groupname,idnumber\nRed,S1\n",
        "2 groupname done group_created\n", "group Red idnumber= description=NULL\n"},
    {"the feed's own course is none of its courses", "may.courses=ETHICS course=SAFETY",
        "groupname\nRed\n", "2 groupname error not_allowed\n", ""},
    /* Roles in courses. */
    {"roles of three archetypes by default, by name and id", "",
        "username,course1,role1\nalice,SAFETY,manager\nalice,SAFETY,1\nalice,SAFETY,auditor\n"
        "alice,SAFETY,teacher\nalice,front,manager\n",
        "2 role1 error not_allowed\n3 role1 error not_allowed\n4 role1 error not_allowed\n"
        "5 course1 done enrolled\n6 role1 error not_allowed\n",
        "enrol alice\nrole alice\n"},
    {"named roles replace the archetypes", "may.roles=aud*,student",
        "username,course1,role1\nalice,SAFETY,auditor\nbob,SAFETY,teacher\nbob,SAFETY,4\n"
        "bob,SAFETY,student\n",
        "2 course1 done enrolled\n3 role1 error not_allowed\n4 role1 error not_allowed\n"
        "5 course1 done enrolled\n",
        "enrol alice\nrole alice\nenrol bob\nrole bob\n"},
    {"no role is no enrolment", "may.roles=", COURSE "alice,SAFETY\n",
        "2 course1 error not_allowed\n", ""},
    {"the course's own role counts", "", COURSE "alice,BOSSES\n", "2 course1 error not_allowed\n",
        ""},
    {"the roles of type_roles count", "type_roles=manager,auditor,teacher",
        "username,course1,type1\nalice,SAFETY,1\nalice,SAFETY,2\nalice,SAFETY,3\n",
        "2 type1 error not_allowed\n3 type1 error not_allowed\n4 course1 done enrolled\n",
        "enrol alice\nrole alice\n"},
    {"compat changes nothing", "compat=moodle",
        "username,course1,role1,sysrole1\nalice,SAFETY,manager,manager\n",
        "2 role1 error not_allowed\n2 sysrole1 error not_allowed\n", ""},
    {"who has another role there is neither suspended nor ended", "",
        "username,course1,enrolstatus1,enroltimestart1,enrolperiod1\noscar,SAFETY,1,,\n"
        "oscar,SAFETY,,2020-01-01,3\nheidi,SAFETY,1,,\noscar,SAFETY,0,,\n",
        "2 course1 error not_allowed\n3 course1 error not_allowed\n"
        "4 course1 done enrolment_updated\n5 course1 unchanged already_enrolled\n",
        "enrolment heidi\n"},
    {"nor let in later, nor given an end, nor an earlier one", "",
        "username,course1,enroltimestart1,enrolperiod1\noscar,SAFETY,2099-01-01,\n"
        "oscar,SAFETY,,1\noscar,SAFETY,,3650\noscar,SAFETY,2099-01-01,0\n"
        "oscar,SAFETY,2020-01-01,\noscar,SAFETY,,0\nheidi,SAFETY,2099-01-01,10\n",
        "2 course1 error not_allowed\n3 course1 error not_allowed\n"
        "4 course1 error not_allowed\n5 course1 error not_allowed\n"
        "6 course1 done enrolment_updated\n7 course1 unchanged already_enrolled\n"
        "8 course1 done enrolment_updated\n",
        "enrolment oscar\nenrolment heidi\n"},
    {"a course with a period of its own ends nobody's enrolment so either",
        "existing_enrolment=refresh",
        "username,course1,enrolperiod1\noscar,SAFETY,30\n"
        "oscar,SAFETY,\n",
        "2 course1 error not_allowed\n3 course1 done enrolment_updated\n", "enrolment oscar\n"},
    {"but by a feed that may give that role", "may.roles=*",
        "username,course1,enrolstatus1\noscar,SAFETY,1\n", "2 course1 done enrolment_updated\n",
        "enrolment oscar\n"},
    /* Roles elsewhere. */
    {"no role in the site by default, by name, id, or minus", "",
        "username,sysrole1\nalice,manager\nalice,1\nalice,-manager\nalice,-1\nalice,auditor\n",
        "2 sysrole1 error not_allowed\n3 sysrole1 error not_allowed\n"
        "4 sysrole1 error not_allowed\n5 sysrole1 error not_allowed\n"
        "6 sysrole1 error not_allowed\n",
        ""},
    {"a role in the site where the feed may; it protects from then on", "may.system_roles=aud*",
        "username,sysrole1,course1\nalice,auditor,SAFETY\nalice,auditor,\nbob,manager,\n",
        "2 sysrole1 done role_assigned\n2 course1 done enrolled\n"
        "3 username error protected_account\n3 sysrole1 skipped row_not_applied\n"
        "4 sysrole1 error not_allowed\n",
        "role alice\nenrol alice\nrole alice\n"},
    {"from all but its taking away, by rows that do nothing else", "may.system_roles=aud*",
        "username,sysrole1,course1\nalice,auditor,\nalice,-auditor,SAFETY\nalice,-auditor,\n",
        "2 sysrole1 done role_assigned\n3 username error protected_account\n"
        "3 sysrole1 skipped row_not_applied\n3 course1 skipped row_not_applied\n"
        "4 sysrole1 done role_removed\n",
        "role alice\nunrole alice\n"},
    {"and taken again where it does not protect",
        "may.system_roles=auditor may.unprotected=auditor",
        "username,sysrole1\nalice,auditor\nalice,-auditor\n",
        "2 sysrole1 done role_assigned\n3 sysrole1 done role_removed\n",
        "role alice\nunrole alice\n"},
    {"roles in categories: both lists count", "may.system_roles=manager may.categories=HR",
        "username,category1,categoryrole1\nalice,CAT,manager\nalice,LAW,manager\n"
        "alice,NONE,manager\n",
        "2 categoryrole1 done role_assigned\n3 categoryrole1 error not_allowed\n"
        "4 categoryrole1 error not_allowed\n",
        "role alice\n"},
    {"no role in categories by default, whatever the category", "",
        "username,category1,categoryrole1\nalice,CAT,manager\nalice,NONE,1\n",
        "2 categoryrole1 error not_allowed\n3 categoryrole1 error not_allowed\n", ""},
    /* Cohorts and groups. */
    {"cohorts by idnumber, also where the cell has the id", "may.cohorts=HR*",
        "username,cohort1\nalice,SALES\nalice,1\nalice,555\nalice,NONE\nalice,HR1\n",
        "2 cohort1 error not_allowed\n3 cohort1 error not_allowed\n4 cohort1 error not_allowed\n"
        "5 cohort1 error not_allowed\n6 cohort1 error cohort_not_found\n",
        ""},
    {"a cohort by its id where its idnumber fits", "may.cohorts=SAL*",
        "username,cohort1\nalice,1\n", "2 cohort1 done cohort_joined\n", "join alice\n"},
    {"none is made of what nobody has", "",
        "username,cohort1,course1,group1\nalice,SALE,SAFETY,Alpa\nalice,,SAFETY,777\n",
        "2 cohort1 error cohort_not_found\n2 course1 done enrolled\n"
        "2 group1 error group_not_found\n3 course1 unchanged already_enrolled\n"
        "3 group1 error group_not_found\n",
        "enrol alice\nrole alice\n"},
    /* People. */
    {"who has a role in the site is protected", "", "username,course1,cohort1\nmona,SAFETY,SALES\n",
        "2 username error protected_account\n2 cohort1 skipped row_not_applied\n"
        "2 course1 skipped row_not_applied\n",
        ""},
    {"unless all of the roles are named", "may.unprotected=manager",
        COURSE "mona,SAFETY\notto,SAFETY\n",
        "2 course1 done enrolled\n3 username error protected_account\n"
        "3 course1 skipped row_not_applied\n",
        "enrol mona\nrole mona\n"},
    {"patterns there as well", "may.unprotected=man*,aud*", COURSE "otto,SAFETY\n",
        "2 course1 done enrolled\n", "enrol otto\nrole otto\n"},
    {"administrators stay protected", "may.unprotected=*", COURSE "admin,SAFETY\nguest,SAFETY\n",
        "2 username error protected_account\n2 course1 skipped row_not_applied\n"
        "3 username error protected_account\n3 course1 skipped row_not_applied\n",
        ""},
    {"protected from changes of details",
        "upload_type=add_or_update update_details=file update_password=true",
        "username,email,auth,password,suspended\nmona,x@evil.example,nologin,Secret-1,1\n",
        "2 username error protected_account\n", ""},
    {"and from being deleted or renamed",
        "upload_type=add_or_update update_details=file allow_delete=true allow_rename=true",
        "username,oldusername,deleted\nmona,,1\nmine,mona,0\n",
        "2 username error protected_account\n3 username error protected_account\n", ""},
    /* People who are more in a category or course than the feed may give. */
    {"who manages a category keeps name, address, number, password and method, and stays as active",
        "update_details=file update_password=true allow_rename=true",
        "username,oldusername,email,idnumber,auth,password,suspended,city\n"
        "judy,,x@evil.example,,,,,\njudy,,judy@corp.example,9,,,,\njudy,,judy@corp.example,E012,"
        "ldap,,,\n"
        "judy,,judy@corp.example,E012,,Secret-1,,\njudy,,judy@corp.example,E012,,,1,Bonn\n"
        "mine,judy,judy@corp.example,E012,,,,Bonn\n",
        "2 email error not_allowed\n2 idnumber error not_allowed\n"
        "3 idnumber error not_allowed\n4 auth error not_allowed\n5 password error not_allowed\n"
        "6 suspended error not_allowed\n6 username done account_updated\n"
        "7 oldusername error not_allowed\n7 username unchanged account_unchanged\n",
        "update judy city=Bonn\n"},
    {"and is not deleted, nor renamed when found otherwise",
        "allow_delete=true allow_rename=true match_by=idnumber",
        "idnumber,username,deleted\nE012,judy,1\nE012,mine,0\n",
        "2 deleted error not_allowed\n3 username error not_allowed\n", ""},
    {"so does who manages a course, or has a role there of which nobody knows what it may", "",
        "username,suspended,course1\noscar,1,SAFETY\nvera,1,SAFETY\njudy,1,SAFETY\n",
        "2 suspended error not_allowed\n2 course1 unchanged already_enrolled\n"
        "3 suspended error not_allowed\n3 course1 unchanged already_enrolled\n"
        "4 suspended error not_allowed\n4 course1 unchanged enrolment_expired\n",
        ""},
    {"but by a feed that may give the role there", "may.roles=manager may.system_roles=auditor",
        "username,suspended\noscar,1\nvera,1\njudy,1\n",
        "2 suspended done account_suspended\n3 suspended error not_allowed\n"
        "4 suspended error not_allowed\n",
        "update oscar suspended=1 out\n"},
    {"in the category, too", "may.system_roles=manager", "username,suspended\njudy,1\noscar,1\n",
        "2 suspended done account_suspended\n3 suspended error not_allowed\n",
        "update judy suspended=1 out\n"},
    {"or by one that need not heed it", "may.unprotected=man*",
        "username,suspended\njudy,1\noscar,1\nvera,1\n",
        "2 suspended done account_suspended\n3 suspended done account_suspended\n"
        "4 suspended error not_allowed\n",
        "update judy suspended=1 out\nupdate oscar suspended=1 out\n"},
    {"and from being met by address, whatever the name",
        "upload_type=add_or_update update_details=file match_by=email allow_rename=true",
        "email,username,city\nMONA@corp.example,evil,X\n", "2 email error protected_account\n", ""},
    {"and by number", "match_by=idnumber allow_rename=true", "idnumber,suspended\nE013,1\n",
        "2 idnumber error protected_account\n", ""},
};

Test(may, reaches_as_far_as_it_says)
{
	world_expect(cases, sizeof cases / sizeof *cases);
}

static struct slice message_of(struct world *world, const char *policy, const char *text)
{
	world_init(world, policy);
	world_run(world, text);
	return world->last.message;
}

static void expect_words(const char *policy, const char *text, const char *words)
{
	struct world world;
	char message[400];
	struct slice found = message_of(&world, policy, text);
	snprintf(message, sizeof message, "%.*s", SLICE_ARG(found));
	cr_expect(strstr(message, words), "no '%s' in: %s", words, message);
	world_done(&world);
}

Test(may, says_which_setting_refuses)
{
	expect_words("may.courses=A", COURSE "alice,SAFETY\n", "(may.courses)");
	expect_words("may.categories=A", COURSE "alice,SAFETY\n", "(may.categories)");
	expect_words("may.roles=A", COURSE "alice,SAFETY\n", "'student' in courses (may.roles)");
	expect_words("", "username,sysrole1\nalice,1\n", "(may.system_roles)");
	expect_words("may.cohorts=A", "username,cohort1\nalice,SALES\n", "(may.cohorts)");
	expect_words("", "username,cohort1\nalice,SALE\n", "is 'SALES' meant?");
	expect_words("", "username,course1,group1\nheidi,SAFETY,X\n", "(may.create.groups)");
	expect_words("", "username,course1\nmona,\n", "'manager' in the whole site");
	expect_words("", COURSE "alice,SAFETI\n", "is 'SAFETY' meant?");
}

Test(may, suggests_no_course_that_the_feed_does_not_reach)
{
	expect_words("may.courses=SAFETI", COURSE "alice,SAFETI\n", "correct it.");
	expect_words("may.cohorts=SALE", "username,cohort1\nalice,SALE\n", "may.create.cohorts");
}

/* An attacker learns from the answer no more than from his own words. */
Test(may, answers_alike_for_what_is_elsewhere_and_what_is_nowhere)
{
	static const char *const tries[][2] = {
	    {"may.categories=HR", "username,course1"},
	    {"may.courses=SAF*", "username,course1"},
	    {"may.categories=HR", "groupname,coursename"},
	};
	static const char *const names[] = {"ETHICS", "SECRET", "TWINS"};
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		char first[400] = "";
		for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
			struct world world;
			char text[100], message[400];
			snprintf(text, sizeof text, "%s\nalice,%s\n", tries[i][1], names[n]);
			struct slice found = message_of(&world, tries[i][0], text);
			const char *name = strstr(found.bytes, names[n]);
			cr_assert_not_null(name);
			snprintf(message, sizeof message, "%.*s|%s", (int)(name - found.bytes),
			    found.bytes, name + strlen(names[n]));
			if (n == 0)
				strcpy(first, message);
			cr_expect_str_eq(message, first);
			cr_expect_eq(world.last.code, CODE_NOT_ALLOWED);
			world_done(&world);
		}
	}
}

Test(may, fits_as_a_shell_does)
{
	static const char *const items[] = {"MATH-*", "[ab]?", "K[1]"};
	const struct text_list patterns = {.items = items, .count = 3}, none = {.count = 0};
	cr_expect(may_fits(&patterns, SLICE("MATH-")));
	cr_expect(may_fits(&patterns, SLICE("MATH-1/2")));
	cr_expect(may_fits(&patterns, SLICE("b7")));
	cr_expect(may_fits(&patterns, SLICE("K1")));
	cr_expect(may_fits(&patterns, SLICE("K[1]")));
	cr_expect_not(may_fits(&patterns, SLICE("XMATH-1")));
	cr_expect_not(may_fits(&patterns, SLICE("math-1")));
	cr_expect_not(may_fits(&patterns, SLICE("")));
	cr_expect_not(may_fits(&patterns, SLICE("MATH-\0")));
	cr_expect_not(may_fits(&none, SLICE("x")));
	cr_expect_not(may_is_all(&none));
}
