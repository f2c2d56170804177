/* What a person has told enrold, as files: given, found again, taken back, and whatever else lies
 * there. */
#include "enrold/orders.h"

#include "files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RUN "20261124-025744-123456"

static struct path root;
static int directory;

static void setup(void)
{
	const char *temporary = getenv("TMPDIR");
	root = path_of("%s/enrold-orders-XXXXXX", temporary ? temporary : "/tmp");
	cr_assert_not_null(mkdtemp(root.text));
	int at = open(root.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error error = orders_open(at, &directory);
	cr_assert(!is_error(&error), "%s", error.text);
	close(at);
}

static void teardown(void)
{
	close(directory);
	files_remove(root.text);
}

TestSuite(orders, .init = setup, .fini = teardown);

static struct path order_path(const char *name)
{
	return path_of("%s/orders/%s", root.text, name);
}

static void must(struct error error)
{
	cr_assert(!is_error(&error), "%s", error.text);
}

static void give(enum order_kind kind, const char *subject, const char *why)
{
	struct order order = {.kind = kind, .at_s = 1700000000};
	snprintf(order.subject, sizeof order.subject, "%s", subject);
	snprintf(order.by, sizeof order.by, "uid 7");
	snprintf(order.why, sizeof order.why, "%s", why);
	must(order_give(directory, &order));
}

static bool stands(enum order_kind kind, const char *subject)
{
	bool is;
	must(order_stands(directory, kind, subject, &is));
	return is;
}

static size_t names_count(void)
{
	return files_count(order_path("").text, "");
}

Test(orders, stand_until_they_are_taken_back)
{
	struct orders orders;
	give(ORDER_PAUSE, "hr", "the \"term\"\nends \xc3\xa4");
	give(ORDER_STOP, RUN, "");
	cr_expect(stands(ORDER_PAUSE, "hr"));
	cr_expect_not(stands(ORDER_STOP, "hr"));
	must(orders_load(directory, &orders));
	cr_assert_eq(orders.count, 2);
	const struct order *pause = orders_find(&orders, ORDER_PAUSE, "hr");
	cr_assert_not_null(pause);
	cr_expect_str_eq(pause->by, "uid 7");
	cr_expect_str_eq(pause->why, "the \"term\"\nends \xc3\xa4");
	cr_expect_eq(pause->at_s, 1700000000);
	cr_expect_not_null(orders_find(&orders, ORDER_STOP, RUN));
	cr_expect_null(orders_find(&orders, ORDER_DISCARD, RUN));
	orders_free(&orders);
	must(order_withdraw(directory, ORDER_PAUSE, "hr"));
	must(order_withdraw(directory, ORDER_PAUSE, "hr"));
	cr_expect_not(stands(ORDER_PAUSE, "hr"));
	cr_expect_eq(names_count(), 1);
}

Test(orders, stay_as_they_are_when_given_again)
{
	struct order order;
	give(ORDER_PAUSE, "hr", "first");
	give(ORDER_PAUSE, "hr", "second");
	order_read(directory, ORDER_PAUSE, "hr", &order);
	cr_expect_str_eq(order.why, "first");
	cr_expect_eq(names_count(), 1);
}

/* That it is there is the order. */
Test(orders, stand_whatever_their_file_says)
{
	static const char *const texts[] = {"", "{", "[]", "null",
	    "{\"by\":7,\"why\":[],\"at\":\"x\"}", "{\"by\":\"a\\u0000b\"}", "\xff\xfe"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct orders orders;
		files_write(order_path("pause.hr").text, texts[i], strlen(texts[i]), 0640);
		must(orders_load(directory, &orders));
		cr_assert_eq(orders.count, 1, "%s", texts[i]);
		cr_expect_str_eq(orders.items[0].by, "");
		cr_expect_str_eq(orders.items[0].why, "");
		orders_free(&orders);
	}
}

/* ---- those that a run carries out ---- */

#define PLAN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void write_order(const char *name, const char *text)
{
	files_write(order_path(name).text, text, strlen(text), 0640);
}

static struct slice text_of(enum order_kind kind, struct arena *arena)
{
	struct slice text;
	must(order_load_text(directory, kind, RUN, arena, &text));
	return text;
}

static void expect_order(struct slice text, struct arena *arena, const struct order *expected)
{
	struct order order = {.kind = expected->kind};
	order_parse(text, arena, &order);
	cr_expect_not(arena_has_failed(arena));
	cr_expect_str_eq(order.by, expected->by);
	cr_expect_str_eq(order.why, expected->why);
	cr_expect_str_eq(order.feed, expected->feed);
	cr_expect_str_eq(order.plan, expected->plan);
	cr_expect_eq(order.at_s, expected->at_s);
	cr_expect_eq(order.uid, expected->uid);
	cr_expect_eq(order.loginuid, expected->loginuid);
	cr_assert_eq(order.courses_count, expected->courses_count);
	for (size_t i = 0; i < order.courses_count; i++)
		cr_expect_str_eq(order.courses[i], expected->courses[i]);
}

Test(orders, say_who_gave_them_for_which_feed_and_plan_and_courses)
{
	char courses[2][ORDER_COURSE_SIZE] = {"SAFETY \"1\"", "\xc3\x84RZTE\\"};
	struct orders orders;
	struct order order = {.kind = ORDER_RELEASE,
	    .subject = RUN,
	    .by = "anna",
	    .why = "seen\nby \"us\"",
	    .at_s = 1700000000,
	    .uid = 1001,
	    .loginuid = -1,
	    .feed = "hr",
	    .plan = PLAN,
	    .courses = courses,
	    .courses_count = 2};
	must(order_give(directory, &order));
	struct arena *arena = arena_create();
	expect_order(text_of(ORDER_RELEASE, arena), arena, &order);
	cr_expect_null(text_of(ORDER_DECLINE, arena).bytes);
	must(orders_load(directory, &orders));
	cr_assert_eq(orders.count, 1);
	cr_expect_eq(orders.items[0].kind, ORDER_RELEASE);
	cr_expect_str_eq(orders.items[0].feed, "hr");
	cr_expect_str_eq(orders.items[0].plan, PLAN);
	cr_expect_eq(orders.items[0].uid, 1001);
	cr_expect_eq(orders.items[0].loginuid, -1);
	cr_expect_null(orders.items[0].courses);
	orders_free(&orders);
	arena_free(arena);
}

Test(orders, name_as_many_courses_as_they_may)
{
	struct order order = {.kind = ORDER_UNDO, .subject = RUN, .feed = "hr"};
	struct arena *arena = arena_create();
	order.courses = calloc(ORDER_COURSES_MAX + 1, sizeof *order.courses);
	order.courses_count = ORDER_COURSES_MAX;
	for (size_t i = 0; i <= ORDER_COURSES_MAX; i++)
		memset(order.courses[i], '"', ORDER_COURSE_SIZE - 1);
	must(order_give(directory, &order));
	expect_order(text_of(ORDER_UNDO, arena), arena, &order);
	order.kind = ORDER_RELEASE;
	order.courses_count++;
	struct error error = order_give(directory, &order);
	cr_expect_eq(error.class, ERROR_REJECT);
	order.courses_count = 1;
	snprintf(order.courses[0], ORDER_COURSE_SIZE, "\xff");
	error = order_give(directory, &order);
	cr_expect_eq(error.class, ERROR_REJECT);
	cr_expect_eq(names_count(), 1);
	free(order.courses);
	arena_free(arena);
}

/* Whatever a hand has written, it is about all courses only when it says nothing of courses. */
Test(orders, for_a_run_count_for_nothing_without_a_feed_or_with_courses_nobody_understands)
{
	static const char *const texts[] = {"", "{", "[]", "null", "7", "{\"feed\":7}",
	    "{\"feed\":\"\"}", "{\"feed\":\"H R\"}", "{\"feed\":\"../x\"}",
	    "{\"feed\":\"a\\u0000b\"}", "{\"feed\":\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\"}",
	    "{\"feed\":\"hr\",\"courses\":[]}", "{\"feed\":\"hr\",\"courses\":\"A\"}",
	    "{\"feed\":\"hr\",\"courses\":[\"A\",7]}", "{\"feed\":\"hr\",\"courses\":null}",
	    "{\"feed\":\"hr\",\"courses\":[\"A\",\"\"]}", "{\"feed\":\"hr\",\"at\":1e999}",
	    "{\"feed\":\"hr\",\"at\":99999999999999999999}", "{\"feed\":\"hr\"} x", "\xff\xfe"};
	struct arena *arena = arena_create();
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct orders orders;
		write_order("release." RUN, texts[i]);
		must(orders_load(directory, &orders));
		cr_expect_eq(orders.count, 0, "%s", texts[i]);
		cr_expect_not(stands(ORDER_RELEASE, RUN), "%s", texts[i]);
		cr_expect_null(text_of(ORDER_RELEASE, arena).bytes, "%s", texts[i]);
		orders_free(&orders);
	}
	arena_free(arena);
}

