/* Every code that the plan can answer with, and its message: a sentence that names what and says
 * what to do, singular and plural right. */
#include "world.h"

#include "enrold/outcome.h"
#include "enrold/value.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>

#define ALL                                                                                        \
	"may.roles=* may.system_roles=* may.create.groups=true may.create.cohorts=true "           \
	"may.unprotected=*"
#define NEW "username,firstname,lastname,email"
#define HEADER "username,course1,role1,enrolstatus1,enroltimestart1,enrolperiod1\n"
#define TAKES "allow_unenrol=true removal="
#define TAKING "username,course1,role1,unenrol1,enroltimeend1,group1,cohort1\n"
#define GROUPS "groupname,coursename,groupidnumber,groupingname,enablemessaging\n"

/* Files that come to all of them between them. */
static const struct {
	const char *policy, *text;
} files[] = {
    {"upload_type=add_or_update update_details=file allow_delete=true allow_rename=true", NEW
        ",suspended,deleted,oldusername,password,mnethostid,auth\n"
        "nina,N,O,n@x.example,,,,,,\nalice,New,,,1,,,,,\nbob,,,,0,,,,,\njudy,,,,,1,,,,\n"
        "ali,,,,,,alice,,,\nali,,,,,,alice,,,\nali,,,,,,,,,\nbob,,,,,,smith,,,\n"
        "new1,N,,x@x.example,,,,,,\nnew2,N,O,n@x.example,,,,,,\nnew3,N,O,y@x.example,,,,weak,,\n"
        "heidi,,,,,,,,3,\nheidi,,,,,,,,,magic\nheidi,,,,,,,,,oauth2\nadmin,,,,1,,,,,\n"
        "heidi,,,x,maybe,,,,,\n,N,,,,,,,,\nsmith,,,,1,,,,,\ncarol,,,,,1,,,,\n"
        "carol,,,,,1,,,,\nNEW ONE,N,O,z@x.example,,,,,,\nx\n\"y\" "
        "z\n\xFF,,,,,,,,,\n"
        "M\uFFFD,,,,,,,,,\na\x01,,,,,,,,,\n"},
    {"upload_type=add new_password=required",
        NEW "\nalice,A,B,c@x.example\nnina,A,B,d@x.example\n"},
    {"upload_type=add username_template=%25f", "firstname,lastname,email\nalice,B,c@x.example\n"},
    {"upload_type=add",
        NEW ",course1,error_line,error_code,error_message\n"
            "bob,A,B,c@x.example,,2,course_not_found,x\nbob,A,B,bob@corp.example,,2,course_not_"
            "found,x\n"
            "bob,A,B,,,2,wrong_field_count,The row has 1 field\nq,,,,,2,wrong_field_count,?\n"},
    {"match_by=idnumber", "idnumber,course1\nE006,SAFETY\nE999,SAFETY\n"},
    {"update_details=file",
        "username,profile_field_badge,interests,theme\nalice,B10,skiing,boost\n"},
    {ALL, HEADER
        "alice,SAFETY,,,,\nalice,SAFETY,,,,\nalice,SAFETY,teacher,,,\nheidi,SAFETY,,,,9999\n"
        "ivan,SAFETY,,,,\njudy,SAFETY,,,,\nnobody,SAFETY,,,,\nalice,SAFETI,,,,\nalice,NONE,,,,\n"
        "alice,TWINS,,,,\nalice,NOMAN,,,,\nalice,SAFETY,chef,,,\nalice,SAFETY,,9,,\n"
        "alice,SAFETY,,,soon,\nalice,SAFETY,,,,soon\nbob,,,,,\nbob,,teacher,,,\nheidi,SAFETY,,,,1\n"
        "ivan,SAFETY,teacher,,,\nalice,front,,,,\nalice,SAF\u200BETY,,,,\n"
        "alice,"
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
        "56789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
        "45678901234567890123456789012345678901234567890123456789012345678901234567890123456789,,,,"
        "\n"},
    {"compat=moodle", HEADER "alice,SAFETY,,9,soon,x\n"},
    {ALL, "username,cohort1,course1,group1,sysrole1,category1,categoryrole1\n"
          "alice,SALES,SAFETY,Alpha,manager,CAT,manager\nalice,SALES,SAFETY,Alpha,manager,CAT,"
          "manager\n"
          "bob,NEW,SAFETY,Red,-manager,NOCAT,manager\nalice,555,SAFETY,Twice,-manager,,manager\n"
          "alice,EXT,,,nobody,CAT,\n"},
    {"", "username,cohort1,course1,group1,sysrole1\nalice,SALE,SAFETY,Alpa,manager\n"
         "bob,555,SAFETY,Reed,-manager\n"},
    {"may.courses=ETHICS may.cohorts=ETHICS",
        "username,cohort1,course1,deleted,suspended,oldusername\nalice,SALES,SAFETY,,,\n"
        "bob,,,1,,\nbob,,,,,alice\n"},
    {"values=role1,T,role1,teacher", "username,course1,role1\nalice,SAFETY,Tutor\n"},
    {"allow_suspend=false", "username,suspended\nalice,1\n"},
    {TAKES "unenrol",
        TAKING "heidi,SAFETY,,1,,,\nalice,SAFETY,student,1,2027-01-01,Alpha,\nnorma,SAFETY,,1,,,\n"
               "otis,SAFETY,,1,,,\ngina,SAFETY,,1,,-Alpha,-SALES\nheidi,,,,,,-SALES\n"
               "heidi,,,,,,-SALES\nheidi,SAFETY,,maybe,,,\noscar,SAFETY,,1,,,\n"
               "judy,SAFETY,-student,,2027-01-01,Alpha,\njudy,SAFETY,-student,,,-Alpha,-NONE\n"
               "alice,SAFETY,-student,,,-Alpha,-EXT\notis,SAFETY,-student,,,-None,\n"
               "judy,SAFETY,-student,,,-Alpha,\njudy,SAFETY,-chef,,,-Alpa,\nalice,SAFETY,-manager,,"
               ",-Alpha,-555\n"},
    {TAKES "suspend", TAKING "heidi,SAFETY,,1,,,\nheidi,SAFETY,,1,,,\n"},
    {TAKES "suspend_no_roles", TAKING "heidi,SAFETY,,1,,,\nheidi,SAFETY,,1,,,\n"},
    {"", TAKING "heidi,SAFETY,-student,,,-Alpha,-SALES\nheidi,SAFETY,,1,,,\n"},
    {"update_details=file",
        "username,interests\nalice,\"skiing, chess\"\nalice,\"skiing,chess\"\n"},
    {"", GROUPS
        "Red,SAFETY,R1,Letters,1\nRed,SAFETY,R1,Letters,\nAlpha,SAFETY,,Letters,\n"
        "Alpha,SAFETY,,Letters,\nBlue,SAFETY,R1,Colours,\n,SAFETY,,,\nTwice,SAFETY,,,\nX,,,,\n"
        "X,NOPE,,,\nX,SAFETI,,,\nX,TWINS,,,\n"},
};

