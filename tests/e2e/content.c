/*
 * What is not read as it was dropped: packed files, archives by a preset, files of several kinds.
 * How each system writes them is e2e_presets', what liars make of archives unpack's.
 */
#include "law.h"
#include "reply.h"
#include "scale.h"
#include "service.h"
#include "tracer.h"
#include "undoing.h"
#include "zipped.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

#define CANVAS "  default: { preset: canvas, " RIG_NO_LIMITS " }\n"
#define STAFF "username,course1\np1,C1\np2,C2\n"
#define USERS "user_id,login_id,first_name,last_name,email,status\n"
#define ENROLLMENTS "course_id,user_id,role,status\n"
#define COURSES "course_id,short_name,long_name,status\nC1,C1,Course 1,active\n"

static void site_make(struct rig *rig, const char *feeds)
{
	rig_make(rig, &(struct rig_options){.people = 60,
	                  .courses = 5,
	                  .feeds = feeds,
	                  .settings = "checkpoint_rows: 10000\n"});
	/* The law knows courses by their short names. */
	rig_execute(
	    rig, "UPDATE mdl_course SET idnumber = shortname WHERE shortname GLOB 'C[0-9]'");
}

/* ---- archives ---- */

struct file {
	const char *name, *text;
};

static void zip_drop(struct rig *rig, const char *name, const struct file *files, size_t count)
{
	struct zipped zipped = {0};
	for (size_t i = 0; i < count; i++)
		zipped_add(&zipped, &(struct zipped_member){.name = files[i].name,
		                        .content = slice_of(files[i].text),
		                        .method = ZIPPED_DEFLATED});
	struct buffer archive = zipped_end(&zipped, false, "");
	rig_drop_bytes(rig, name, archive.bytes, archive.size);
	buffer_done(&archive);
}

#define ZIP(rig, name, ...)                                                                        \
	zip_drop((rig), (name), (const struct file[]){__VA_ARGS__},                                \
	    sizeof((const struct file[]){__VA_ARGS__}) / sizeof(struct file))

static void gzip_drop(struct rig *rig, const char *name, const char *text)
{
	struct buffer packed = {0};
	gzipped_add(&packed, slice_of(text));
	rig_drop_bytes(rig, name, packed.bytes, packed.size);
	buffer_done(&packed);
}

static const json_t *input_of(const struct reply *reply)
{
	return json_object_get(reply->summary, "input");
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static const char *remark_of(const struct reply *reply, const char *code)
{
	size_t i;
	const json_t *remark;
	json_array_foreach(json_object_get(reply->summary, "remarks"), i, remark)
	{
		if (strcmp(text_of(remark, "code"), code) == 0)
			return text_of(remark, "message");
	}
	return "";
}

static void expect_refused(struct rig *rig, const char *name, const char *code, const char *why)
{
	struct reply reply;
	rig_once(rig);
	reply_open(&reply, rig, name, reply_count(rig, name) - 1);
	const json_t *refusal = json_object_get(reply.summary, "refusal");
	cr_expect_str_eq(reply_refusal(&reply), code);
	cr_expect(strstr(text_of(refusal, "message"), why), "%s", text_of(refusal, "message"));
	reply_close(&reply);
}

/* ---- what holds one file ---- */

static void expect_staff(struct rig *rig, const char *name)
{
	struct reply reply;
	rig_once(rig);
	reply_open(&reply, rig, name, 0);
	cr_expect_str_eq(reply_status(&reply), "done", "%s", reply_refusal(&reply));
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {3, "course1", "done", "enrolled"});
	cr_expect_null(json_object_get(input_of(&reply), "preset"));
	cr_expect_null(json_object_get(input_of(&reply), "members"));
	reply_close(&reply);
	rig_expect(rig, "SELECT count(*) FROM mdl_user_enrolments", "2\n");
	law_close(rig);
}

Test(content, of_a_gzip_file_is_read_as_if_it_had_been_dropped)
{
	struct rig rig;
	site_make(&rig, NULL);
	gzip_drop(&rig, "staff.csv.gz", STAFF);
	expect_staff(&rig, "staff.csv.gz");
}

