/* What a person may say about a run that has ended, who may say it, and that of several words at
 * once one is heeded. */
#include "enrold/plan_order.h"

#include "files.h"

#include "enrold/held.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN "20261124-025744-123456"
#define OTHER "20261124-025744-123457"
#define PLAN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum { OWNER = 4711, LEADER = 4712 };

static struct path root;
static struct spool spool;
static struct feed feeds[] = {{.name = "default"}, {.name = "hr"}};
static const struct config config = {.feeds = feeds, .feeds_count = 2};
static const struct plan_place place = {&config, &spool};

static void must(struct error error)
{
	cr_assert(!is_error(&error), "%s", error.text);
}

static int open_folder(const char *name)
{
	struct path path = path_of("%s/%s", root.text, name);
	mkdir(path.text, 0700);
	int folder = open(path.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(folder >= 0);
	return folder;
}

static void setup(void)
{
	const char *temporary = getenv("TMPDIR");
	root = path_of("%s/enrold-plan-order-XXXXXX", temporary ? temporary : "/tmp");
	cr_assert_not_null(mkdtemp(root.text));
	spool = SPOOL_CLOSED;
	spool.root = open_folder("");
	spool.quarantine = open_folder("quarantine");
	close(open_folder("outbox"));
	must(orders_open(spool.root, &spool.orders));
	feeds[1].policy.approvers = NULL;
}

static void teardown(void)
{
	close(spool.root);
	close(spool.quarantine);
	close(spool.orders);
	files_remove(root.text);
}

TestSuite(plan_order, .init = setup, .fini = teardown);

static void hold(const char *run, const char *feed)
{
	int directory;
	struct held_plan plan = {.sha256 = PLAN, .people = 412, .owner_uid = OWNER};
	snprintf(plan.run, sizeof plan.run, "%s", run);
	snprintf(plan.feed, sizeof plan.feed, "%s", feed);
	snprintf(plan.file, sizeof plan.file, "staff.csv");
	must(held_open(spool.root, feed, &directory));
	must(held_write_card(directory, &plan));
	close(directory);
}

static void touch(const char *name)
{
	files_write(path_of("%s/%s", root.text, name).text, "", 0, 0600);
}

/* What comes of it, and the order as it was given. */
static struct error say(
    enum order_kind kind, const struct plan_speaker *speaker, const char *why, struct order *order)
{
	*order = (struct order){.kind = kind, .subject = RUN, .by = "anna", .at_s = 1700000000};
	snprintf(order->why, sizeof order->why, "%s", why);
	return plan_order_give(&place, speaker, order);
}

static void expect(enum order_kind kind, int64_t uid, const char *code, const char *says)
{
	struct order order;
	const struct plan_speaker speaker = {.uid = uid, .loginuid = -1};
	struct error error = say(kind, &speaker, "seen", &order);
	cr_expect_eq(error.class, code ? ERROR_REJECT : ERROR_NONE, "%s", error.text);
	cr_expect_str_eq(error.code, code ? code : "", "%s", error.text);
	cr_expect(strstr(error.text, says), "%s", error.text);
}

static bool stands(enum order_kind kind)
{
	bool is;
	must(order_stands(spool.orders, kind, RUN, &is));
	return is;
}

Test(plan_order, of_a_plan_says_which_feed_and_what_was_shown)
{
	const struct plan_speaker speaker = {.uid = 1, .loginuid = 1001};
	struct order order, read;
	hold(OTHER, "hr");
	hold(RUN, "hr");
	must(say(ORDER_RELEASE, &speaker, "seen", &order));
	order_read(spool.orders, ORDER_RELEASE, RUN, &read);
	cr_expect_str_eq(read.feed, "hr");
	cr_expect_str_eq(read.plan, PLAN);
	cr_expect_str_eq(read.by, "anna");
	cr_expect_str_eq(read.why, "seen");
	cr_expect_eq(read.uid, 1);
	cr_expect_eq(read.loginuid, 1001);
}

Test(plan_order, needs_a_plan_a_reason_and_a_feed_that_is_configured)
{
	const struct plan_speaker speaker = {.uid = 1, .loginuid = -1};
	struct order order;
	hold(OTHER, "hr");
	expect(ORDER_RELEASE, 1, "not_found", "no run " RUN " waits");
	expect(ORDER_DECLINE, 1, "not_found", "no run " RUN " waits");
	hold(RUN, "gone");
	expect(ORDER_RELEASE, 1, "not_found", "feed gone, which is configured no more");
	files_remove(path_of("%s/held/gone", root.text).text);
	hold(RUN, "hr");
	struct error error = say(ORDER_DECLINE, &speaker, "", &order);
	cr_expect_str_eq(error.code, "bad_request");
	cr_expect_eq(files_count(path_of("%s/orders", root.text).text, ""), 0);
}

Test(plan_order, to_discard_a_refused_file_is_told_by_quarantine_alone)
{
	struct order order;
	const struct plan_speaker speaker = {.uid = 1, .loginuid = -1};
	touch("quarantine/staff." RUN ".csv");
	must(say(ORDER_DECLINE, &speaker, "", &order));
	cr_expect_eq(order.kind, ORDER_DISCARD);
	cr_expect(stands(ORDER_DISCARD));
	cr_expect_not(stands(ORDER_DECLINE));
	expect(ORDER_RELEASE, 1, "not_found", "and no plan of it");
}

/* Of a card and a file in quarantine the card is meant: the file was held, and is discarded. */
Test(plan_order, to_discard_a_plan_comes_before_a_refused_file)
{
	hold(RUN, "hr");
	touch("quarantine/staff." RUN ".csv");
	expect(ORDER_DECLINE, 1, NULL, "");
	cr_expect(stands(ORDER_DECLINE));
	cr_expect_not(stands(ORDER_DISCARD));
}

/* ---- who ---- */

static const char *group_name(gid_t *id)
{
	const struct group *group = getgrgid(0);
	cr_assert_not_null(group);
	*id = group->gr_gid;
	return group->gr_name;
}

static void expect_from(const struct plan_speaker *speaker, const char *code, const char *says)
{
	struct order order;
	struct error error = say(ORDER_RELEASE, speaker, "seen", &order);
	cr_expect_str_eq(error.code, code, "%s", error.text);
	cr_expect(strstr(error.text, says), "%s", error.text);
	must(order_withdraw(spool.orders, ORDER_RELEASE, RUN));
}

Test(plan_order, to_release_is_for_approvers_and_root_and_never_for_who_dropped_the_file)
{
	gid_t approvers, others[] = {4000, 4001};
	feeds[1].policy.approvers = group_name(&approvers);
	gid_t groups[] = {4000, approvers};
	hold(RUN, "hr");
	expect_from(&(struct plan_speaker){LEADER, -1, groups, 2}, "", "");
	expect_from(&(struct plan_speaker){LEADER, LEADER, groups, 2}, "", "");
	expect_from(&(struct plan_speaker){LEADER, -1, others, 2}, "not_allowed", "you are none");
	expect_from(&(struct plan_speaker){LEADER, -1, groups, 1}, "not_allowed", "you are none");
	expect_from(&(struct plan_speaker){65534, -1, others, 2}, "not_allowed",
	    "must not have PrivateUsers");
	expect_from(&(struct plan_speaker){0, -1, others, 2}, "", "");
	expect_from(&(struct plan_speaker){OWNER, -1, groups, 2}, "not_allowed", "yourself");
	expect_from(&(struct plan_speaker){0, OWNER, groups, 2}, "not_allowed", "yourself");
	expect_from(&(struct plan_speaker){LEADER, OWNER, groups, 2}, "not_allowed", "yourself");
	feeds[1].policy.approvers = "no-such-group-here";
	expect_from(&(struct plan_speaker){LEADER, -1, groups, 2}, "not_allowed", "you are none");
	expect_from(&(struct plan_speaker){0, -1, groups, 2}, "", "");
	expect(ORDER_DECLINE, OWNER, NULL, "");
}

Test(plan_order, to_release_is_for_whoever_may_steer_where_no_approvers_are_named)
{
	hold(RUN, "hr");
	expect_from(&(struct plan_speaker){OWNER, OWNER, NULL, 0}, "", "");
}

/* ---- undo ---- */

static void expect_feed(const char *feed, const char *says)
{
	char found[FEED_NAME_MAX + 1];
	struct error error = plan_order_find_run(spool.root, RUN, found);
	if (feed)
		cr_expect_str_eq(found, feed, "%s", error.text);
	cr_expect_eq(is_error(&error), !feed);
	cr_expect(strstr(error.text, says), "%s", error.text);
}

Test(plan_order, to_undo_needs_an_answer_of_a_run_that_can_have_changed_something)
{
	struct order read;
	const char *const nothing[] = {"outbox/staff." RUN ".result.csv",
	    "outbox/staff." OTHER ".summary.json", "outbox/." RUN ".summary.json.x",
	    "outbox/staff." RUN ".summary.json.tmp", "outbox/x" RUN ".summary.json"};
	expect(ORDER_UNDO, 1, "not_found", "no run " RUN " has ended");
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
		touch(nothing[i]);
	expect_feed(NULL, "no run " RUN " has ended");
	close(open_folder("outbox/hr"));
	touch("outbox/hr/staff." RUN ".preview.summary.json");
	expect_feed(NULL, "was a preview");
	touch("outbox/staff." RUN ".summary.json");
	expect_feed("default", "");
	files_remove(path_of("%s/outbox/staff." RUN ".summary.json", root.text).text);
	files_remove(path_of("%s/outbox/hr", root.text).text);
	close(open_folder("outbox/hr"));
	touch("outbox/hr/staff." RUN ".summary.json");
	expect_feed("hr", "");
	expect(ORDER_UNDO, 1, NULL, "");
	order_read(spool.orders, ORDER_UNDO, RUN, &read);
	cr_expect_str_eq(read.feed, "hr");
	expect(ORDER_UNDO, 1, "ordered_already", "is undone already, as anna said");
}

/* ---- several ---- */

Test(plan_order, is_heeded_once_and_not_its_opposite)
{
	hold(RUN, "hr");
	expect(ORDER_RELEASE, 1, NULL, "");
	expect(ORDER_RELEASE, 1, "ordered_already",
	    "is released already, as anna said at 2023-11-14 22:13:20 UTC: seen");
	expect(ORDER_DECLINE, 1, "ordered_already", "is released already");
	must(order_withdraw(spool.orders, ORDER_RELEASE, RUN));
	expect(ORDER_DECLINE, 1, NULL, "");
	expect(ORDER_RELEASE, 1, "ordered_already", "is discarded already");
	cr_expect_not(stands(ORDER_RELEASE));
}

/* The run that does so has taken the order with it. */
Test(plan_order, is_not_given_again_while_a_run_carries_it_out)
{
	hold(RUN, "hr");
	close(open_folder("work"));
	close(open_folder("work/node"));
	close(open_folder("work/node/" OTHER));
	files_write(
	    path_of("%s/work/node/" OTHER "/made", root.text).text, "release " RUN "\n", 31, 0600);
	expect(ORDER_RELEASE, 1, "ordered_already", "is released just now");
	expect(ORDER_DECLINE, 1, "ordered_already", "is released just now");
	cr_expect_eq(files_count(path_of("%s/orders", root.text).text, ""), 0);
	files_write(path_of("%s/work/node/" OTHER "/made", root.text).text, "release " OTHER "\n",
	    31, 0600);
	expect(ORDER_RELEASE, 1, NULL, "");
}

enum { ROUNDS = 200, SPEAKERS = 4 };

static pthread_barrier_t barrier;
static atomic_uint done[ROUNDS];

static void *speak(void *argument)
{
	bool is_opposite = *(const bool *)argument;
	const struct plan_speaker speaker = {.uid = 1, .loginuid = -1};
	for (int i = 0; i < ROUNDS; i++) {
		struct order order;
		pthread_barrier_wait(&barrier);
		struct error error =
		    say(is_opposite ? ORDER_DECLINE : ORDER_RELEASE, &speaker, "seen", &order);
		cr_assert(error.class != ERROR_RETRY, "%s", error.text);
		done[i] += !is_error(&error);
		pthread_barrier_wait(&barrier);
		bool is = stands(ORDER_RELEASE) + stands(ORDER_DECLINE);
		cr_expect_eq(done[i], is, "%u were told that it is so, and %d stands", done[i], is);
		pthread_barrier_wait(&barrier);
		must(order_withdraw(spool.orders, ORDER_RELEASE, RUN));
		must(order_withdraw(spool.orders, ORDER_DECLINE, RUN));
	}
	return NULL;
}

static void speak_at_once(const bool is_opposite[SPEAKERS])
{
	pthread_t threads[SPEAKERS];
	bool is_each[SPEAKERS];
	hold(RUN, "hr");
	pthread_barrier_init(&barrier, NULL, SPEAKERS);
	for (int i = 0; i < SPEAKERS; i++) {
		is_each[i] = is_opposite[i];
		cr_assert_eq(pthread_create(&threads[i], NULL, speak, &is_each[i]), 0);
	}
	for (int i = 0; i < SPEAKERS; i++)
		pthread_join(threads[i], NULL);
}

Test(plan_order, said_by_several_at_once_is_heeded_of_one)
{
	speak_at_once((const bool[SPEAKERS]){false});
	for (int i = 0; i < ROUNDS; i++)
		cr_expect_eq(done[i], 1);
}

/* It may be none's: then each is told so. */
Test(plan_order, said_with_its_opposite_at_once_is_heeded_of_one_at_most)
{
	speak_at_once((const bool[SPEAKERS]){false, true, false, true});
	for (int i = 0; i < ROUNDS; i++)
		cr_expect(done[i] <= 1);
}
