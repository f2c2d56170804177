/* The plans that wait for a person, as cards beside them: written, found again, and whatever else
 * lies in held/. */
#include "enrold/held.h"

#include "files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN "20261124-025744-123456"
#define LATER "20261125-025744-123456"
#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CARD "hr/staff." RUN HELD_CARD

static struct path top;
static int root;

static void setup(void)
{
	const char *temporary = getenv("TMPDIR");
	top = path_of("%s/enrold-held-XXXXXX", temporary ? temporary : "/tmp");
	cr_assert_not_null(mkdtemp(top.text));
	root = open(top.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void teardown(void)
{
	close(root);
	files_remove(top.text);
}

TestSuite(held, .init = setup, .fini = teardown);

static struct path held_path(const char *name)
{
	return path_of("%s/held/%s", top.text, name);
}

static void must(struct error error)
{
	cr_assert(!is_error(&error), "%s", error.text);
}

static struct held_plan plan_of(const char *feed, const char *run)
{
	struct held_plan plan = {.file = "staff.csv",
	    .sha256 = SHA,
	    .code = "created",
	    .reason = "80 accounts would be created: more than 50, and more than 10 % of 300",
	    .rows = 300000,
	    .people = 80,
	    .owner_uid = 1007,
	    .since_s = 1700000000};
	snprintf(plan.feed, sizeof plan.feed, "%s", feed);
	snprintf(plan.run, sizeof plan.run, "%s", run);
	return plan;
}

static void card_write(const struct held_plan *plan)
{
	int directory;
	must(held_open(root, plan->feed, &directory));
	must(held_write_card(directory, plan));
	close(directory);
}

static void plan_hold(const char *feed, const char *run, bool is_whole)
{
	struct held_plan plan = plan_of(feed, run);
	plan.is_whole = is_whole;
	card_write(&plan);
}

static struct held_plans load(const char *feed)
{
	struct held_plans plans;
	must(held_load(root, feed, &plans));
	return plans;
}

static size_t count(const char *feed)
{
	struct held_plans plans = load(feed);
	size_t count = plans.count;
	held_free(&plans);
	return count;
}

static bool has_whole(const char *feed)
{
	bool has;
	must(held_has_whole(root, feed, &has));
	return has;
}

static struct held_plan find(const char *run)
{
	struct held_plan plan;
	must(held_find(root, run, &plan));
	return plan;
}

static void is_same(const struct held_plan *plan, const struct held_plan *other)
{
	cr_expect_str_eq(plan->run, other->run);
	cr_expect_str_eq(plan->feed, other->feed);
	cr_expect_str_eq(plan->file, other->file);
	cr_expect_str_eq(plan->sha256, other->sha256);
	cr_expect_str_eq(plan->code, other->code);
	cr_expect_str_eq(plan->reason, other->reason);
	cr_expect_eq(plan->is_whole, other->is_whole);
	cr_expect_eq(plan->rows, other->rows);
	cr_expect_eq(plan->people, other->people);
	cr_expect_eq(plan->owner_uid, other->owner_uid);
	cr_expect_eq(plan->since_s, other->since_s);
}

Test(held, are_none_where_nothing_was_ever_held)
{
	cr_expect_eq(count(NULL), 0);
	cr_expect_eq(count("hr"), 0);
	cr_expect_str_eq(find(RUN).run, "");
	cr_expect_not(has_whole("hr"));
	cr_expect_not(files_exist(held_path("").text));
}

Test(held, are_read_as_they_were_written)
{
	static const char *const files[] = {"staff.csv", "staff", "Pers\xc3\xb6nal \"1\".csv",
	    "a\\b.csv",
	    "\xe2\x80\xae"
	    "vsc.csv"};
	static const char *const reasons[] = {"", "he said \"no\"", "\xc3\xa4\n\t\\",
	    "the end = a\xe2\x80\xa8"
	    "b"};
	enum { FILES = sizeof files / sizeof *files, REASONS = sizeof reasons / sizeof *reasons };
	for (int i = 0; i < FILES * REASONS; i++) {
		struct held_plan plan = plan_of("hr", RUN);
		snprintf(plan.file, sizeof plan.file, "%s", files[i % FILES]);
		snprintf(plan.reason, sizeof plan.reason, "%s", reasons[i / FILES]);
		plan.is_whole = i % 2 == 0;
		plan.owner_uid = i % 3 - 1;
		card_write(&plan);
		struct held_plan found = find(RUN);
		is_same(&found, &plan);
		files_remove(held_path("hr").text);
	}
}

Test(held, have_cards_for_the_group_and_nobody_else)
{
	struct stat stat;
	umask(0);
	plan_hold("hr", RUN, false);
	cr_assert_eq(lstat(held_path(CARD).text, &stat), 0);
	cr_expect_eq(stat.st_mode, (mode_t)(S_IFREG | 0640), "%o", stat.st_mode);
	cr_assert_eq(lstat(held_path("hr").text, &stat), 0);
	cr_expect_eq(stat.st_mode & 07777, 0750, "%o", stat.st_mode);
}

Test(held, have_one_card_each_however_often_it_is_written)
{
	struct held_plan plan = plan_of("hr", RUN);
	card_write(&plan);
	plan.rows = 7;
	files_write(held_path("hr/." RUN ".tmp").text, "{", 1, 0600); /* of somebody killed */
	card_write(&plan);
	cr_expect_eq(find(RUN).rows, 7);
	cr_expect_eq(files_count(held_path("hr").text, ""), 1);
}

Test(held, are_sorted_by_feed_then_run)
{
	static const char *const expected[][2] = {
	    {"default", LATER}, {"hr", RUN}, {"hr", LATER}, {"hr-2", RUN}};
	plan_hold("hr-2", RUN, false);
	plan_hold("hr", LATER, false);
	plan_hold("default", LATER, true);
	plan_hold("hr", RUN, false);
	struct held_plans plans = load(NULL);
	cr_assert_eq(plans.count, 4);
	for (size_t i = 0; i < plans.count; i++) {
		cr_expect_str_eq(plans.items[i].feed, expected[i][0]);
		cr_expect_str_eq(plans.items[i].run, expected[i][1]);
	}
	held_free(&plans);
	cr_expect_eq(count("hr"), 2);
	cr_expect_eq(count("h"), 0);
}

Test(held, of_a_feed_are_whole_when_one_of_them_is)
{
	plan_hold("hr", RUN, false);
	plan_hold("other", RUN, true);
	cr_expect_not(has_whole("hr"));
	plan_hold("hr", LATER, true);
	cr_expect(has_whole("hr"));
	cr_expect(has_whole("other"));
}

Test(held, are_found_by_their_run_alone)
{
	static const char *const others[] = {
	    "", "..", "staff", RUN "x", "0" RUN, RUN HELD_CARD, LATER, "20261124-025744-12345"};
	plan_hold("hr", RUN, false);
	cr_expect_str_eq(find(RUN).feed, "hr");
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_expect_str_eq(find(others[i]).run, "", "%s", others[i]);
}

/* ---- what is no card ---- */

static void card_put(const char *format, ...) PRINTF_LIKE(1, 2);
static void card_put(const char *format, ...)
{
	char *text;
	va_list arguments;
	va_start(arguments, format);
	int size = vasprintf(&text, format, arguments);
	va_end(arguments);
	cr_assert_geq(size, 0);
	files_write(held_path(CARD).text, text, (size_t)size, 0640);
	free(text);
}

#define CARD_TEXT                                                                                  \
	"{\"run\":\"%s\",\"feed\":\"%s\",\"file\":\"%s\",\"plan\":\"%s\",\"whole\":%s,"            \
	"\"rows\":%s,\"people\":%s,\"owner\":%s}"

Test(held, are_no_cards_that_say_they_are_anothers)
{
	static const struct {
		const char *run, *feed, *file, *sha;
		bool is_card;
	} cases[] = {{RUN, "hr", "staff.csv", SHA, true}, {LATER, "hr", "staff.csv", SHA, false},
	    {RUN, "it", "staff.csv", SHA, false}, {RUN, "hr", "other.csv", SHA, false},
	    {RUN, "hr", "../staff.csv", SHA, false}, {RUN, "../hr", "staff.csv", SHA, false},
	    {RUN "x", "hr", "staff.csv", SHA, false}, {RUN, "hr", "staff.csv", "", false},
	    {RUN, "hr", "staff.csv", SHA "0", false}, {RUN, "hr", "staff.csv", "abc", false},
	    {"", "hr", "staff.csv", SHA, false}};
	plan_hold("hr", RUN, false);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		card_put(CARD_TEXT, cases[i].run, cases[i].feed, cases[i].file, cases[i].sha,
		    "true", "1", "1", "0");
		cr_expect_eq(count("hr"), cases[i].is_card, "%zu", i);
		cr_expect_eq(has_whole("hr"), cases[i].is_card, "%zu", i);
		cr_expect_eq(*find(RUN).run != '\0', cases[i].is_card, "%zu", i);
	}
}

Test(held, count_for_nothing_what_cannot_be_so)
{
	static const char *const numbers[] = {"-1", "\"7\"", "null", "1.5", "[1]", "true"};
	plan_hold("hr", RUN, false);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		card_put(CARD_TEXT, RUN, "hr", "staff.csv", SHA, numbers[i], numbers[i], numbers[i],
		    numbers[i]);
		struct held_plan plan = find(RUN);
		cr_expect_str_eq(plan.run, RUN, "%s", numbers[i]);
		cr_expect_eq(plan.rows, 0, "%s", numbers[i]);
		cr_expect_eq(plan.people, 0, "%s", numbers[i]);
		cr_expect_eq(plan.owner_uid, -1, "%s", numbers[i]);
		cr_expect_eq(plan.is_whole, strcmp(numbers[i], "true") == 0);
	}
}

