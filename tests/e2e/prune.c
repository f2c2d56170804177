/*
 * What was kept as long as its feed says goes, is on record, and leaves nothing of anybody behind;
 * what waits for a person, or is not as it was, stays.
 */
#include "law.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LISTS "SELECT count(*) FROM enrold_run WHERE name LIKE 'prune-%'"
#define LIMITED                                                                                    \
	"allow_unenrol: true, removal: unenrol, limits: { by_cell: { count: 1, share: 0%, most: "  \
	"1 } }, " RIG_MAY_ALL

static const char enrolling[] = "username,course1,course2\np1,C1,C2\np2,C1,C2\np3,C1,C2\n";
static const char removing[] = "username,course1,unenrol1\np1,C1,1\np2,C1,1\np3,C1,1\n";

static void answered(struct rig *rig, const char *name, const char *text, const char *status)
{
	struct reply reply;
	reply_to(&reply, rig, name, text);
	cr_assert_str_eq(reply_status(&reply), status, "%s", name);
	reply_close(&reply);
	rig_witness(rig);
}

static void done(struct rig *rig, const char *name, const char *text)
{
	answered(rig, name, text, "done");
}

static size_t files_below(const struct rig *rig, const char *place, const char *end)
{
	size_t count = 0;
	struct listing listing = files_list(rig_path(rig, "%s", place).text);
	for (size_t i = 0; i < listing.count; i++)
		count += text_ends(listing.entries[i].path, end);
	listing_done(&listing);
	return count;
}

static struct path file_below(const struct rig *rig, const char *place, const char *start)
{
	struct path found = path_of("%s", "");
	struct listing listing = files_list(rig_path(rig, "%s", place).text);
	for (size_t i = 0; i < listing.count; i++)
		if (text_starts(path_base(listing.entries[i].path), start) &&
		    text_ends(listing.entries[i].path, ".csv"))
			found = rig_path(rig, "%s/%s", place, listing.entries[i].path);
	listing_done(&listing);
	cr_assert(*found.text, "no %s in %s", start, place);
	return found;
}

static void settings(const struct rig *rig, const char *feeds)
{
	static const char from[] = "feeds:\n";
	struct buffer text = files_read(rig->config.text);
	text.size = (size_t)(strstr(text.bytes, from) - text.bytes) + strlen(from);
	buffer_add_text(&text, feeds);
	files_write(rig->config.text, text.bytes, text.size, 0600);
	buffer_done(&text);
}

/* By an order, whatever keep says, all that there is by now. */
static void prune_all(const struct rig *rig)
{
	rig_witness(rig);
	rig_prune(rig, "default", (long)time(NULL) + 86400);
	rig_once(rig);
	cr_expect_not(files_exist(rig_path(rig, "orders/prune.default").text));
}

/* Lines of the newest list that have this in them. */
static size_t listed(const struct rig *rig, const char *words)
{
	size_t count = 0;
	struct buffer text = files_read(file_below(rig, "archive", "prune-").text);
	for (char *rest = text.bytes, *line; (line = strsep(&rest, "\n"));)
		count += strstr(line, words) != NULL;
	buffer_done(&text);
	return count;
}

/* And by enrold's own word nobody has touched anything. */
static void verified(const struct rig *rig)
{
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig->config.text, "verify"));
	finished_done(&finished);
}

Test(prune, of_old_files_leaves_the_list_alone)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){0});
	done(&rig, "staff.csv", enrolling);
	prune_all(&rig);
	cr_expect_eq(rig_number(&rig, LISTS), 1);
	cr_expect_eq(files_below(&rig, "archive", ".csv"), 1);
	cr_expect_eq(files_below(&rig, "outbox", ".result.csv"), 1);
	cr_expect_eq(files_below(&rig, "outbox", ".summary.json"), 2); /* it shows no cell */
	rig_expect(&rig,
	    "SELECT input_pruned = p.run, answer_pruned = p.run FROM enrold_run r, (SELECT run "
	    "FROM enrold_run WHERE name LIKE 'prune-%') p WHERE name = 'staff.csv'",
	    "1|1\n");
	cr_expect_eq(listed(&rig, "input"), 1);
	cr_expect_eq(listed(&rig, "before "), 3);
	/* Nothing is left to go, and the lists stay. */
	prune_all(&rig);
	cr_expect_eq(rig_number(&rig, LISTS), 1);
	verified(&rig);
	law_close(&rig);
}

