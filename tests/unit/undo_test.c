/*
 * What becomes of each kind of row when its run is taken back. A row is "person|column|target|code|
 * before|after", as in the result; the rows of a case come as they are taken back, the last first.
 */
#include "world.h"

#include "enrold/described.h"

#include <criterion/criterion.h>
#include <string.h>

#define DATES "timestart=1767225600;timeend=0"
#define IN "status=0;" DATES ";roles=student"
#define OUT "status=1;" DATES ";roles=student"
#define CREATED "username=heidi;auth=manual;email=heidi@corp.example"

enum { ROWS_MAX = 6 };

static const struct world_case cases[] = {
    {"who was enrolled is unenrolled", "", "heidi|course1|SAFETY|enrolled||" IN,
        "done undone: " IN " -> \n", "unenrol heidi\n"},
    {"and keeps the role that was there before", "",
        "heidi|course1|SAFETY|enrolled|roles=student|" IN, "done undone: " IN " -> roles=student\n",
        "unenrol heidi\nrole heidi\n"},
    {"suspended where grades would go", "purge_history=true", "gina|course1|SAFETY|enrolled||" IN,
        "done undone: " IN " -> " OUT "\nwarning has_history\n", "enrolment gina\n"},
    {"another method keeps the person there, without the role", "",
        "norma|course1|SAFETY|enrolled||" IN, "done undone: " IN " -> \n",
        "unenrol norma\nunrole norma\n"},
    {"dates have changed since", "",
        "heidi|course1|SAFETY|enrolled||status=0;timestart=5;timeend=0;roles=student",
        "skipped kept_changed_since\n", ""},
    {"so has the status", "", "heidi|course1|SAFETY|unenrol_suspended|" IN "|" OUT,
        "skipped kept_changed_since\n", ""},
    {"a role came since", "",
        "heidi|course1|SAFETY|enrolled||status=0;" DATES ";roles=student,teacher",
        "skipped kept_changed_since\n", ""},
    {"somebody has unenrolled the person", "", "alice|course1|SAFETY|enrolled||" IN,
        "skipped kept_changed_since\n", ""},
    {"status and dates become what they were", "",
        "heidi|course1|SAFETY|enrolment_updated|status=1;timestart=5;timeend=7;roles=student|" IN,
        "done undone: " IN " -> status=1;timestart=5;timeend=7;roles=student\n",
        "enrolment heidi\n"},
    {"a role that was given goes", "",
        "heidi|course1|SAFETY|role_assigned|status=0;" DATES ";roles=|" IN,
        "done undone: " IN " -> status=0;" DATES ";roles=\n", "unrole heidi\n"},
    {"one that was taken comes", "",
        "heidi|course1|SAFETY|role_removed|status=0;" DATES ";roles=student,teacher|" IN,
        "done undone: " IN " -> status=0;" DATES ";roles=teacher,student\n", "role heidi\n"},
    {"suspended without roles", "",
        "sven|course1|SAFETY|unenrol_suspended|" IN "|status=1;" DATES ";roles=",
        "done undone: status=1;" DATES ";roles= -> " IN "\n", "enrolment sven\nrole sven\n"},
    {"suspended by absence", "", "ivan|absent|SAFETY|absent_suspended|" IN "|" OUT,
        "done undone: " OUT " -> " IN "\n", "enrolment ivan\n"},
    {"listed again", "", "heidi|course1|SAFETY|returned|" OUT "|" IN,
        "done undone: " IN " -> " OUT "\n", "enrolment heidi\n"},
    {"unenrolled", "", "alice|course1|SAFETY|unenrolled|" IN "|", "done undone:  -> " IN "\n",
        "enrol alice\nrole alice\n"},
    {"unenrolled by absence, with grades", "",
        "alice|absent|SAFETY|absent_unenrolled|" IN ";history=1|",
        "done undone:  -> " IN "\nskipped not_undoable\n", "enrol alice\nrole alice\n"},
    {"enrolled again since", "", "heidi|course1|SAFETY|unenrolled|" IN "|",
        "skipped kept_changed_since\n", ""},
    {"an undo is undone", "", "alice|course1|SAFETY|undone|" IN "|", "done undone:  -> " IN "\n",
        "enrol alice\nrole alice\n"},
    {"no such course any more", "", "heidi|course1|GONE|enrolled||" IN,
        "skipped kept_changed_since\n", ""},
    {"nor account", "", "nobody|course1|SAFETY|enrolled||" IN, "skipped kept_changed_since\n", ""},
    {"the feed reaches other courses", "may.courses=X*", "heidi|course1|SAFETY|enrolled||" IN,
        "error not_allowed\n", ""},
    {"and may give other roles", "may.roles=teacher",
        "heidi|course1|SAFETY|role_assigned|status=0;" DATES ";roles=|" IN, "error not_allowed\n",
        ""},
    {"a role that it may not give", "",
        "alice|course1|SAFETY|unenrolled|status=0;" DATES ";roles=manager|", "error not_allowed\n",
        ""},
    {"a role that is no more", "", "alice|course1|SAFETY|unenrolled|status=0;" DATES ";roles=gone|",
        "skipped not_undoable\n", ""},
    {"a protected account", "", "mona|course1|SAFETY|unenrolled|" IN "|",
        "error protected_account\n", ""},
    {"an administrator", "", "admin|course1|SAFETY|unenrolled|" IN "|", "error protected_account\n",
        ""},
    {"a role in the site", "may.system_roles=manager",
        "mona|sysrole1|manager|role_assigned||roles=manager", "done undone: roles=manager -> \n",
        "unrole mona\n"},
    {"taken from it", "may.system_roles=manager",
        "alice|sysrole1|-manager|role_removed|roles=manager|", "done undone:  -> roles=manager\n",
        "role alice\n"},
    {"one in a category", "may.system_roles=manager",
        "alice|categoryrole1|-manager|role_removed|category=CAT;roles=manager|",
        "done undone:  -> category=CAT;roles=manager\n", "role alice\n"},
    {"which is not there any more", "may.system_roles=manager",
        "alice|categoryrole1|-manager|role_removed|category=NO;roles=manager|",
        "skipped kept_changed_since\n", ""},
    {"joined a group", "", "heidi|group1|Alpha|group_joined||course=SAFETY;member=1",
        "done undone: course=SAFETY;member=1 -> \n", "leave heidi\n"},
    {"which was made for it", "", "heidi|group1|Alpha|group_created||course=SAFETY;member=1",
        "done undone: course=SAFETY;member=1 -> \n", "leave heidi\n"},
    {"left a group", "", "norma|group1|-Alpha|group_left|course=SAFETY;member=1|",
        "done undone:  -> course=SAFETY;member=1\n", "join norma\n"},
    {"and the course since", "", "alice|group1|-Alpha|group_left|course=SAFETY;member=1|",
        "skipped kept_changed_since\n", ""},
    {"left the group since", "", "norma|group1|Alpha|group_joined||course=SAFETY;member=1",
        "skipped kept_changed_since\n", ""},
    {"a component has put the person there since", "",
        "gina|group1|Alpha|group_joined||course=SAFETY;member=1", "skipped kept_changed_since\n",
        ""},
    {"joined a cohort", "", "heidi|cohort1|SALES|cohort_joined||member=1",
        "done undone: member=1 -> \n", "leave heidi\n"},
    {"whose courses would delete grades", "purge_history=true",
        "gina|cohort1|SALES|cohort_created||member=1", "skipped has_history\n", ""},
    {"left a cohort", "", "alice|cohort1|-SALES|cohort_left|member=1|",
        "done undone:  -> member=1\n", "join alice\n"},
    {"the feed reaches other cohorts", "may.cohorts=X*",
        "heidi|cohort1|SALES|cohort_joined||member=1", "error not_allowed\n", ""},
    {"an account that was made", "", "heidi|username|heidi|account_created||" CREATED,
        "done undone: suspended=0 -> suspended=1\n", "update heidi suspended=1 out\n"},
    {"and has changed since", "", "heidi|username|heidi|account_created||" CREATED ";city=Oslo",
        "skipped kept_changed_since\n", ""},
    {"and is suspended", "", "bob|username|bob|account_created||username=bob;suspended=1",
        "unchanged undone\n", ""},
    {"details", "",
        "bob|username|bob|account_updated|city=Os%3Blo;idnumber=7|city=Berlin;idnumber=E002",
        "done undone: city=Berlin;idnumber=E002 -> city=Os%3Blo;idnumber=7\n",
        "update bob idnumber=7 city=Os;lo\n"},
    {"beside a password", "", "bob|username|bob|account_updated|city=|city=Berlin;password=(set)",
        "done undone: city=Berlin -> city=\nskipped not_undoable\n", "update bob city=\n"},
    {"a password alone", "", "bob|username|bob|account_updated||password=(set)",
        "skipped not_undoable\n", ""},
    {"an address that another has", "",
        "bob|username|bob|account_updated|email=alice@corp.example|email=bob@corp.example",
        "error email_taken\n", ""},
    {"a role keeps the feed from it", "",
        "oscar|username|oscar|account_updated|email=o@x.example|email=oscar@corp.example",
        "error not_allowed\n", ""},
    {"suspended", "", "bob|suspended|bob|account_suspended|suspended=0|suspended=1",
        "done undone: suspended=1 -> suspended=0\n", "update bob suspended=0\n"},
    {"activated", "", "heidi|suspended|heidi|account_activated|suspended=1|suspended=0",
        "done undone: suspended=0 -> suspended=1\n", "update heidi suspended=1 out\n"},
    {"suspended by absence", "", "bob|absent|bob|account_suspended|suspended=0|suspended=1",
        "done undone: suspended=1 -> suspended=0\n", "update bob suspended=0\n"},
    {"renamed", "", "heidi|oldusername|heidi|account_renamed|username=adelheid|username=heidi",
        "done undone: username=heidi -> username=adelheid\n", "rename adelheid\n"},
    {"and somebody has the name", "",
        "heidi|oldusername|heidi|account_renamed|username=alice|username=heidi",
        "error username_taken\n", ""},
    {"and what was done before that", "",
        "heidi|oldusername|heidi|account_renamed|username=adelheid|username=heidi\n"
        "alice|cohort1|-SALES|cohort_left|member=1|",
        "done undone: username=heidi -> username=adelheid\ndone undone:  -> member=1\n",
        "rename adelheid\njoin alice\n"},
    {"deleted", "", "heidi|deleted|heidi|account_deleted|username=heidi|", "skipped not_undoable\n",
        ""},
    {"a group that a file of groups made", "", "|groupname|Red|group_created||",
        "skipped not_undoable\n", ""},
    {"what did nothing", "", "heidi|course1|SAFETY|already_enrolled|" IN "|" IN, "", ""},
    {"of one person as they come, of a cohort before the courses", "",
        "heidi|course1|SAFETY|enrolled||" IN "\nheidi|cohort1|SALES|cohort_joined||member=1\n"
        "ivan|course1|SAFETY|enrolled||" OUT,
        "done undone: " IN " -> \ndone undone: " OUT " -> \ndone undone: member=1 -> \n",
        "unenrol heidi\nunenrol ivan\nleave heidi\n"},
};