Test(held, are_no_cards_that_are_no_json)
{
	static const char *const texts[] = {"", "{", "[]", "null", "{}", "\xff\xfe",
	    "{\"run\":\"" RUN "\\u0000\"}", "{\"run\":7,\"feed\":[],\"file\":{}}"};
	plan_hold("hr", RUN, false);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		card_put("%s", texts[i]);
		cr_expect_eq(count(NULL), 0, "%s", texts[i]);
		cr_expect_str_eq(find(RUN).run, "");
	}
}

/* Whatever comes behind what a card can have is not read. */
Test(held, are_no_cards_of_more_than_a_card_has)
{
	static char blanks[100000];
	memset(blanks, ' ', sizeof blanks - 1);
	plan_hold("hr", RUN, false);
	card_put("%s" CARD_TEXT, blanks, RUN, "hr", "staff.csv", SHA, "true", "1", "1", "0");
	cr_expect_eq(count("hr"), 0);
}

/* Whoever wrote it has other limits; what is cut is no half letter. */
Test(held, have_reasons_cut_where_they_are_longer_than_ours)
{
	for (int lead = 1; lead < 6; lead++) {
		struct held_plan plan = plan_of("hr", RUN);
		struct buffer reason = {0};
		buffer_print(&reason, "%0*d", lead, 0);
		for (int i = 0; i < 200; i++)
			buffer_add_text(&reason, "\xf0\x9f\x98\x80");
		buffer_add_char(&reason, '\0');
		card_write(&plan);
		card_put("{\"run\":\"" RUN
		         "\",\"feed\":\"hr\",\"file\":\"staff.csv\",\"plan\":\"" SHA
		         "\",\"reason\":\"%s\",\"code\":\"%s\"}",
		    reason.bytes, reason.bytes);
		plan = find(RUN);
		json_t *shown = json_pack("[s, s]", plan.reason, plan.code);
		cr_expect_not_null(shown);
		cr_expect_geq(strlen(plan.reason), sizeof plan.reason - 5);
		json_decref(shown);
		buffer_done(&reason);
	}
}