/* Each feed by its own settings, with --once, and no more than once a day. */
Test(prune, by_the_settings_happens_each_day)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: {}\n  hr: {}\n"});
	done(&rig, "hr/staff.csv", enrolling);
	done(&rig, "staff.csv", enrolling);
	cr_expect_eq(rig_number(&rig, LISTS), 0);
	settings(&rig, "  default: {}\n  hr: { keep: { archive: 1s, answers: 90d } }\n");
	usleep(1200 * 1000);
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, LISTS " AND feed = 'hr'"), 1);
	cr_expect_eq(rig_number(&rig, LISTS), 1);
	cr_expect_eq(listed(&rig, ",archive 1s,archive/"), 1);
	cr_expect_eq(files_below(&rig, "archive", ".csv"), 2);
	cr_expect_eq(files_below(&rig, "outbox", ".result.csv"), 3);
	rig_expect(&rig,
	    "SELECT json_extract(summary, '$.order.by'), json_extract(summary, '$.order.why') "
	    "FROM enrold_run WHERE name LIKE 'prune-%'",
	    "enrold|keep\n");
	done(&rig, "hr/staff.csv", enrolling);
	usleep(1200 * 1000);
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, LISTS), 1);
	verified(&rig);
	law_close(&rig);
}

Test(prune, leaves_what_is_altered_or_was_taken_away)
{
	struct rig rig;
	struct finished finished;
	rig_make(&rig, &(struct rig_options){0});
	done(&rig, "altered.csv", enrolling);
	done(&rig, "gone.csv", enrolling);
	files_write(file_below(&rig, "outbox", "altered.").text, "line\n", 5, 0640);
	unlink(file_below(&rig, "archive", "gone.").text);
	rig_prune(&rig, "default", (long)time(NULL) + 86400);
	finished = rig_run(&rig, 0);
	cr_expect(strstr(finished.err.bytes, "prune_left"));
	cr_expect(strstr(finished.err.bytes, "outbox/altered."));
	finished_done(&finished);
	cr_expect_eq(listed(&rig, "altered."), 2); /* the input, and the report */
	cr_expect_eq(listed(&rig, "gone."), 2);    /* the answer */
	cr_expect(files_exist(file_below(&rig, "outbox", "altered.").text));
	rig_remove(&rig);
}

/* Then the others go, and the feed goes on; it is removed by the next list. */
Test(prune, leaves_what_cannot_be_removed)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){0});
	done(&rig, "staff.csv", enrolling);
	struct path input = file_below(&rig, "archive", "staff.");
	if (!files_immutable(input.text, true)) {
		rig_remove(&rig);
		cr_skip_test("only root can make files immutable, and not everywhere");
	}
	rig_witness(&rig);
	rig_prune(&rig, "default", (long)time(NULL) + 86400);
	struct finished finished = rig_run(&rig, 0);
	cr_expect(strstr(finished.err.bytes, "prune_left"), "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect(files_exist(input.text));
	cr_expect_eq(files_count(rig_path(&rig, "outbox").text, ".result.csv"), 1);
	cr_expect_eq(listed(&rig, "/staff."), 3);
	verified(&rig);
	done(&rig, "later.csv", enrolling);
	files_immutable(input.text, false);
	prune_all(&rig);
	cr_expect_not(files_exist(input.text));
	verified(&rig);
	law_close(&rig);
}