Test(content, of_a_zip_with_one_file_is_read_as_if_it_had_been_dropped)
{
	struct rig rig;
	site_make(&rig, NULL);
	ZIP(&rig, "staff.zip", {"whatever.csv", STAFF});
	expect_staff(&rig, "staff.zip");
}

Test(content, is_known_by_how_it_begins_whatever_it_is_called)
{
	struct rig rig;
	site_make(&rig, NULL);
	gzip_drop(&rig, "staff.csv", STAFF);
	expect_staff(&rig, "staff.csv");
}

Test(content, with_passwords_is_archived_as_it_was_dropped_and_that_is_said)
{
	struct rig rig;
	struct reply reply;
	site_make(&rig, "  default: { upload_type: add_or_update }\n");
	gzip_drop(&rig, "staff.csv.gz",
	    "username,firstname,lastname,email,password\nnew1,N,One,n1@x.example,Ha55-word!\n");
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv.gz", 0);
	cr_expect_str_eq(reply_status(&reply), "done");
	cr_expect(strstr(remark_of(&reply, "passwords_archived"), "as it was dropped"));
	cr_expect_null(json_object_get(input_of(&reply), "archived"));
	reply_close(&reply);
	law_close(&rig);
}

/* Who has two rows counts once, by the later one; both have a password. */
Test(content, of_a_plain_file_that_is_composed_is_archived_without_its_passwords)
{
	struct rig rig;
	struct reply reply;
	site_make(&rig, "  default: { upload_type: add_or_update, newest_by: changed, "
	                "unknown_columns: ignore, split: { course1: \";\" } }\n");
	rig_drop(&rig, "staff.csv",
	    "username,changed,firstname,lastname,email,password,course1\n"
	    "new1,2026-01-01,N,One,n1@x.example,Ha55-older!,C1\n"
	    "new1,2026-02-01,N,One,n1@x.example,\"Ha55-newer!\",C2;C3\n");
	rig_once(&rig);
	reply_open(&reply, &rig, "staff.csv", 0);
	cr_expect_str_eq(reply_status(&reply), "done", "%s", reply_refusal(&reply));
	cr_expect_str_eq(remark_of(&reply, "passwords_archived"), "");
	cr_expect(*remark_of(&reply, "older_rows"));
	cr_expect(json_is_object(json_object_get(input_of(&reply), "archived")));
	reply_close(&reply);
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "2\n");
	law_close(&rig);
}

Test(content, that_is_refused_goes_to_quarantine_as_it_was_dropped)
{
	struct rig rig;
	site_make(&rig, NULL);
	gzip_drop(&rig, "bad.csv.gz", "username,curse1\np1,C1\n");
	expect_refused(&rig, "bad.csv.gz", "header_unknown_column", "curse1");
	struct buffer inner = {0}, outer = {0};
	gzipped_add(&inner, slice_of(STAFF));
	gzipped_add(&outer, buffer_slice(&inner));
	rig_drop_bytes(&rig, "twice.gz", outer.bytes, outer.size);
	buffer_done(&inner);
	buffer_done(&outer);
	expect_refused(&rig, "twice.gz", "archive_nested", "");
	ZIP(&rig, "night.zip", {"a.csv", STAFF}, {"b.csv", STAFF});
	expect_refused(&rig, "night.zip", "archive_needs_preset", "2 files");
	rig_drop_bytes(&rig, "cut.zip", "PK\x03\x04 cut short", 14);
	expect_refused(&rig, "cut.zip", "archive_broken", "");
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "0\n");
	law_close(&rig);
}

Test(content, may_not_be_larger_than_a_file)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.settings = "max_file_size: 64KiB\n"});
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1\n");
	while (text.size < 65 << 10)
		buffer_add_text(&text, "p1,C1\n");
	buffer_add_char(&text, '\0');
	gzip_drop(&rig, "large.csv.gz", text.bytes);
	buffer_done(&text);
	expect_refused(&rig, "large.csv.gz", "file_too_large", "max_file_size");
	law_close(&rig);
}

