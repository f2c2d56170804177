/* What enrold-notify is told of runs: one notice each, with facts and nobody's data. */
#include "law.h"
#include "nightly.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOTIFY "notify: { mail: [hr@example.org] }"
#define TOLD "  default: { allow_unenrol: true, removal: unenrol, " NOTIFY " }\n  mute: {}\n"
/* More than one person who would lose something waits; so do files with new accounts. */
#define LIMITED                                                                                    \
	"  default: { upload_type: add_or_update, allow_unenrol: true, removal: unenrol, " NOTIFY  \
	", limits: { by_cell: { count: 1, share: 0%, most: 1 }, created: { count: 1, share: 0% }"  \
	" }, " RIG_MAY_ALL " }\n"

static void make(struct rig *rig, const char *feeds)
{
	rig_make(rig, &(struct rig_options){.feeds = feeds});
}

static size_t queued(const struct rig *rig)
{
	return files_count(rig_path(rig, "notify/queue").text, "");
}

/* Of that run; for json_decref. */
static json_t *notice_of(const struct rig *rig, const char *run)
{
	struct path path = rig_path(rig, "notify/queue/%s.json", run);
	cr_assert(files_exist(path.text), "no %s", path.text);
	struct buffer text = files_read(path.text);
	json_t *notice = json_loadb(text.bytes, text.size, 0, NULL);
	cr_assert_not_null(notice, "%s", text.bytes);
	buffer_done(&text);
	return notice;
}

/* NULL: it is not there. */
static void says(const json_t *notice, const char *name, const char *value)
{
	const char *found = json_string_value(json_object_get(notice, name));
	bool is_same = value ? found && strcmp(found, value) == 0 : !found;
	cr_expect(is_same, "%s is %s, not %s", name, found ? found : "-", value ? value : "-");
}

static void counts(const json_t *notice, const char *name, json_int_t value)
{
	json_int_t found = json_integer_value(json_object_get(notice, name));
	cr_expect_eq(found, value, "%s is %lld", name, (long long)found);
}

static void names_a_file(const json_t *notice, const char *name, bool is_there)
{
	const char *path = json_string_value(json_object_get(notice, name));
	cr_expect_eq(path != NULL, is_there, "%s", name);
	cr_expect(!path || (*path == '/' && files_exist(path)), "%s: %s", name, path);
}

/* Answers of the feed default to the file, and its notice, which is the only one; both are the
 * caller's. */
static json_t *told(struct rig *rig, struct reply *reply, const char *name, const char *text)
{
	files_remove(rig_path(rig, "notify").text);
	reply_to(reply, rig, name, text);
	cr_assert_eq(queued(rig), 1);
	json_t *notice = notice_of(rig, reply->run);
	says(notice, "kind", "run");
	says(notice, "id", reply->run);
	says(notice, "run", reply->run);
	says(notice, "feed", "default");
	says(notice, "node", RIG_NODE);
	says(notice, "file", name);
	says(notice, "mode", "apply");
	says(notice, "status", reply_status(reply));
	counts(notice, "number", json_integer_value(json_object_get(reply->summary, "number")));
	names_a_file(notice, "summary", true);
	names_a_file(notice, "report", true);
	return notice;
}

static void end(json_t *notice, struct reply *reply)
{
	json_decref(notice);
	reply_close(reply);
}

Test(notices, of_a_file_that_was_done_count_what_was)
{
	struct rig rig;
	struct reply reply;
	make(&rig, TOLD);
	json_t *notice = told(&rig, &reply, "staff.csv", "username,course1\np1,C1\np2,C1\n");
	counts(notice, "rows", 2);
	counts(notice, "rows_in_error", 0);
	counts(json_object_get(notice, "outcomes"), "done", 2);
	cr_expect(json_is_true(json_object_get(notice, "accepted")));
	cr_expect_eq(json_array_size(json_object_get(notice, "causes")), 0);
	says(notice, "code", NULL);
	says(notice, "order_verb", NULL);
	names_a_file(notice, "result", true);
	names_a_file(notice, "retry", false);
	names_a_file(notice, "plan", false);
	end(notice, &reply);
	law_close(&rig);
}

