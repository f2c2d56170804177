/* Files as systems write them: each way is read, what failed comes back as a plain table and heals
 * in the same feed, and what is archived has no password left. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

#define SECRET "s3cret"

static const char feeds[] =
    "  default: {}\n"
    "  ends: { csv: { delimiter: pipe, record_end: \"!##!\" } }\n"
    "  strict: { final_newline: require, csv: { record_end: \"!##!\" } }\n"
    "  slash: { csv: { escape: backslash } }\n"
    "  flat: { csv: { header: none, positions: [username, password, course1, role1?] } }\n"
    "  labels: { csv: { skip_rows: 1 } }\n"
    "  version: { csv: { skip_lines: 1, skip_rows: 1 } }\n"
    "  all: { csv: { skip_lines: 2, skip_rows: 1, header: none, delimiter: \"^\",\n"
    "      positions: [username, password, course1], record_end: \"!##!\", escape: backslash } }\n"
    "  wide: { csv: { header: none, positions: [username, password, course1],\n"
    "      encoding: UTF-16LE, record_end: \"!##!\" } }\n"
    "  set: { set: { role1: teacher } }\n";

/* p1 comes into C1, p2 fails. */
static const struct way {
	char feed[16];
	char dropped[400], kept[400];
	int good_line, bad_line;
} ways[] = {
    {"ends",
        "username|password|course1!##!\np1|" SECRET "\n!##|C1!##!\n\np2|\"" SECRET
        "!##!\"|NOPE!##!\n",
        "username|password|course1!##!\np1||C1!##!\n\np2||NOPE!##!\n", 2, 5},
    {"ends", "username|course1|password!##!p1|C1|" SECRET "!##!p2|NOPE|" SECRET "!##!",
        "username|course1|password!##!p1|C1|!##!p2|NOPE|!##!", 1, 1},
    {"ends",
        "password|username|course1!##!\r\n" SECRET "|p1|\n\nC1\r\n!##!\r\n!##" SECRET
        "|p2|NOPE!##!\r\n",
        "password|username|course1!##!\r\n|p1|\n\nC1\r\n!##!\r\n|p2|NOPE!##!\r\n", 2, 6},
    {"slash",
        "\"username\",\"password\",\"course1\"\r\n\"p1\",\"" SECRET "\\\",\\\\\",\"C1\"\r\n"
        "\"p2\",\"\\\"" SECRET "\",\"NOPE\"\r\n",
        "\"username\",\"password\",\"course1\"\r\n\"p1\",,\"C1\"\r\n\"p2\",,\"NOPE\"\r\n", 2, 3},
    {"flat", "p1, " SECRET ", C1\np2, " SECRET ", NOPE, student\n", "p1,, C1\np2,, NOPE, student\n",
        1, 2},
    {"labels",
        "username,password,course1\nUser,\"Pass\nword\",Course\np1," SECRET ",C1\np2," SECRET
        ",NOPE\n",
        "username,password,course1\nUser,,Course\np1,,C1\np2,,NOPE\n", 4, 5},
    {"version",
        "version:v1.0 \"\nusername,password,course1\nExample: a," SECRET ",C9\np1," SECRET
        ",C1\np2," SECRET ",NOPE\n",
        "version:v1.0 \"\nusername,password,course1\nExample: a,,C9\np1,,C1\np2,,NOPE\n", 4, 5},
    {"all",
        "one!##!\n\"two\nUSER^PASSWORD^COURSE!##!\np1^\"" SECRET "\\\"!##!\"^\"C1\"!##!\n"
        "p2^" SECRET "^NOPE\n!##!",
        "one!##!\n\"two\nUSER^^COURSE!##!\np1^^\"C1\"!##!\np2^^NOPE\n!##!", 4, 5},
};

static bool archive_has(const struct rig *rig, const char *text)
{
	char command[2048];
	snprintf(
	    command, sizeof command, "grep -rqF '%s' '%s'", text, rig_path(rig, "archive").text);
	return system(command) == 0; /* NOLINT(cert-env33-c) */
}