/* ---- by a preset ---- */

Test(content, a_plain_file_is_read_by_the_policy_of_its_kind)
{
	struct rig rig;
	struct reply reply;
	site_make(&rig, CANVAS);
	rig_drop(&rig, "people of the week.csv",
	    ENROLLMENTS "C1,person-1,student,active\nC2,person-2,teacher,inactive\n");
	rig_once(&rig);
	reply_open(&reply, &rig, "people of the week.csv", 0);
	cr_expect_str_eq(reply_status(&reply), "done", "%s", reply_refusal(&reply));
	cr_expect_str_eq(text_of(input_of(&reply), "preset"), "canvas/enrollments");
	cr_expect_null(json_object_get(input_of(&reply), "members"));
	reply_close(&reply);
	rig_expect(&rig, "SELECT status FROM mdl_user_enrolments ORDER BY userid", "0\n1\n");
	law_close(&rig);
}

Test(content, that_fits_no_kind_is_refused_and_the_nearest_is_named)
{
	struct rig rig;
	site_make(&rig, CANVAS);
	rig_drop(&rig, "almost.csv", "course_id,user_id,status\nC1,person-1,active\n");
	expect_refused(&rig, "almost.csv", "preset_no_kind", "role");
	rig_drop(&rig, "courses.csv", COURSES);
	expect_refused(&rig, "courses.csv", "preset_unused", "made in Moodle");
	ZIP(&rig, "night.zip", {"enrollments.csv", ENROLLMENTS "C1,person-1,student,active\n"},
	    {"notes.csv", "what\never\n"});
	expect_refused(&rig, "night.zip", "preset_no_kind", "notes.csv");
	ZIP(&rig, "courses.zip", {"courses.csv", COURSES});
	expect_refused(&rig, "courses.zip", "preset_unused", "");
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "0\n");
	law_close(&rig);
}

static void night_drop(struct rig *rig, const char *name)
{
	ZIP(rig, name,
	    {"enrollments.csv", ENROLLMENTS "C1,n-1,student,active\nC2,n-2,teacher,active\n"
	                                    "C2,n-3,student,active\n"},
	    {"courses.csv", COURSES},
	    {"users.csv", USERS "n-1,new1,N,One,n1@x.example,active\n"
	                        "n-2,new2,N,Two,n2@x.example,active\n"});
}

static void member_expect(const struct reply *reply, const char *name, const char *kind, int rows)
{
	size_t i;
	const json_t *member;
	json_array_foreach(json_object_get(input_of(reply), "members"), i, member)
	{
		if (strcmp(text_of(member, "name"), name) != 0)
			continue;
		cr_expect_str_eq(text_of(member, "kind"), kind);
		cr_expect_eq(json_integer_value(json_object_get(member, "rows")), rows);
		cr_expect_eq(strlen(text_of(member, "sha256")), 64);
		return;
	}
	cr_expect(false, "no member %s", name);
}

Test(content, of_an_archive_is_read_in_the_order_that_its_kinds_need)
{
	struct rig rig;
	struct reply reply;
	site_make(&rig, CANVAS);
	night_drop(&rig, "night.zip");
	rig_once(&rig);
	reply_open(&reply, &rig, "night.zip", 0);
	cr_expect_str_eq(reply_status(&reply), "done", "%s", reply_refusal(&reply));
	cr_expect_str_eq(text_of(input_of(&reply), "preset"), "canvas");
	member_expect(&reply, "users.csv", "users", 2);
	member_expect(&reply, "enrollments.csv", "enrollments", 3);
	member_expect(&reply, "courses.csv", "courses", 1);
	cr_expect(strstr(remark_of(&reply, "member_not_used"), "'courses.csv', with 1 row,"));
	cr_expect_eq(json_integer_value(json_object_get(reply.summary, "rows")), 5);
	cr_expect_eq(reply_lines(&reply, (struct expected){.code = "account_created"}), 2);
	cr_expect_eq(reply_lines(&reply, (struct expected){.code = "enrolled"}), 2);
	cr_expect_eq(reply_lines(&reply, (struct expected){7, NULL, "error", NULL}), 1);
	reply_close(&reply);
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "2\n");
	law_close(&rig);
}

