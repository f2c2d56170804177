/* Rows of which something is withheld: what becomes of the rest of them, and what is said. */
#include "world.h"

#include "enrold/approval.h"

#include <criterion/criterion.h>

#define ALL (1U << LIMITED_BY_CELL | 1U << LIMITED_ACCOUNTS)
#define TAKES "allow_unenrol=true removal=unenrol"
#define UPDATES "update_details=file update_password=true allow_suspend=true"

static const struct world_case cases[] = {
    {"courses, groups and cohorts beside a course that is left", TAKES,
        "username,course1,unenrol1,course2,cohort1,group3,course3\n"
        "heidi,SAFETY,1,ETHICS,-SALES,-Alpha,SAFETY\n",
        "2 cohort1 skipped withheld\n2 course1 skipped withheld\n2 course2 done enrolled\n"
        "2 group3 skipped withheld\n",
        "enrol heidi\nrole heidi\n"},
    {"who is kept in a course is found there", TAKES,
        "username,course1,unenrol1,role1,group1\nheidi,SAFETY,1,,\nheidi,SAFETY,,-student,\n"
        "heidi,SAFETY,,teacher,Alpha\nheidi,SAFETY,1,,\n",
        "2 course1 skipped withheld\n3 course1 skipped withheld\n4 course1 done role_assigned\n"
        "4 group1 unchanged already_in_group\n5 course1 skipped withheld\n",
        "role heidi\n"},
    {"a role that is kept protects", "may.system_roles=* may.unprotected=manager",
        "username,sysrole1,sysrole2,course1\nalice,auditor,manager,\nalice,-auditor,,\n"
        "alice,,,SAFETY\n",
        "2 sysrole1 done role_assigned\n2 sysrole2 done role_assigned\n"
        "3 sysrole1 skipped withheld\n4 username error protected_account\n"
        "4 course1 skipped row_not_applied\n",
        "role alice\nrole alice\n"},
    {"nobody leaves who is not there, or may not", TAKES,
        "username,course1,unenrol1\nalice,SAFETY,1\ngina,SAFETY,1\notis,SAFETY,1\n",
        "2 course1 unchanged not_enrolled\n3 course1 error has_history\n"
        "4 course1 error enrolled_otherwise\n",
        ""},
    {"what says more of whom the row takes out has no effect all the same", TAKES,
        "username,course1,unenrol1,role1\nnorma,SAFETY,1,teacher\n",
        "2 course1 skipped withheld\n2 role1 warning no_effect\n", ""},
    {"the other details", UPDATES,
        "username,email,idnumber,city,auth\nalice,new@x.example,E77,Oslo,nologin\n",
        "2 username skipped withheld\n2 username done account_updated\n",
        "update alice city=Oslo\n"},
    {"a detail that is so already is none", UPDATES,
        "username,email,city\nalice,ALICE@corp.example,Oslo\n", "2 username done account_updated\n",
        "update alice city=Oslo\n"},
    {"a password, without its warning", UPDATES,
        "username,password,city\nalice,weak,\nalice,weak,Oslo\n",
        "2 username skipped withheld\n3 username skipped withheld\n"
        "3 username done account_updated\n",
        "update alice city=Oslo\n"},
    {"a way to log in that the site does not offer, without its warning", UPDATES,
        "username,auth\nalice,shibboleth\n", "2 username skipped withheld\n", ""},
    {"a suspension is a cell of its own", UPDATES,
        "username,suspended,email,course1\nalice,1,new@x.example,SAFETY\n",
        "2 suspended skipped withheld\n2 username skipped withheld\n2 course1 done enrolled\n",
        "enrol alice\nrole alice\n"},
    {"an activation goes on", UPDATES, "username,suspended,email\nbob,0,new@x.example\n",
        "2 username skipped withheld\n2 suspended done account_activated\n",
        "update bob suspended=0\n"},
    {"an address that is kept is nobody else's", UPDATES,
        "username,email\nalice,new@x.example\nbob,new@x.example\nheidi,alice@corp.example\n",
        "2 username skipped withheld\n3 username skipped withheld\n4 email error email_taken\n",
        ""},
    {"who keeps the name has a row all the same", "allow_rename=true",
        "username,oldusername,course1\nalicia,alice,SAFETY\nalice,,ETHICS\nalicia,,ETHICS\n",
        "2 oldusername skipped withheld\n2 course1 done enrolled\n3 course1 done enrolled\n"
        "4 username error user_not_found\n4 course1 skipped row_not_applied\n",
        "enrol alice\nrole alice\nenrol alice\nrole alice\n"},
    {"who would be deleted has nothing else, and is there for other rows", "allow_delete=true",
        "username,deleted,course1\nalice,1,SAFETY\nalice,,SAFETY\n",
        "2 deleted skipped withheld\n2 course1 skipped row_not_applied\n3 course1 done enrolled\n",
        "enrol alice\nrole alice\n"},
    {"new accounts are what they are", UPDATES " upload_type=add_or_update",
        "username,firstname,lastname,email,password,suspended\n"
        "nina,Nina,North,nina@x.example,Xy-123456,1\n",
        "2 username done account_created\n",
        "create nina auth=manual password=Xy-123456 suspended=1\n"},
    {"but another address for them is one", UPDATES " upload_type=add_or_update",
        "username,firstname,lastname,email\nnina,Nina,North,nina@x.example\n"
        "nina,Nina,South,south@x.example\n",
        "2 username done account_created\n3 username skipped withheld\n"
        "3 username done account_updated\n",
        "create nina auth=manual stored=to be generated suspended=0 generate=1 force=0\n"
        "update nina lastname=South\n"},
};