static void expect_archived(const struct rig *rig, const struct reply *reply, const char *kept)
{
	const char *run = reply->run;
	struct path path =
	    rig_path(rig, "archive/%.4s/%.2s/%.2s/staff.%s.csv", run, run + 4, run + 6, run);
	struct buffer bytes = files_read(path.text);
	cr_expect(slice_is(buffer_slice(&bytes), slice_of(kept)), "%s: %.*s", path.text,
	    (int)bytes.size, bytes.bytes);
	buffer_done(&bytes);
}

/* As somebody would with an editor. */
static void retry_drop(struct rig *rig, const struct reply *reply, const char *name)
{
	struct buffer text = {0};
	struct slice all = buffer_slice(&reply->retry);
	const char *at = all.size > 0 ? memmem(all.bytes, all.size, "NOPE", 4) : NULL;
	cr_assert_not_null(at, "%.*s", SLICE_ARG(all));
	size_t before = (size_t)(at - all.bytes);
	buffer_add(&text, all.bytes, before);
	buffer_add_text(&text, "C2");
	buffer_add(&text, at + 4, all.size - before - 4);
	rig_drop_bytes(rig, name, text.bytes, text.size);
	buffer_done(&text);
	rig_once(rig);
}

ParameterizedTestParameters(written, each_way_is_read_and_its_bad_rows_heal_in_the_same_feed)
{
	static size_t indexes[sizeof ways / sizeof *ways];
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		indexes[i] = i;
	return cr_make_param_array(size_t, indexes, sizeof ways / sizeof *ways);
}

ParameterizedTest(
    const size_t *index, written, each_way_is_read_and_its_bad_rows_heal_in_the_same_feed)
{
	const struct way *way = &ways[*index];
	struct rig rig;
	struct reply reply;
	char name[64], again[64];
	snprintf(name, sizeof name, "%s/staff.csv", way->feed);
	snprintf(again, sizeof again, "%s/again.csv", way->feed);
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	rig.kept = slice_of(way->kept);
	reply_to(&reply, &rig, name, way->dropped);
	rig.kept = (struct slice){NULL, 0};
	EXPECT(&reply, {way->good_line, "course1", "done", "enrolled"},
	    {way->bad_line, "course1", "error", "course_not_found"});
	cr_expect_eq(reply_number(&reply, NULL, "rows"), 2);
	expect_archived(&rig, &reply, way->kept);
	retry_drop(&rig, &reply, again);
	reply_close(&reply);
	reply_open(&reply, &rig, again, 0);
	EXPECT(&reply, {2, "course1", "done", "enrolled"});
	cr_expect_eq(reply_number(&reply, NULL, "rows"), 1);
	reply_close(&reply);
	cr_expect_not(archive_has(&rig, SECRET));
	cr_expect(archive_has(&rig, "NOPE"));
	law_close(&rig);
}

static void widen(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		buffer_add_char(out, *text);
		buffer_add_char(out, '\0');
	}
}

/* Of a character set whose bytes cannot be told apart. */
Test(written, wide_characters_have_ends_and_passwords_too)
{
	struct buffer wide = {0}, kept = {0};
	struct rig rig;
	struct reply reply;
	widen(&wide, "p1," SECRET ",C1!##!\np2,!#" SECRET ",NOPE!##!");
	widen(&kept, "p1,,C1!##!\np2,,NOPE!##!");
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	rig_once(&rig);
	rig.kept = buffer_slice(&kept);
	rig_drop_bytes(&rig, "wide/staff.csv", wide.bytes, wide.size);
	rig.kept = (struct slice){NULL, 0};
	rig_once(&rig);
	reply_open(&reply, &rig, "wide/staff.csv", 0);
	EXPECT(&reply, {1, "course1", "done", "enrolled"},
	    {2, "course1", "error", "course_not_found"});
	retry_drop(&rig, &reply, "wide/again.csv");
	reply_close(&reply);
	reply_open(&reply, &rig, "wide/again.csv", 0);
	EXPECT(&reply, {2, "course1", "done", "enrolled"});
	reply_close(&reply);
	buffer_done(&wide);
	buffer_done(&kept);
	law_close(&rig);
}