/* Who is in neither file has left, if the archive says that it is all. */
#define ONEROSTER                                                                                  \
	"  default: { preset: oneroster, absence: { action: suspend, scope: feed },"               \
	" limits: { rows_of_last: 0%, removals: { count: 0, share: 0%, most: 0 },"                 \
	" per_course: { count: 0, share: 0% } } }\n"
#define OR_HEADER "sourcedId,status,dateLastModified,classSourcedId,userSourcedId,role\n"

static void roster_drop(struct rig *rig, const char *name, const char *says, const char *rows)
{
	struct path manifest = path_of("propertyName,value\nmanifest.version,1.0\n"
	                               "oneroster.version,1.1\nfile.enrollments,%s\n",
	    says);
	ZIP(rig, name, {"enrollments.csv", rows}, {"manifest.csv", manifest.text});
	rig_once(rig);
}

static int64_t active(const struct rig *rig)
{
	return rig_number(rig, "SELECT count(*) FROM mdl_user_enrolments WHERE status = 0");
}

Test(content, of_an_archive_removes_nobody_unless_its_manifest_says_bulk)
{
	struct rig rig;
	struct reply reply;
	site_make(&rig, ONEROSTER);
	roster_drop(
	    &rig, "1.zip", "bulk", OR_HEADER "1,,,C1,person-1,student\n2,,,C1,person-2,student\n");
	cr_expect_eq(active(&rig), 2);
	roster_drop(&rig, "2.zip", "delta", OR_HEADER "1,active,,C1,person-1,student\n");
	cr_expect_eq(active(&rig), 2);
	reply_open(&reply, &rig, "2.zip", 0);
	cr_expect(strstr(remark_of(&reply, "not_a_full_file"), "removes nobody"));
	reply_close(&reply);
	rig_drop(&rig, "enrollments.csv", OR_HEADER "1,,,C1,person-1,student\n");
	rig_once(&rig);
	cr_expect_eq(active(&rig), 2);
	roster_drop(&rig, "3.zip", "bulk", OR_HEADER "1,,,C1,person-1,student\n");
	cr_expect_eq(active(&rig), 1);
	law_close(&rig);
}

/* ---- told by the file in it ---- */

static struct finished ask(const struct rig *rig, const char *command, const char *about)
{
	const char *argv[] = {"enrolctl", "--config", rig->config.text, command, about, NULL};
	return program_expect(0, argv);
}

#define EXPECT_TOLD(rig, command, about, ...)                                                      \
	expect_told((rig), (command), (about), (const char *const[]){__VA_ARGS__, NULL})

static void expect_told(
    const struct rig *rig, const char *command, const char *about, const char *const *texts)
{
	struct finished finished = ask(rig, command, about);
	for (; *texts; texts++)
		cr_expect(strstr(finished.out.bytes, *texts), "%s %s: no %s in %s", command, about,
		    *texts, finished.out.bytes);
	finished_done(&finished);
}

static void expect_in_file(const struct path *path, const char *text)
{
	struct buffer page = files_read(path->text);
	buffer_add_char(&page, '\0');
	cr_expect(strstr(page.bytes, text), "no %s in %s", text, page.bytes);
	buffer_done(&page);
}

/* Line 3 of each file is wrong; through both of them that is 3 and 6. */
static void mistaken_drop(struct rig *rig)
{
	ZIP(rig, "night.zip",
	    {"enrollments.csv", ENROLLMENTS "C1,person-1,student,active\n"
	                                    "C9,person-1,student,active\n"},
	    {"users.csv", USERS "n-1,new1,N,One,n1@x.example,active\n"
	                        "n-2,new2,N,Two,no address,active\n"});
}

