/* Words of cells, and cells that mean an empty one: what a feed's values make of a file. */
#include "world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define GONE "status,gone,enrolstatus1,1"
#define UPDATES "update_details=file "

static const struct {
	const char *what, *policy, *text, *outcomes;
	const char *after; /* what the outcomes leave, where it matters */
} cases[] = {
    {"a word, in any letter case, whole and trimmed", "values=role1,Instructor,role1,teacher",
        "username,course1,role1\nalice,SAFETY, INSTRUCTOR \nbob,SAFETY,instructors\n",
        "2 course1 done enrolled\n3 role1 error word_not_mapped\n", "teacher\n"},
    {"letters beyond ASCII, however they are put together",
        "values=suspended,Gek\xC3\xBCndigt,suspended,1",
        "username,suspended\nalice,GEKU\xCC\x88NDIGT\n", "2 suspended done account_suspended\n",
        NULL},
    {"a name without number is those of all numbers, but for one of its own",
        "values=role,T,role,teacher,role2,S,role2,student",
        "username,course1,role1,course2,role2\nalice,SAFETY,t,ETHICS,s\nbob,SAFETY,,ETHICS,t\n",
        "2 course1 done enrolled\n2 course2 done enrolled\n3 course1 done enrolled\n"
        "3 role2 error word_not_mapped\n",
        "teacher\nstudent\nstudent\n"},
    {"a column as the file calls it", "columns=Rolle,role1 values=rolle,T,rolle,teacher",
        "username,course1,Rolle\nalice,SAFETY,T\n", "2 course1 done enrolled\n", "teacher\n"},
    {"a word that means nothing", "values=role1,None,role1,",
        "username,course1,role1\nalice,SAFETY,none\n", "2 course1 done enrolled\n", "student\n"},
    {"what a word has become is no word",
        "values=role1,teacher,role1,student,role1,student,role1,teacher",
        "username,course1,role1\nalice,SAFETY,teacher\n", "2 course1 done enrolled\n", "student\n"},

    {"a column that the file has not", "set=role1,teacher,suspended,1",
        "username,course1\nalice,SAFETY\n",
        "2 suspended done account_suspended\n2 course1 done enrolled\n", "suspended=1\nteacher\n"},
    {"a column that the file has goes before it, also where it says nothing", "set=role1,teacher",
        "username,course1,Role1\nalice,SAFETY,\nbob,SAFETY,student\n",
        "2 course1 done enrolled\n3 course1 done enrolled\n", "student\nstudent\n"},
    {"its cell may be a word", "set=role1,T values=role1,t,role1,teacher",
        "username,course1\nalice,SAFETY\n", "2 course1 done enrolled\n", "teacher\n"},
    {"or one that nobody knows", "set=role1,S values=role1,t,role1,teacher",
        "username,course1\nalice,SAFETY\n", "2 role1 error word_not_mapped\n", ""},
    {"or a role that is none", "set=role1,wizard", "username,course1\nalice,SAFETY\n",
        "2 role1 error role_not_found\n", ""},
    {"a word of the file goes before it",
        "set=role1,student values=kind,Staff,role1,teacher,kind,Pupil,kind,",
        "username,course1,kind\nalice,SAFETY,staff\nbob,SAFETY,pupil\n",
        "2 course1 done enrolled\n3 course1 done enrolled\n", "teacher\nstudent\n"},
    {"files of groups have other columns", "set=role1,teacher",
        "groupname,coursename\nBlue,SAFETY\n", "2 groupname done group_created\n", NULL},

    {"words that are ours stay", "values=role1,T,role1,teacher,suspended,x,suspended,1",
        "username,course1,role1,suspended\nalice,SAFETY,student,no\nbob,SAFETY,4,TRUE\n",
        "2 username unchanged account_unchanged\n2 course1 done enrolled\n"
        "3 username unchanged account_unchanged\n3 course1 done enrolled\n",
        "student\nteacher\n"},
    {"all others are errors", "values=role1,T,role1,teacher,role1,*,role1,error",
        "username,course1,role1,group1\nalice,SAFETY,student,Red\nbob,SAFETY,,\n",
        "2 role1 error word_not_mapped\n2 group1 skipped row_not_applied\n3 course1 done "
        "enrolled\n",
        "student\n"},
    {"all others stay", "values=role1,T,role1,teacher,role1,*,role1,keep",
        "username,course1,role1\nalice,SAFETY,wizard\n", "2 role1 error role_not_found\n", ""},
    {"texts, names and dates stay", "values=course1,Safe,course1,SAFETY,city,B,city,Bern " UPDATES,
        "username,course1,city\nalice,Safe,B\nbob,NOWHERE,Rom\n",
        "2 username done account_updated\n2 course1 done enrolled\n"
        "3 username done account_updated\n3 course1 error course_not_found\n",
        NULL},
    {"even where bad values are ignored",
        "invalid_values=ignore values=enrolstatus1,x,enrolstatus1,1",
        "username,course1,enrolstatus1\nalice,SAFETY,y\n", "2 enrolstatus1 error word_not_mapped\n",
        ""},
    {"a word of the person costs the row", "values=suspended,x,suspended,1",
        "username,suspended,course1\nalice,y,SAFETY\nbob,x,\n",
        "2 suspended error word_not_mapped\n2 course1 skipped row_not_applied\n"
        "3 username unchanged account_unchanged\n",
        ""},
    {"unless nothing of the column is used", "values=lang,English,lang,en",
        "username,lang,course1\nalice,Klingon,SAFETY\n", "2 course1 done enrolled\n", "student\n"},
    {"a cohort's word costs the cohort", "values=cohort1,s,cohort1,STAFF,cohort1,*,cohort1,error",
        "username,cohort1,course1\nalice,x,SAFETY\n",
        "2 cohort1 error word_not_mapped\n2 course1 done enrolled\n", "student\n"},
    {"a group's word costs the group", "values=group1,*,group1,error",
        "username,course1,group1\nalice,SAFETY,x\n",
        "2 course1 done enrolled\n2 group1 error word_not_mapped\n", "student\n"},

    {"a column that is not known, and one that is not there",
        "values=" GONE ",status,here,enrolstatus1,0",
        "username,course1,STATUS\nheidi,SAFETY,gone\nivan,SAFETY,here\nalice,SAFETY,\n",
        "2 course1 done enrolment_updated\n3 course1 done enrolment_updated\n"
        "4 course1 done enrolled\n",
        NULL},
    {"where no word means anything by itself", "values=" GONE ",status,here,enrolstatus1,0",
        "username,course1,status\nheidi,SAFETY,away\n",
        "2 status error word_not_mapped\n2 course1 skipped row_not_applied\n", ""},
    {"or is passed over", "values=" GONE ",status,*,status,keep",
        "username,course1,status\nheidi,SAFETY,away\n", "2 course1 unchanged already_enrolled\n",
        NULL},
    {"a word is stronger than the cell",
        "values=status,gone,enrolstatus1,1,enrolstatus1,x,enrolstatus1,0",
        "username,course1,status,enrolstatus1\nheidi,SAFETY,gone,x\nivan,SAFETY,,x\n",
        "2 course1 done enrolment_updated\n3 course1 done enrolment_updated\n", NULL},
    {"of two words that disagree the one that suspends counts",
        "values=a,on,suspended,0,a,off,suspended,1,b,yes,suspended,0,b,no,suspended,1",
        "username,a,b\nalice,off,yes\nheidi,on,no\nivan,on,yes\n",
        "2 suspended done account_suspended\n3 suspended done account_suspended\n"
        "4 username unchanged account_unchanged\n",
        NULL},
    {"in an enrolment, too, before its own word",
        "values=enrolstatus1,Y,enrolstatus1,0,enrolstatus1,N,enrolstatus1,1,"
        "row,enabled,enrolstatus1,0,row,disabled,enrolstatus1,1,z,x,enrolstatus1,0",
        "username,course1,row,enrolstatus1,z\nheidi,SAFETY,disabled,Y,x\n",
        "2 course1 done enrolment_updated\n", NULL},
    {"the own cell is empty, unless it is named",
        "values=suspended,gone,enrolstatus1,1,deleted,out,deleted,0,deleted,out,enrolstatus1,1",
        "username,course1,suspended,deleted\nheidi,SAFETY,gone,\nheidi,SAFETY,,out\n",
        "2 course1 done enrolment_updated\n3 course1 unchanged already_enrolled\n", NULL},
    {"a row loses nothing by a column that its file has not",
        UPDATES "values=status,mover,city,Oslo,status,stayer,suspended,0",
        "username,status\nbob,\nbob,mover\n",
        "2 username unchanged account_unchanged\n3 username done account_updated\n", "city=Oslo\n"},
    {"and takes the defaults of one",
        "upload_type=add defaults=city,Rome values=status,mover,city,Oslo,status,*,status,keep",
        "username,firstname,lastname,email,status\nnina,N,N,n@x.example,\n"
        "nils,N,N,m@x.example,mover\n",
        "2 username done account_created\n3 username done account_created\n", NULL},

    {"cells that mean an empty one", "empty=NULL,N/A,**** values=role1,T,role1,teacher",
        "username,course1,role1,enrolperiod1\nalice,SAFETY,null, n/a \nbob,****,T,7\n",
        "2 course1 done enrolled\n3 role1 warning no_effect\n", "student\n"},
    {"are whole cells", "empty=NULL", "username,course1\nalice,NULLS\n",
        "2 course1 error course_not_found\n", ""},
    {"also in columns without a name", "empty=NULL", "username,course1,\nalice,SAFETY,NULL\n",
        "2 course1 done enrolled\n", "student\n"},

    {"files of groups have columns of their own",
        "values=what,g,enablemessaging,1,what,p,suspended,1",
        "coursename,groupname,what\nSAFETY,Teal,g\nSAFETY,Lime,x\n",
        "2 groupname done group_created\n2 enablemessaging warning not_on_this_site\n"
        "3 what error word_not_mapped\n",
        NULL},
    {"a bad cell is no word", "values=role1,T,role1,teacher",
        "username,course1,role1\nalice,SAFETY,T\x01\n",
        "2 role1 error control_character\n"
        "2 course1 skipped row_not_applied\n",
        ""},
    {"nor are cells of a row that has too few", "values=" GONE,
        "username,course1,status\nalice,SAFETY\n", "2 - error wrong_field_count\n", ""},
};