Test(orders, for_a_run_count_for_nothing_where_no_file_is_one)
{
	struct orders orders;
	struct arena *arena = arena_create();
	struct buffer text = {0};
	cr_assert_eq(mkfifo(order_path("release." RUN).text, 0600), 0);
	cr_assert_eq(symlink("/etc/passwd", order_path("decline." RUN).text), 0);
	files_make_directory(order_path("undo." RUN).text);
	buffer_print(&text, "{\"feed\":\"hr\"}%*s", 70000, "");
	files_write(order_path("undo.20261124-025744-000001").text, text.bytes, text.size, 0640);
	for (enum order_kind kind = ORDER_RELEASE; kind <= ORDER_UNDO; kind++) {
		cr_expect_not(stands(kind, RUN));
		cr_expect_null(text_of(kind, arena).bytes);
	}
	must(orders_load(directory, &orders));
	cr_expect_eq(orders.count, 0);
	orders_free(&orders);
	buffer_done(&text);
	arena_free(arena);
}

Test(orders, for_a_run_replace_what_counts_for_nothing)
{
	struct order order = {.kind = ORDER_RELEASE, .subject = RUN, .feed = "hr", .why = "first"};
	write_order("release." RUN, "{}");
	must(order_give(directory, &order));
	cr_expect(stands(ORDER_RELEASE, RUN));
	snprintf(order.why, sizeof order.why, "second");
	must(order_give(directory, &order));
	order_read(directory, ORDER_RELEASE, RUN, &order);
	cr_expect_str_eq(order.why, "first");
	cr_expect_eq(names_count(), 1);
}

