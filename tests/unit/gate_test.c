/*
 * gate: of every kind of change, that nothing of it is done, and no fact is moved, where it is
 * withheld or not approved. Each file has its row twice: whatever the first does, the second finds
 * done; whatever was kept from the first, the second asks in the very same words.
 */
#include "world.h"

#include "enrold/approval.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define TAKES "allow_unenrol=true"
#define UNENROLS TAKES " removal=unenrol"
#define CREATES "upload_type=add_or_update new_password=generate"
#define UPDATES "update_details=file"
#define MAKES "may.create.groups=true may.create.cohorts=true"
#define SITE "may.system_roles=* may.unprotected=auditor"
#define ACCOUNTS LIMITED_ACCOUNTS
#define BY_CELL LIMITED_BY_CELL

static const struct gate_case {
	const char *what, *policy, *header;
	const char *first; /* a row that is done before; NULL: none */
	const char *row;
	const char *done; /* "column code", of what is done */
	enum limited limited;
} cases[] = {
    {"an account is made", CREATES, "username,firstname,lastname,email,course1", NULL,
        "nina,Nina,North,nina@x.example,SAFETY", "username account_created,course1 enrolled",
        LIMITED_NOT},
    {"by a template", CREATES " username_template=%25l", "firstname,lastname,email", NULL,
        "Nina,North,nina@x.example", "- account_created", LIMITED_NOT},
    {"a detail", UPDATES, "username,city", NULL, "alice,Oslo", "username account_updated",
        LIMITED_NOT},
    {"a profile field", UPDATES, "username,profile_field_dept", NULL, "alice,IT",
        "username account_updated", LIMITED_NOT},
    {"a unique one", UPDATES, "username,profile_field_badge", NULL, "alice,B77",
        "username account_updated", LIMITED_NOT},
    {"an address", UPDATES, "username,email", NULL, "alice,new@x.example",
        "username account_updated", ACCOUNTS},
    {"an idnumber", UPDATES, "username,idnumber", NULL, "alice,E777", "username account_updated",
        ACCOUNTS},
    {"an authentication", UPDATES, "username,auth", NULL, "alice,nologin",
        "username account_updated", ACCOUNTS},
    {"a suspension", "allow_suspend=true", "username,suspended", NULL, "alice,1",
        "suspended account_suspended", ACCOUNTS},
    {"an activation", "allow_suspend=true", "username,suspended", NULL, "bob,0",
        "suspended account_activated", LIMITED_NOT},
    {"a name", "allow_rename=true", "username,oldusername", NULL, "alicia,alice",
        "oldusername account_renamed", ACCOUNTS},
    {"a name of somebody found by number", "allow_rename=true match_by=idnumber",
        "idnumber,username", NULL, "E001,alicia", "username account_renamed", ACCOUNTS},
    {"a deletion", "allow_delete=true", "username,deleted,course1", NULL, "alice,1,SAFETY",
        "deleted account_deleted", ACCOUNTS},
    {"interests", "", "username,interests", NULL, "alice,\"chess, go\"", "interests interests_set",
        LIMITED_NOT},
    {"an enrolment", "", "username,course1", NULL, "alice,SAFETY", "course1 enrolled", LIMITED_NOT},
    {"one that is over already", "", "username,course1,enroltimestart1,enroltimeend1", NULL,
        "alice,SAFETY,2020-01-01,2020-02-01", "course1 enrolled", LIMITED_NOT},
    {"one with a group", MAKES, "username,course1,group1", NULL, "alice,SAFETY,New",
        "course1 enrolled,group1 group_created", LIMITED_NOT},
    {"one with a group that is there", MAKES, "username,course1,group1", NULL, "alice,SAFETY,Alpha",
        "course1 enrolled,group1 group_joined", LIMITED_NOT},
    {"a group of whoever is there", MAKES, "username,course1,group1", NULL, "heidi,SAFETY,New",
        "group1 group_created", LIMITED_NOT},
    {"dates", "", "username,course1,enroltimeend1", NULL, "heidi,SAFETY,2030-01-01",
        "course1 enrolment_updated", LIMITED_NOT},
    {"an end that has come", "", "username,course1,enroltimestart1,enroltimeend1", NULL,
        "heidi,SAFETY,2026-01-01,2026-02-01", "course1 enrolment_updated", BY_CELL},
    {"a period that is over", "", "username,course1,enroltimestart1,enrolperiod1", NULL,
        "heidi,SAFETY,2026-01-01,30", "course1 enrolment_updated", BY_CELL},
    {"another end of what has ended", "", "username,course1,enroltimestart1,enroltimeend1", NULL,
        "judy,SAFETY,2026-01-01,2026-02-01", "course1 enrolment_updated", LIMITED_NOT},
    {"a new end of what has ended", "", "username,course1,enroltimeend1", NULL,
        "judy,SAFETY,2030-01-01", "course1 enrolment_updated", LIMITED_NOT},
    {"a suspended enrolment", "", "username,course1,enrolstatus1", NULL, "heidi,SAFETY,1",
        "course1 enrolment_updated", BY_CELL},
    {"an end of a suspended one", "", "username,course1,enrolstatus1,enroltimestart1,enroltimeend1",
        NULL, "ivan,SAFETY,1,2026-01-01,2026-02-01", "course1 enrolment_updated", LIMITED_NOT},
    {"an active enrolment", "", "username,course1,enrolstatus1", NULL, "ivan,SAFETY,0",
        "course1 enrolment_updated", LIMITED_NOT},
    {"one more role", "", "username,course1,role1", NULL, "heidi,SAFETY,teacher",
        "course1 role_assigned", LIMITED_NOT},
    {"a role on the front page", "", "username,course1,role1", NULL, "alice,front,student",
        "course1 role_assigned", LIMITED_NOT},
    {"and back", TAKES, "username,course1,role1", "alice,front,student", "alice,front,-student",
        "course1 role_removed", BY_CELL},
    {"unenrolled", UNENROLS, "username,course1,unenrol1", NULL, "heidi,SAFETY,1",
        "course1 unenrolled", BY_CELL},
    {"unenrolled, with another way in", UNENROLS, "username,course1,unenrol1", NULL,
        "norma,SAFETY,1", "course1 unenrolled", BY_CELL},
    {"unenrolled who was suspended", UNENROLS, "username,course1,unenrol1", NULL, "ivan,SAFETY,1",
        "course1 unenrolled", BY_CELL},
    {"unenrolled who came by this file", UNENROLS, "username,course1,unenrol1", "alice,SAFETY,0",
        "alice,SAFETY,1", "course1 unenrolled", BY_CELL},
    {"suspended in its place", TAKES, "username,course1,unenrol1", NULL, "heidi,SAFETY,1",
        "course1 unenrol_suspended", BY_CELL},
    {"and without roles", TAKES " removal=suspend_no_roles", "username,course1,unenrol1", NULL,
        "heidi,SAFETY,1", "course1 unenrol_suspended", BY_CELL},
    {"a role less", TAKES, "username,course1,role1", NULL, "heidi,SAFETY,-student",
        "course1 role_removed", BY_CELL},
    {"a group less", TAKES, "username,course1,group1", NULL, "heidi,SAFETY,-Alpha",
        "group1 group_left", BY_CELL},
    {"a cohort less", TAKES, "username,cohort1", NULL, "heidi,-SALES", "cohort1 cohort_left",
        BY_CELL},
    {"a cohort more", "", "username,cohort1", NULL, "alice,SALES", "cohort1 cohort_joined",
        LIMITED_NOT},
    {"a new cohort", MAKES, "username,cohort1", NULL, "alice,FRESH", "cohort1 cohort_created",
        LIMITED_NOT},
    {"a role in the site", SITE, "username,sysrole1", NULL, "alice,auditor",
        "sysrole1 role_assigned", LIMITED_NOT},
    {"and back", SITE, "username,sysrole1", "alice,auditor", "alice,-auditor",
        "sysrole1 role_removed", BY_CELL},
    {"a role in the site that protects", "may.system_roles=*", "username,sysrole1", NULL,
        "alice,auditor", "sysrole1 role_assigned", LIMITED_NOT},
    {"a role in a category", SITE, "username,category1,categoryrole1", NULL, "alice,CAT,manager",
        "categoryrole1 role_assigned", LIMITED_NOT},
    {"and back", SITE " " TAKES, "username,category1,categoryrole1", "alice,CAT,manager",
        "alice,CAT,-manager", "categoryrole1 role_removed", BY_CELL},
    {"a group of a file of groups", "", "groupname,coursename,groupidnumber", NULL,
        "Fresh,SAFETY,G77", "groupname group_created", LIMITED_NOT},
    {"with a grouping", "", "groupname,coursename,groupingname", NULL, "Fresh,SAFETY,Sets",
        "groupname group_created,groupingname grouping_created", LIMITED_NOT},
    {"of a group that is there", "", "groupname,coursename,groupingname", NULL, "Alpha,SAFETY,Sets",
        "groupingname grouping_created", LIMITED_NOT},
};