static void expect(const struct world_case *is, struct world *world)
{
	world_run(world, is->text);
	cr_expect_str_eq(
	    world_outcomes(world), is->outcomes, "%s:\n%s", is->what, world_outcomes(world));
	cr_expect_str_eq(
	    world_changes(world), is->changes, "%s:\n%s", is->what, world_changes(world));
}

Test(withheld, leaves_the_rest_of_the_row)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world world;
		world_init(&world, cases[i].policy);
		world.withholds = ALL;
		expect(&cases[i], &world);
		world_done(&world);
	}
}

/* ---- who is where ---- */

static const struct world_case mentions[] = {
    {"who is kept in a course is listed there", TAKES,
        "username,course1,unenrol1\nheidi,SAFETY,1\nalice,SAFETY,1\n",
        "2 listed heidi SAFETY\n3 person alice -\n", NULL},
    {"whatever else is kept, the row was understood", TAKES " " UPDATES,
        "username,course1,role1,cohort1,email\nheidi,SAFETY,-student,-SALES,new@x.example\n",
        "2 listed heidi SAFETY\n", NULL},
    {"who keeps the name is who they are", "allow_rename=true",
        "username,oldusername,course1\nheide,heidi,SAFETY\n", "2 listed heidi SAFETY\n", NULL},
    {"who would be deleted is where they are", "allow_delete=true",
        "username,deleted,course1\nheidi,1,SAFETY\n", "2 listed heidi SAFETY\n2 present heidi -\n",
        NULL},
};

Test(withheld, is_absent_from_nowhere)
{
	for (size_t i = 0; i < sizeof mentions / sizeof *mentions; i++) {
		struct world world;
		world_init(&world, mentions[i].policy);
		world.withholds = ALL;
		world_run(&world, mentions[i].text);
		cr_expect_str_eq(world_mentions(&world), mentions[i].outcomes, "%s:\n%s",
		    mentions[i].what, world_mentions(&world));
		world_done(&world);
	}
}

/* ---- what is said of it ---- */

static const struct said_case {
	const char *policy, *text, *before, *after;
	enum limited limited;
} said[] = {
    {TAKES, "username,course1,unenrol1\nheidi,SAFETY,1\n",
        "status=0;timestart=1767225600;timeend=0;roles=student", "", LIMITED_BY_CELL},
    {"allow_unenrol=true", "username,course1,unenrol1\nheidi,SAFETY,1\n",
        "status=0;timestart=1767225600;timeend=0;roles=student",
        "status=1;timestart=1767225600;timeend=0;roles=student", LIMITED_BY_CELL},
    {TAKES, "username,cohort1\nheidi,-SALES\n", "member=1", "", LIMITED_BY_CELL},
    {TAKES, "username,course1,group1\nheidi,SAFETY,-Alpha\n", "course=SAFETY;member=1", "",
        LIMITED_BY_CELL},
    {UPDATES, "username,suspended\nalice,1\n", "suspended=0", "suspended=1", LIMITED_ACCOUNTS},
    {UPDATES, "username,idnumber,email,password\nalice,E77,new@x.example,Xy-123456\n",
        "email=alice@corp.example;idnumber=E001", "email=new@x.example;idnumber=E77;password=(set)",
        LIMITED_ACCOUNTS},
    {"allow_rename=true", "username,oldusername\nalicia,alice\n", "username=alice",
        "username=alicia", LIMITED_ACCOUNTS},
    {"allow_delete=true", "username,deleted\nalice,1\n",
        "username=alice;email=alice@corp.example;idnumber=E001", "", LIMITED_ACCOUNTS},
};