static bool is_text(const char *text)
{
	json_t *json = json_string(text);
	json_decref(json);
	return json;
}

/* Whoever wrote it has other limits; what is cut is no half letter. */
Test(orders, are_cut_where_they_are_longer_than_ours)
{
	for (int lead = 1; lead < 6; lead++) {
		struct order order;
		struct buffer text = {0};
		buffer_print(&text, "{\"by\":\"%0*d", lead, 0);
		for (int i = 0; i < 200; i++)
			buffer_add_text(&text, "\xf0\x9f\x98\x80");
		buffer_print(&text, "\",\"why\":\"%0*d", lead, 0);
		for (int i = 0; i < 300; i++)
			buffer_add_text(&text, "\xc3\xa4");
		buffer_add_text(&text, "\",\"at\":5}\n");
		files_write(order_path("pause.hr").text, text.bytes, text.size, 0640);
		order_read(directory, ORDER_PAUSE, "hr", &order);
		cr_expect(is_text(order.by) && strlen(order.by) >= sizeof order.by - 5);
		cr_expect(is_text(order.why) && strlen(order.why) >= sizeof order.why - 5);
		cr_expect_eq(order.at_s, 5);
		buffer_done(&text);
	}
}

Test(orders, are_not_what_else_lies_there)
{
	static const char *const names[] = {"pause.", "pause", "stop.", ".pause.hr.7.tmp", "README",
	    "unpause.hr", "pause.zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "stop.nothing", "pause.Hr",
	    "pause.h r", "release.hr", "decline.", "undo.nothing", "undone." RUN, "discard.\x1b[2J",
	    "stop." RUN "x", "pause.\xff", "stop.." RUN};
	struct orders orders;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		files_write(order_path(names[i]).text, "{}", 2, 0640);
	must(orders_load(directory, &orders));
	for (size_t i = 0; i < orders.count; i++)
		cr_expect(false, "%d.%s", (int)orders.items[i].kind, orders.items[i].subject);
	orders_free(&orders);
}