static struct slice cell_take(struct slice *line)
{
	return slice_take(line, '|');
}

static struct undo_row row_read(struct slice line)
{
	struct undo_row row = {.line = 2, .username = cell_take(&line)};
	row.column = cell_take(&line);
	row.target = cell_take(&line);
	row.code = outcome_code_parse(cell_take(&line));
	row.before = cell_take(&line);
	row.after = cell_take(&line);
	cr_assert_lt(row.code, CODES);
	row.kind = undo_kind_of(OUTCOME_DONE, &row);
	return row;
}

static void expect_case(const struct world_case *is)
{
	struct world world;
	struct undo_row all[ROWS_MAX], *rows[ROWS_MAX];
	struct slice text = slice_of(is->text);
	size_t count = 0;
	world_init(&world, is->policy);
	while (text.size > 0) {
		cr_assert_lt(count, ROWS_MAX);
		all[count] = row_read(slice_take(&text, '\n'));
		rows[count] = &all[count];
		count++;
	}
	world_undo(&world, rows, count);
	cr_expect_str_eq(
	    world_outcomes(&world), is->outcomes, "%s:\n%s", is->what, world_outcomes(&world));
	cr_expect_str_eq(
	    world_changes(&world), is->changes, "%s:\n%s", is->what, world_changes(&world));
	world_done(&world);
}

