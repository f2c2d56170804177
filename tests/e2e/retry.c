/* What failed, corrected and dropped again; and what was not corrected. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>

#define NEW "username,firstname,lastname,email,course1,course2\n"
#define REMARKS ",error_line,error_code,error_message"

/* The text with one piece of it put for another, once. */
static struct buffer corrected(struct slice text, const char *from, const char *to)
{
	struct buffer out = {0};
	const char *at = memmem(text.bytes, text.size, from, strlen(from));
	cr_assert_not_null(at, "no '%s' in %.*s", from, SLICE_ARG(text));
	size_t before = (size_t)(at - text.bytes), behind = before + strlen(from);
	buffer_add(&out, text.bytes, before);
	buffer_add_text(&out, to);
	buffer_add(&out, text.bytes + behind, text.size - behind);
	return out;
}

/* The retry file of the nth answer to a file is corrected and dropped as `again`. */
static void retry_drop(
    struct rig *rig, const char *name, const char *again, const char *from, const char *to)
{
	struct reply reply;
	reply_open(&reply, rig, name, 0);
	struct buffer text = corrected(buffer_slice(&reply.retry), from, to);
	rig_drop_bytes(rig, again, text.bytes, text.size);
	buffer_done(&text);
	reply_close(&reply);
	rig_once(rig);
}

static const char *const adding[] = {
    "  default: { upload_type: add }\n", "  default: { upload_type: add_increment }\n"};

Test(retry, of_a_new_account_goes_on_with_the_account_that_was_made)
{
	for (int i = 0; i < 2; i++) {
		struct rig rig;
		struct reply reply;
		rig_make(&rig, &(struct rig_options){.feeds = adding[i]});
		rig_execute(&rig, "UPDATE mdl_config SET value = '1' WHERE name = "
		                  "'allowaccountssameemail'");
		int64_t people = rig_number(&rig, "SELECT count(*) FROM mdl_user");
		rig_drop(&rig, "staff.csv",
		    NEW "n1,Nina,Ost,n1@x.example,C1,NOPE\nn2,Nino,Ost,,C1,C2\n");
		rig_once(&rig);
		retry_drop(&rig, "staff.csv", "again.csv", "NOPE,", "C2,");
		reply_open(&reply, &rig, "again.csv", 0);
		EXPECT(&reply, {2, "username", "unchanged", "account_exists"},
		    {2, "course1", "unchanged", "already_enrolled"},
		    {2, "course2", "done", "enrolled"}, {3, "email", "error", "detail_missing"});
		reply_close(&reply);
		cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user"), people + 1);
		law_close(&rig);
	}
}

Test(retry, goes_by_the_number_where_the_feed_does)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){
	                   .feeds = "  default: { upload_type: add, match_by: idnumber }\n"});
	int64_t people = rig_number(&rig, "SELECT count(*) FROM mdl_user");
	rig_drop(&rig, "staff.csv",
	    "idnumber,username,firstname,lastname,email,course1\n"
	    "E7,n1,Nina,Ost,n1@x.example,NOPE\n");
	rig_once(&rig);
	retry_drop(&rig, "staff.csv", "again.csv", "n1,Nina,Ost,n1@x.example,NOPE,",
	    "n7,Nina,West,n7@x.example,C1,");
	reply_open(&reply, &rig, "again.csv", 0);
	EXPECT(&reply, {2, "course1", "done", "enrolled"});
	reply_close(&reply);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user"), people + 1);
	law_close(&rig);
}