static void cause_is(const json_t *notice, size_t nth, const char *code, const char *column,
    json_int_t rows, json_int_t line)
{
	const json_t *cause = json_array_get(json_object_get(notice, "causes"), nth);
	says(cause, "outcome", "error");
	says(cause, "code", code);
	says(cause, "column", column);
	counts(cause, "rows", rows);
	counts(cause, "line", line);
}

Test(notices, of_rows_in_error_have_their_causes_with_lines_and_no_numbers_of_columns)
{
	struct rig rig;
	struct reply reply;
	make(&rig, TOLD);
	json_t *notice = told(&rig, &reply, "staff.csv",
	    "username,course1,course2\np1,C1,C2\np2,gone,lost\nnobody,C1,\np3,gone,\n");
	counts(notice, "rows", 4);
	counts(notice, "rows_in_error", 3);
	cr_assert_eq(json_array_size(json_object_get(notice, "causes")), 2);
	cause_is(notice, 0, "course_not_found", "course", 3, 3);
	cause_is(notice, 1, "user_not_found", "username", 1, 4);
	cr_expect(json_is_true(json_object_get(notice, "accepted")));
	cr_expect_null(json_object_get(notice, "passwords"));
	names_a_file(notice, "retry", true);
	end(notice, &reply);

	/* The retry file repeats what failed: the feed has sent nothing. */
	reply_open(&reply, &rig, "staff.csv", 0);
	struct path again = path_of("%s", path_base(reply.retry_path.text));
	struct buffer text = files_read(reply.retry_path.text);
	reply_close(&reply);
	notice = told(&rig, &reply, again.text, text.bytes);
	cr_expect_null(json_object_get(notice, "accepted"));
	buffer_done(&text);
	end(notice, &reply);
	law_close(&rig);
}

Test(notices, say_when_a_file_has_passwords)
{
	struct rig rig;
	struct reply reply;
	make(&rig, TOLD);
	json_t *notice = told(
	    &rig, &reply, "staff.csv", "username,course1,password\np1,C1,x\nnobody,C1,Zq-7-zq\n");
	cr_expect(json_is_true(json_object_get(notice, "passwords")));
	end(notice, &reply);
	law_close(&rig);
}

Test(notices, of_a_refused_file_have_its_code_and_line)
{
	struct rig rig;
	struct reply reply;
	make(&rig, TOLD);
	json_t *notice = told(&rig, &reply, "staff.csv", "username,course1,curse2\np1,C1,C2\n");
	says(notice, "status", "refused");
	says(notice, "code", "header_unknown_column");
	counts(notice, "line", 1);
	cr_expect_null(json_object_get(notice, "accepted"));
	names_a_file(notice, "result", false);
	end(notice, &reply);
	law_close(&rig);
}

/* The word about the newest run of a file of that name is given, and heeded. */
static json_t *heeded(
    struct rig *rig, struct reply *reply, const char *word, const char *name, const char *kind)
{
	struct path run = rig_order(rig, word, name);
	struct path answer = path_of("%s-%s.csv", kind, run.text);
	files_remove(rig_path(rig, "notify").text);
	rig_once(rig);
	reply_open(reply, rig, answer.text, 0);
	cr_assert_eq(queued(rig), 1);
	json_t *notice = notice_of(rig, reply->run);
	says(notice, "order_verb", word);
	says(notice, "order_of", run.text);
	cr_expect_null(json_object_get(notice, "order_by"), "a login is a person's");
	return notice;
}

static const char enrolling[] = "username,course1\np1,C1\np2,C1\np3,C1\n";
static const char removing[] = "username,course1,unenrol1\np1,C1,1\np2,C1,1\np3,C1,1\n";