/* A file that waits, whatever its age, unless keep.held says so; then it comes to nothing. */
Test(prune, of_what_waits_closes_it)
{
	struct rig rig;
	rig_make(&rig,
	    &(struct rig_options){.feeds = "  default: { " LIMITED ", keep: { held: 36500d } }\n"});
	done(&rig, "first.csv", enrolling);
	done(&rig, "removing.csv", removing);
	cr_expect_eq(files_count(rig_path(&rig, "held/default").text, ".plan.json"), 1);
	prune_all(&rig);
	cr_expect_eq(files_count(rig_path(&rig, "held/default").text, ""), 0);
	rig_expect(&rig, "SELECT state, why LIKE 'pruned by rule before %' FROM enrold_plan",
	    "discarded|1\n");
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "6\n");
	law_holds(&rig, LAW_IDLE);
	/* Nobody has said that the same is not wanted. */
	done(&rig, "removing.csv", removing);
	rig_expect(&rig, "SELECT state FROM enrold_plan ORDER BY run", "discarded\nopen\n");
	verified(&rig);
	law_close(&rig);
}

Test(prune, keeps_what_waits_and_its_file)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { " LIMITED " }\n"});
	done(&rig, "first.csv", enrolling);
	done(&rig, "removing.csv", removing);
	settings(&rig, "  default: { " LIMITED ", keep: { archive: 0, answers: 0, quarantine: 0, "
	               "history: 0 } }\n");
	rig_prune(&rig, "default", 0);
	rig_once(&rig);
	cr_expect_eq(files_count(rig_path(&rig, "held/default").text, ".plan.json"), 1);
	cr_expect_eq(listed(&rig, "/first."), 3);
	cr_expect_eq(listed(&rig, "/removing."), 0);
	cr_expect(files_exist(file_below(&rig, "archive", "removing.").text));
	cr_expect(files_exist(file_below(&rig, "outbox", "removing.").text));
	rig_order(&rig, "release", "removing.csv");
	rig_once(&rig);
	rig_expect(&rig, "SELECT state FROM enrold_plan", "released\n");
	verified(&rig);
	law_close(&rig);
}

/* Held as a whole, and with what lay beside it. */
Test(prune, of_whatever_is_old_leaves_what_waits)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { " LIMITED " }\n"});
	done(&rig, "first.csv", enrolling);
	done(&rig, "removing.csv", removing);
	prune_all(&rig);
	rig_expect(&rig, "SELECT state FROM enrold_plan", "open\n");
	cr_expect_eq(listed(&rig, "/removing."), 0);
	rig_order(&rig, "release", "removing.csv");
	rig_once(&rig);
	rig_expect(&rig, "SELECT state FROM enrold_plan", "released\n");
	verified(&rig);
	law_close(&rig);
}

Test(prune, of_a_file_that_waits_as_a_whole)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){
	                   .feeds = "  default: { review: true, keep: { held: 36500d } }\n"});
	answered(&rig, "staff.csv", enrolling, "held");
	cr_expect_eq(files_below(&rig, "held", ".csv"), 2);
	prune_all(&rig);
	cr_expect_eq(files_count(rig_path(&rig, "held/default").text, ""), 0);
	cr_expect_eq(files_count(rig_path(&rig, "quarantine").text, ""), 0);
	rig_expect(&rig, "SELECT state FROM enrold_plan", "discarded\n");
	/* The next one is taken. */
	answered(&rig, "staff.csv", enrolling, "held");
	verified(&rig);
	law_close(&rig);
}

