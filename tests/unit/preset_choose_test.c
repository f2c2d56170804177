/* preset_choose: which kind a file is of, and what is said when it is of none. */
#include "enrold/preset.h"

#include <criterion/criterion.h>

#define LIST(...)                                                                                  \
	{                                                                                          \
		.items = (const char *const[]){__VA_ARGS__},                                       \
		.count = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *),        \
		.is_given = true                                                                   \
	}

static const struct text_list user_columns = LIST("user_id", "idnumber");
static const struct text_list action_values =
    LIST("status", "active", "enrolstatus1", "0", "role1", "S", "role1", "student");

static struct preset_kind kinds[] = {
    {.name = "users",
        .has = LIST("user_id", "login_id"),
        .lacks = LIST("course_id"),
        .policy = {.delimiter = "pipe"}},
    {.name = "enrollments", .has = LIST("user_id", "course_id", "status")},
    {.name = "observers", .has = LIST("user_id", "course_id", "status", "observer id")},
    {.name = "students", .files = "Student*.csv", .has = LIST("SIS ID", "Section")},
    {.name = "teachers", .files = "Teacher*.csv", .has = LIST("SIS ID", "Section")},
    {.name = "lines",
        .begins = LIST("add", "del"),
        .policy = {.header = HEADING_NONE,
            .positions = LIST("action", "role", "person", "course", "start?", "end?")}},
    {.name = "export", .has = LIST("Login", "Dept"), .policy = {.skip_lines = 1}},
    {.name = "wide",
        .has = LIST("Gr\xC3\xB6\xC3\x9F"
                    "e",
            "id"),
        .policy = {.encoding = "latin1"}},
};

static const struct preset preset = {
    .name = "ours", .kinds = kinds, .kinds_count = sizeof kinds / sizeof *kinds};

static const struct {
	const char *what, *name, *beginning;
	const char *kind, *why;
} cases[] = {
    {"by its headings, in any order and letter case", "x.csv",
        "Status,COURSE_ID,user_id,more\na,b,c,d\n", "enrollments", ""},
    {"with a separator that only the kind knows", "x.csv", "login_id|user_id\n", "users", ""},
    {"a longer signature goes first", "x.csv", "user_id,course_id,status,Observer \tID\n",
        "observers", ""},
    {"the same headings, by the name", "teacherROSTER.csv", "Section,SIS ID\n", "teachers", ""},
    {"no headings, by its first cell", "x.csv", "\nDel, student,21,CF101\n", "lines", ""},
    {"lines on top", "x.csv", "version:v1.0\nLogin,Dept\n", "export", ""},
    {"letters in its own character set", "x.csv",
        "ID,GR\xD6\xDF"
        "E\n",
        "wide", ""},
    {"a mark is stronger", "x.csv",
        "\xEF\xBB\xBFid,gr\xC3\xB6\xC3\x9F"
        "e\n",
        "wide", ""},
    {"no end of its first line, for there is no more", "x.csv", "user_id,course_id,status",
        "enrollments", ""},

    {"headings are missing", "x.csv", "user_id,course_id,x\n", NULL,
        "'status' is missing for ours enrollments"},
    {"more of them are", "x.csv", "user_id,x\n", NULL,
        "'course_id' and 'status' are missing for ours enrollments"},
    {"another name", "x.csv", "SIS ID,Section\n", NULL,
        "its name is not as that of ours students, which is 'Student*.csv'"},
    {"a heading too many", "x.csv", "user_id|login_id|course_id\n", NULL,
        "'course_id' is there, which ours users never has"},
    {"nothing", "x.csv", "", NULL, NULL},
    {"a heading that is broken", "x.csv", "\"user_id\"x,course_id,status\n", NULL, NULL},
    {"an archive", "x.csv", "PK\003\004", NULL, NULL},

    {"its answer comes back", "x.retry.csv",
        "\xEF\xBB\xBFuser_id,course_id,status,error_line,error_code\n", "enrollments", ""},
    {"under another name", "x.csv", "SIS ID,Section,error_line,error_code\n", "students", ""},
    {"with the headings that it had not", "x.csv",
        "action,role,person,course,start,end,error_line,error_code\nadd,student,,,,,3,x\n", "lines",
        ""},
    {"without the lines on top", "x.csv", "Login,Dept,error_line,error_code\n", "export", ""},
};

