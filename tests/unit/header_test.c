/* header: what a header's mistakes are called, and what is said of columns that are not used. */
#include "world.h"

#include <criterion/criterion.h>

/* Code and text of a file's refusal, "" when it has none. */
static const struct {
	const char *policy, *text, *code, *message;
} refusals[] = {
    {"", "username,Dept\n", "header_unknown_column",
        "column 2, 'Dept', is not a column enrold knows: correct its name or set "
        "unknown_columns: ignore"},
    {"", "username,cou\u200Brse1\n", "header_unknown_column",
        "column 2, 'cou\\u200brse1', is not a column enrold knows: correct its name or set "
        "unknown_columns: ignore"},
    {"", "username,a\u00A0b,c\u00ADd\n", "header_unknown_column",
        "columns 2 'a\\u00a0b' and 3 'c\\u00add' are not columns enrold knows: correct their "
        "names or set unknown_columns: ignore"},
    {"", "username,a,b,course1,c,d,e\n", "header_unknown_column",
        "columns 2 'a', 3 'b', 5 'c', 6 'd' and 7 'e' are not columns enrold knows: correct "
        "their names or set unknown_columns: ignore"},
    {"", "a,b,c,d,e,f,g,h,i,j\n", "header_unknown_column",
        "columns 1 'a', 2 'b', 3 'c', 4 'd', 5 'e', 6 'f', 7 'g', 8 'h' and 2 more are not "
        "columns enrold knows: correct their names or set unknown_columns: ignore; the header "
        "has no column 'username': add it"},
    {"", "user,course1,COURSE1\n", "header_unknown_column",
        "column 1, 'user', is not a column enrold knows: correct its name or set "
        "unknown_columns: ignore; columns 2 and 3 are both 'COURSE1': remove one; the header "
        "has no column 'username': add it"},
    {"", "username,profile_field_nosuch\n", "header_unknown_column",
        "column 2, 'profile_field_nosuch', is not a profile field of this site: correct its "
        "name or set unknown_columns: ignore"},
    {"columns=Dept,profile_field_nosuch", "username,Dept\n", "header_unknown_column",
        "column 2, 'Dept', is mapped to 'profile_field_nosuch', which is not a profile "
        "field of this site: correct the feed's columns"},
    {"columns=Email,username,Login,username", "Email,Login,course1\n", "header_duplicate_column",
        "columns 1 'Email' and 2 'Login' are both mapped to username: remove one"},
    {"columns=Login,username", "username,Login,course1\n", "header_duplicate_column",
        "columns 1 'username' and 2 'Login' both mean username: remove one"},
    {"", "username,course\n", "header_unknown_column",
        "column 2, 'course', has no number: call it course1"},
    {"", "username,Course,Dept\n", "header_unknown_column",
        "columns 2 'Course' (without a number) and 3 'Dept' are not columns enrold knows: correct "
        "their names or set unknown_columns: ignore"},
    {"", "course1,course1,role1,role1,username\n", "header_duplicate_column",
        "columns 1 and 2 (course1) and 3 and 4 (role1) are the same: remove one of each"},
    {"columns=Person,username", "course1,role1\n", "header_without_username",
        "the header has neither 'Person', which the feed maps to username, nor 'username': "
        "add it"},
    {"match_by=email", "username,course1\n", "header_without_email",
        "the header has no column 'email', by which people are found (match_by): add it"},
    {"", "username,Qualit\xE9\n", "header_broken",
        "column 2 of the header cannot be decoded: save the file as UTF-8 or set csv: {encoding: "
        "...}"},
    {"encoding=windows-1252", "username,Qualit\xE9\n", "header_broken",
        "column 2 of the header cannot be decoded as windows-1252: save the file so, or correct "
        "the feed's csv.encoding"},
    {"unknown_columns=ignore", "u\xE9,Qualit\xE9\n", "header_broken",
        "column 1 of the header cannot be decoded: save the file as UTF-8 or set csv: {encoding: "
        "...}"},
    {"", "username,,\n", "header_too_few_columns",
        "the header has one column: name at least two, separated by commas"},
    {"", "username,course1,,\n", "", ""},
    {"", "username,course1,,\np1,C1,,\n,,,\np2,C1,x,\n", "header_unknown_column",
        "column 3 has no name, and a value in this line: name it, or delete the column"},
};

Test(header, names_all_its_mistakes_at_once)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct world world;
		world_init(&world, refusals[i].policy);
		struct error error = world_read(&world, refusals[i].text, strlen(refusals[i].text));
		cr_expect_str_eq(error.code, refusals[i].code, "case %zu: %s", i, error.text);
		cr_expect_str_eq(error.text, refusals[i].message, "case %zu", i);
		world_done(&world);
	}
}