enum { CASES = sizeof cases / sizeof *cases };

/* ---- one pass over a case's file ---- */

struct trial {
	struct world world;
	struct approval approval;
	char text[1024];
	unsigned line; /* of the first of the two rows */
};

/* What is done in the line: each cell of `done`. */
static void approve(struct trial *trial, const struct gate_case *is, unsigned line)
{
	const char *place = is->done;
	while (*place) {
		size_t size = strcspn(place, " ");
		struct slice column = {place, *place == '-' ? 0 : size};
		approval_add(&trial->approval, line, column, SLICE("someone"), SLICE("some"));
		place += strcspn(place, ",");
		place += *place == ',';
	}
}

static void trial_init(struct trial *trial, const struct gate_case *is, int rows)
{
	*trial = (struct trial){.line = is->first ? 3 : 2};
	world_init(&trial->world, is->policy);
	trial->world.site.has_tags = true;
	int size = snprintf(trial->text, sizeof trial->text, "%s\n%s%s", is->header,
	    is->first ? is->first : "", is->first ? "\n" : "");
	for (int i = 0; i < rows; i++)
		size += snprintf(
		    trial->text + size, sizeof trial->text - (size_t)size, "%s\n", is->row);
	if (is->first)
		approve(trial, is, 2);
}

static void trial_approve(struct trial *trial, bool is_of_withheld)
{
	trial->approval.is_of_withheld = is_of_withheld;
	trial->world.approval = &trial->approval;
	cr_assert(approval_end(&trial->approval));
}