/* The feed counts names on: the row still has the one that was taken. */
Test(retry, finds_the_account_whose_name_was_counted_on_and_nobody_elses)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = adding[1]});
	rig_execute(
	    &rig, "UPDATE mdl_config SET value = '1' WHERE name = 'allowaccountssameemail'");
	rig_drop(&rig, "staff.csv",
	    NEW "p1,Jane,Smith,home@x.example,C1,\np1,John,Smith,home@x.example,C1,NOPE\n"
	        "p1,Jill,Other,other@x.example,C1,NOPE\n");
	rig_once(&rig);
	int64_t people = rig_number(&rig, "SELECT count(*) FROM mdl_user");
	retry_drop(&rig, "staff.csv", "again.csv", "NOPE,", "C2,");
	reply_open(&reply, &rig, "again.csv", 0);
	EXPECT(&reply, {2, "course2", "done", "enrolled"},
	    {3, "course2", "error", "course_not_found"});
	reply_close(&reply);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user"), people);
	struct buffer who = rig_query(&rig,
	    "SELECT u.username, u.firstname FROM mdl_user_enrolments ue JOIN mdl_user u ON u.id = "
	    "ue.userid JOIN mdl_enrol e ON e.id = ue.enrolid JOIN mdl_course c ON c.id = "
	    "e.courseid WHERE c.shortname = 'C2'");
	cr_expect(slice_is(buffer_slice(&who), SLICE("p1003|John\n")) ||
	              memmem(who.bytes, who.size, "|John\n", 6),
	    "%.*s", SLICE_ARG(buffer_slice(&who)));
	buffer_done(&who);
	law_close(&rig);
}

/* Anybody can write one: that the feed made the account is for the ledger to say. */
Test(retry, that_only_says_so_changes_no_account_that_the_feed_has_not_made)
{
	for (int i = 0; i < 2; i++) {
		struct rig rig;
		struct reply reply;
		rig_make(&rig, &(struct rig_options){.feeds = adding[i]});
		rig_execute(&rig,
		    "UPDATE mdl_user SET firstname = 'Nina', lastname = 'Ost', email = "
		    "'nina@x.example', password = 'old', timecreated = 1000 WHERE username = 'p1'");
		rig_drop(&rig, "staff.csv", NEW "n1,Nino,West,n1@x.example,C1,\n");
		rig_once(&rig);
		rig_drop(&rig, "hand.csv",
		    "username,firstname,lastname,email,password,course1" REMARKS "\n"
		    "p1,Nina,Ost,nina@x.example,Secret.123,C2,2,invalid_value,x\n");
		rig_once(&rig);
		reply_open(&reply, &rig, "hand.csv", 0);
		cr_expect_eq(reply_lines(&reply, (struct expected){.line = 2, .code = "enrolled"}),
		    0, "%s", reply.result.text);
		reply_close(&reply);
		cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user WHERE username = "
		                              "'p1' AND password = 'old'"),
		    1);
		cr_expect_eq(rig_number(&rig,
		                 "SELECT count(*) FROM mdl_user_enrolments ue JOIN mdl_user u ON "
		                 "u.id = ue.userid WHERE u.username = 'p1'"),
		    0);
		law_close(&rig);
	}
}

Test(retry, of_somebody_else_is_an_error_and_comes_back)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = adding[0]});
	rig_drop(&rig, "hand.csv",
	    "username,firstname,lastname,email,course1" REMARKS "\n"
	    "p1,Nina,Ost,nina@x.example,C1,2,course_not_found,x\n"
	    "p1,Nina,Ost,nina@x.example,C1,,,\n"
	    "p1,Nina,Ost,nina@x.example,C1,3,username_taken,x\n");
	rig_once(&rig);
	reply_open(&reply, &rig, "hand.csv", 0);
	EXPECT(&reply, {2, "username", "error", "username_taken"},
	    {3, "username", "skipped", "account_exists"},
	    {4, "username", "skipped", "account_exists"});
	cr_expect_str_neq(reply.retry_path.text, "");
	reply_close(&reply);
	law_close(&rig);
}

Test(retry, sets_the_detail_that_was_wrong)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = adding[0]});
	rig_drop(&rig, "staff.csv",
	    "username,firstname,lastname,email,country\nn1,Nina,Ost,n1@x.example,Narnia\n");
	rig_once(&rig);
	retry_drop(&rig, "staff.csv", "again.csv", "Narnia,", "NO,");
	reply_open(&reply, &rig, "again.csv", 0);
	EXPECT(&reply, {2, "username", "done", "account_updated"});
	reply_close(&reply);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user WHERE country = 'NO'"), 1);
	law_close(&rig);
}