Test(withheld, tells_what_would_have_been)
{
	for (size_t i = 0; i < 2 * sizeof said / sizeof *said; i++) {
		const struct said_case *is = &said[i / 2];
		struct world world;
		world_init(&world, is->policy);
		world.withholds = ALL;
		world.is_preview = i % 2;
		world_run(&world, is->text);
		const struct outcome *last = &world.last;
		cr_expect(last->kind == OUTCOME_SKIPPED && last->code == CODE_WITHHELD);
		cr_expect_eq(last->limited, is->limited);
		cr_expect(slice_is(last->before, slice_of(is->before)), "%s: %.*s", is->text,
		    SLICE_ARG(last->before));
		cr_expect(slice_is(last->after, slice_of(is->after)), "%s: %.*s", is->text,
		    SLICE_ARG(last->after));
		cr_expect(slice_is(last->message,
		    SLICE("Withheld: more than the feed's limits let go unasked; enrolctl show "
		          "names the plan.")));
		world_done(&world);
	}
}

/* ---- what was withheld, and is approved now ---- */

#define GRADUATES "username,course1,unenrol1,email,course2,cohort2\n"

static const struct approved_case {
	struct world_case is;
	struct {
		unsigned line;
		const char *column;
	} cells[4];
} approved[] = {
    {{"nothing else is done, or told of", TAKES " " UPDATES,
         GRADUATES "heidi,SAFETY,1,new@x.example,ETHICS,\nalice,,,,SAFETY,\nnobody,SAFETY,1,,,\n"
                   "alice,NOPE,,,,-NOPE\nivan,SAFETY,1,,,\n",
         "2 username done account_updated\n2 course1 done unenrolled\n"
         "6 course1 skipped withheld\n",
         "update heidi email=new@x.example\nunenrol heidi\n"},
        {{2, "username"}, {2, "course1"}}},
    {{"of an update the part that was withheld", UPDATES,
         "username,email,city\nalice,new@x.example,Oslo\nbob,,Oslo\nheidi,heidi@x.example,Oslo\n",
         "2 username done account_updated\n3 username unchanged account_unchanged\n"
         "4 username skipped withheld\n",
         "update alice email=new@x.example\n"},
        {{2, "username"}, {3, "username"}}},
    {{"one of two cells", UPDATES, "username,suspended,email\nalice,1,new@x.example\n",
         "2 username skipped withheld\n2 suspended done account_suspended\n",
         "update alice suspended=1 out\n"},
        {{2, "suspended"}}},
    {{"with the warning that goes with it", TAKES,
         "username,course1,unenrol1,role1\nnorma,SAFETY,1,teacher\n",
         "2 course1 done unenrolled\n2 course1 warning enrolled_otherwise\n", "unenrol norma\n"},
        {{2, "course1"}}},
    {{"nor are rows whose details stay counted", "allow_suspend=true",
         "username,suspended,email\nalice,1,new@x.example\nheidi,,new@x.example\n",
         "2 suspended done account_suspended\n", "update alice suspended=1 out\n"},
        {{2, "suspended"}}},
    {{"a deletion", "allow_delete=true", "username,deleted,course1\nalice,1,SAFETY\n",
         "2 deleted done account_deleted\n", "delete alice\n"},
        {{2, "deleted"}}},
    {{"what is so already, or cannot be done, is told", TAKES,
         "username,course1,unenrol1\nalice,SAFETY,1\ngina,SAFETY,1\n",
         "2 course1 unchanged not_enrolled\n3 course1 error has_history\n", ""},
        {{2, "course1"}, {3, "course1"}}},
};

