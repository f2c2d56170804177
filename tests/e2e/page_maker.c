/* What the pages know of the ledger, look by look: a run that ended is on them, in whatever order
 * runs end, and when the database is put back they tell what it tells. */
#include "enrold/page_maker.h"
#include "enrold/config.h"
#include "enrold/lms.h"

#include "rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANY = 600 /* more than are looked at again */ };

/* Fri 27 Nov 2026, 22:30 UTC, and a quarter of an hour later. */
#define EVENING "20261127-223000"
static const int64_t evening_us = INT64_C(1795818600) * 1000000;
static const int64_t later_us = INT64_C(1795819500) * 1000000;

struct bench {
	struct rig rig;
	struct config_file *file;
	struct spool spool;
	struct page_maker *maker;
	const char *zone;
	int64_t now_us;
	size_t unwritten;
};

/* ---- pieces ---- */

static void bench_open(struct bench *bench)
{
	*bench = (struct bench){.now_us = later_us};
	rig_make(&bench->rig, &(struct rig_options){.feeds = "  default: {}\n  hr: {}\n"});
	struct error error = config_load(bench->rig.config.text, &bench->file);
	if (!is_error(&error))
		error = spool_open(config_get(bench->file), &bench->spool);
	cr_assert_not(is_error(&error), "%s", error.text);
	bench->maker = page_maker_create();
	cr_assert(bench->maker);
}

static void bench_close(struct bench *bench)
{
	page_maker_free(bench->maker);
	spool_close(&bench->spool);
	config_free(bench->file);
	rig_remove(&bench->rig);
}

static void on_unwritten(void *context, const char *path, const struct error *error)
{
	struct bench *bench = context;
	bench->unwritten++;
	cr_expect(strstr(path, ".html") && *error->text);
}

static struct error try_work(struct bench *bench)
{
	struct lms *lms;
	struct error error = lms_open(&config_get(bench->file)->lms, &lms);
	cr_assert_not(is_error(&error), "%s", error.text);
	const struct page_place place = {lms_db(lms), config_get(bench->file), &bench->spool,
	    bench->zone, bench->now_us, on_unwritten, bench};
	error = page_maker_work(bench->maker, &place);
	lms_close(lms);
	return error;
}

static void work(struct bench *bench)
{
	struct error error = try_work(bench);
	cr_assert_not(is_error(&error), "%s", error.text);
}

/* A run of the feed that has ended with this number; 0: it is under way. Its id ends in `place`. */
static void run_add(struct bench *bench, const char *feed, int place, int number)
{
	rig_execute(&bench->rig,
	    path_of(
	        "INSERT OR REPLACE INTO enrold_run (run, state, feed, name, node, sha256, "
	        "bytes, policy, started_us, today, records, result_bytes, retry_bytes, counts, "
	        "summary, summary_sha256, result_sha256, retry_sha256, number) VALUES ('" EVENING
	        "-%06d', '%s', '%s', 'file-%d.csv', 'n', '', 1, '', %lld, 0, 1, 0, 0, 'rows=1 "
	        "done=1', '{}', '', '', '', %d)",
	        place, number > 0 ? "applied" : "running", feed, place, (long long)evening_us,
	        number)
	        .text);
	if (number > 0)
		rig_execute(&bench->rig,
		    path_of("INSERT OR REPLACE INTO enrold_head (id, head, run, number) VALUES (1, "
		            "'%064d', '" EVENING "-%06d', %d)",
		        number, place, number)
		        .text);
}

static void many_add(struct bench *bench, const char *feed, int first, int number)
{
	rig_execute(&bench->rig,
	    path_of("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
	            "INSERT INTO enrold_run (run, state, feed, name, node, sha256, bytes, policy, "
	            "started_us, today, records, result_bytes, retry_bytes, counts, summary, "
	            "summary_sha256, result_sha256, retry_sha256, number) SELECT printf('" EVENING
	            "-%%06d', i + %d), 'applied', '%s', 'many.csv', 'n', '', 1, '', %lld, 0, 1, 0, "
	            "0, 'rows=1', '{}', '', '', '', i + %d FROM n",
	        MANY - 1, first, feed, (long long)evening_us, number)
	        .text);
	run_add(bench, feed, first + MANY, number + MANY);
}