static void trial_run(struct trial *trial)
{
	world_run(&trial->world, trial->text);
	world_outcomes(&trial->world);
	world_changes(&trial->world);
}

static void trial_done(struct trial *trial)
{
	world_done(&trial->world);
	approval_done(&trial->approval);
}

/* What the answer says of the line, without its number. */
static const char *said_of(struct trial *trial, unsigned line, char text[1024])
{
	char begin[16];
	size_t size = (size_t)snprintf(begin, sizeof begin, "%u ", line);
	text[0] = '\0';
	for (const char *place = world_outcomes(&trial->world); *place;) {
		size_t length = strcspn(place, "\n") + 1;
		if (strncmp(place, begin, size) == 0)
			strncat(text, place + size, length - size);
		place += length;
	}
	return text;
}

/* What is done of the line: "column code", as the case has it. */
static const char *done_of(struct trial *trial, unsigned line, char text[1024])
{
	char said[1024];
	text[0] = '\0';
	said_of(trial, line, said);
	for (const char *place = said; *place; place += strcspn(place, "\n") + 1) {
		char column[64], kind[16], code[64];
		sscanf(place, "%63s %15s %63s", column, kind, code);
		if (strcmp(kind, "done") == 0)
			sprintf(text + strlen(text), "%s%s %s", *text ? "," : "", column, code);
	}
	return text;
}

/* The answer has nothing of that kind, or nothing else. */
static bool has_kind(struct trial *trial, unsigned line, const char *kind)
{
	char said[1024];
	return strstr(said_of(trial, line, said), kind) != NULL;
}

/* ---- what is done and counted ---- */

static enum limited counted[16];
static size_t counted_count;

static void on_outcome(const struct outcome *outcome)
{
	if (counted_count < sizeof counted / sizeof *counted)
		counted[counted_count++] = outcome->limited;
}

Test(gate, leaves_what_is_allowed_and_counts_what_is_lost)
{
	for (size_t i = 0; i < CASES; i++) {
		struct trial trial;
		char done[1024];
		trial_init(&trial, &cases[i], 2);
		trial.world.on_outcome = on_outcome;
		counted_count = 0;
		trial_run(&trial);
		cr_expect_str_eq(done_of(&trial, trial.line, done), cases[i].done, "%s: %s",
		    cases[i].what, done);
		cr_expect_not(
		    has_kind(&trial, trial.line + 1, " done "), "%s: twice", cases[i].what);
		size_t limited = 0, expected = cases[i].limited != LIMITED_NOT;
		for (size_t k = 0; k < counted_count; k++) {
			limited += counted[k] != LIMITED_NOT;
			cr_expect(counted[k] == LIMITED_NOT || counted[k] == cases[i].limited);
		}
		cr_expect_eq(limited, expected, "%s: %zu counted", cases[i].what, limited);
		trial_done(&trial);
	}
}