static struct buffer afters;

/* "teacher" of "status=0;...;roles=teacher", or all of it. */
static void on_outcome(const struct outcome *outcome)
{
	char text[256];
	snprintf(text, sizeof text, "%.*s", SLICE_ARG(outcome->after));
	const char *roles = strstr(text, "roles=");
	if (*text)
		buffer_print(&afters, "%s\n", roles ? roles + strlen("roles=") : text);
}

Test(words, mean_what_the_feed_says)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct world world;
		world_init(&world, cases[i].policy);
		world.on_outcome = on_outcome;
		buffer_clear(&afters);
		world_run(&world, cases[i].text);
		buffer_add_char(&afters, '\0');
		cr_expect_str_eq(world_outcomes(&world), cases[i].outcomes, "%s:\n%s",
		    cases[i].what, world_outcomes(&world));
		if (cases[i].after)
			cr_expect_str_eq(
			    afters.bytes, cases[i].after, "%s:\n%s", cases[i].what, afters.bytes);
		world_done(&world);
	}
	buffer_done(&afters);
}

/* ---- the file as a whole ---- */

static void expect_remarks(const char *policy, const char *text, const char *remarks)
{
	struct world world;
	world_init(&world, policy);
	world_run(&world, text);
	cr_expect_str_eq(world_remarks(&world), remarks, "%s", world_remarks(&world));
	world_done(&world);
}