static bool says(const struct bench *bench, const char *page, const char *text)
{
	struct buffer read = files_read(rig_path(&bench->rig, "outbox/%s", page).text);
	bool is = strstr(read.bytes, text) != NULL;
	buffer_done(&read);
	return is;
}

#define SAYS(bench, page, text) cr_expect(says(bench, page, text), "%s: no '%s'", page, text)
#define SAYS_NOT(bench, page, text) cr_expect_not(says(bench, page, text), "%s: '%s'", page, text)

/* ---- looks ---- */

Test(page_maker, a_run_that_has_ended_since_is_on_the_page_of_its_feed)
{
	struct bench bench;
	bench_open(&bench);
	run_add(&bench, "hr", 1, 1);
	run_add(&bench, "hr", 2, 0);
	work(&bench);
	SAYS(&bench, "hr/index.html", "file-1.csv");
	SAYS_NOT(&bench, "hr/index.html", "file-2.csv");
	run_add(&bench, "hr", 3, 2);
	work(&bench);
	SAYS(&bench, "hr/index.html", "2 runs on 1 of");
	run_add(&bench, "hr", 2, 3); /* begun before it, ended after it */
	work(&bench);
	SAYS(&bench, "hr/index.html", "3 runs on 1 of");
	SAYS(&bench, "hr/index.html", "last file that was applied: file-3.csv");
	SAYS(&bench, "default.html", "No file has been dropped here yet");
	bench_close(&bench);
}

Test(page_maker, a_page_without_news_is_left_alone)
{
	struct bench bench;
	bench_open(&bench);
	run_add(&bench, "hr", 1, 1);
	bench.now_us = later_us + INT64_C(2) * 3600 * 1000000; /* its answer may be gone by now */
	work(&bench);
	cr_assert_eq(unlink(rig_path(&bench.rig, "outbox/hr/index.html").text), 0);
	cr_assert_eq(unlink(rig_path(&bench.rig, "outbox/default.html").text), 0);
	run_add(&bench, "default", 2, 2);
	work(&bench);
	cr_expect(files_exist(rig_path(&bench.rig, "outbox/default.html").text));
	cr_expect_not(files_exist(rig_path(&bench.rig, "outbox/hr/index.html").text));
	page_maker_want_all(bench.maker);
	work(&bench);
	cr_expect(files_exist(rig_path(&bench.rig, "outbox/hr/index.html").text));
	bench_close(&bench);
}

Test(page_maker, a_run_whose_answer_is_not_out_yet_is_looked_at_again)
{
	struct bench bench;
	bench_open(&bench);
	run_add(&bench, "hr", 1, 1);
	work(&bench);
	SAYS(&bench, "hr/index.html", "on its way");
	SAYS_NOT(&bench, "hr/index.html", "no longer kept");
	files_write(rig_path(&bench.rig, "outbox/hr/file-1." EVENING "-000001.report.html").text,
	    "", 0, 0640);
	files_write(rig_path(&bench.rig, "outbox/hr/file-1." EVENING "-000001.summary.json").text,
	    "", 0, 0640);
	work(&bench);
	SAYS(&bench, "hr/index.html", "href=\"./file-1." EVENING "-000001.report.html\"");
	bench_close(&bench);
}

Test(page_maker, a_run_that_began_long_ago_and_ends_among_many_is_not_missed)
{
	struct bench bench;
	bench_open(&bench);
	run_add(&bench, "default", 1, 0);
	run_add(&bench, "hr", 2, 1);
	work(&bench);
	many_add(&bench, "hr", 10, 3); /* up to number 603 */
	run_add(&bench, "default", 1, 2);
	run_add(&bench, "hr", 10 + MANY, 3 + MANY); /* is the head again */
	work(&bench);
	SAYS(&bench, "default.html", "file-1.csv");
	SAYS(&bench, "hr/index.html", "602 runs on 1 of");
	/* And once more, when it is the newest end. */
	run_add(&bench, "default", 3, 4 + MANY);
	work(&bench);
	SAYS(&bench, "default.html", "2 runs on 1 of");
	bench_close(&bench);
}

/* Head and rows are read one after the other. */
Test(page_maker, a_run_that_ends_while_the_first_are_read_counts_once)
{
	struct bench bench;
	bench_open(&bench);
	run_add(&bench, "hr", 1, 1);
	run_add(&bench, "hr", 2, 2);
	run_add(&bench, "hr", 1, 1); /* is the head that is seen */
	work(&bench);
	run_add(&bench, "hr", 2, 2);
	work(&bench);
	SAYS(&bench, "hr/index.html", "2 runs on 1 of");
	bench_close(&bench);
}