Test(prune, takes_no_answer_of_a_grace_nor_of_an_order)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){
	                   .feeds = "  default: { limits: { removals: { count: 0, share: 0%, "
	                            "most: 0 }, per_course: { count: 0, share: 0% } }, "
	                            "absence: { action: unenrol, grace: 30d } }\n"});
	done(&rig, "full-1.csv",
	    "username,course1\np1,C1\np2,C1\np3,C1\np4,C1\np5,C1\np6,C1\np7,C1\n"
	    "p8,C1\np9,C1\np10,C1\n");
	done(&rig, "full-2.csv",
	    "username,course1\np1,C1\np2,C1\np3,C1\np4,C1\np5,C1\np6,C1\np7,C1\n"
	    "p8,C1\np9,C1\n");
	cr_assert_eq(
	    rig_number(&rig, "SELECT count(*) FROM enrold_listing WHERE suspended_by <> ''"), 1);
	prune_all(&rig);
	cr_expect_eq(listed(&rig, "outbox/full-1."), 2);
	cr_expect_eq(listed(&rig, "outbox/full-2."), 0);
	law_close(&rig);
}

/* What is no list goes, whatever it is called. */
Test(prune, of_a_file_with_the_name_of_a_list)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){0});
	done(&rig, "prune-20261127.csv", enrolling);
	prune_all(&rig);
	cr_expect_eq(
	    rig_number(&rig, "SELECT count(*) FROM enrold_run WHERE input_pruned <> ''"), 1);
	rig_remove(&rig);
}

/* ---- nothing of anybody is left ---- */

static const char *const cells[] = {
    "zaphodb", "Beeblebrox", "zb@example.com", "Trillian-Odd-Value", "p1-strange", "SECRETREASON"};

static bool holds(const struct buffer *text, const char *word)
{
	return memmem(text->bytes, text->size, word, strlen(word)) != NULL;
}

static size_t spool_holds(const struct rig *rig, const char *word)
{
	size_t count = 0;
	struct listing listing = files_list(rig_path(rig, "%s", "").text);
	for (size_t i = 0; i < listing.count; i++) {
		if (!S_ISREG(listing.entries[i].mode))
			continue;
		struct path path = rig_path(rig, "%s", listing.entries[i].path);
		struct buffer text = files_read(path.text);
		if (holds(&text, word)) {
			fprintf(stderr, "%s is in %s\n", word, path.text);
			count++;
		}
		buffer_done(&text);
	}
	listing_done(&listing);
	return count;
}

static size_t ledger_holds(const struct rig *rig, const char *word)
{
	static const char *const tables[] = {"enrold_run", "enrold_plan", "enrold_base",
	    "enrold_listing", "enrold_feed", "enrold_node", "enrold_head"};
	size_t count = 0;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		struct buffer text = rig_query(rig, path_of("SELECT * FROM %s", tables[i]).text);
		count += holds(&text, word);
		buffer_done(&text);
	}
	return count;
}

Test(prune, leaves_nothing_of_anybody)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){
	                   .feeds = "  default: { " RIG_MAY_ALL ", upload_type: add_or_update, "
	                            "limits: { by_cell: { count: 1, "
	                            "share: 0%, most: 1 } } }\n"
	                            "  full: { absence: { action: suspend } }\n"});
	done(&rig, "people.csv",
	    "username,firstname,lastname,email,course1\n"
	    "zaphodb,Trillian-Odd-Value,Beeblebrox,zb@example.com,C1\n"
	    "p1-strange,A,B,not-an-address,C1\n");
	answered(&rig, "refused.csv", "username,SECRETREASON\nzaphodb,x\n", "refused");
	done(&rig, "unenrol.csv", "username,course1,unenrol1\nzaphodb,C1,1\np1,C1,1\np2,C1,1\n");
	done(&rig, "preview/look.csv", "username,course1\nzaphodb,C2\n");
	done(&rig, "full/full.csv", "username,course1\nzaphodb,C3\n");
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
		cr_expect(spool_holds(&rig, cells[i]) > 0, "%s", cells[i]);
	rig_witness(&rig);
	rig_prune(&rig, "full", (long)time(NULL) + 86400);
	prune_all(&rig);
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
		cr_expect_eq(spool_holds(&rig, cells[i]), 0, "%s", cells[i]);
	law_holds(&rig, LAW_IDLE);
	/* The newest keep their texts; all else has forgotten. */
	done(&rig, "last.csv", "username,course1\np3,C1\n");
	done(&rig, "full/last.csv", "username,course1\np3,C1\n");
	rig_witness(&rig);
	rig_prune(&rig, "full", (long)time(NULL) + 86400);
	prune_all(&rig);
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
		cr_expect_eq(ledger_holds(&rig, cells[i]), 0, "%s", cells[i]);
	verified(&rig);
	law_close(&rig);
}