static const struct {
	char delimiter;
	const char *by, *text, *message;
} separators[] = {
    {';', "the feed's csv.delimiter", "username,course1",
        "the header is separated by a comma, and the feed's csv.delimiter says semicolon: save the "
        "file with that, or name the other there"},
    {';', "the file's first line", "username\tcourse1",
        "the header is separated by a tab, and the file's first line says semicolon: save the file "
        "with that, or name the other there"},
    {'^', "the feed's csv.delimiter", "username",
        "the header has one column: name at least two, with a ^ between them, as the feed's "
        "csv.delimiter says"},
    {',', NULL, "username", "the header has one column: name at least two, separated by commas"},
};

Test(header, of_one_column_says_which_separator_it_wants)
{
	for (size_t i = 0; i < sizeof separators / sizeof *separators; i++) {
		struct world world;
		struct slice cell = slice_of(separators[i].text);
		const struct csvin_record record = {.line = 1, .cells_count = 1, .cells = &cell};
		world_init(&world, "");
		const struct header_terms terms = {.policy = &world.policy,
		    .delimiter = separators[i].delimiter,
		    .delimiter_by = separators[i].by};
		struct header *header;
		struct error error = header_parse(&record, &terms, world.arena, &header);
		cr_expect_str_eq(error.code, "header_too_few_columns");
		cr_expect_str_eq(error.text, separators[i].message);
		world_done(&world);
	}
}

/* "code: message", a line each. */
static const struct {
	const char *policy, *text, *remarks;
} remarks[] = {
    {"", "username,course1\nalice,SAFETY\n", ""},
    {"", "username,course1,,\nalice,SAFETY,,\n", ""},
    {"unknown_columns=ignore columns=Employee%20ID,username,Training,course1",
        "Employee ID,Training Code\nalice,SAFETY\n",
        "mapped_column_missing: The file has no column 'Training' (course1), which the feed's "
        "columns name.\n"
        "column_ignored: Column 'Training Code' is not one that enrold knows, and was ignored "
        "(unknown_columns: ignore).\n"},
    {"unknown_columns=ignore", "username,course1,Qualit\xE9\nalice,SAFETY,x\n",
        "column_ignored: Column 'Qualit\xE9' is not one that enrold knows, and was ignored "
        "(unknown_columns: ignore).\n"},
    {"unknown_columns=ignore", "username,course\nalice,SAFETY\n",
        "column_ignored: Column 'course' (without a number) is not one that enrold knows, and was "
        "ignored (unknown_columns: ignore).\n"},
    /* Two headings for one column: it is there. */
    {"columns=Login,username,Account,username", "Account,course1\nalice,SAFETY\n", ""},
    /* As a spreadsheet breaks its lines. */
    {"columns=Kurs%0A(Pflicht),course1,Login%20Name,username",
        "\"Login   Name\",\"kurs\r\n(Pflicht)\"\nalice,SAFETY\n", ""},
    {"columns=Kurs%0A(Pflicht),course1", "username,role1\nalice,\n",
        "mapped_column_missing: The file has no column 'Kurs (Pflicht)' (course1), which the "
        "feed's columns name.\n"
        "column_without_partner: Column 'role1' without 'course1' has no effect: columns belong "
        "together when their digits are the same.\n"},
    {"unknown_columns=ignore columns=Dept,profile_field_nosuch", "username,Dept\nalice,x\n",
        "column_ignored: Column 'Dept' (which the feed maps to 'profile_field_nosuch') is not one "
        "that "
        "enrold knows, and was ignored (unknown_columns: ignore).\n"},
    {"unknown_columns=ignore", "username,course1,,x,\nalice,SAFETY,1,,2\n",
        "column_ignored: Column 'x' is not one that enrold knows, and was ignored "
        "(unknown_columns: ignore).\n"
        "column_without_name: Columns 3 and 5 have values and no name, and were ignored: name "
        "them.\n"},
    {"", "username,course1,role2,group2\nalice,SAFETY,,\n",
        "column_without_partner: Columns 'role2' without 'course2' and 'group2' without "
        "'course2' have no effect: columns belong together when their digits are the same.\n"},
    {"", "username,course01,role1\nalice,SAFETY,\n",
        "column_without_partner: Column 'role1' without 'course1' has no effect: columns "
        "belong together when their digits are the same.\n"},
    {"", "username,category1,sysrole1\nalice,,\n",
        "column_without_partner: Column 'category1' without 'categoryrole1' has no effect: "
        "columns belong together when their digits are the same.\n"},
    {"", "username,department,City,password,auth,profile_field_dept\nalice,Sales,,x,,y\n",
        "column_not_written: Columns 'department' and 'profile_field_dept' are not written "
        "here: update_details is none.\n"
        "column_not_written: Column 'password' is not written here: update_password is "
        "false.\n"},
    {"update_details=fill_missing update_password=true", "username,password,auth\nalice,x,y\n",
        "column_not_written: Columns 'password' and 'auth' are not written here: "
        "update_details is fill_missing.\n"},
    {"update_details=file", "username,department,auth\nalice,Sales,manual\n", ""},
    {"upload_type=add", "username,department\nalice,Sales\n", ""},
    {"match_by=email", "email,username,course1\nx,alice,SAFETY\n", ""},
    {"", "username,id,htmleditor,error_code\nalice,7,,x\n",
        "column_without_effect: Column 'id' has no effect, as in Moodle.\n"},
    {"columns=Kurs,course1,Gruppe,groupname", "Gruppe,coursename\nRed,SAFETY\n", ""},
    {"columns=Kurs,course1,Gruppe,groupname", "username,course1\nalice,SAFETY\n", ""},
    {"", "groupname,coursename,idnumber\nRed,SAFETY,S1\nRed,,S1\n",
        "courses_overruled: In 1 row coursename has no effect, because the course's idnumber is "
        "given beside it.\n"},
    {"", "groupname,coursename,lang\nRed,SAFETY,de\n",
        "column_without_effect: Column 'lang' has no effect, as in Moodle.\n"},
    {"unknown_columns=ignore",
        "username,phone1,Notes\nalice,+47 22 00 00 00 ext. 1234,\xFF\nbob,1,\x01\n",
        "column_ignored: Column 'Notes' is not one that enrold knows, and was ignored "
        "(unknown_columns: ignore).\n"
        "column_not_written: Column 'phone1' is not written here: update_details is none.\n"
        "unused_cell: 3 cells of 'phone1' and 'Notes' are too long or no text, which costs "
        "nothing: nothing of it is used.\n"},
};