/* Of a site that is otherwise: without rights or a context, with what is there twice or gone. Or
 * of those who map words and look for the absent. */
static bool is_of_others(enum code code)
{
	return code == CODE_LEFT_TO_MOODLE || code == CODE_COHORT_AMBIGUOUS ||
	       code == CODE_ALREADY_DELETED || code == CODE_NO_RIGHT ||
	       code == CODE_NO_COURSE_CONTEXT || code == CODE_CATEGORY_AMBIGUOUS ||
	       code >= CODE_WORD_NOT_MAPPED;
}

static bool has_one_of_many(const char *text)
{
	static const char *const many[] = {"fields", "rows", "columns", "characters", "groups",
	    "courses have", "groupings", "accounts"};
	for (const char *one = text; (one = strstr(one, "1 ")); one++)
		for (size_t i = 0; i < sizeof many / sizeof *many; i++)
			if ((one == text || !isalnum((unsigned char)one[-1])) &&
			    strncmp(one + 2, many[i], strlen(many[i])) == 0)
				return true;
	return false;
}

/* Whoever gets an error is told what to do: behind a colon, by a question, or by what would do. */
static bool says_what_to_do(const char *text)
{
	return strstr(text, ": ") || strchr(text, '?');
}

static void message_check(const struct outcome *outcome)
{
	char text[2048];
	snprintf(text, sizeof text, "%.*s", SLICE_ARG(outcome->message));
	const char *code = outcome_code_name(outcome->code);
	size_t size = strlen(text);
	cr_assert_gt(size, 4, "%s: nothing is said", code);
	unsigned char first = (unsigned char)text[0];
	bool is_named = first == '\'' || isupper(first) || isdigit(first);
	cr_expect(is_named, "%s: %s", code, text);
	cr_expect(strchr(".?", text[size - 1]), "%s: %s", code, text);
	cr_expect_not(
	    strstr(text, "  ") || strstr(text, " : ") || strstr(text, "..."), "%s: %s", code, text);
	cr_expect_not(has_one_of_many(text), "%s: %s", code, text);
	cr_expect(outcome->kind != OUTCOME_ERROR || says_what_to_do(text), "%s: %s", code, text);
}