/* ---- enrolctl ---- */

static struct finished ctl(const struct rig *rig, int status, const char *const *words)
{
	const char *argv[16] = {"enrolctl", "--config", rig->config.text};
	size_t count = 3;
	while (*words)
		argv[count++] = *words++;
	argv[count] = NULL;
	return program_expect(status, argv);
}

static void says(const struct rig *rig, int status, const char *const *words, const char *expected)
{
	struct finished finished = ctl(rig, status, words);
	cr_expect(strstr(finished.out.bytes, expected) || strstr(finished.err.bytes, expected),
	    "no '%s' in:\n%s%s", expected, finished.out.bytes, finished.err.bytes);
	finished_done(&finished);
}

Test(prune, by_hand_where_no_daemon_runs)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: {}\n  hr: {}\n"});
	done(&rig, "staff.csv", enrolling);
	done(&rig, "hr/staff.csv", enrolling);
	says(&rig, 0, ARGV("prune"), "kept for ever");
	says(&rig, 0, ARGV("prune", "--dry-run", "--before", "2020-01-01"), "Nothing would go.");
	says(&rig, 0, ARGV("prune", "--dry-run", "--before", "2099-01-01"), "6 files");
	says(&rig, 0, ARGV("prune", "--dry-run", "--feed", "hr", "--before", "2099-01-01"),
	    "outbox/hr/staff.");
	says(&rig, 0,
	    ARGV("prune", "--json", "--dry-run", "--feed", "hr", "--before", "2099-01-01"),
	    "\"rule\":\"before 2099-01-01\"");
	says(&rig, 1, ARGV("prune", "--feed", "none"), "no feed none");
	says(&rig, 64, ARGV("prune", "--before", "soon"), "--before");
	cr_expect_eq(rig_number(&rig, LISTS), 0);
	cr_expect_eq(files_below(&rig, "outbox", ".summary.json"), 2);
	says(&rig, 0, ARGV("prune", "--feed", "hr", "--before", "2099-01-01"), "3 files");
	cr_expect_eq(rig_number(&rig, LISTS), 1);
	cr_expect_eq(files_below(&rig, "archive", ".csv"), 2);
	says(&rig, 0, ARGV("prune", "--feed", "hr", "--before", "2099-01-01"),
	    "Nothing is older than it is kept.");
	says(&rig, 0, ARGV("show", "last", "--feed", "default"), "as recorded");
	struct buffer run =
	    rig_query(&rig, "SELECT run FROM enrold_run WHERE feed = 'hr' AND name = 'staff.csv'");
	run.bytes[strcspn(run.bytes, "\n")] = '\0';
	says(&rig, 0, ARGV("show", run.bytes), "pruned");
	says(&rig, 0, ARGV("show", run.bytes), "by rule on 20");
	says(&rig, 0, ARGV("explain", "p1"), "was pruned by rule");
	says(&rig, 0, ARGV("explain", "p1", "--json"), "\"why\":\"pruned\"");
	says(&rig, 0, ARGV("reconcile"), "The database knows every answer.");
	says(&rig, 0, ARGV("runs"), "staff.csv");
	verified(&rig);
	buffer_done(&run);
	law_close(&rig);
}