/* What rows add up to. The city of alice is empty, that of bob is Berlin, who is suspended. */
static const struct {
	const char *policy, *text, *remarks;
} sums[] = {
    {"upload_type=add_or_update", "username,city,department\nalice,Oslo,x\nbob,Berlin,\n",
        "details_kept: In 2 rows an account that exists keeps what it has, whatever is in 'city' "
        "and 'department': update_details is none.\n"},
    {"upload_type=add_or_update update_details=fill_missing",
        "username,city,auth\nalice,Oslo,manual\nbob,Oslo,manual\nheidi,,nologin\n",
        "details_kept: In 3 rows an account that exists keeps what it has, whatever is in 'city' "
        "and 'auth': update_details is fill_missing.\n"},
    {"update_details=fill_missing", "username,city\nbob,Berlin\nalice,Oslo\n",
        "details_kept: In 1 row an account that exists keeps what it has, whatever is in 'city': "
        "update_details is fill_missing.\n"},
    {"upload_type=add_or_update update_details=file",
        "username,password\nalice,Secret.12\nbob,Secret.13\n",
        "passwords_kept: In 2 rows an account that exists did not get its password: "
        "see update_password and update_details.\n"},
    {"match_by=email",
        "email,username,course1\nalice@corp.example,alicia,SAFETY\n"
        "bob@corp.example,bob,SAFETY\n",
        "names_kept: In 1 row the account has another user name than the file says, and was not "
        "renamed: allow_rename is false.\n"},
    {"", "username,course1,role1,type1\nalice,SAFETY,teacher,1\nbob,SAFETY,,1\n",
        "types_overruled: In 1 row a type has no effect, because a role is named beside it.\n"},
};

Test(header, values_that_the_settings_keep_out_are_counted)
{
	for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
		struct world world;
		world_init(&world, sums[i].policy);
		world_run(&world, sums[i].text);
		cr_expect_str_eq(world_remarks(&world), sums[i].remarks, "case %zu", i);
		world_done(&world);
	}
}

Test(header, columns_that_are_not_used_are_named_once)
{
	for (size_t i = 0; i < sizeof remarks / sizeof *remarks; i++) {
		struct world world;
		world_init(&world, remarks[i].policy);
		world_run(&world, remarks[i].text);
		cr_expect_str_eq(world_remarks(&world), remarks[i].remarks, "case %zu", i);
		world_done(&world);
	}
}

Test(header, remarks_are_bounded_whatever_the_file)
{
	enum { COLUMNS = 50 };
	struct world world;
	struct buffer text = {0};
	buffer_add_text(&text, "username");
	for (int i = 0; i < COLUMNS; i++)
		buffer_print(&text, ",column %d with a long name of its own and more", i);
	buffer_add_text(&text, "\n");
	buffer_add_char(&text, '\0');
	world_init(&world, "unknown_columns=ignore");
	world_run(&world, text.bytes);
	const char *told = world_remarks(&world);
	cr_expect(strstr(told, "'column 7 with a long name of its own an…' and 42 more are "), "%s",
	    told);
	cr_expect_lt(strlen(told), 700);
	buffer_done(&text);
	world_done(&world);
}