/* Rows of a bad shape look well in the retry file; dropped as it is it brings nobody anywhere. */
Test(retry, of_a_bad_shape_stays_refused_until_somebody_changes_it)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv",
	    "username,course1,role1\np1,C1\np2,C1,student,more\np3,\"C1\" x,\np4\n");
	rig_once(&rig);
	const char *names[] = {"staff.csv", "again.csv", "third.csv"};
	for (int i = 1; i < 3; i++) {
		retry_drop(&rig, names[i - 1], names[i], "error_line", "error_line");
		reply_open(&reply, &rig, names[i], 0);
		EXPECT(&reply, {2, NULL, "error", "wrong_field_count"},
		    {3, NULL, "error", "wrong_field_count"}, {4, NULL, "error", "broken_quotes"},
		    {5, NULL, "error", "wrong_field_count"});
		reply_close(&reply);
	}
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	retry_drop(&rig, "third.csv", "right.csv", "p1,C1,", "p1,C2,");
	reply_open(&reply, &rig, "right.csv", 0);
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {3, NULL, "error", "wrong_field_count"});
	reply_close(&reply);
	retry_drop(&rig, "right.csv", "empty.csv", "wrong_field_count,\"The row had 1",
	    ",\"The row had 1");
	reply_open(&reply, &rig, "empty.csv", 0);
	EXPECT(&reply, {4, NULL, "unchanged", "nothing_asked"});
	reply_close(&reply);
	law_close(&rig);
}

Test(retry, of_an_older_file_goes_by_its_words)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	rig_drop(&rig, "hand.csv",
	    "username,course1,role1" REMARKS "\n"
	    "p1,C1,,2,wrong_field_count,The row has 2 fields and the header 3: add or remove "
	    "fields.\n"
	    "p1,C1,teacher,3,wrong_field_count,The row has 2 fields and the header 3: add.\n"
	    "\"p1,\"\"C1\"\" x\",,,4,broken_quotes,Text follows a closing quote.\n"
	    "p3,C1,,4,broken_quotes,Text follows a closing quote.\n"
	    "p4,C1,,5,wrong_field_count,\n");
	rig_once(&rig);
	reply_open(&reply, &rig, "hand.csv", 0);
	EXPECT(&reply, {2, NULL, "error", "wrong_field_count"}, {3, "course1", "done", "enrolled"},
	    {4, NULL, "error", "broken_quotes"}, {5, "course1", "done", "enrolled"},
	    {6, NULL, "error", "wrong_field_count"});
	reply_close(&reply);
	law_close(&rig);
}

Test(retry, of_a_retry_has_the_first_files_lines_and_its_name)
{
	struct rig rig;
	struct reply reply;
	char name[96], third[96];
	rig_make(&rig, NULL);
	reply_to(&reply, &rig, "staff.csv", "username,course1\np1,C1\n\np2,NOPE\np3,NONE\n");
	char run[32];
	snprintf(run, sizeof run, "%s", reply.run);
	cr_expect(memmem(reply.retry.bytes, reply.retry.size, "username,course1" REMARKS "\n",
	    strlen("username,course1" REMARKS "\n")));
	reply_close(&reply);
	snprintf(name, sizeof name, "staff.%s.retry.csv", run);
	retry_drop(&rig, "staff.csv", name, "NOPE,", "C1,");
	reply_open(&reply, &rig, name, 0);
	struct table retry = table_parse(reply.retry.bytes, reply.retry.size);
	reply_close(&reply);
	cr_assert_eq(retry.rows_count, 2);
	cr_expect_str_eq(table_at(&retry, 1, table_column(&retry, "error_line")), "5");
	cr_expect_str_eq(table_at(&retry, 1, table_column(&retry, "error_file")), "staff.csv");
	cr_expect_str_eq(table_at(&retry, 1, table_column(&retry, "error_run")), run);
	table_done(&retry);
	snprintf(third, sizeof third, "whatever.csv");
	retry_drop(&rig, name, third, "p3,NONE,", "p9,NEVER,,,,,\np3,NONE,");
	reply_open(&reply, &rig, third, 0);
	retry = table_parse(reply.retry.bytes, reply.retry.size);
	cr_assert_eq(retry.rows_count, 3);
	cr_expect_str_eq(table_at(&retry, 1, table_column(&retry, "error_line")), "2");
	cr_expect_str_eq(table_at(&retry, 1, table_column(&retry, "error_file")), third);
	cr_expect_str_eq(table_at(&retry, 1, table_column(&retry, "error_run")), reply.run);
	cr_expect_str_eq(table_at(&retry, 2, table_column(&retry, "error_line")), "5");
	cr_expect_str_eq(table_at(&retry, 2, table_column(&retry, "error_file")), "staff.csv");
	cr_expect_str_eq(table_at(&retry, 2, table_column(&retry, "error_run")), run);
	table_done(&retry);
	reply_close(&reply);
	law_close(&rig);
}