/* Bytes that are no text make no card that nobody can read. */
Test(held, have_cards_whatever_their_reason_says)
{
	struct held_plan plan = plan_of("hr", RUN);
	memset(plan.reason, 0xFF, sizeof plan.reason - 1);
	card_write(&plan);
	cr_expect_str_eq(find(RUN).sha256, SHA);
}

/* A pipe nobody writes to keeps nobody, a link is not followed, a directory is no text. */
Test(held, are_no_cards_that_are_no_files)
{
	plan_hold("hr", RUN, true);
	plan_hold("it", RUN, true);
	const char *card = held_path("hr/staff." LATER HELD_CARD).text;
	cr_assert_eq(symlink("staff." RUN HELD_CARD, card), 0);
	cr_expect_eq(count("hr"), 1);
	files_remove(card);
	cr_assert_eq(mkfifo(card, 0600), 0);
	cr_expect_eq(count("hr"), 1);
	files_remove(card);
	files_make_directory(card);
	cr_expect_eq(count("hr"), 1);
	cr_assert_eq(symlink("it", held_path("link").text), 0);
	cr_expect_eq(count("link"), 0);
	cr_expect_eq(count(NULL), 2);
}

/* The files of a cluster that came late lie in held/ itself. */
Test(held, are_not_what_else_lies_there)
{
	static const char *const names[] = {"staff." RUN ".csv", "notes", "staff." RUN HELD_CARD,
	    "hr/README", "hr/staff." RUN HELD_PLAN, "hr/." RUN ".tmp", "hr/.x" RUN HELD_CARD,
	    "hr/" RUN HELD_CARD, "hr/staff" HELD_CARD, "hr/staff." RUN HELD_CARD "~"};
	int held;
	must(held_open(root, "hr", &held));
	close(held);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		files_write(held_path(names[i]).text, "{}", 2, 0640);
	files_make_directory(held_path("Not a feed").text);
	files_make_directory(held_path(".hidden").text);
	cr_expect_eq(count(NULL), 0);
	cr_expect_eq(count("notes"), 0);
	cr_expect_str_eq(find(RUN).run, "");
}

