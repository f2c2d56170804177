/* Accounts, in the real programs: made, changed, suspended, renamed, deleted, and back again. */
#include "law.h"
#include "reply.h"
#include "scale.h"

#include <criterion/criterion.h>
#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>

#define FEEDS                                                                                      \
	"  default: { upload_type: add_or_update, update_details: file, allow_delete: true,"       \
	" allow_rename: true, " RIG_NO_LIMITS " }\n"                                               \
	"  once: { upload_type: add, new_password: required }\n"                                   \
	"  count: { upload_type: add_increment }\n"                                                \
	"  mail: { match_by: email }\n"

Test(accounts, live_from_their_making_to_their_end)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	reply_to(&reply, &rig, "a.csv",
	    "username,firstname,lastname,email,city,course1\n"
	    "nina,Nina,North,nina@x.example,Oslo,C1\np1,,,,Rome,C1\n");
	EXPECT(&reply, {2, "username", "done", "account_created"},
	    {2, "course1", "done", "enrolled"}, {3, "username", "done", "account_updated"},
	    {3, "course1", "done", "enrolled"});
	reply_close(&reply);
	reply_to(&reply, &rig, "a.csv",
	    "username,firstname,lastname,email,city,course1\n"
	    "nina,Nina,North,nina@x.example,Oslo,C1\np1,,,,Rome,C1\n");
	EXPECT(&reply, {2, "username", "unchanged", "account_unchanged"},
	    {2, "course1", "unchanged", "already_enrolled"},
	    {3, "username", "unchanged", "account_unchanged"},
	    {3, "course1", "unchanged", "already_enrolled"});
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv",
	    "username,oldusername,suspended,deleted,course1\n"
	    "nina.n,nina,,,C2\nnina.n,,1,,\nnina.n,,0,,\np1,,,1,\n");
	EXPECT(&reply, {2, "oldusername", "done", "account_renamed"},
	    {2, "course1", "done", "enrolled"}, {3, "suspended", "done", "account_suspended"},
	    {4, "suspended", "done", "account_activated"},
	    {5, "deleted", "done", "account_deleted"});
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv", "username,deleted,course1\np1,1,C2\np0,1,\n");
	EXPECT(&reply, {2, "deleted", "unchanged", "already_deleted"},
	    {2, "course1", "skipped", "row_not_applied"},
	    {3, "username", "error", "user_not_found"});
	reply_close(&reply);
	reply_to(&reply, &rig, "mail/c.csv", "email,course1\nNINA@X.EXAMPLE,C3\n");
	EXPECT(&reply, {2, "course1", "done", "enrolled"});
	cr_expect_str_eq(reply_cell(&reply, (struct expected){.line = 2}, 0, "username"), "nina.n");
	reply_close(&reply);
	law_close(&rig);
}

Test(accounts, are_called_in_the_answer_what_they_were_called_then)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	reply_to(&reply, &rig, "a.csv",
	    "username,oldusername,course1\none,p1,C1\ntwo,one,\np1,two,C2\n");
	static const char *const names[] = {"one", "two", "p1"};
	for (int i = 0; i < 3; i++) {
		struct expected line = {.line = i + 2, .code = "account_renamed"};
		cr_expect_str_eq(reply_cell(&reply, line, 0, "username"), names[i]);
	}
	reply_close(&reply);
	law_close(&rig);
}

Test(accounts, are_made_with_passwords_that_can_be_logged_in_with)
{
	struct rig rig;
	struct reply reply;
	struct crypt_data *data = calloc(1, sizeof *data);
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	reply_to(&reply, &rig, "once/a.csv",
	    "username,firstname,lastname,email,password\n"
	    "nina,N,N,n@x.example,Sommer-2026\nolga,O,O,o@x.example,\np1,P,P,p@x.example,Xy."
	    "12345\n");
	EXPECT(&reply, {2, "username", "done", "account_created"},
	    {3, "password", "error", "password_missing"},
	    {4, "username", "skipped", "account_exists"});
	struct buffer hash =
	    rig_query(&rig, "SELECT password FROM mdl_user WHERE username = 'nina'");
	hash.bytes[hash.size - 1] = '\0';
	cr_assert(text_starts(hash.bytes, "$6$rounds=5000$"), "%s", hash.bytes);
	cr_expect_eq(strlen(hash.bytes), 118);
	cr_expect_str_eq(crypt_r("Sommer-2026", hash.bytes, data), hash.bytes);
	buffer_done(&hash);
	struct buffer result = files_read(reply.result_path.text);
	cr_expect_null(memmem(result.bytes, result.size, "Sommer", 6), "a password in the answer");
	buffer_done(&result);
	free(data);
	reply_close(&reply);
	law_close(&rig);
}