Test(words, that_nobody_knows_are_told_once_with_their_number)
{
	expect_remarks("values=Rolle,T,Rolle,teacher,suspended,x,suspended,1 columns=Rolle,role1",
	    "username,course1,Rolle,suspended\nalice,SAFETY,Tutor,\nbob,SAFETY,T,y\n"
	    "heidi,SAFETY,Tutor,\nivan,SAFETY,TUTOR,1\n",
	    "words_not_mapped: In 2 rows 'Rolle' is 'Tutor', a word that the feed's values do not "
	    "know: add it there, or correct it.\n"
	    "words_not_mapped: In 1 row 'suspended' is 'y', a word that the feed's values do not "
	    "know: add it there, or correct it.\n"
	    "words_not_mapped: In 1 row 'Rolle' is 'TUTOR', a word that the feed's values do not "
	    "know: add it there, or correct it.\n");
}

Test(words, that_nobody_knows_are_told_of_up_to_a_limit)
{
	enum { WORDS = 40, TOLD = 16 };
	struct world world;
	struct buffer text = {0};
	size_t told = 0;
	buffer_add_text(&text, "username,status\n");
	for (int i = 0; i < WORDS; i++)
		buffer_print(&text, "alice,w%d\n", i);
	buffer_add_char(&text, '\0');
	world_init(&world, "values=" GONE);
	world_run(&world, text.bytes);
	const char *remarks = world_remarks(&world);
	for (const char *at = remarks; (at = strstr(at, "In 1 row 'status' is 'w")); at++)
		told++;
	cr_expect_eq(told, TOLD);
	cr_expect(
	    strstr(remarks, ": 24 cells have further words that the feed's values do not know.\n"),
	    "%s", remarks);
	world_done(&world);
	buffer_done(&text);
}

