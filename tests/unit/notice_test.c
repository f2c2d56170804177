/* What enrold-notify is told: as JSON and back, and the queue that it lies in. */
#include "enrold/notice.h"

#include "files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RUN "20261124-025744-123456"

static struct path place;
static int root;
static struct arena *arena;

static void setup(void)
{
	const char *temporary = getenv("TMPDIR");
	place = path_of("%s/enrold-notice-XXXXXX", temporary ? temporary : "/tmp");
	cr_assert_not_null(mkdtemp(place.text));
	root = open(place.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	arena = arena_create();
	cr_assert(root >= 0 && arena);
}

static void teardown(void)
{
	arena_free(arena);
	close(root);
	files_remove(place.text);
}

TestSuite(notice, .init = setup, .fini = teardown);

static void must(struct error error)
{
	cr_assert(!is_error(&error), "%s", error.text);
}

static struct path queued(const char *name)
{
	return path_of("%s/notify/queue/%s", place.text, name);
}

static struct notice_cause causes[] = {
    {"error", "user_not_found", "username", 3, 112, "users.csv", 5},
    {"warning", "enrolled", "", 1, 0, NULL, 0},
};

static struct notice whole(enum notice_kind kind)
{
	return (struct notice){
	    .kind = kind,
	    .id = kind == NOTICE_RUN ? RUN : "late-hr-20261126T0600",
	    .feed = "hr",
	    .node = "host-a",
	    .at_us = 1764130000000001,
	    .run = RUN,
	    .file = "staff \xc3\xa4.csv",
	    .mode = "apply",
	    .status = "done",
	    .code = "removals",
	    .line = 107,
	    .member = "enrollments.csv",
	    .member_line = 7,
	    .number = 12,
	    .is_accepted = true,
	    .has_passwords = true,
	    .rows = 100,
	    .rows_in_error = 3,
	    .outcomes = {90, 5, 1, 3, 2},
	    .plan_rows = 9,
	    .plan_people = 8,
	    .order_verb = "release",
	    .order_of = "20261123-025744-123456",
	    .causes = causes,
	    .causes_count = 2,
	    .other_rows = 4,
	    .result = "/spool/outbox/hr/staff.R.result.csv",
	    .retry = "/spool/outbox/hr/staff.R.retry.csv",
	    .plan = "/spool/held/hr/staff.R.plan.csv",
	    .report = "/spool/outbox/hr/staff.R.report.html",
	    .summary = "/spool/outbox/hr/staff.R.summary.json",
	    .since_us = 1764120000000000,
	    .expected = kind == NOTICE_STALE ? NULL : "06:00",
	    .people = 412,
	    .day = "2026-12-01",
	};
}

static struct notice back(const struct notice *notice, struct buffer *text)
{
	struct notice again;
	notice_format(notice, text);
	cr_assert(!text->failed && text->bytes[text->size - 1] == '\n');
	must(notice_parse(buffer_slice(text), arena, &again));
	return again;
}

static void same(const char *a, const char *b)
{
	cr_expect(a && b ? strcmp(a, b) == 0 : a == b, "%s is %s", a ? a : "-", b ? b : "-");
}

Test(notice, of_a_run_comes_back_as_it_was_written)
{
	struct notice is = whole(NOTICE_RUN);
	struct buffer text = {0};
	struct notice again = back(&is, &text);
	const char *const texts[][2] = {{again.id, is.id}, {again.feed, is.feed},
	    {again.node, is.node}, {again.run, is.run}, {again.file, is.file},
	    {again.mode, is.mode}, {again.status, is.status}, {again.code, is.code},
	    {again.order_verb, is.order_verb}, {again.order_of, is.order_of},
	    {again.result, is.result}, {again.retry, is.retry}, {again.plan, is.plan},
	    {again.report, is.report}, {again.summary, is.summary}};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		same(texts[i][0], texts[i][1]);
	cr_expect(again.kind == NOTICE_RUN && again.at_us == is.at_us && again.line == 107);
	same(again.member, "enrollments.csv");
	cr_expect_eq(again.member_line, 7);
	cr_expect(again.number == 12 && again.is_accepted && again.has_passwords);
	cr_expect(again.rows == 100 && again.rows_in_error == 3 && again.other_rows == 4);
	cr_expect(again.plan_rows == 9 && again.plan_people == 8);
	cr_expect_arr_eq(again.outcomes, is.outcomes, sizeof is.outcomes);
	cr_assert_eq(again.causes_count, 2);
	same(again.causes[0].outcome, "error");
	same(again.causes[0].code, "user_not_found");
	same(again.causes[0].column, "username");
	same(again.causes[1].column, "");
	cr_expect(again.causes[0].rows == 3 && again.causes[0].line == 112);
	same(again.causes[0].member, "users.csv");
	cr_expect_eq(again.causes[0].member_line, 5);
	same(again.causes[1].member, NULL);
	cr_expect(again.causes[1].rows == 1 && again.causes[1].line == 0);
	cr_expect(!again.expected && !again.day && again.people == 0 && again.since_us == 0);
	buffer_done(&text);
}

Test(notice, of_a_feed_holds_what_its_kind_has_and_nothing_of_a_run)
{
	for (enum notice_kind kind = NOTICE_LATE; kind < NOTICE_KINDS; kind++) {
		struct notice is = whole(kind);
		struct buffer text = {0};
		struct notice again = back(&is, &text);
		bool is_expect = kind == NOTICE_LATE || kind == NOTICE_STALE;
		cr_expect_eq(again.kind, kind);
		same(again.id, is.id);
		same(again.feed, "hr");
		same(again.node, "host-a");
		same(again.expected, kind == NOTICE_LATE ? "06:00" : NULL);
		same(again.day, kind == NOTICE_DUE ? "2026-12-01" : NULL);
		cr_expect_eq(again.since_us, is_expect ? is.since_us : 0);
		cr_expect_eq(again.people, kind == NOTICE_DUE ? 412 : 0);
		cr_expect(!again.run && !again.file && !again.causes && again.rows == 0);
		buffer_done(&text);
	}
}

Test(notice, shows_names_that_are_no_text_and_reads_what_it_has_shown)
{
	static const char *const names[][2] = {
	    {"a\"b\\c.csv", "a\"b\\c.csv"},
	    {"x\r\nBcc:\ty.csv", "x  Bcc: y.csv"},
	    {"\xff.csv", "\xef\xbf\xbd.csv"},
	    {"\x1b[2J.csv", "\xef\xbf\xbd[2J.csv"},
	    {"", ""},
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct notice is = whole(NOTICE_RUN);
		struct buffer text = {0};
		is.file = names[i][0];
		same(back(&is, &text).file, names[i][1]);
		buffer_done(&text);
	}
}

Test(notice, holds_so_many_causes_and_no_more)
{
	struct notice_cause many[NOTICE_CAUSES_MAX + 1];
	struct notice is = whole(NOTICE_RUN);
	struct buffer text = {0};
	for (size_t i = 0; i <= NOTICE_CAUSES_MAX; i++)
		many[i] = causes[0];
	is.causes = many;
	is.causes_count = NOTICE_CAUSES_MAX + 1;
	cr_expect_eq(back(&is, &text).causes_count, NOTICE_CAUSES_MAX);
	buffer_done(&text);
}

#define LATE "\"v\":1,\"kind\":\"late\",\"id\":\"late-hr\",\"feed\":\"hr\",\"at_us\":1"
#define OF_RUN                                                                                     \
	"\"v\":1,\"kind\":\"run\",\"id\":\"" RUN "\",\"feed\":\"hr\",\"at_us\":1,\"run\":\"" RUN   \
	"\""
#define OF_DONE OF_RUN ",\"status\":\"done\""

Test(notice, is_read_with_members_of_a_later_version)
{
	static const char *const texts[] = {
	    "{" LATE "}",
	    "{" LATE ",\"new\":{\"a\":[1,null]},\"rows\":\"of no late one\"}",
	    "{" OF_DONE "}",
	    "{" OF_DONE ",\"causes\":[{\"outcome\":\"error\",\"code\":\"c\",\"new\":1}]}",
	    "{" OF_DONE ",\"outcomes\":{\"new\":-1}}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct notice notice;
		struct error error = notice_parse(slice_of(texts[i]), arena, &notice);
		cr_expect(!is_error(&error), "%s: %s", texts[i], error.text);
	}
}

Test(notice, is_refused_when_this_version_cannot_know_what_it_says)
{
	static const char *const texts[] = {
	    "",
	    "{",
	    "[]",
	    "null",
	    "{}",
	    "{" LATE "} {",
	    "{\"v\":2,\"kind\":\"late\",\"id\":\"late-hr\",\"feed\":\"hr\",\"at_us\":1}",
	    "{\"kind\":\"late\",\"id\":\"late-hr\",\"feed\":\"hr\",\"at_us\":1}",
	    "{\"v\":1,\"kind\":\"sung\",\"id\":\"late-hr\",\"feed\":\"hr\",\"at_us\":1}",
	    "{\"v\":1,\"kind\":7,\"id\":\"late-hr\",\"feed\":\"hr\",\"at_us\":1}",
	    "{\"v\":1,\"kind\":\"late\",\"feed\":\"hr\",\"at_us\":1}",
	    "{\"v\":1,\"kind\":\"late\",\"id\":\"late-hr\",\"at_us\":1}",
	    "{\"v\":1,\"kind\":\"late\",\"id\":\"late-hr\",\"feed\":\"hr\"}",
	    "{\"v\":1,\"kind\":\"late\",\"id\":\"../x\",\"feed\":\"hr\",\"at_us\":1}",
	    "{\"v\":1,\"kind\":\"late\",\"id\":\".x\",\"feed\":\"hr\",\"at_us\":1}",
	    "{\"v\":1,\"kind\":\"late\",\"id\":\"\",\"feed\":\"hr\",\"at_us\":1}",
	    "{\"v\":1,\"kind\":\"late\",\"id\":\"a\\nb\",\"feed\":\"hr\",\"at_us\":1}",
	    "{\"v\":1,\"kind\":\"due\",\"id\":\"due-hr\",\"feed\":\"hr\",\"at_us\":1}",
	    "{" LATE ",\"expected\":6}",
	    "{" LATE ",\"since_us\":-1}",
	    "{" LATE ",\"since_us\":1.5}",
	    "{" LATE ",\"node\":\"a\\u0000b\"}",
	    "{" OF_RUN "}",
	    "{" OF_DONE ",\"file\":\"x\\r\\nBcc: y\"}",
	    "{" OF_DONE ",\"rows\":-1}",
	    "{" OF_DONE ",\"rows\":\"9\"}",
	    "{" OF_DONE ",\"accepted\":1}",
	    "{" OF_DONE ",\"outcomes\":[]}",
	    "{" OF_DONE ",\"outcomes\":{\"error\":-1}}",
	    "{" OF_DONE ",\"causes\":{}}",
	    "{" OF_DONE ",\"causes\":[7]}",
	    "{" OF_DONE ",\"causes\":[{\"outcome\":\"error\"}]}",
	    "{" OF_DONE ",\"causes\":[{\"outcome\":\"error\",\"code\":\"c\",\"line\":\"2\"}]}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct notice notice;
		struct error error = notice_parse(slice_of(texts[i]), arena, &notice);
		cr_expect(error.class == ERROR_REJECT && *error.text, "%s", texts[i]);
	}
}

Test(notice, is_refused_when_it_is_larger_than_any)
{
	struct buffer text = {0};
	struct notice notice;
	buffer_add_text(&text, "{" LATE);
	while (text.size <= NOTICE_TEXT_MAX)
		buffer_add_char(&text, ' ');
	buffer_add_char(&text, '}');
	struct error error = notice_parse(buffer_slice(&text), arena, &notice);
	cr_expect_eq(error.class, ERROR_REJECT);
	buffer_done(&text);
}

/* ---- the queue ---- */

static bool add(const char *id)
{
	struct notice notice = whole(NOTICE_LATE);
	bool is_full;
	notice.id = id;
	must(notice_queue(root, &notice, &is_full));
	return !is_full;
}

static size_t waiting(int64_t *oldest_s)
{
	size_t count;
	must(notice_count(root, &count, oldest_s));
	return count;
}

Test(notice, waits_whole_in_the_queue_and_once)
{
	struct notice notice;
	struct stat stat_of;
	int64_t oldest_s;
	cr_expect_eq(waiting(&oldest_s), 0);
	cr_expect_eq(oldest_s, 0);
	cr_expect_not(files_exist(queued("").text));
	cr_expect(add("late-hr-1"));
	struct buffer before = files_read(queued("late-hr-1.json").text);
	cr_expect(add("late-hr-1"));
	struct buffer after = files_read(queued("late-hr-1.json").text);
	cr_expect(slice_is(buffer_slice(&before), buffer_slice(&after)));
	must(notice_parse(buffer_slice(&after), arena, &notice));
	same(notice.id, "late-hr-1");
	cr_assert_eq(stat(queued("late-hr-1.json").text, &stat_of), 0);
	cr_expect_eq(stat_of.st_mode & 0777, 0640);
	cr_expect_eq(waiting(&oldest_s), 1);
	cr_expect_eq(oldest_s, stat_of.st_mtime);
	cr_expect_eq(files_count(queued("").text, ""), 1);
	buffer_done(&before);
	buffer_done(&after);
}

Test(notice, queue_tells_since_when_the_oldest_waits)
{
	int64_t oldest_s;
	const struct timespec times[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
	add("late-hr-1");
	add("late-hr-2");
	cr_assert_eq(utimensat(AT_FDCWD, queued("late-hr-2.json").text, times, 0), 0);
	cr_expect_eq(waiting(&oldest_s), 2);
	cr_expect_eq(oldest_s, 1700000000);
}

Test(notice, queue_that_is_full_takes_no_more_and_keeps_what_it_has)
{
	int64_t oldest_s;
	add("late-hr-0");
	for (int i = 1; i < NOTICE_QUEUE_MAX; i++) {
		char name[40];
		snprintf(name, sizeof name, "late-hr-%d.json", i);
		int file = open(queued(name).text, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
		cr_assert(file >= 0);
		close(file);
	}
	cr_expect_not(add("late-hr-more"));
	cr_expect(add("late-hr-0"));
	cr_expect_eq(waiting(&oldest_s), NOTICE_QUEUE_MAX);
	cr_assert_eq(unlink(queued("late-hr-7.json").text), 0);
	cr_expect(add("late-hr-more"));
}

/* A part that is being written is no notice, and nobody's when it is old. */
Test(notice, queue_is_rid_of_what_the_killed_have_begun)
{
	int64_t oldest_s;
	const struct timespec times[2] = {{.tv_sec = 1700000000}, {.tv_sec = 1700000000}};
	add("late-hr-1");
	files_write(queued(".late-hr-2.json.a.tmp").text, "{", 1, 0640);
	files_write(queued(".late-hr-3.json.a.tmp").text, "{", 1, 0640);
	cr_assert_eq(utimensat(AT_FDCWD, queued(".late-hr-3.json.a.tmp").text, times, 0), 0);
	cr_expect_eq(waiting(&oldest_s), 1);
	add("late-hr-4");
	cr_expect(files_exist(queued(".late-hr-2.json.a.tmp").text));
	cr_expect_not(files_exist(queued(".late-hr-3.json.a.tmp").text));
	cr_expect_eq(waiting(&oldest_s), 2);
}

Test(notice, cannot_be_queued_where_something_else_lies)
{
	struct notice notice = whole(NOTICE_LATE);
	bool is_full;
	size_t count;
	int64_t oldest_s;
	files_write(path_of("%s/notify", place.text).text, "", 0, 0640);
	struct error error = notice_queue(root, &notice, &is_full);
	cr_expect_eq(error.class, ERROR_RETRY);
	cr_expect_not(is_full);
	error = notice_count(root, &count, &oldest_s);
	cr_expect_eq(error.class, ERROR_RETRY);
}