Test(accounts, live_in_time_zones_that_there_are)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	reply_to(&reply, &rig, "a.csv",
	    "username,timezone\np1,Europe/Oslo\np2,Mars/Olympus\np3,99\np4,America/Argentina/"
	    "Ushuaia\n"
	    "p5,europe/oslo\n");
	EXPECT(&reply, {2, "username", "done", "account_updated"},
	    {3, "timezone", "error", "invalid_value"}, {5, "username", "done", "account_updated"},
	    {6, "timezone", "error", "invalid_value"});
	reply_close(&reply);
	cr_expect_eq(rig_number(&rig,
	                 "SELECT count(*) FROM mdl_user WHERE timezone LIKE 'Mars%' OR timezone = "
	                 "'europe/oslo'"),
	    0);
	law_close(&rig);
}

Test(accounts, of_one_name_are_counted_on)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	reply_to(&reply, &rig, "count/a.csv",
	    "username,firstname,lastname,email,course1\n"
	    "p1,A,A,a@x.example,C1\np1,B,B,b@x.example,C1\nq,C,C,c@x.example,C1\n");
	struct expected made = {.code = "account_created"};
	cr_expect_str_eq(reply_cell(&reply, made, 0, "username"), "p21"); /* p1 to p20 exist */
	cr_expect_str_eq(reply_cell(&reply, made, 1, "username"), "p22");
	cr_expect_str_eq(reply_cell(&reply, made, 2, "username"), "q");
	cr_expect_eq(reply_lines(&reply, (struct expected){.code = "enrolled"}), 3);
	reply_close(&reply);
	law_close(&rig);
}

Test(accounts, that_failed_work_once_the_retry_file_is_mended)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	reply_to(&reply, &rig, "a.csv",
	    "username;firstname;lastname;email;course1\n"
	    "nina;N;N;BAD;C1\nolga;O;O;o@x.example;C1\n");
	EXPECT(&reply, {2, "email", "error", "invalid_value"},
	    {2, "course1", "skipped", "row_not_applied"},
	    {3, "username", "done", "account_created"}, {3, "course1", "done", "enrolled"});
	cr_assert(text_starts(reply.retry.bytes,
	    "\xEF\xBB\xBFusername;firstname;lastname;email;course1;error_line;error_code;"));
	char *bad = memmem(reply.retry.bytes, reply.retry.size, "BAD", 3);
	cr_assert_not_null(bad);
	memcpy(bad, "n@a", 3);
	struct buffer mended = {0};
	buffer_add(&mended, reply.retry.bytes, (size_t)(bad - reply.retry.bytes) + 3);
	buffer_add_text(&mended, ".example");
	buffer_add(&mended, bad + 3, reply.retry.size - (size_t)(bad + 3 - reply.retry.bytes));
	reply_close(&reply);
	rig_drop_bytes(&rig, "b.csv", mended.bytes, mended.size);
	buffer_done(&mended);
	rig_once(&rig);
	reply_open(&reply, &rig, "b.csv", 0);
	EXPECT(
	    &reply, {2, "username", "done", "account_created"}, {2, "course1", "done", "enrolled"});
	reply_close(&reply);
	law_close(&rig);
}

Test(accounts, of_a_profile_field_that_the_site_has_not_refuse_the_file)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	rig_execute(&rig, "INSERT INTO mdl_user_info_field (shortname, name, datatype, param2) "
	                  "VALUES ('Cost', 'Cost centre', 'text', '5')");
	reply_to(
	    &reply, &rig, "a.csv", "username,profile_field_cost\np1,12345\np2,123456\np3,=1\n");
	EXPECT(&reply, {2, "username", "done", "account_updated"},
	    {3, "profile_field_cost", "error", "value_too_long"},
	    {4, "username", "done", "account_updated"});
	reply_close(&reply);
	reply_to(&reply, &rig, "b.csv", "username,profile_field_shoe\np1,42\n");
	cr_expect_str_eq(reply_refusal(&reply), "header_unknown_column");
	reply_close(&reply);
	law_close(&rig);
}