#define TEN "1234567890"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define LONG HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED

static const struct world_case idle_cells[] = {
    {"a bad cell of a column that is not used costs nothing", "unknown_columns=ignore",
        "username,phone1,Notes,course1\nalice,+47 22 00 00 00 ext. 1234,ok,SAFETY\n"
        "bob,1,\xFF,SAFETY\ncarol,1,a\x0B"
        "b,SAFETY\n",
        "2 course1 done enrolled\n3 course1 done enrolled\n4 course1 done enrolled\n",
        "enrol alice\nrole alice\nenrol bob\nrole bob\nenrol carol\nrole carol\n"},
    {"nor in what a retry file says", "",
        "username,course1,error_message\nalice,SAFETY,No account \x93x\x94.\n",
        "2 course1 done enrolled\n", "enrol alice\nrole alice\n"},
    {"nor is anybody looked for by it", "",
        "username,suspended,email,profile_field_badge\nalice,1,\xFF@corp.example,B1\xFF\n",
        "2 suspended done account_suspended\n", "update alice suspended=1 out\n"},
    {"nor does one that is over max_field", "unknown_columns=ignore",
        "username,Notes,course1\nalice," LONG ",SAFETY\n", "2 course1 done enrolled\n",
        "enrol alice\nrole alice\n"},
    {"but for one that is used", "unknown_columns=ignore",
        "username,Notes,course1\nalice,," LONG "\n", "2 - error value_too_long\n", ""},
    {"nor one that only new accounts would get", "upload_type=add_or_update",
        "username,firstname,phone1,email,password,course1\n"
        "alice,A,+47 22 00 00 00 ext. 1234,\xFF@corp.example,\x01,SAFETY\n"
        "nina,N,+47 22 00 00 00 ext. 1234,n@corp.example,x,SAFETY\n",
        "2 course1 done enrolled\n"
        "3 phone1 error value_too_long\n3 course1 skipped row_not_applied\n",
        "enrol alice\nrole alice\n"},
    {"but one that is used costs its row", "update_details=file",
        "username,phone1,course1\nalice,+47 22 00 00 00 ext. 1234,SAFETY\n",
        "2 phone1 error value_too_long\n2 course1 skipped row_not_applied\n", ""},
    {"separators behind the last column, and lines of them, are nothing", "",
        "username,course1,,\nalice,SAFETY,,\n,,,\nbob,SAFETY,,,,\ncarol,SAFETY\n",
        "2 course1 done enrolled\n4 course1 done enrolled\n5 course1 done enrolled\n",
        "enrol alice\nrole alice\nenrol bob\nrole bob\nenrol carol\nrole carol\n"},
    {"but a value there is one too many", "", "username,course1\nalice,SAFETY,,x\n",
        "2 - error wrong_field_count\n", ""},
};

Test(header, what_is_not_used_costs_no_row)
{
	world_expect(idle_cells, sizeof idle_cells / sizeof *idle_cells);
}

/* Of what is not written, a cell that is right is answered as one that is wrong. */
#define GUESSED(column, cell)                                                                      \
	{                                                                                          \
		"upload_type=add_or_update", "username," column "\nbob," cell "\n",                \
		    "The row asks nothing that this feed does: '" column                           \
		    "' of an account that exists is not changed (update_details, "                 \
		    "update_password)."                                                            \
	}

static const struct {
	const char *policy, *text, *message;
} nothing[] = {
    {"", "username,department\nalice,Sales\n",
        "The row asks nothing that this feed does: 'department' is not written here: "
        "update_details is none."},
    {"unknown_columns=ignore", "username,Dept\nalice,Sales\n",
        "The row asks nothing that this feed does: 'Dept' is not a column that enrold knows."},
    {"", "username,category1,course1\nalice,CAT,\n",
        "The row asks nothing that this feed does: 'category1' without 'categoryrole1' has no "
        "effect."},
    {"", "username,department\nalice,\n", "The row asks nothing of this person."},
    GUESSED("idnumber", "E002"),
    GUESSED("idnumber", "E003"),
    GUESSED("city", "Berlin"),
    GUESSED("city", "Oslo"),
    GUESSED("email", "bob@corp.example"),
    GUESSED("email", "alice@corp.example"),
    GUESSED("auth", "manual"),
    GUESSED("auth", "ldap"),
    GUESSED("profile_field_badge", "B10"),
};

Test(header, a_row_that_asks_nothing_says_which_of_its_cells_is_not_done)
{
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
		struct world world;
		world_init(&world, nothing[i].policy);
		world_run(&world, nothing[i].text);
		cr_expect_eq(world.last.code, CODE_NOTHING_ASKED);
		cr_expect(slice_is(world.last.message, slice_of(nothing[i].message)),
		    "case %zu: %.*s", i, SLICE_ARG(world.last.message));
		world_done(&world);
	}
}