/* ---- who is who in feeds that add ---- */

static void once(struct rig *rig, const char *feeds, const char *text)
{
	rig_make(rig, &(struct rig_options){.feeds = feeds});
	rig_execute(rig, "UPDATE mdl_user SET idnumber = 'E1' WHERE username = 'p1'");
	rig_drop(rig, "staff.csv", text);
	rig_once(rig);
}

Test(retry, is_for_namesakes_whose_names_a_template_makes)
{
	static const char *const feeds[] = {
	    "  default: { upload_type: add, username_template: \"%-1f%-l\" }\n",
	    "  default: { upload_type: add_or_update, username_template: \"%-1f%-l\" }\n"};
	for (int i = 0; i < 2; i++) {
		struct rig rig;
		struct reply reply;
		once(&rig, feeds[i],
		    "firstname,lastname,email,course1\nNils,Berg,nils@x.example,C1\n"
		    "Nina,Berg,nina@x.example,C1\nNils,Berg,NILS@x.example,C2\n");
		reply_open(&reply, &rig, "staff.csv", 0);
		EXPECT(&reply, {2, NULL, "done", "account_created"},
		    {2, "course1", "done", "enrolled"}, {3, NULL, "error", "username_taken"},
		    {3, "course1", "skipped", "row_not_applied"});
		if (i == 0)
			EXPECT(&reply, {4, NULL, "skipped", "account_exists"});
		else
			EXPECT(&reply, {4, "course1", "done", "enrolled"});
		cr_expect(memmem(reply.retry.bytes, reply.retry.size, "Nina", 4));
		cr_expect_not(memmem(reply.retry.bytes, reply.retry.size, "Nils", 4));
		reply_close(&reply);
		law_close(&rig);
	}
}

Test(retry, is_not_for_people_whom_another_column_tells)
{
	static const char *const feeds[] = {"  default: { upload_type: add, match_by: idnumber }\n",
	    "  default: { upload_type: add_increment, match_by: idnumber }\n",
	    "  default: { upload_type: add_or_update, match_by: idnumber, username_template: "
	    "\"%-1f%-l\", allow_rename: true }\n"};
	for (int i = 0; i < 3; i++) {
		struct rig rig;
		struct reply reply;
		once(&rig, feeds[i],
		    i < 2 ? "idnumber,username,firstname,lastname,email,course1\n"
		            "E1,other.name,Anna,Lund,al@x.example,C1\n"
		            "E9,new.name,Nina,Ost,no@x.example,C1\n"
		          : "idnumber,firstname,lastname,email,course1\n"
		            "E1,Anna,Lund,al@x.example,C1\nE9,Nina,Ost,no@x.example,C1\n");
		reply_open(&reply, &rig, "staff.csv", 0);
		if (i < 2)
			EXPECT(&reply, {2, "idnumber", "skipped", "account_exists"});
		else
			EXPECT(&reply, {2, "course1", "done", "enrolled"});
		EXPECT(&reply, {3, "idnumber", "done", "account_created"},
		    {3, "course1", "done", "enrolled"});
		reply_close(&reply);
		cr_expect_eq(rig_number(&rig,
		                 "SELECT count(*) FROM mdl_user WHERE idnumber IN ('E1', 'E9')"),
		    2);
		cr_expect_eq(
		    rig_number(&rig, "SELECT count(*) FROM mdl_user WHERE username = 'p1'"), 1);
		law_close(&rig);
	}
}