Test(notices, of_what_was_withheld_count_people_and_say_that_it_was_released)
{
	struct rig rig;
	struct reply reply;
	make(&rig, LIMITED);
	end(told(&rig, &reply, "first.csv", enrolling), &reply);
	json_t *notice = told(&rig, &reply, "removing.csv", removing);
	says(notice, "status", "done");
	says(notice, "code", "withheld");
	counts(notice, "plan_rows", 3);
	counts(notice, "plan_people", 3);
	cr_expect(json_is_true(json_object_get(notice, "accepted")));
	names_a_file(notice, "plan", true);
	end(notice, &reply);

	notice = heeded(&rig, &reply, "release", "removing.csv", "release");
	says(notice, "status", "done");
	counts(notice, "plan_people", 0);
	counts(json_object_get(notice, "outcomes"), "done", 3);
	cr_expect_null(json_object_get(notice, "accepted"), "the file was accepted before");
	end(notice, &reply);

	notice = heeded(&rig, &reply, "undo", "first.csv", "undo");
	cr_expect_null(json_object_get(notice, "accepted"));
	end(notice, &reply);
	rig_remove(&rig);
}

static const char newcomers[] =
    "username,firstname,lastname,email,course1\nzqa,A,A,zqa@x.example,C1\n"
    "zqb,B,B,zqb@x.example,C1\nzqc,C,C,zqc@x.example,C1\n";

Test(notices, of_a_held_file_say_why_and_that_it_was_accepted_or_not_wanted)
{
	struct rig rig;
	struct reply reply;
	make(&rig, LIMITED);
	end(told(&rig, &reply, "first.csv", enrolling), &reply);
	json_t *notice = told(&rig, &reply, "new.csv", newcomers);
	says(notice, "status", "held");
	says(notice, "code", "created");
	cr_expect_null(json_object_get(notice, "accepted"));
	cr_expect_gt(json_integer_value(json_object_get(notice, "plan_people")), 0);
	names_a_file(notice, "plan", true);
	names_a_file(notice, "retry", false);
	end(notice, &reply);

	notice = heeded(&rig, &reply, "release", "new.csv", "release");
	cr_expect(json_is_true(json_object_get(notice, "accepted")));
	end(notice, &reply);
	end(told(&rig, &reply, "removing.csv", removing), &reply);
	notice = heeded(&rig, &reply, "decline", "removing.csv", "discard");
	cr_expect_null(json_object_get(notice, "accepted"));
	end(notice, &reply);
	rig_remove(&rig);
}

Test(notices, of_those_whose_grace_is_over_are_of_a_run)
{
	struct nightly nightly;
	nightly_make(
	    &nightly, "  default: { absence: { action: unenrol, grace: 1d }, " NOTIFY " }\n");
	nightly_send(&nightly, "staff-1.csv", "1-50:C1");
	nightly_send(&nightly, "staff-2.csv", "1-49:C1");
	rig_execute(&nightly.rig,
	    "UPDATE mdl_user_enrolments SET timemodified = timemodified - 172800 WHERE status = 1;"
	    " UPDATE enrold_listing SET suspended_at = suspended_at - 172800 WHERE suspended_at > "
	    "0");
	nightly_send(&nightly, "staff-3.csv", "1-49:C1");
	rig_once(&nightly.rig);
	struct buffer run = rig_query(
	    &nightly.rig, "SELECT run FROM enrold_run WHERE name LIKE 'due-%' ORDER BY run");
	cr_assert_gt(run.size, 0);
	run.bytes[strcspn(run.bytes, "\n")] = '\0';
	json_t *notice = notice_of(&nightly.rig, run.bytes);
	cr_expect_null(json_object_get(notice, "accepted"));
	says(notice, "order_verb", NULL);
	counts(json_object_get(notice, "outcomes"), "done", 1);
	json_decref(notice);
	buffer_done(&run);
	nightly_leave(&nightly);
}

/* ---- nobody's data ---- */

