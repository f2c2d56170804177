/* Which file of each feed came last, by the ledger, however its runs end. */
#include "enrold/arrivals.h"
#include "enrold/db.h"
#include "enrold/ledger.h"

#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DAY_S INT64_C(86400)

static void site_make(struct fixture *fixture)
{
	fixture_make(fixture, "C1", "");
	fixture_open(fixture);
}

/* A run that was begun so many seconds after NOW; minutes: that it took. */
struct given {
	int64_t begun;
	enum run_state state;
	const char *feed, *name, *sha256;
	int64_t minutes;
};

static void run_store(struct fixture *fixture, const struct given *given)
{
	char id[RUN_ID_SIZE + 1], summary[512], finished[40];
	int64_t begun_us = (NOW + given->begun) * 1000000;
	time_t end = (time_t)(NOW + given->begun + given->minutes * 60);
	struct tm tm;
	run_id_format(begun_us, id);
	strftime(finished, sizeof finished, "%FT%T.789Z", gmtime_r(&end, &tm));
	snprintf(summary, sizeof summary, "{\"run\":\"%s\",\"finished\":\"%s\"}\n", id, finished);
	const struct ledger_run run = {.state = given->state,
	    .run = slice_of(id),
	    .feed = slice_of(given->feed),
	    .name = slice_of(given->name),
	    .node = SLICE("n"),
	    .sha256 = slice_of(given->sha256),
	    .started_us = begun_us,
	    .records = (uint64_t)given->minutes,
	    .summary = given->state == RUN_RUNNING ? SLICE("") : slice_of(summary),
	    .counts = SLICE("rows=3"),
	    .policy = SLICE("compat=none")};
	struct db *db = lms_db(fixture->lms);
	struct ledger_head head = {.number = 1};
	memset(head.chain, 'a', HASH_TEXT_SIZE);
	memcpy(head.run, id, sizeof head.run);
	good(ledger_store(db, &run));
	if (given->state != RUN_RUNNING)
		good(ledger_set_head(db, &head));
}

static void runs_store(struct fixture *fixture, const struct given *given, size_t count)
{
	good(lms_begin(fixture->lms));
	for (size_t i = 0; i < count; i++)
		run_store(fixture, &given[i]);
	good(lms_commit(fixture->lms));
}

static void one_store(struct fixture *fixture, struct given given)
{
	runs_store(fixture, &given, 1);
}

/* "name rows done changed repeated refused", times in minutes from NOW; "": nothing of it. */
static void expect_arrival(
    struct fixture *fixture, struct arrivals *arrivals, const char *feed, const char *expected)
{
	struct arrival *list;
	size_t count;
	char text[400] = "";
	good(arrivals_look(arrivals, lms_db(fixture->lms), NOW));
	good(arrivals_list(arrivals, &list, &count));
	const struct arrival *arrival = arrival_find(list, count, feed);
	if (arrival)
		snprintf(text, sizeof text, "%s %d %d %d %s %d%s",
		    *arrival->run ? arrival->file : "-", (int)arrival->rows,
		    *arrival->run ? (int)((arrival->accepted_s - NOW) / 60) : 0,
		    *arrival->run ? (int)((arrival->changed_s - NOW) / 60) : 0,
		    arrival->is_repeated ? "again" : "new", (int)arrival->refused,
		    (arrival->refused > 0) == (*arrival->refused_run != '\0') ? "" : "?");
	cr_expect_str_eq(text, expected, "%s: %s", feed, text);
	free(list);
}

static const struct given mixed[] = {
    {-6000, RUN_APPLIED, "hr", "a.csv", "x", 1},
    {-5400, RUN_APPLIED, "hr", "b.csv", "y", 2},
    {-4800, RUN_REFUSED, "hr", "bad.csv", "z", 1},
    {-4200, RUN_APPLIED, "hr", "c.csv", "y", 3},
    {-3600, RUN_PREVIEWED, "hr", "p.csv", "q", 1},
    {-3000, RUN_REFUSED, "hr", "bad.csv", "z", 1},
    {-2400, RUN_APPLIED, "hr", "c.20261124-120000-000001.retry.csv", "r", 1},
    {-1800, RUN_REFUSED, "hr", "bad.csv", "z", 1},
    {-1200, RUN_REFUSED, "only", "bad.csv", "z", 1},
    {-600, RUN_APPLIED, "excel", "one.csv", "s", 4},
    {-60, RUN_DISCARDED, "excel", "two.csv", "s", 4},
};

