/* How feeds that tell absence stand, by the ledger: on every engine. */
#include "enrold/absences.h"
#include "enrold/arrivals.h"
#include "enrold/db.h"
#include "enrold/leaver.h"
#include "enrold/ledger.h"
#include "enrold/listing.h"

#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { DAY_S = 86400 };

/* hr unenrolls after ten days whom "full*.csv" does not list; slow tells nothing. */
static struct feed feeds[2];
static struct config config;

static void site_make(struct fixture *fixture)
{
	setenv("TZ", "UTC", 1);
	tzset();
	memset(feeds, 0, sizeof feeds);
	strcpy(feeds[0].name, "hr");
	feeds[0].policy.absence = (struct policy_absence){.action = ABSENCE_UNENROL,
	    .grace_ms = UINT64_C(10) * DAY_S * 1000,
	    .files = "full*.csv"};
	strcpy(feeds[1].name, "slow");
	config = (struct config){.feeds = feeds, .feeds_count = 2};
	fixture_make(fixture, "C1 C2", "");
	fixture_open(fixture);
}

/* codes: members of the summary's codes; why: of its remark. */
static void run_store(struct fixture *fixture, int64_t at, const char *feed, const char *name,
    const char *codes, const char *why)
{
	char id[RUN_ID_SIZE + 1], summary[600];
	struct ledger_head head = {.number = 1};
	run_id_format((NOW + at) * 1000000, id);
	snprintf(summary, sizeof summary,
	    "{\"run\":\"%s\",\"codes\":{%s},\"remarks\":[{\"code\":\"removals_withheld\","
	    "\"message\":\"3 removals were withheld: %s.\"}]}\n",
	    id, codes, why);
	memset(head.chain, 'a', HASH_TEXT_SIZE);
	memcpy(head.run, id, sizeof head.run);
	const struct ledger_run run = {.state = RUN_APPLIED,
	    .run = slice_of(id),
	    .feed = slice_of(feed),
	    .name = slice_of(name),
	    .node = SLICE("n"),
	    .sha256 = slice_of(head.chain),
	    .started_us = (NOW + at) * 1000000,
	    .summary = slice_of(summary),
	    .counts = SLICE("rows=3"),
	    .policy = SLICE("compat=none")};
	good(lms_begin(fixture->lms));
	good(ledger_store(lms_db(fixture->lms), &run));
	good(ledger_set_head(lms_db(fixture->lms), &head));
	good(lms_commit(fixture->lms));
}

static void base_store(struct fixture *fixture, int64_t at, const char *name, const char *rest)
{
	char id[RUN_ID_SIZE + 1], text[800];
	run_id_format((NOW + at) * 1000000, id);
	snprintf(text, sizeof text,
	    "run %s\nname %s\nsha256 x\nmodified_ms 1\nrows 9\npeople 9\nended 1\n%s", id, name,
	    rest);
	good(lms_begin(fixture->lms));
	good(listing_store_base(lms_db(fixture->lms), SLICE("hr"), slice_of(id), slice_of(text)));
	good(lms_commit(fixture->lms));
}

static void listing_store_one(struct fixture *fixture, int64_t enrolment, int64_t suspended_at)
{
	const struct listing listing = {.user = P1 + enrolment,
	    .enrolment = enrolment,
	    .enrol = 1,
	    .absences = 2,
	    .suspended_at = suspended_at};
	good(lms_begin(fixture->lms));
	good(listing_add(lms_db(fixture->lms), SLICE("hr"), SLICE("R"), &listing, 1));
	good(lms_commit(fixture->lms));
}

/* "file withheld of-file: why | C1 3 52, | people first", the last in days from NOW. */
static void expect_standing(struct fixture *fixture, struct absences *absences,
    struct arrivals *arrivals, int64_t now_s, const char *expected)
{
	struct absence_standing *list;
	size_t count;
	char text[800] = "";
	good(arrivals_look(arrivals, lms_db(fixture->lms), now_s));
	good(absences_look(absences, fixture->lms, &config, arrivals, now_s));
	good(absences_list(absences, &list, &count));
	const struct absence_standing *is = absence_standing_find(list, count, "hr");
	cr_expect_null(absence_standing_find(list, count, "slow"));
	if (is) {
		int size = snprintf(text, sizeof text, "%s %d %s: %s |", *is->run ? is->file : "-",
		    (int)is->withheld, is->withheld_file, is->why);
		for (size_t i = 0; i < is->blocked_count && i < ABSENCES_BLOCKED_MAX; i++)
			size += snprintf(text + size, sizeof text - (size_t)size, " %s %d %d,",
			    is->blocked[i].course, (int)is->blocked[i].files,
			    (int)is->blocked[i].line);
		snprintf(text + size, sizeof text - (size_t)size, " | %d %d", (int)is->due_people,
		    is->due_s == 0 ? 0 : (int)((is->due_s - NOW) / DAY_S));
	}
	cr_expect_str_eq(text, expected, "%s", text);
	free(list);
}