Test(undo, takes_back_each_kind_of_row)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_case(&cases[i]);
}

/* What an outcome says that was no deed. */
Test(undo, takes_back_only_what_was_done)
{
	const struct undo_row row = {.code = CODE_ENROLLED,
	    .column = SLICE("course1"),
	    .before = SLICE(""),
	    .after = SLICE(IN)};
	cr_expect_eq(undo_kind_of(OUTCOME_DONE, &row), UNDO_ENROLMENT);
	cr_expect_eq(undo_kind_of(OUTCOME_WARNING, &row), UNDO_ENROLMENT);
	cr_expect_eq(undo_kind_of(OUTCOME_UNCHANGED, &row), UNDO_NOTHING);
	cr_expect_eq(undo_kind_of(OUTCOME_ERROR, &row), UNDO_NOTHING);
	cr_expect_eq(undo_kind_of(OUTCOME_SKIPPED, &row), UNDO_NOTHING);
}

/* Claims: what the run has made is not the feed's any more, what comes back counts as by hand. */
Test(undo, says_what_becomes_of_claims)
{
	static const struct {
		const char *text;
		enum undo_listing listing;
		int64_t user, listed;
	} claims[] = {
	    {"heidi|course1|SAFETY|enrolled||" IN, UNDO_LISTING_GOES, 10, 10},
	    {"gina|course1|SAFETY|enrolled||" IN, UNDO_LISTING_GOES, 19, 19},
	    {"ivan|absent|SAFETY|absent_suspended|" IN "|" OUT, UNDO_LISTING_IS_KEPT, 11, 11},
	    {"alice|course1|SAFETY|unenrolled|" IN "|", UNDO_LISTING_STAYS, 0, 0},
	    {"alice|course1|SAFETY|enrolled||" IN, UNDO_LISTING_STAYS, 0, 0},
	    {"heidi|username|heidi|account_created||" CREATED, UNDO_LISTING_GOES, 10, 0},
	    {"bob|absent|bob|account_suspended|suspended=0|suspended=1", UNDO_LISTING_IS_KEPT, 4,
	        0},
	};
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
		struct world world;
		struct undo_row row = row_read(slice_of(claims[i].text)), *rows[] = {&row};
		world_init(&world, "");
		world_undo(&world, rows, 1);
		cr_expect_eq(row.listing, claims[i].listing, "%s", claims[i].text);
		cr_expect_eq(row.user, claims[i].user, "%s", claims[i].text);
		cr_expect_eq(row.listed, claims[i].listed, "%s", claims[i].text);
		world_done(&world);
	}
}

Test(described, gives_what_was_escaped)
{
	struct arena *arena = arena_create();
	static const char *const values[] = {"", "plain", "a;b=c%d", "%3B", "two\r\nlines", "é"};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct slice text = arena_print(arena, "x=1;value=%.*s;y=2",
		    SLICE_ARG(described_escape(slice_of(values[i]), arena)));
		struct slice value;
		cr_assert(described_find(text, "value", arena, &value));
		cr_expect(slice_is(value, slice_of(values[i])), "%s", values[i]);
		cr_expect_not(described_find(text, "alue", arena, &value));
	}
	arena_free(arena);
}