Test(arrivals, are_the_newest_accepted_files_and_what_was_refused_since)
{
	struct fixture fixture;
	struct arrivals *arrivals = arrivals_create();
	site_make(&fixture);
	expect_arrival(&fixture, arrivals, "hr", "");
	runs_store(&fixture, mixed, sizeof mixed / sizeof *mixed);
	for (int look = 0; look < 2; look++) {
		expect_arrival(&fixture, arrivals, "hr", "c.csv 3 -67 -88 again 2");
		expect_arrival(&fixture, arrivals, "excel", "one.csv 4 -6 -6 new 0");
		expect_arrival(&fixture, arrivals, "only", "- 0 0 0 new 1");
		expect_arrival(&fixture, arrivals, "other", "");
		arrivals_free(arrivals); /* by the first look it is the same */
		arrivals = arrivals_create();
	}
	arrivals_free(arrivals);
	fixture_remove(&fixture);
}

Test(arrivals, that_were_held_count_when_they_are_released)
{
	struct fixture fixture;
	char release[64] = "release-", plan[64] = "release-";
	struct arrivals *arrivals = arrivals_create();
	site_make(&fixture);
	run_id_format((NOW + 60) * INT64_C(1000000), release + strlen(release));
	run_id_format((NOW + 120) * INT64_C(1000000), plan + strlen(plan));
	strcat(release, ".csv");
	strcat(plan, ".csv");
	one_store(&fixture, (struct given){60, RUN_HELD, "hr", "a.csv", "x", 1});
	expect_arrival(&fixture, arrivals, "hr", "");
	one_store(&fixture, (struct given){120, RUN_APPLIED, "hr", release, "plan", 1});
	expect_arrival(&fixture, arrivals, "hr", "a.csv 1 3 3 new 0");
	one_store(&fixture, (struct given){180, RUN_APPLIED, "hr", plan, "plan2", 1});
	expect_arrival(&fixture, arrivals, "hr", "a.csv 1 3 3 new 0");
	one_store(&fixture, (struct given){240, RUN_APPLIED, "hr", "b.csv", "x", 2});
	expect_arrival(&fixture, arrivals, "hr", "b.csv 2 6 3 again 0");
	arrivals_free(arrivals);
	fixture_remove(&fixture);
}

Test(arrivals, are_followed_one_by_one)
{
	struct fixture fixture;
	struct arrivals *arrivals = arrivals_create();
	site_make(&fixture);
	one_store(&fixture, (struct given){60, RUN_APPLIED, "hr", "a.csv", "x", 1});
	expect_arrival(&fixture, arrivals, "hr", "a.csv 1 2 2 new 0");
	one_store(&fixture, (struct given){120, RUN_REFUSED, "hr", "b.csv", "y", 1});
	expect_arrival(&fixture, arrivals, "hr", "a.csv 1 2 2 new 1");
	one_store(&fixture, (struct given){180, RUN_APPLIED, "hr", "b.csv", "x", 2});
	expect_arrival(&fixture, arrivals, "hr", "b.csv 2 5 2 again 0");
	one_store(&fixture, (struct given){240, RUN_APPLIED, "hr", "c.csv", "x", 3});
	expect_arrival(&fixture, arrivals, "hr", "c.csv 3 7 2 again 0");
	one_store(&fixture, (struct given){300, RUN_APPLIED, "hr", "c.csv", "y", 4});
	expect_arrival(&fixture, arrivals, "hr", "c.csv 4 9 9 new 0");
	arrivals_free(arrivals);
	fixture_remove(&fixture);
}