Test(page_maker, what_a_database_put_back_has_forgotten_is_on_no_page)
{
	struct bench bench;
	bench_open(&bench);
	for (int i = 1; i <= 3; i++)
		run_add(&bench, "hr", i, i);
	work(&bench);
	SAYS(&bench, "hr/index.html", "3 runs on 1 of");
	rig_execute(&bench.rig, "DELETE FROM enrold_run WHERE number > 1");
	run_add(&bench, "hr", 7, 2);
	work(&bench);
	SAYS(&bench, "hr/index.html", "2 runs on 1 of");
	SAYS_NOT(&bench, "hr/index.html", "file-3.csv");
	/* It has gone as far as before, and further, by other runs. */
	rig_execute(&bench.rig, "DELETE FROM enrold_run WHERE number > 1");
	run_add(&bench, "hr", 8, 2);
	run_add(&bench, "hr", 9, 3);
	work(&bench);
	SAYS_NOT(&bench, "hr/index.html", "file-7.csv");
	SAYS(&bench, "hr/index.html", "3 runs on 1 of");
	bench_close(&bench);
}

Test(page_maker, days_are_those_of_the_sites_time_zone_and_a_new_one_is_a_new_page)
{
	struct bench bench;
	bench_open(&bench);
	run_add(&bench, "hr", 1, 1);
	setenv("TZ", "UTC", 1);
	tzset();
	bench.zone = "UTC";
	work(&bench);
	SAYS(&bench, "hr/index.html", "Fri 27 Nov 2026: 1 run");
	setenv("TZ", "Asia/Tokyo", 1); /* half past seven in the morning of the next day */
	tzset();
	bench.zone = "Asia/Tokyo";
	work(&bench);
	SAYS(&bench, "hr/index.html", "Sat 28 Nov 2026: 1 run");
	SAYS(&bench, "hr/index.html", "time zone Asia/Tokyo");
	bench.now_us += INT64_C(86400) * 1000000;
	work(&bench);
	SAYS(&bench, "hr/index.html", "Sun 29 Nov 2026: no run");
	bench.now_us += INT64_C(90) * 86400 * 1000000;
	work(&bench);
	SAYS(&bench, "hr/index.html", "0 runs on 0 of the last 90 days");
	SAYS(&bench, "hr/index.html", "file-1.csv");
	bench_close(&bench);
}

Test(page_maker, a_ledger_that_cannot_be_read_leaves_the_pages_and_the_next_look_makes_them)
{
	struct bench bench;
	bench_open(&bench);
	run_add(&bench, "hr", 1, 1);
	work(&bench);
	rig_execute(&bench.rig, "ALTER TABLE enrold_head RENAME TO elsewhere");
	struct error error = try_work(&bench);
	cr_expect(is_error(&error));
	SAYS(&bench, "hr/index.html", "file-1.csv");
	rig_execute(&bench.rig, "ALTER TABLE elsewhere RENAME TO enrold_head");
	run_add(&bench, "hr", 2, 2);
	work(&bench);
	SAYS(&bench, "hr/index.html", "file-2.csv");
	bench_close(&bench);
}

Test(page_maker, a_page_that_cannot_be_made_is_told_of_once_until_it_can)
{
	struct bench bench;
	bench_open(&bench);
	struct path page = rig_path(&bench.rig, "outbox/index.html");
	struct path part = rig_path(&bench.rig, "outbox/.page-" RIG_NODE ".part");
	files_make_directory(page.text);
	work(&bench);
	page_maker_want_all(bench.maker);
	work(&bench);
	cr_expect_eq(bench.unwritten, 1);
	files_remove(page.text);
	files_make_directory(path_of("%s/below", part.text).text);
	page_maker_want_all(bench.maker);
	work(&bench);
	cr_expect_eq(bench.unwritten, 2); /* outbox/default.html, too, needs that name */
	files_remove(part.text);
	page_maker_want_all(bench.maker);
	work(&bench);
	SAYS(&bench, "index.html", "hr/index.html");
	cr_expect_eq(bench.unwritten, 2);
	files_make_directory(path_of("%s/below", part.text).text);
	page_maker_want_all(bench.maker);
	work(&bench);
	cr_expect_eq(bench.unwritten, 4);
	bench_close(&bench);
}
