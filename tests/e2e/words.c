/* Files of other programs: what their words mean, and what the answer shows of them. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const char feeds[] =
    "  default:\n"
    "    empty: [NULL, \"N/A\"]\n"
    "    columns: { Role: role1 }\n"
    "    values:\n"
    "      role: { Instructor: teacher, Learner: student }\n"
    "      suspended: { Active: 0, Terminated: 1 }\n"
    "      status: { withdrawn: { enrolstatus1: 1 }, left: { suspended: 1 } }\n";

#define HEADER "username,course1,Role,suspended,status\n"

static int64_t enrolled_as(const struct rig *rig, const char *name, int status)
{
	return rig_number(
	    rig, path_of("SELECT count(*) FROM mdl_user_enrolments ue JOIN mdl_user u ON "
	                 "u.id = ue.userid WHERE u.username = '%s' AND ue.status = %d",
	             name, status)
	             .text);
}

static int64_t suspended(const struct rig *rig, const char *name)
{
	return rig_number(
	    rig, path_of("SELECT suspended FROM mdl_user WHERE username = '%s'", name).text);
}

Test(words, are_done_and_answered_as_the_file_has_them)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	reply_to(&reply, &rig, "staff.csv",
	    HEADER "p1,C1,INSTRUCTOR,active,n/a\np2,C1,NULL,NULL,Withdrawn\n"
	           "p3,NOPE,Learner,Terminated,\np4,C1,Tutor,,\np5,C1,,,left\np6,C1,,,gone\n");
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {3, "course1", "done", "enrolled"},
	    {4, "course1", "error", "course_not_found"}, {5, "role1", "error", "word_not_mapped"},
	    {6, "course1", "done", "enrolled"}, {7, "status", "error", "word_not_mapped"},
	    {7, "course1", "skipped", "row_not_applied"});
	cr_expect_str_eq(reply_cell(&reply, (struct expected){.line = 5}, 0, "target"), "Tutor");
	cr_expect_eq(enrolled_as(&rig, "p1", 0), 1);
	cr_expect_eq(enrolled_as(&rig, "p2", 1), 1);
	cr_expect_eq(suspended(&rig, "p3"), 1);
	cr_expect_eq(suspended(&rig, "p5"), 1);
	cr_expect_eq(enrolled_as(&rig, "p6", 0), 0);
	cr_expect_eq(json_array_size(json_object_get(reply.summary, "remarks")), 2);
	reply_close(&reply);
	law_close(&rig);
}

/* The rows of the retry file are those of the file, and mean the same again. */
Test(words, of_a_retry_file_are_those_of_the_file)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	reply_to(&reply, &rig, "staff.csv",
	    HEADER "p1,NOPE,Instructor,NULL,Withdrawn\np2,C1,Learner,Active,lost\np3,C1\n");
	buffer_add_char(&reply.retry, '\0');
	cr_expect(strstr(reply.retry.bytes, "username,course1,Role,suspended,status,error_line,"));
	cr_expect(
	    strstr(reply.retry.bytes, "\np1,NOPE,Instructor,NULL,Withdrawn,2,course_not_found,"));
	cr_expect(strstr(reply.retry.bytes, "\np2,C1,Learner,Active,lost,3,word_not_mapped,"));
	reply.retry.size--;
	rig_drop_bytes(&rig, "again.csv", reply.retry.bytes, reply.retry.size);
	reply_close(&reply);
	rig_once(&rig);
	reply_open(&reply, &rig, "again.csv", 0);
	EXPECT(&reply, {2, "course1", "error", "course_not_found"},
	    {3, "status", "error", "word_not_mapped"}, {4, NULL, "error", "wrong_field_count"});
	reply_close(&reply);
	law_close(&rig);
}

/* What is wrong in a cell that a word has given is told with the word. */
Test(words, of_errors_are_shown_as_the_file_has_them)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig,
	    &(struct rig_options){.feeds = "  default: { values: { suspended: { out: maybe }, "
	                                   "enrolstatus1: { away: 3 } } }\n"});
	reply_to(&reply, &rig, "staff.csv",
	    "username,suspended,course1,enrolstatus1\np1,out,,\np2,,C1,Away\n");
	EXPECT(&reply, {2, "suspended", "error", "invalid_value"},
	    {3, "enrolstatus1", "error", "invalid_value"});
	cr_expect_str_eq(reply_cell(&reply, (struct expected){.line = 2}, 0, "target"), "out");
	reply_close(&reply);
	law_close(&rig);
}

/* A run goes on under the words with which it has begun; parts of a large row are read by them. */
Test(words, hold_in_every_part_of_a_large_row)
{
	enum { COURSES = 6000 };
	struct rig rig;
	struct reply reply;
	struct buffer text = {0};
	rig_make(&rig,
	    &(struct rig_options){.feeds = "  default: { values: { course: { x: C1, y: C2 }, role: "
	                                   "{ T: teacher } } }\n"});
	buffer_add_text(&text, "username");
	for (int i = 1; i <= COURSES; i++)
		buffer_print(&text, ",course%d,role%d", i, i);
	buffer_add_text(&text, "\np1");
	for (int i = 1; i <= COURSES; i++)
		buffer_print(&text, ",%s,t", i % 2 ? "x" : "Y");
	buffer_add_char(&text, '\n');
	rig_drop_bytes(&rig, "wide.csv", text.bytes, text.size);
	buffer_done(&text);
	rig_once(&rig);
	reply_open(&reply, &rig, "wide.csv", 0);
	cr_expect_eq(reply_lines(&reply, (struct expected){.outcome = "error"}), 0);
	cr_expect_eq(reply_lines(&reply, (struct expected){.line = 2}), COURSES);
	cr_expect_eq(enrolled_as(&rig, "p1", 0), 2);
	reply_close(&reply);
	law_close(&rig);
}

/* In place: the texts are of one size. */
static void config_change(const struct rig *rig, const char *from, const char *to)
{
	char text[8192];
	FILE *file = fopen(rig->config.text, "r+e");
	cr_assert_not_null(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	char *at = strstr(text, from);
	cr_assert_not_null(at);
	cr_assert_eq(strlen(from), strlen(to));
	fseek(file, at - text, SEEK_SET);
	fputs(to, file);
	fclose(file);
}

/* Columns that words make are the feed's, and no part of what a full file is compared with. */
Test(words, may_change_and_the_file_has_the_columns_that_it_had)
{
	struct rig rig;
	struct reply reply;
	rig_make(
	    &rig, &(struct rig_options){.feeds = "  default: { absence: { action: suspend }, "
	                                         "limits: { rows_of_last: 0% }, values: { "
	                                         "status: { gone: { enrolstatus1: 1 } } } }\n"});
	reply_to(&reply, &rig, "staff.csv", "username,course1,status\np1,C1,\np2,C1,\np3,C1,\n");
	reply_close(&reply);
	config_change(&rig, "enrolstatus1: 1", "suspended:    1");
	reply_to(&reply, &rig, "staff.csv", "username,course1,status\np1,C1,\np2,C1,\n");
	reply_close(&reply);
	reply_open(&reply, &rig, "staff.csv", 1);
	cr_expect_eq(
	    reply_lines(&reply, (struct expected){.column = "absent", .code = "absent_suspended"}),
	    1);
	cr_expect_eq(enrolled_as(&rig, "p3", 1), 1);
	reply_close(&reply);
	law_close(&rig);
}