/* ---- everything at once ---- */

static const char *const columns[] = {"username", "oldusername", "firstname", "lastname", "email",
    "idnumber", "firstnamephonetic", "lastnamephonetic", "middlename", "alternatename", "emailstop",
    "city", "country", "lang", "timezone", "mailformat", "maildigest", "maildisplay",
    "autosubscribe", "institution", "department", "phone1", "phone2", "address", "description",
    "descriptionformat", "auth", "suspended", "deleted", "profile_field_cost", "course1", "role1",
    "enrolstatus1", "course2", "enroltimestart2", "enrolperiod2", "course3", "type3", "htmleditor",
    "mnethostid"};

enum { COLUMNS = sizeof columns / sizeof *columns };

/* Good values, bad ones, empty ones; always the same for a seed. */
static const char *value_of(const char *column, unsigned row, unsigned dice, char text[64])
{
	static const char *const odd[] = {"", "", "", "0", "1", "2", "x", "\xFF", "a\x01", "a\"b",
	    "<b>x</b>", "=1+1", "\xC3\x89lodie", "99", "C9x", "student", "2026-12-31", "nologin"};
	enum { ODD = sizeof odd / sizeof *odd };
	bool is_odd = dice % 11 == 0;
	if (strcmp(column, "username") == 0)
		snprintf(text, 64, is_odd ? "p%u" : "person%u", is_odd ? row % 30 : row % 4000);
	else if (is_odd)
		return odd[dice / 11 % ODD];
	else if (strcmp(column, "email") == 0)
		snprintf(text, 64, "Person%u@x.example", row % 4000);
	else if (strcmp(column, "oldusername") == 0 && dice % 97 == 1)
		snprintf(text, 64, "person%u", dice % 4000);
	else if (strcmp(column, "deleted") == 0)
		return dice % 53 == 1 ? "1" : "";
	else if (strcmp(column, "country") == 0)
		return "NO";
	else if (strcmp(column, "city") == 0 || strstr(column, "name"))
		snprintf(text, 64, "%s %u", column, dice % 5);
	else if (text_starts(column, "course"))
		snprintf(text, 64, "C%u", dice % 12);
	else
		return "";
	return text;
}

static void row_add(struct buffer *out, unsigned row, unsigned *seed)
{
	for (int i = 0; i < COLUMNS; i++) {
		char text[64];
		*seed = *seed * 1103515245 + 12345;
		const char *value = value_of(columns[i], row, *seed >> 8, text);
		bool is_oldname = strcmp(columns[i], "oldusername") == 0 && strchr(value, ' ');
		buffer_print(out, "%s%s", i > 0 ? "," : "", is_oldname ? "" : value);
	}
	buffer_add_char(out, '\n');
}

Test(accounts, of_ten_thousand_rows_and_forty_columns_of_all_kinds)
{
	struct rig rig;
	struct reply reply;
	struct buffer text = {0};
	unsigned seed = 1, rows = 10000;
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	rig_execute(&rig, "INSERT INTO mdl_user_info_field (shortname, name, datatype, param2) "
	                  "VALUES ('cost', 'Cost centre', 'text', '50')");
	for (int i = 0; i < COLUMNS; i++)
		buffer_print(&text, "%s%s", i > 0 ? "," : "", columns[i]);
	buffer_add_char(&text, '\n');
	for (unsigned row = 0; row < rows; row++)
		row_add(&text, row, &seed);
	rig_drop_bytes(&rig, "all.csv", text.bytes, text.size);
	rig_once(&rig);
	reply_open(&reply, &rig, "all.csv", 0);
	cr_assert_str_eq(reply_status(&reply), "done", "%s", reply_refusal(&reply));
	cr_expect_eq(reply_number(&reply, NULL, "rows"), rows);
	static const char *const codes[] = {"account_created", "account_updated", "account_renamed",
	    "account_deleted", "enrolled", "invalid_value", "not_utf8", "control_character",
	    "user_not_found", "email_taken"};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strcmp(codes[i], "user_not_found") != 0)
			cr_expect_gt(reply_number(&reply, "codes", codes[i]), 0, "%s", codes[i]);
	reply_close(&reply);
	buffer_done(&text);
	law_close(&rig);
}