static const struct refusal {
	char feed[16], text[200], code[32];
	int line;
} refusals[] = {
    {"slash", "\"username\",\"course1\"\n\"p1\",\"C:\\\"\n", "quote_open", 2},
    {"ends", "username|course1\np1|C1\np2|C2\n", "header_broken", 1},
    {"ends", "username|course1!##!\np1|\"C1!##!\np2|C2!##!\n", "quote_open", 2},
    {"flat", "p1,x,C1,student,1\n", "header_none_too_many", 1},
    {"flat", "\n", "empty_file", 0},
    {"version", "version:v1.0\n", "empty_file", 0},
    {"strict", "username,course1!##!\np1,C1!##!\np2,C\n", "no_final_newline", 0},
};

ParameterizedTestParameters(written, a_file_that_is_not_as_the_feed_says_has_its_code)
{
	static size_t indexes[sizeof refusals / sizeof *refusals];
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		indexes[i] = i;
	return cr_make_param_array(size_t, indexes, sizeof refusals / sizeof *refusals);
}

ParameterizedTest(const size_t *index, written, a_file_that_is_not_as_the_feed_says_has_its_code)
{
	const struct refusal *refusal = &refusals[*index];
	struct rig rig;
	struct reply reply;
	char name[64];
	snprintf(name, sizeof name, "%s/staff.csv", refusal->feed);
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	reply_to(&reply, &rig, name, refusal->text);
	const json_t *refused = json_object_get(reply.summary, "refusal");
	cr_expect_str_eq(reply_refusal(&reply), refusal->code, "%s", refusal->text);
	cr_expect_eq(json_integer_value(json_object_get(refused, "line")), refusal->line, "%s",
	    refusal->text);
	reply_close(&reply);
	law_close(&rig);
}

Test(written, a_record_of_ten_mebibytes_costs_itself_and_says_that_it_has_no_end)
{
	struct buffer text = {0};
	struct rig rig;
	struct reply reply;
	buffer_add_text(&text, "username|course1!##!\np1|C1!##!\np2|");
	for (int i = 0; i < 10 << 16; i++)
		buffer_add_text(&text, "0123456789|!#\nef");
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	rig_once(&rig);
	rig_drop_bytes(&rig, "ends/staff.csv", text.bytes, text.size);
	buffer_done(&text);
	rig_once(&rig);
	reply_open(&reply, &rig, "ends/staff.csv", 0);
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {3, NULL, "error", "value_too_long"});
	char *summary = json_dumps(reply.summary, 0);
	cr_expect(strstr(summary, "does not end with !##!"), "%s", summary);
	free(summary);
	reply_close(&reply);
	law_close(&rig);
}

Test(written, a_row_without_all_its_cells_is_measured_by_the_positions)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	reply_to(&reply, &rig, "flat/staff.csv", "p1,,C1\np2\np3,,C1,student,\np4,,C1,student,1\n");
	EXPECT(&reply, {1, "course1", "done", "enrolled"}, {2, NULL, "error", "wrong_field_count"},
	    {3, "course1", "done", "enrolled"}, {4, NULL, "error", "wrong_field_count"});
	const char *message =
	    reply_cell(&reply, (struct expected){.code = "wrong_field_count"}, 0, "message");
	cr_expect_str_eq(message, "The row has 1 field and the feed's csv.positions 4: add or "
	                          "remove fields.");
	reply_close(&reply);
	law_close(&rig);
}

Test(written, a_column_that_the_feed_sets_is_named_and_does_not_come_back)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	rig_execute(&rig, "UPDATE mdl_role SET shortname = 'tutor' WHERE shortname = 'teacher'");
	reply_to(&reply, &rig, "set/staff.csv", "username,course1\np1,C1\n");
	EXPECT(&reply, {2, "role1", "error", "role_not_found"});
	cr_expect(memmem(reply.retry.bytes, reply.retry.size, "username,course1,error_line", 27));
	rig_execute(&rig, "UPDATE mdl_role SET shortname = 'teacher' WHERE shortname = 'tutor'");
	rig_drop_bytes(&rig, "set/again.csv", reply.retry.bytes, reply.retry.size);
	reply_close(&reply);
	rig_once(&rig);
	reply_open(&reply, &rig, "set/again.csv", 0);
	EXPECT(&reply, {2, "course1", "done", "enrolled"});
	reply_close(&reply);
	law_close(&rig);
}