/* Folders and their cards are not files that came late. */
Test(held, are_not_counted_among_the_files_that_came_late)
{
	plan_hold("hr", RUN, true);
	plan_hold("it", RUN, true);
	int held = openat(root, "held", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_expect_eq(spool_count_files(held), 0);
	files_write(held_path("staff." RUN ".csv").text, "", 0, 0640);
	cr_expect_eq(spool_count_files(held), 1);
	close(held);
}

Test(held, cannot_lie_behind_a_link)
{
	int directory = -1;
	plan_hold("it", RUN, true);
	cr_assert_eq(symlink("it", held_path("hr").text), 0);
	struct error error = held_open(root, "hr", &directory);
	cr_expect_eq(error.class, ERROR_RETRY);
	cr_expect_not_null(strstr(error.text, "hr"), "%s", error.text);
}

/* A full disk: the card that was there is as it was. */
Test(held, keep_their_card_when_no_other_can_be_written)
{
	struct held_plan plan = plan_of("hr", RUN);
	int directory;
	card_write(&plan);
	must(held_open(root, "hr", &directory));
	files_make_directory(held_path("hr/." RUN ".tmp/x").text);
	plan.rows = 1;
	struct error error = held_write_card(directory, &plan);
	cr_expect_eq(error.class, ERROR_RETRY);
	cr_expect_eq(find(RUN).rows, 300000);
	close(directory);
}

Test(held, are_bounded)
{
	enum { MORE = 5 };
	struct held_plan plan = plan_of("hr", RUN);
	card_write(&plan);
	struct buffer card = files_read(held_path(CARD).text);
	char *at = strstr(card.bytes, RUN);
	for (int i = 1; i < HELD_MAX + MORE; i++) {
		struct path run = path_of("20261124-025744-%06d", i);
		memcpy(at, run.text, RUN_ID_SIZE);
		files_write(held_path(path_of("hr/staff.%s" HELD_CARD, run.text).text).text,
		    card.bytes, card.size, 0640);
	}
	buffer_done(&card);
	cr_expect_eq(count(NULL), HELD_MAX);
	for (int i = HELD_MAX - MORE; i < HELD_MAX + MORE; i++)
		cr_expect_str_eq(find(path_of("20261124-025744-%06d", i).text).file, "staff.csv");
	cr_expect_not(has_whole("hr"));
	plan_hold("hr", LATER, true);
	cr_expect(has_whole("hr"));
}