/* Two daemons: what was begun first ends last. */
Test(arrivals, that_end_out_of_order_are_seen)
{
	struct fixture fixture;
	struct arrivals *arrivals = arrivals_create();
	site_make(&fixture);
	one_store(&fixture, (struct given){60, RUN_RUNNING, "giant", "g.csv", "x", 90});
	one_store(&fixture, (struct given){120, RUN_APPLIED, "hr", "a.csv", "x", 1});
	expect_arrival(&fixture, arrivals, "hr", "a.csv 1 3 3 new 0");
	expect_arrival(&fixture, arrivals, "giant", "");
	one_store(&fixture, (struct given){180, RUN_APPLIED, "hr", "b.csv", "y", 1});
	expect_arrival(&fixture, arrivals, "giant", "");
	one_store(&fixture, (struct given){60, RUN_APPLIED, "giant", "g.csv", "x", 90});
	expect_arrival(&fixture, arrivals, "giant", "g.csv 90 91 91 new 0");
	/* And one that nobody has seen under way. */
	one_store(&fixture, (struct given){30, RUN_REFUSED, "late", "l.csv", "x", 90});
	expect_arrival(&fixture, arrivals, "late", "- 0 0 0 new 1");
	one_store(&fixture, (struct given){40, RUN_APPLIED, "hr", "old.csv", "z", 20});
	expect_arrival(&fixture, arrivals, "hr", "b.csv 1 20 4 new 0");
	arrivals_free(arrivals);
	fixture_remove(&fixture);
}

/* Behind the window: by its own id where it was seen under way, or as the head of the chain. */
Test(arrivals, that_end_long_after_they_were_begun_are_seen_once)
{
	enum { MANY = 1200 };
	struct fixture fixture;
	struct arrivals *arrivals = arrivals_create();
	static struct given many[MANY];
	site_make(&fixture);
	one_store(&fixture, (struct given){1, RUN_RUNNING, "giant", "g.csv", "x", 90});
	one_store(&fixture, (struct given){2, RUN_APPLIED, "hr", "a.csv", "x", 1});
	expect_arrival(&fixture, arrivals, "giant", "");
	for (int i = 0; i < MANY; i++)
		many[i] = (struct given){10 + i, RUN_APPLIED, "hr", "a.csv", "x", 1};
	runs_store(&fixture, many, MANY);
	expect_arrival(&fixture, arrivals, "giant", "");
	one_store(&fixture, (struct given){1, RUN_REFUSED, "giant", "g.csv", "x", 90});
	expect_arrival(&fixture, arrivals, "giant", "- 0 0 0 new 1");
	one_store(&fixture, (struct given){3, RUN_REFUSED, "unseen", "u.csv", "x", 90});
	expect_arrival(&fixture, arrivals, "unseen", "- 0 0 0 new 1");
	one_store(&fixture, (struct given){5000, RUN_APPLIED, "hr", "a.csv", "x", 1});
	expect_arrival(&fixture, arrivals, "giant", "- 0 0 0 new 1");
	expect_arrival(&fixture, arrivals, "unseen", "- 0 0 0 new 1");
	arrivals_free(arrivals);
	fixture_remove(&fixture);
}

Test(arrivals, of_a_ledger_that_was_put_back_are_read_anew)
{
	struct fixture fixture;
	struct arrivals *arrivals = arrivals_create();
	site_make(&fixture);
	one_store(&fixture, (struct given){60, RUN_APPLIED, "hr", "a.csv", "x", 1});
	one_store(&fixture, (struct given){120, RUN_APPLIED, "hr", "b.csv", "y", 1});
	expect_arrival(&fixture, arrivals, "hr", "b.csv 1 3 3 new 0");
	struct db *db = lms_db(fixture.lms);
	good(lms_begin(fixture.lms));
	db_run(db, "DELETE FROM {enrold_run} WHERE name = 'b.csv'", DB_NONE);
	db_run(db, "UPDATE {enrold_head} SET run = (SELECT run FROM {enrold_run})", DB_NONE);
	good(lms_commit(fixture.lms));
	expect_arrival(&fixture, arrivals, "hr", "a.csv 1 2 2 new 0");
	one_store(&fixture, (struct given){180, RUN_APPLIED, "hr", "c.csv", "z", 1});
	expect_arrival(&fixture, arrivals, "hr", "c.csv 1 4 4 new 0");
	arrivals_free(arrivals);
	fixture_remove(&fixture);
}

Test(arrivals, older_than_400_days_are_not_looked_for)
{
	struct fixture fixture;
	struct arrivals *arrivals = arrivals_create();
	site_make(&fixture);
	one_store(&fixture, (struct given){-401 * DAY_S, RUN_APPLIED, "hr", "a.csv", "x", 1});
	one_store(&fixture, (struct given){-399 * DAY_S, RUN_APPLIED, "excel", "b.csv", "x", 1});
	expect_arrival(&fixture, arrivals, "hr", "");
	expect_arrival(&fixture, arrivals, "excel", "b.csv 1 -574559 -574559 new 0");
	arrivals_free(arrivals);
	fixture_remove(&fixture);
}