Test(prune, by_the_daemon_that_is_told)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){
	                   .feeds = "  default: {}\n  a_feed_with_a_long_name_of_32_ch: {}\n"});
	done(&rig, "a_feed_with_a_long_name_of_32_ch/staff.csv", enrolling);
	service_start(&service, &rig);
	says(&rig, 0,
	    ARGV("prune", "--feed", "a_feed_with_a_long_name_of_32_ch", "--before", "2099-01-01",
	        "--why", "told so"),
	    "in its turn");
	service_await(&service, &rig, "a_feed_with_a_long_name_of_32_ch", 1);
	service_await_log(&service, "\"event\":\"pruned\"");
	service_await_idle(&service, &rig);
	service_stop(&service);
	rig_expect(&rig,
	    "SELECT json_extract(summary, '$.order.why') FROM enrold_run WHERE name LIKE 'prune-%'",
	    "told so\n");
	cr_expect_eq(files_below(&rig, "archive", ".csv"), 1);
	law_close(&rig);
}

/* What a daemon that runs finds out by itself, at its start. */
Test(prune, by_the_daemon_at_its_start)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){0});
	done(&rig, "staff.csv", enrolling);
	settings(&rig, "  default: { keep: { archive: 0 } }\n");
	service_start(&service, &rig);
	service_await_log(&service, "\"event\":\"pruned\"");
	service_await_idle(&service, &rig);
	service_stop(&service);
	cr_expect_eq(rig_number(&rig, LISTS), 1);
	law_close(&rig);
}

/* ---- what cannot be done any more ---- */

Test(prune, of_an_answer_ends_its_undo)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){0});
	done(&rig, "staff.csv", enrolling);
	prune_all(&rig);
	struct path run = rig_order(&rig, "undo", "staff.csv");
	rig_once(&rig);
	reply_open(&reply, &rig, path_of("undo-%s.csv", run.text).text, 0);
	cr_expect_str_eq(reply_status(&reply), "refused");
	cr_expect_str_eq(reply_refusal(&reply), "result_missing");
	reply_close(&reply);
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "6\n");
	law_close(&rig);
}

/* A later file, of which nobody knows any more whom it named: nothing of the plan is done. */
Test(prune, of_a_later_file_keeps_a_plan_from_its_release)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { " LIMITED " }\n"});
	done(&rig, "first.csv", enrolling);
	done(&rig, "removing.csv", removing);
	done(&rig, "later.csv", "username,course1\np1,C1\n");
	settings(&rig, "  default: { " LIMITED ", keep: { archive: 0, answers: 0 } }\n");
	rig_prune(&rig, "default", 0);
	rig_once(&rig);
	cr_expect_eq(listed(&rig, "/later."), 3);
	struct path run = rig_order(&rig, "release", "removing.csv");
	rig_once(&rig);
	reply_open(&reply, &rig, path_of("release-%s.csv", run.text).text, 0);
	cr_expect_str_eq(reply_status(&reply), "refused");
	cr_expect_str_eq(reply_refusal(&reply), "later_file_missing");
	reply_close(&reply);
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "6\n");
	rig_expect(&rig, "SELECT state FROM enrold_plan", "open\n");
	rig_remove(&rig);
}

/* Also of what was refused: its summary, which shows a cell, stays as long as its answer does. */
Test(prune, of_texts_alone_leaves_the_answers_proven)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){0});
	done(&rig, "first.csv", enrolling);
	answered(&rig, "refused.csv", "username,no such column\np1,x\n", "refused");
	done(&rig, "second.csv", enrolling);
	done(&rig, "third.csv", enrolling);
	settings(&rig, "  default: { keep: { history: 0 } }\n");
	rig_prune(&rig, "default", 0);
	rig_once(&rig);
	cr_expect_gt(rig_number(&rig, "SELECT count(*) FROM enrold_run WHERE counts = ''"), 1);
	verified(&rig);
	law_close(&rig);
}

/* ---- what was listed of accounts that are deleted ---- */