Test(words, of_a_column_without_partner_are_told_of)
{
	expect_remarks("values=" GONE, "username,status\nalice,gone\n",
	    "column_without_partner: Column 'enrolstatus1' without 'course1' has no effect: "
	    "columns belong together "
	    "when their digits are the same.\n");
}

static const struct {
	const char *policy, *header, *words;
} bad[] = {
    {"values=role,T,role,teacher", "username,course1,role\n", "'role', has no number"},
    {"values=" GONE, "username,status,Status\n", "columns 2 and 3 are both 'Status'"},
    {"values=status,x,profile_field_nope,1", "username,status\n",
        "the feed's values name 'profile_field_nope', which is not a profile field of this site"},
    {"values=status,x,profile_field_nope,1,status,y,profile_field_no,1", "username,status\n",
        "of the feed's values"},
};

Test(words, of_columns_that_are_wrong_refuse_the_file)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct world world;
		world_init(&world, bad[i].policy);
		struct error error = world_read(&world, bad[i].header, strlen(bad[i].header));
		cr_expect_eq(error.class, ERROR_REJECT);
		cr_expect(strstr(error.text, bad[i].words), "%s", error.text);
		world_done(&world);
	}
}

/* The key may come from a word, too. */
Test(words, may_say_who_is_meant)
{
	struct world world;
	world_init(&world, "values=who,first,username,alice,who,second,username,bob");
	world_run(&world, "who,course1\nfirst,SAFETY\nsecond,SAFETY\n");
	cr_expect_str_eq(world_outcomes(&world),
	    "2 course1 done enrolled\n3 course1 done enrolled\n", "%s", world_outcomes(&world));
	cr_expect_str_eq(world_changes(&world), "enrol alice\nrole alice\nenrol bob\nrole bob\n");
	world_done(&world);
}

/* ---- what the file says ---- */

Test(words, leave_what_the_file_says_beside_them)
{
	struct world world;
	world_init(&world, "empty=NULL values=role1,T,role1,teacher,status,gone,enrolstatus1,1");
	world_run(&world, "username,course1,role1,status\nalice,SAFETY,T,gone\nNULL,,,\n");
	const struct record *record = &world.batch.records[0];
	const struct header *header = world.header;
	cr_expect_eq(header->written_count, 4);
	cr_assert_eq(header->columns_count, 5);
	cr_expect_eq(record->written_count, 4);
	cr_expect(slice_is(record_written(record, 2), SLICE("T")));
	cr_expect(slice_is(record_cell(record, 2), SLICE("teacher")));
	cr_expect(slice_is(record_written(record, 3), SLICE("gone")));
	cr_expect(slice_is(record_cell(record, 3), SLICE("")));
	cr_expect(slice_is(record_cell(record, 4), SLICE("1")));
	cr_expect(slice_is(record_written(&world.batch.records[1], 0), SLICE("NULL")));
	/* The mark of a row is that of its own cells. */
	struct record plain = *record;
	plain.cells = record->written;
	plain.cells_count = record->written_count;
	cr_expect_eq(record_mark(header, record), record_mark(header, &plain));
	world_done(&world);
}