Test(notices, have_no_cell_and_no_user_name)
{
	struct rig rig;
	static const char text[] =
	    "username,firstname,lastname,email,course1,role1,group1,cohort1,suspended,"
	    "enrolperiod1\n"
	    "zqnobody,zqfirst,zqlast,zq@x.example,zqcourse,zqrole,zqgroup,zqcohort,zqyes,zqdays\n"
	    "p1,zqfirst,zqlast,zqmail,C1,zqrole,zqgroup,zqcohort,,zqdays\n"
	    "p1,zqfirst,zqlast,zq@x.example,zqcourse,,,,zqno,\n"
	    "\"zq\"broken,zqfirst\n";
	make(&rig, "  default: { upload_type: add_or_update, update_details: file, " NOTIFY
	           " }\n  reject: { on_bad_row: reject_file, " NOTIFY " }\n");
	files_make_directory(rig_path(&rig, "inbox/reject").text);
	rig_drop(&rig, "staff.csv", text);
	rig_drop(&rig, "reject/staff.csv", text);
	rig_drop(&rig, "reject/headless.csv", "zqone,zqtwo\nzqthree,zqfour\n");
	rig_once(&rig);
	struct listing listing = files_list(rig_path(&rig, "notify/queue").text);
	cr_expect_eq(listing.count, 3);
	for (size_t i = 0; i < listing.count; i++) {
		struct buffer said =
		    files_read(rig_path(&rig, "notify/queue/%s", listing.entries[i].path).text);
		cr_expect(!strstr(said.bytes, "zq") && !strstr(said.bytes, "p1"), "%s", said.bytes);
		cr_expect_eq(listing.entries[i].mode & 0777, 0640);
		buffer_done(&said);
	}
	listing_done(&listing);
	law_close(&rig);
}

/* ---- to nobody ---- */

Test(notices, are_written_for_nobody_where_nobody_is_named_nor_of_previews)
{
	struct rig rig;
	make(&rig, TOLD);
	files_make_directory(rig_path(&rig, "inbox/mute").text);
	files_make_directory(rig_path(&rig, "inbox/preview").text);
	rig_drop(&rig, "mute/staff.csv", "username,course1\np1,C1\nnobody,C1\n");
	rig_drop(&rig, "preview/staff.csv", "username,course1\np1,C1\nnobody,C1\n");
	rig_once(&rig);
	cr_expect_eq(queued(&rig), 0);
	law_close(&rig);
}

Test(notices, are_written_by_the_settings_of_now_also_of_a_webhook_alone)
{
	struct rig rig;
	struct reply reply;
	make(&rig, "  default: { notify: { on: [], webhook: \"https://h.example/x\" } }\n");
	end(told(&rig, &reply, "staff.csv", enrolling), &reply);
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "verify"));
	finished_done(&finished);
	law_close(&rig);
}

/* ---- a queue that cannot be had ---- */

/* Of each run: what is not said there is known to nobody. */
static void said_in_vain(struct rig *rig, const char *words)
{
	rig_drop(rig, "staff.csv", enrolling);
	rig_drop(rig, "more.csv", enrolling);
	struct finished finished = rig_run(rig, 0);
	size_t said = 0;
	for (const char *at = finished.err.bytes; (at = strstr(at, "\"notice_not_queued\"")); at++)
		said++;
	cr_expect_eq(said, 2, "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, words), "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(reply_count(rig, "staff.csv"), 1);
}

Test(notices, that_cannot_be_queued_keep_no_run_from_its_end)
{
	struct rig rig;
	make(&rig, TOLD);
	files_write(rig_path(&rig, "notify").text, "", 0, 0640);
	said_in_vain(&rig, "nobody is told of run ");
	law_close(&rig);
}

Test(notices, that_find_the_queue_full_keep_no_run_from_its_end)
{
	enum { QUEUE_MAX = 10000 };
	struct rig rig;
	make(&rig, TOLD);
	files_make_directory(rig_path(&rig, "notify/queue").text);
	for (int i = 0; i < QUEUE_MAX; i++) {
		int file = open(rig_path(&rig, "notify/queue/late-hr-%d.json", i).text,
		    O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
		cr_assert(file >= 0);
		close(file);
	}
	said_in_vain(&rig, "notify/queue is full: is enrold-notify running?");
	cr_expect_eq(queued(&rig), QUEUE_MAX);
	law_close(&rig);
}