Test(prune, drops_what_was_listed_of_the_deleted)
{
	struct rig rig;
	rig_make(
	    &rig, &(struct rig_options){.feeds = "  default: { absence: { action: suspend } }\n"});
	done(&rig, "full.csv", enrolling);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_listing"), 6);
	rig_execute(&rig, "UPDATE mdl_user SET deleted = 1 WHERE username = 'p1'");
	settings(&rig, "  default: { absence: { action: suspend }, keep: { archive: 90d } }\n");
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_listing"), 4);
	cr_expect_eq(rig_number(&rig, LISTS), 0);
	rig_remove(&rig);
}

Test(prune, drops_what_was_listed_with_the_account)
{
	struct rig rig;
	rig_make(&rig,
	    &(struct rig_options){.feeds = "  default: { allow_delete: true, " RIG_MAY_ALL
	                                   ", absence: { action: suspend, files: 'full*.csv' } }\n"
	                                   "  hr: { absence: { action: suspend } }\n"});
	done(&rig, "full.csv", enrolling);
	done(&rig, "hr/full.csv", "username,course1\np1,C3\np2,C3\n");
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_listing"), 8);
	done(&rig, "leaving.csv", "username,deleted\np1,1\n");
	rig_expect(&rig, "SELECT count(*) FROM mdl_user WHERE deleted = 1", "1\n");
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_listing"), 5);
	law_close(&rig);
}

/* Passwords that wait with a plan go, too, and the file that was archived without them. */
Test(prune, leaves_no_password_of_what_waited)
{
	static const char people[] =
	    "username,firstname,lastname,email,password,course1\n"
	    "new1,N,One,n1@x.example,Secret-Word-1,C1\nnew2,N,Two,n2@x.example,Secret-Word-2,C1\n";
	struct rig rig;
	rig_make(&rig, &(struct rig_options){
	                   .feeds = "  default: { upload_type: add_or_update, " RIG_MAY_ALL " }\n"
	                            "  hold: { upload_type: add_or_update, review: true, keep: { "
	                            "held: 36500d }, " RIG_MAY_ALL " }\n"});
	done(&rig, "people.csv", people);
	answered(&rig, "hold/people.csv",
	    "username,firstname,lastname,email,password,course1\n"
	    "new3,N,Three,n3@x.example,Secret-Word-3,C1\nnew4,N,Four,n4@x.example,Secret-Word-4,"
	    "C1\n",
	    "held");
	cr_expect_eq(spool_holds(&rig, "Secret-Word-1"), 0);
	cr_expect_gt(spool_holds(&rig, "Secret-Word-3"), 0);
	rig_prune(&rig, "hold", (long)time(NULL) + 86400);
	prune_all(&rig);
	law_holds(&rig, LAW_IDLE);
	cr_expect_eq(spool_holds(&rig, "Secret-Word-3"), 0);
	cr_expect_eq(spool_holds(&rig, "@x.example"), 0);
	verified(&rig);
	law_close(&rig);
}

/* Of what was done of a file whose rest waits the file goes behind its plan. */
Test(prune, leaves_no_password_of_a_part_that_waited)
{
	static const char both[] = "username,password,course1,unenrol1\np1,Secret-Word-1,C1,1\n"
	                           "p2,Secret-Word-2,C1,1\np3,Secret-Word-3,C1,1\n";
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { update_details: file, "
	                                              "update_password: true, " LIMITED
	                                              ", keep: { held: 36500d } }\n"});
	done(&rig, "first.csv", enrolling);
	done(&rig, "both.csv", both);
	rig_expect(&rig, "SELECT state FROM enrold_plan", "open\n");
	prune_all(&rig);
	cr_expect_eq(spool_holds(&rig, "Secret-Word-1"), 0);
	rig_witness(&rig);
	prune_all(&rig);
	law_holds(&rig, LAW_IDLE);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run WHERE input_pruned = '' AND "
	                              "name NOT LIKE 'prune-%'"),
	    0);
	verified(&rig);
	law_close(&rig);
}