Test(content, of_an_archive_with_mistakes_names_the_file_and_its_own_line)
{
	struct rig rig;
	struct reply reply;
	site_make(&rig, CANVAS);
	mistaken_drop(&rig);
	rig_once(&rig);
	reply_open(&reply, &rig, "night.zip", 0);
	cr_expect_str_eq(reply_status(&reply), "done", "%s", reply_refusal(&reply));
	cr_expect_eq(reply_lines(&reply, (struct expected){3, NULL, "error", NULL}), 1);
	cr_expect_eq(reply_lines(&reply, (struct expected){6, NULL, "error", NULL}), 1);
	EXPECT_TOLD(&rig, "show", "last", "users.csv, line 3: ", "enrollments.csv, line 3: ");
	EXPECT_TOLD(
	    &rig, "explain", "p1", "night.zip/enrollments.csv:2 ", "night.zip/enrollments.csv:3 ");
	struct path page = rig_path(&rig, "outbox/night.%s.report.html", reply.run);
	expect_in_file(&page, "First in users.csv, line 3: ");
	expect_in_file(&page, "data-th=\"Line\">enrollments.csv, line 3</th>");
	cr_expect(strstr(reply.retry.bytes, ",6,"), "%s", reply.retry.bytes);
	reply_close(&reply);
	law_close(&rig);
}

Test(content, of_an_archive_that_is_refused_names_the_file_and_its_own_line)
{
	struct rig rig;
	struct reply reply;
	site_make(
	    &rig, "  default: { preset: canvas, on_bad_row: reject_file, " RIG_NO_LIMITS " }\n");
	ZIP(&rig, "night.zip", {"enrollments.csv", ENROLLMENTS "C1,person-1,student\n"},
	    {"users.csv", USERS "n-1,new1,N,One,n1@x.example,active\n"});
	expect_refused(&rig, "night.zip", "wrong_field_count", "");
	reply_open(&reply, &rig, "night.zip", 0);
	EXPECT_TOLD(&rig, "show", "last", "enrollments.csv, line 2\n");
	struct path reason = rig_path(&rig, "quarantine/night.%s.zip.reason.txt", reply.run);
	expect_in_file(&reason, "Line:   enrollments.csv, line 2\n");
	struct path page = rig_path(&rig, "outbox/night.%s.report.html", reply.run);
	expect_in_file(&page, ", enrollments.csv, line 2)");
	reply_close(&reply);
	law_close(&rig);
}

/* ---- a word of a person about it ---- */

Test(content, of_an_archive_that_was_held_is_released_and_undone)
{
	struct rig rig;
	struct reply reply;
	site_make(&rig, "  default: { preset: canvas, review: true, " RIG_NO_LIMITS " }\n");
	night_drop(&rig, "night.zip");
	rig_once(&rig);
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "0\n");
	struct path run = rig_order(&rig, "release", "night.zip");
	rig_once(&rig);
	reply_open(&reply, &rig, path_of("release-%s.csv", run.text).text, 0);
	cr_expect_str_eq(reply_status(&reply), "done", "%s", reply_refusal(&reply));
	struct path released = undo_subject(&reply);
	reply_close(&reply);
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "2\n");
	undo_order(&rig, released.text);
	rig_once(&rig);
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "0\n");
	law_close(&rig);
}

/* ---- made again ---- */

enum { ROWS = 25000 };

/* Each of so many rows enrols somebody, the others are about nobody. */
static struct buffer long_enrollments(int each)
{
	struct buffer text = {0};
	buffer_add_text(&text, ENROLLMENTS);
	for (int i = 0; i < ROWS; i++)
		buffer_print(&text,
		    i % each == 0 ? "C%d,person-%d,student,active\n"
		                  : "C%d,nobody-%d,student,active\n",
		    i / each % 5 + 1, i / each % 60 + 1);
	buffer_add_char(&text, '\0');
	return text;
}

static void long_drop(struct rig *rig)
{
	struct buffer text = long_enrollments(1000);
	ZIP(rig, "long.zip", {"enrollments.csv", text.bytes},
	    {"users.csv", USERS "n-1,new1,N,One,n1@x.example,active\n"});
	buffer_done(&text);
}