static void enrols_of(struct fixture *fixture, char text[400])
{
	struct db_rows rows = db_scan(lms_db(fixture->lms),
	    "SELECT e.id FROM {enrol} e JOIN {course} c ON c.id = e.courseid WHERE c.shortname IN "
	    "('C1', 'C2') AND e.enrol = 'manual' ORDER BY c.shortname");
	int size = 0;
	for (int i = 0; i < 2 && db_next(&rows); i++)
		size += snprintf(text + size, 400 - (size_t)size, "blocked %lld %d %d\n",
		    (long long)db_column_int(&rows, 0), 3 + i, 52 + i);
	db_rows_close(&rows);
	snprintf(text + size, 400 - (size_t)size, "blocked 999999 9 1\n");
}

Test(absences, tell_of_the_last_full_file_and_of_what_the_newest_withheld)
{
	struct fixture fixture;
	struct absences *absences = absences_create();
	struct arrivals *arrivals = arrivals_create();
	char blocked[400];
	site_make(&fixture);
	expect_standing(&fixture, absences, arrivals, NOW, "- 0 :  | | 0 0");
	run_store(&fixture, -900, "hr", "full1.csv", "\"enrolled\":3", "");
	base_store(&fixture, -900, "full1.csv", "blocked 1 2 7\n");
	expect_standing(&fixture, absences, arrivals, NOW, "full1.csv 0 :  | | 0 0");
	run_store(&fixture, -800, "hr", "full2.csv", "\"withheld\":2,\"maybe_renamed\":1",
	    "the file has 9 rows");
	run_store(&fixture, -790, "hr", "delta.csv", "\"enrolled\":3", "");
	run_store(&fixture, -780, "hr", "due-20261127.csv", "\"absent_unenrolled\":3", "");
	run_store(&fixture, -770, "slow", "full3.csv", "\"withheld\":9", "another feed's");
	expect_standing(&fixture, absences, arrivals, NOW,
	    "full1.csv 3 full2.csv: the file has 9 rows | | 0 0");
	run_store(&fixture, -700, "hr", "full4.csv", "\"enrolled\":3", "");
	enrols_of(&fixture, blocked);
	base_store(&fixture, -700, "full4.csv", blocked);
	expect_standing(
	    &fixture, absences, arrivals, NOW, "full4.csv 0 :  | C1 3 52, C2 4 53, | 0 0");
	base_store(&fixture, -700, "full4.csv", "what is that?\n");
	run_store(&fixture, -600, "hr", "full5.csv", "\"enrolled\":3", "");
	expect_standing(&fixture, absences, arrivals, NOW, "- 0 :  | | 0 0");
	absences_free(absences);
	arrivals_free(arrivals);
	fixture_remove(&fixture);
}

/* Ten days of grace: told from the seventh on, by days of the site. */
Test(absences, tell_of_people_three_days_before_they_are_due)
{
	struct fixture fixture;
	struct absences *absences = absences_create();
	struct arrivals *arrivals = arrivals_create();
	site_make(&fixture);
	listing_store_one(&fixture, 1, NOW - 6 * DAY_S);
	listing_store_one(&fixture, 2, NOW - 5 * DAY_S);
	expect_standing(&fixture, absences, arrivals, NOW, "- 0 :  | | 0 4");
	expect_standing(&fixture, absences, arrivals, NOW + DAY_S, "- 0 :  | | 1 4");
	expect_standing(&fixture, absences, arrivals, NOW + 2 * DAY_S, "- 0 :  | | 2 4");
	feeds[0].policy.absence.action = ABSENCE_SUSPEND;
	expect_standing(&fixture, absences, arrivals, NOW + 3 * DAY_S, "- 0 :  | | 0 0");
	feeds[0].policy.absence.action = ABSENCE_IGNORE;
	expect_standing(&fixture, absences, arrivals, NOW + 4 * DAY_S, "");
	absences_free(absences);
	arrivals_free(arrivals);
	fixture_remove(&fixture);
}

Test(absences, are_looked_at_after_a_run_of_the_feed_and_every_ten_minutes)
{
	struct fixture fixture;
	struct absences *absences = absences_create();
	struct arrivals *arrivals = arrivals_create();
	site_make(&fixture);
	run_store(&fixture, -900, "hr", "full1.csv", "\"enrolled\":3", "");
	expect_standing(&fixture, absences, arrivals, NOW, "- 0 :  | | 0 0");
	listing_store_one(&fixture, 1, NOW - 8 * DAY_S);
	run_store(&fixture, -800, "slow", "full.csv", "\"enrolled\":3", "");
	expect_standing(&fixture, absences, arrivals, NOW + ABSENCES_EVERY_S - 1, "- 0 :  | | 0 0");
	expect_standing(&fixture, absences, arrivals, NOW + ABSENCES_EVERY_S, "- 0 :  | | 1 2");
	listing_store_one(&fixture, 2, NOW - 8 * DAY_S);
	expect_standing(&fixture, absences, arrivals, NOW + ABSENCES_EVERY_S + 1, "- 0 :  | | 1 2");
	run_store(&fixture, -700, "hr", "due-20261127.csv", "\"absent_unenrolled\":3", "");
	expect_standing(&fixture, absences, arrivals, NOW + ABSENCES_EVERY_S + 1, "- 0 :  | | 2 2");
	absences_free(absences);
	arrivals_free(arrivals);
	fixture_remove(&fixture);
}