/* ---- what is withheld ---- */

/* Neither row does anything, and both say the same. */
static void expect_kept(struct trial *trial, const char *what)
{
	char first[1024], second[1024];
	said_of(trial, trial->line, first);
	cr_expect_str_eq(
	    first, said_of(trial, trial->line + 1, second), "%s:\n%s-\n%s", what, first, second);
	cr_expect_not(has_kind(trial, trial->line, " done "), "%s:\n%s", what, first);
	cr_expect(has_kind(trial, trial->line, " skipped withheld\n"), "%s:\n%s", what, first);
	cr_expect_not(has_kind(trial, trial->line, " warning "), "%s:\n%s", what, first);
}

/* The changes of the case's file with so many rows, when nothing keeps it. */
static char *changes_of(const struct gate_case *is, int rows)
{
	struct trial trial;
	trial_init(&trial, is, rows);
	trial_run(&trial);
	char *changes = strdup(world_changes(&trial.world));
	trial_done(&trial);
	return changes;
}

static void expect_changes(struct trial *trial, const struct gate_case *is, int rows)
{
	char *changes = changes_of(is, rows);
	cr_expect_str_eq(world_changes(&trial->world), changes, "%s: %s", is->what,
	    world_changes(&trial->world));
	free(changes);
}

Test(gate, withholds_one_kind_and_no_other)
{
	for (size_t i = 0; i < CASES; i++) {
		for (enum limited kind = LIMITED_BY_CELL; kind < LIMITED_KINDS; kind++) {
			struct trial trial;
			trial_init(&trial, &cases[i], 2);
			trial.world.withholds = 1U << kind;
			trial_run(&trial);
			bool is_kept = kind == cases[i].limited;
			if (is_kept)
				expect_kept(&trial, cases[i].what);
			expect_changes(&trial, &cases[i], is_kept ? 0 : 1);
			trial_done(&trial);
		}
	}
}

/* ---- what is approved ---- */

Test(gate, does_nothing_that_nobody_has_approved)
{
	for (size_t i = 0; i < CASES; i++) {
		struct trial trial;
		trial_init(&trial, &cases[i], 2);
		trial_approve(&trial, false);
		trial_run(&trial);
		expect_kept(&trial, cases[i].what);
		expect_changes(&trial, &cases[i], 0);
		trial_done(&trial);
	}
}

/* The facts of the first row, which was kept, are those that the second finds. */
Test(gate, does_a_row_that_is_approved_behind_one_that_is_not)
{
	for (size_t i = 0; i < CASES; i++) {
		struct trial trial;
		char done[1024];
		trial_init(&trial, &cases[i], 2);
		approve(&trial, &cases[i], trial.line + 1);
		trial_approve(&trial, false);
		trial_run(&trial);
		cr_expect_not(has_kind(&trial, trial.line, " done "), "%s", cases[i].what);
		cr_expect_str_eq(done_of(&trial, trial.line + 1, done), cases[i].done, "%s: %s",
		    cases[i].what, done);
		expect_changes(&trial, &cases[i], 1);
		trial_done(&trial);
	}
}

Test(gate, looks_at_nothing_but_what_was_withheld)
{
	for (size_t i = 0; i < CASES; i++) {
		bool is_limited = cases[i].limited != LIMITED_NOT;
		struct trial trial;
		char said[1024];
		if (cases[i].first)
			continue;
		trial_init(&trial, &cases[i], 2);
		approve(&trial, &cases[i], trial.line + 1);
		trial_approve(&trial, true);
		trial_run(&trial);
		said_of(&trial, trial.line, said);
		cr_expect_eq(is_limited, strstr(said, "withheld") != NULL, "%s", cases[i].what);
		cr_expect(
		    !strchr(said, '\n') || !strchr(said, '\n')[1], "%s: %s", cases[i].what, said);
		cr_expect_eq(
		    is_limited, has_kind(&trial, trial.line + 1, " done "), "%s", cases[i].what);
		if (is_limited)
			expect_changes(&trial, &cases[i], 1);
		else
			cr_expect_str_eq(world_changes(&trial.world), "", "%s", cases[i].what);
		trial_done(&trial);
	}
}