Test(orders, begun_by_somebody_killed_go_when_they_are_old)
{
	static const char *const names[] = {".pause.hr.7.tmp", ".stop." RUN ".8.tmp", "stop." RUN};
	struct timespec old[2] = {{.tv_sec = time(NULL) - 3700}, {.tv_sec = time(NULL) - 3700}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		files_write(order_path(names[i]).text, "{}", 2, 0640);
	orders_tidy(directory);
	cr_expect_eq(names_count(), 3);
	for (size_t i = 1; i < sizeof names / sizeof *names; i++)
		cr_assert_eq(utimensat(AT_FDCWD, order_path(names[i]).text, old, 0), 0);
	orders_tidy(directory);
	cr_expect_eq(names_count(), 2);
	cr_expect(stands(ORDER_STOP, RUN));
}

/* A pipe nobody writes to keeps nobody, a link is not followed, a directory is no text. */
Test(orders, stand_as_whatever_kind_of_file)
{
	struct orders orders;
	cr_assert_eq(mkfifo(order_path("pause.a").text, 0600), 0);
	cr_assert_eq(symlink("/etc/passwd", order_path("pause.b").text), 0);
	files_make_directory(order_path("pause.c").text);
	must(orders_load(directory, &orders));
	cr_expect_eq(orders.count, 3);
	for (size_t i = 0; i < orders.count; i++)
		cr_expect_str_eq(orders.items[i].by, "");
	orders_free(&orders);
	cr_expect(stands(ORDER_PAUSE, "b"));
	must(order_withdraw(directory, ORDER_PAUSE, "a"));
	must(order_withdraw(directory, ORDER_PAUSE, "b"));
	struct error error = order_withdraw(directory, ORDER_PAUSE, "c");
	cr_expect(is_error(&error));
}

Test(orders, are_bounded)
{
	struct orders orders;
	for (int i = 0; i < ORDERS_MAX + 5; i++)
		files_write(
		    order_path(path_of("stop.20261124-025744-%06d", i).text).text, "", 0, 0640);
	must(orders_load(directory, &orders));
	cr_expect_eq(orders.count, ORDERS_MAX);
	orders_free(&orders);
}

/* Pauses are given by hand, and are few: what runs have left behind hides none. */
Test(orders, to_pause_are_found_among_more_than_are_read)
{
	struct orders orders;
	for (int i = 0; i < ORDERS_MAX; i++)
		files_write(
		    order_path(path_of("discard.20261124-025744-%06d", i).text).text, "", 0, 0640);
	for (int i = 0; i < 50; i++)
		give(ORDER_PAUSE, path_of("feed%d", i).text, "");
	must(orders_load(directory, &orders));
	for (int i = 0; i < 50; i++)
		cr_expect_not_null(
		    orders_find(&orders, ORDER_PAUSE, path_of("feed%d", i).text), "feed%d", i);
	orders_free(&orders);
}

Test(orders, cannot_be_given_where_their_folder_is_gone)
{
	struct orders orders;
	struct order order = {.kind = ORDER_PAUSE, .subject = "hr"};
	cr_assert_eq(rmdir(order_path("").text), 0);
	struct error error = order_give(directory, &order);
	cr_expect_eq(error.class, ERROR_RETRY);
	error = order_withdraw(directory, ORDER_PAUSE, "hr");
	error = orders_load(directory, &orders);
	if (!is_error(&error))
		orders_free(&orders);
}

/* ---- two who say the same at once ---- */

enum { ROUNDS = 300, GIVERS = 4 };

static pthread_barrier_t barrier;
static atomic_size_t first;

static void *giver(void *argument)
{
	size_t *failed = argument;
	bool is_given;
	for (int i = 0; i < ROUNDS; i++) {
		struct order order = {.kind = ORDER_PAUSE};
		snprintf(order.subject, sizeof order.subject, "feed%d", i);
		snprintf(order.by, sizeof order.by, "uid 7");
		memset(order.why, 'y', sizeof order.why - 1);
		pthread_barrier_wait(&barrier);
		struct error error = order_give_first(directory, &order, &is_given);
		*failed += is_error(&error);
		first += is_given;
	}
	return NULL;
}

Test(orders, are_whole_when_two_give_the_same_at_once)
{
	pthread_t threads[GIVERS];
	size_t failed[GIVERS] = {0};
	struct orders orders;
	pthread_barrier_init(&barrier, NULL, GIVERS);
	for (int i = 0; i < GIVERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, giver, &failed[i]), 0);
	for (int i = 0; i < GIVERS; i++) {
		pthread_join(threads[i], NULL);
		cr_expect_eq(failed[i], 0);
	}
	must(orders_load(directory, &orders));
	cr_expect_eq(orders.count, ROUNDS);
	cr_expect_eq(first, ROUNDS);
	for (size_t i = 0; i < orders.count; i++)
		cr_expect_eq(strlen(orders.items[i].why), ORDER_WHY_SIZE - 1);
	orders_free(&orders);
	cr_expect_eq(names_count(), ROUNDS);
}