static void approve(struct approval *approval, const struct approved_case *is)
{
	for (size_t i = 0; i < sizeof is->cells / sizeof *is->cells && is->cells[i].column; i++)
		approval_add(approval, is->cells[i].line, slice_of(is->cells[i].column), SLICE(""),
		    SLICE(""));
	cr_assert(approval_end(approval));
}

Test(withheld, is_done_when_it_is_approved)
{
	for (size_t i = 0; i < sizeof approved / sizeof *approved; i++) {
		struct world world;
		struct approval approval = {.is_of_withheld = true};
		approve(&approval, &approved[i]);
		world_init(&world, approved[i].is.policy);
		world.approval = &approval;
		/* Who approves does not ask the limits again. */
		world.withholds = ALL;
		expect(&approved[i].is, &world);
		for (enum remark_code code = 0; code < REMARK_CODES; code++)
			cr_expect_eq(world.counts[code], 0, "%s", approved[i].is.what);
		world_done(&world);
		approval_done(&approval);
	}
}

static const struct approved_case whole[] = {
    {{"a new account, and one of its courses", "upload_type=add_or_update new_password=generate",
         "username,firstname,lastname,email,course1,course2\n"
         "nina,Nina,North,nina@x.example,SAFETY,ETHICS\nolga,O,L,olga@x.example,SAFETY,\n",
         "2 username done account_created\n2 course1 done enrolled\n2 course2 skipped withheld\n"
         "3 username skipped withheld\n3 course1 skipped row_not_applied\n",
         "create nina auth=manual stored=to be generated suspended=0 generate=1 force=0\n"
         "enrol nina\nrole nina\n"},
        {{2, "username"}, {2, "course1"}, {3, "course1"}}},
    {{"an update as it was shown, or not at all", UPDATES,
         "username,email,city,password\nalice,new@x.example,Oslo,weak\nbob,x@x.example,Oslo,weak\n",
         "2 password warning weak_password\n2 username done account_updated\n"
         "3 username skipped withheld\n",
         "update alice email=new@x.example city=Oslo password=weak generate=-1 force=1\n"},
        {{2, "username"}}},
    {{"a group, without a course that is not approved", "may.create.groups=true",
         "username,course1,group1\nalice,SAFETY,New\nheidi,SAFETY,New\n",
         "2 course1 skipped withheld\n2 group1 skipped row_not_applied\n"
         "3 course1 unchanged already_enrolled\n3 group1 done group_created\n",
         "group New idnumber= description=\njoin heidi\n"},
        {{2, "group1"}, {3, "group1"}}},
    {{"errors and what is so already are told of as ever", TAKES,
         "username,course1,unenrol1\nheidi,NOPE,\nnobody,SAFETY,\nheidi,SAFETY,\nalice,SAFETY,1\n",
         "2 course1 error course_not_found\n3 username error user_not_found\n"
         "3 course1 skipped row_not_applied\n4 course1 unchanged already_enrolled\n"
         "5 course1 unchanged not_enrolled\n",
         ""},
        {{2, "course1"}}},
    {{"not even an event of an update that changes nothing", "compat=moodle " UPDATES,
         "username,profile_field_Grade\nalice,Z\n", "2 profile_field_grade warning invalid_value\n",
         ""},
        {{2, "username"}, {2, "profile_field_Grade"}}},
    {{"a grouping of a group that is not made", "",
         "groupname,coursename,groupingname\nFresh,SAFETY,Sets\nAlpha,SAFETY,Sets\n",
         "2 groupname skipped withheld\n2 groupingname skipped row_not_applied\n"
         "3 groupname unchanged group_exists\n3 groupingname done grouping_created\n",
         "grouping \njoin \n"},
        {{2, "groupingname"}, {3, "groupingname"}}},
};

Test(withheld, of_a_file_that_was_held_is_what_is_beyond_its_plan)
{
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		struct world world;
		struct approval approval = {0};
		approve(&approval, &whole[i]);
		world_init(&world, whole[i].is.policy);
		world.approval = &approval;
		expect(&whole[i].is, &world);
		world_done(&world);
		approval_done(&approval);
	}
}