enum { CASES = sizeof cases / sizeof *cases };

Test(preset_choose, finds_the_kind_or_says_what_is_missing)
{
	for (size_t i = 0; i < CASES; i++) {
		struct arena *arena = arena_create();
		const struct preset_kind *kind;
		struct slice why;
		struct error error = preset_choose(&preset, slice_of(cases[i].name),
		    slice_of(cases[i].beginning), true, arena, &kind, &why);
		cr_assert(!is_error(&error), "%s: %s", cases[i].what, error.text);
		cr_expect_str_eq(kind ? kind->name : "none", cases[i].kind ? cases[i].kind : "none",
		    "%s: %.*s", cases[i].what, SLICE_ARG(why));
		if (cases[i].why)
			cr_expect(slice_is(why, slice_of(cases[i].why)), "%s: %.*s", cases[i].what,
			    SLICE_ARG(why));
		cr_expect_eq(kind == NULL, why.size > 0, "%s", cases[i].what);
		arena_free(arena);
	}
}

Test(preset_choose, looks_at_what_has_come_of_a_larger_file)
{
	struct arena *arena = arena_create();
	const struct preset_kind *kind;
	struct slice why;
	struct error error = preset_choose(&preset, SLICE("x"),
	    SLICE("user_id,course_id,status\na,\"b"), false, arena, &kind, &why);
	cr_assert(!is_error(&error));
	cr_expect_eq(kind, &kinds[1]);
	error = preset_choose(
	    &preset, SLICE("x"), SLICE("user_id,course_id,status"), false, arena, &kind, &why);
	cr_assert(!is_error(&error));
	cr_expect_null(kind, "its first line has not ended");
	arena_free(arena);
}

Test(preset_choose, a_row_that_does_not_begin_as_it_should)
{
	const struct preset lines = {.name = "flatfile", .kinds = &kinds[5], .kinds_count = 1};
	struct arena *arena = arena_create();
	const struct preset_kind *kind;
	struct slice why;
	struct error error = preset_choose(
	    &lines, SLICE("x"), SLICE("enrol,student,21,CF101\n"), true, arena, &kind, &why);
	cr_assert(!is_error(&error));
	cr_expect_null(kind);
	cr_expect(
	    slice_is(why,
	        SLICE("its first cell is none of 'add' and 'del', as those of flatfile lines are")),
	    "%.*s", SLICE_ARG(why));
	arena_free(arena);
}

Test(preset_choose, an_archives_answer_that_comes_back_is_composed)
{
	static const struct {
		const char *text;
		bool is_composed;
	} files[] = {
	    {"idnumber,enrollments.status,error_line,error_code\n", true},
	    {"idnumber,course1,error_line,error_code\n", true},
	    {"user_id,course_id,status,error_line,error_code\n", false},
	    {"idnumber,enrollments.status\n", false},
	    {"user_id,course_id,status\n", false},
	    {"", false},
	};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct arena *arena = arena_create();
		bool is_composed;
		struct error error =
		    preset_is_composed(&preset, slice_of(files[i].text), true, arena, &is_composed);
		cr_assert(!is_error(&error));
		cr_expect_eq(is_composed, files[i].is_composed, "%s", files[i].text);
		arena_free(arena);
	}
}

Test(preset_heading, is_enrolds_name_or_has_the_kind_in_front)
{
	static const struct {
		const char *heading, *is;
	} headings[] = {
	    {" USER_ID ", "idnumber"},
	    {"Course1", "course1"},
	    {"Status", "enrollments.status"},
	    {"ROLE1", "enrollments.role1"},
	    {"Root Account", "enrollments.Root Account"},
	    {"profile_field_Dept", "profile_field_Dept"},
	    {"groupname", "groupname"},
	    {"error_line", "error_line"},
	    {" ", ""},
	};
	const struct preset_kind kind = {
	    .name = "enrollments", .policy = {.columns = user_columns, .values = action_values}};
	struct arena *arena = arena_create();
	for (size_t i = 0; i < sizeof headings / sizeof *headings; i++) {
		struct slice is = preset_heading(&kind, slice_of(headings[i].heading), arena);
		cr_expect(slice_is(is, slice_of(headings[i].is)), "%s: %.*s", headings[i].heading,
		    SLICE_ARG(is));
	}
	arena_free(arena);
}