static bool seen[CODES];

static void on_outcome(const struct outcome *outcome)
{
	seen[outcome->code] = true;
	message_check(outcome);
	cr_expect(outcome->kind != OUTCOME_DONE || outcome_code_prospect(outcome->code), "%s",
	    outcome_code_name(outcome->code));
}

Test(messages, of_every_code_are_sentences_that_say_what_to_do)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct world world;
		world_init(&world, files[i].policy);
		world.on_outcome = on_outcome;
		world.site.has_tags = true;
		world_run(&world, files[i].text);
		world_done(&world);
	}
	for (enum code code = 0; code < CODES; code++)
		cr_expect(seen[code] || is_of_others(code), "%s", outcome_code_name(code));
}

Test(messages, of_every_code_that_does_something_have_a_prospect)
{
	for (enum code code = 0; code < CODES; code++) {
		const char *prospect = outcome_code_prospect(code);
		if (prospect)
			cr_expect(strcasestr(prospect, "would "), "%s", prospect);
		cr_expect_eq(outcome_code_parse(slice_of(outcome_code_name(code))), code);
	}
	cr_expect_eq(outcome_code_parse(SLICE("nonsense")), CODES);
}

/* ---- in previews ---- */

enum { TOLD_MAX = 100 };

static struct told {
	enum outcome_kind kind;
	enum code code;
	char message[2048];
} told[2][TOLD_MAX]; /* by a run, and by a preview of the same file */

static size_t told_count;
static bool is_preview;

static void on_told(const struct outcome *outcome)
{
	cr_assert_lt(told_count, TOLD_MAX);
	struct told *one = &told[is_preview][told_count++];
	*one = (struct told){.kind = outcome->kind, .code = outcome->code};
	snprintf(one->message, sizeof one->message, "%.*s", SLICE_ARG(outcome->message));
}

static void tell(size_t file, bool previews)
{
	struct world world;
	world_init(&world, files[file].policy);
	world.on_outcome = on_told;
	world.site.has_tags = true;
	world.site.is_moodle = true;
	world.is_preview = is_preview = previews;
	told_count = 0;
	world_run(&world, files[file].text);
	world_done(&world);
}

/* What was to be done would be done, and what there is to warn of, too; everything else is the
 * same, word for word. */
static void compare(const struct told *run, const struct told *preview)
{
	const char *prospect = outcome_code_prospect(run->code),
	           *code = outcome_code_name(run->code);
	bool is_deed = run->kind == OUTCOME_DONE || run->kind == OUTCOME_WARNING;
	cr_expect_eq(preview->kind, run->kind, "%s", code);
	cr_expect_eq(preview->code, run->code, "%s", code);
	cr_expect_str_eq(
	    preview->message, is_deed && prospect ? prospect : run->message, "%s", code);
	cr_expect(!is_deed || !prospect || strcmp(run->message, prospect) != 0, "%s", code);
}

Test(messages, of_a_preview_say_what_would_be_done_and_otherwise_the_same)
{
	size_t warnings = 0, prospects = 0;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		tell(i, false);
		size_t count = told_count;
		tell(i, true);
		cr_assert_eq(told_count, count, "%s", files[i].text);
		for (size_t k = 0; k < count; k++) {
			compare(&told[0][k], &told[1][k]);
			bool is_warning = told[0][k].kind == OUTCOME_WARNING;
			bool has_prospect = outcome_code_prospect(told[0][k].code);
			warnings += is_warning && !has_prospect;
			prospects += is_warning && has_prospect;
		}
	}
	cr_expect_gt(warnings, 0);
	cr_expect_gt(prospects, 0);
}