static struct verdict kill_behind_checkpoint(void *context, const struct call *call)
{
	int *writes = context;
	bool is_answer = call->kind == CALL_WRITE && text_ends(call->path.text, "/result.csv");
	*writes += is_answer;
	return (struct verdict){.kind = *writes > 6 ? VERDICT_KILL : VERDICT_GO};
}

static void killed_behind_checkpoint(struct rig *rig)
{
	int writes = 0;
	struct finished finished = tracer_once(rig, kill_behind_checkpoint, &writes, false);
	cr_assert_eq(finished.status, -SIGKILL, "it ended with %d", finished.status);
	finished_done(&finished);
	cr_assert_gt(rig_number(rig, "SELECT records FROM enrold_run"), 0);
}

static struct buffer long_result(bool is_killed)
{
	struct rig rig;
	struct reply reply;
	site_make(&rig, CANVAS);
	long_drop(&rig);
	if (is_killed)
		killed_behind_checkpoint(&rig);
	rig_once(&rig);
	reply_open(&reply, &rig, "long.zip", 0);
	cr_expect_str_eq(reply_status(&reply), "done", "%s", reply_refusal(&reply));
	member_expect(&reply, "enrollments.csv", "enrollments", ROWS);
	struct buffer result = files_read(reply.result_path.text);
	reply_close(&reply);
	law_close(&rig);
	return result;
}

Test(content, of_a_run_that_was_killed_is_made_again_and_gives_the_same_answer)
{
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	struct buffer calm = long_result(false), rough = long_result(true);
	cr_expect_eq(calm.size, rough.size);
	cr_expect(calm.size == rough.size && memcmp(calm.bytes, rough.bytes, calm.size) == 0);
	buffer_done(&calm);
	buffer_done(&rough);
}

Test(content, that_has_become_another_one_ends_the_run_where_it_is)
{
	struct rig rig;
	struct reply reply;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	site_make(&rig, CANVAS);
	long_drop(&rig);
	killed_behind_checkpoint(&rig);
	struct buffer settings = files_read(rig.config.text);
	char *preset = strstr(settings.bytes, "preset: canvas,");
	cr_assert(preset);
	memset(preset, ' ', strlen("preset: canvas,"));
	files_write(rig.config.text, settings.bytes, strlen(settings.bytes), 0640);
	buffer_done(&settings);
	rig_once(&rig);
	reply_open(&reply, &rig, "long.zip", 0);
	cr_expect_str_eq(reply_refusal(&reply), "content_changed");
	cr_expect_gt(json_integer_value(json_object_get(reply.summary, "rows")), 0);
	reply_close(&reply);
	law_close(&rig);
}

/* ---- others wait meanwhile ---- */

/* Its making takes longer than a turn. */
enum { GIANT = SCALE(4000000, 100000) };

Test(content, that_takes_long_to_make_keeps_nobody_waiting_and_comes_to_an_end)
{
	struct rig rig;
	struct service service;
	struct buffer text = {0};
	rig_make(&rig, &(struct rig_options){.people = 60,
	                   .courses = 5,
	                   .settings = "workers: 1\n",
	                   .feeds = "  a: { preset: canvas }\n  b: {}\n"});
	buffer_add_text(&text, ENROLLMENTS);
	for (int i = 0; i < GIANT; i++)
		buffer_add_text(&text, "C1,person-1,student,inactive\n");
	buffer_add_char(&text, '\0');
	service_start(&service, &rig);
	ZIP(&rig, "a/preview/giant.zip", {"enrollments.csv", text.bytes});
	buffer_done(&text);
	service_await_claim(&service, &rig);
	rig_drop(&rig, "b/small.csv", "username,course1\np1,C1\n");
	service_await(&service, &rig, "b", 1);
	service_await(&service, &rig, "a", 1);
	service_stop(&service);
	struct reply small, giant;
	reply_open(&small, &rig, "b/small.csv", 0);
	reply_open(&giant, &rig, "a/preview/giant.zip", 0);
	cr_expect_lt(strcmp(text_of(small.summary, "finished"), text_of(giant.summary, "finished")),
	    0, "the giant was in the way");
	reply_close(&small);
	reply_close(&giant);
	law_close(&rig);
}