/* So many that names and addresses are read at once, and more than one batch. */
enum { STRANGERS = 3000, BEHIND = STRANGERS + 2 };

Test(accounts, of_many_strangers_share_no_address_however_it_is_written)
{
	struct rig rig;
	struct reply reply;
	struct buffer text = {0};
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	rig_execute(
	    &rig, "UPDATE mdl_user SET email = 'Old\xC3\x89@X.example' WHERE username = 'p5'");
	buffer_add_text(&text, "username,firstname,lastname,email\n");
	for (int i = 0; i < STRANGERS; i++)
		buffer_print(&text, "s%d,First,Last,S%d@x.example\n", i, i);
	buffer_add_text(&text, "S0,First,Last,S0@x.example\n"
	                       "other,First,Last,s0@X.EXAMPLE\n"
	                       "older,First,Last,olde\xCC\x81@x.example\n"
	                       "last,First,Last,last@x.example\n"
	                       "latest,First,Last,LAST@x.example\n");
	buffer_add_char(&text, '\0');
	reply_to(&reply, &rig, "a.csv", text.bytes);
	EXPECT(&reply, {BEHIND, "username", "unchanged", "account_unchanged"},
	    {BEHIND + 1, "email", "error", "email_taken"},
	    {BEHIND + 2, "email", "error", "email_taken"},
	    {BEHIND + 3, "username", "done", "account_created"},
	    {BEHIND + 4, "email", "error", "email_taken"});
	cr_expect_eq(reply_number(&reply, "codes", "account_created"), STRANGERS + 1);
	reply_close(&reply);
	buffer_done(&text);
	law_close(&rig);
}

/* Several hundred at once are hashed by all processors. */
Test(accounts, of_a_long_file_get_each_its_own_password)
{
	enum { PEOPLE = 450 };
	struct rig rig;
	struct crypt_data *data = calloc(1, sizeof *data);
	struct reply reply;
	struct buffer text = {0};
	rig_make(&rig, &(struct rig_options){.feeds = FEEDS});
	buffer_add_text(&text, "username,firstname,lastname,email,password\n");
	for (int i = 0; i < PEOPLE; i++)
		buffer_print(&text, "s%d,First,Last,S%d@x.example,Secret.%d\n", i, i, i);
	buffer_add_char(&text, '\0');
	reply_to(&reply, &rig, "once/a.csv", text.bytes);
	cr_expect_eq(reply_number(&reply, "codes", "account_created"), PEOPLE);
	for (int i = 0; i < PEOPLE; i += PEOPLE - 1) {
		char sql[128], phrase[32];
		snprintf(
		    sql, sizeof sql, "SELECT password FROM mdl_user WHERE username = 's%d'", i);
		snprintf(phrase, sizeof phrase, "Secret.%d", i);
		struct buffer hash = rig_query(&rig, sql);
		hash.bytes[hash.size - 1] = '\0';
		cr_expect_str_eq(crypt_r(phrase, hash.bytes, data), hash.bytes);
		buffer_done(&hash);
	}
	reply_close(&reply);
	buffer_done(&text);
	free(data);
	law_close(&rig);
}

Test(accounts, that_exist_do_not_suffer_from_what_only_new_ones_get)
{
	struct rig rig;
	struct reply reply;
	rig_make(
	    &rig, &(struct rig_options){.feeds = "  default: { upload_type: add_or_update }\n"});
	reply_to(&reply, &rig, "a.csv",
	    "username,firstname,lastname,email,password,course1\n"
	    "p1,\xFF,L,\xFF@x.example,Secret.\x01,C1\nnina,N,\xFF,n@x.example,,C1\n");
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {3, "lastname", "error", "not_utf8"},
	    {3, "course1", "skipped", "row_not_applied"});
	reply_close(&reply);
	law_close(&rig);
}

Test(accounts, are_not_looked_for_by_what_the_feed_does_not_use)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: {}\n"});
	reply_to(&reply, &rig, "a.csv",
	    "username,suspended,email,phone1,course1\np1,1,\xFF@x.example,1\x01,C1\n");
	EXPECT(&reply, {2, "suspended", "done", "account_suspended"},
	    {2, "course1", "done", "enrolled"});
	cr_expect_eq(json_array_size(json_object_get(reply.summary, "remarks")), 2);
	reply_close(&reply);
	law_close(&rig);
}
