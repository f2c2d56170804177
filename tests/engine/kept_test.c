/* What the ledger keeps no longer, of as many runs as ten years leave: on every engine. */
#include "enrold/db.h"
#include "enrold/kept.h"
#include "enrold/listing.h"
#include "enrold/plans.h"
#include "enrold/runid.h"

#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 100000, TOGETHER = 2000, WIDTH = 18 };

static const struct db_table runs = {"enrold_run",
    "run, state, feed, name, node, sha256, bytes, policy, started_us, today, records, "
    "result_bytes, retry_bytes, counts, summary, summary_sha256, result_sha256, retry_sha256",
    WIDTH};

static void id_make(int index, char id[RUN_ID_SIZE + 1])
{
	run_id_format(INT64_C(1700000000000000) + (int64_t)index * 1000003, id);
}

static void some_add(struct db *db, int first)
{
	static char ids[TOGETHER][RUN_ID_SIZE + 1];
	static struct db_value values[TOGETHER * (WIDTH)];
	for (int i = 0; i < TOGETHER; i++) {
		id_make(first + i, ids[i]);
		const struct db_value row[] = {db_string(ids[i]), db_string("applied"),
		    db_string(i % 2 ? "hr" : "other"), db_string("staff.csv"), db_string("node"),
		    db_string("a"), db_int(5), db_string("p"), db_int(1), db_int(1), db_int(1),
		    db_int(9), db_int(0), db_string("c"), db_string("{}"), db_string("s"),
		    db_string("r"), db_string("")};
		memcpy(&values[i * (WIDTH)], row, sizeof row);
	}
	db_insert_all(db, &runs, values, TOGETHER, NULL);
}

static void site_make(struct fixture *fixture)
{
	fixture_make(fixture, "C1", "");
	fixture_open(fixture);
	good(lms_begin(fixture->lms));
	for (int i = 0; i < RUNS; i += TOGETHER)
		some_add(lms_db(fixture->lms), i);
	good(lms_commit(fixture->lms));
}

/* By pages, oldest first, of one feed alone. */
static void all_list(struct fixture *fixture, struct kept_ids *ids)
{
	struct kept_run *found;
	size_t count = 1000;
	struct arena *arena = arena_create();
	struct ledger_page page = {.before = "99999999-999999-999999", .limit = 1000};
	while (count == 1000) {
		arena_reset(arena);
		good(kept_list(lms_db(fixture->lms), SLICE("hr"), &page, arena, &found, &count));
		for (size_t i = 0; i < count; i++) {
			cr_assert(strcmp(found[i].is.run.bytes, page.after) > 0);
			cr_assert(found[i].has_texts && found[i].is.bytes == 5);
			snprintf(page.after, sizeof page.after, "%s", found[i].is.run.bytes);
			good(kept_add(ids, fixture->arena, found[i].is.run));
		}
	}
	arena_free(arena);
}

static int64_t count_of(struct fixture *fixture, const char *sql)
{
	int64_t count = db_find(lms_db(fixture->lms), sql, -1, DB_NONE);
	good(db_error(lms_db(fixture->lms)));
	return count;
}

Test(kept, marks_all_that_went_at_once)
{
	struct fixture fixture;
	struct kept_ids ids = {NULL, 0, 0};
	site_make(&fixture);
	struct db *db = lms_db(fixture.lms);
	time_t begun = time(NULL);
	all_list(&fixture, &ids);
	cr_assert_eq(ids.count, RUNS / 2);
	good(lms_begin(fixture.lms));
	for (enum kept_mark mark = 0; mark < KEPT_MARKS; mark++)
		good(kept_store(
		    db, mark, &ids, SLICE("20261227-120000-000001"), SLICE("pruned by rule x")));
	good(lms_commit(fixture.lms));
	fprintf(stderr, "kept: %d runs in %lld s\n", RUNS / 2, (long long)(time(NULL) - begun));
	cr_expect_lt(time(NULL) - begun, 60);
	cr_expect_eq(
	    count_of(&fixture,
	        "SELECT count(*) FROM {enrold_run} WHERE input_pruned = "
	        "'20261227-120000-000001' AND answer_pruned = '20261227-120000-000001' AND "
	        "summary = '' AND counts = '' AND feed = 'hr'"),
	    RUNS / 2);
	cr_expect_eq(
	    count_of(&fixture, "SELECT count(*) FROM {enrold_run} WHERE input_pruned = '' AND "
	                       "answer_pruned = '' AND summary <> ''"),
	    RUNS / 2);
	fixture_remove(&fixture);
}

static struct stored_plan plan_of(const char *run, const char *source)
{
	return (struct stored_plan){.run = slice_of(run),
	    .feed = SLICE("hr"),
	    .sha256 = SLICE("a"),
	    .content = SLICE("same"),
	    .state = PLAN_OPEN,
	    .source = slice_of(source),
	    .base = SLICE("run x"),
	    .closed_by = SLICE(""),
	    .why = SLICE("")};
}

#define R1 "20260101-120000-000001"
#define R2 "20260102-120000-000001"

/* It is closed, and no other that is the same is for that. */
Test(kept, closes_plans_that_waited)
{
	struct fixture fixture;
	struct kept_ids open = {NULL, 0, 0}, sources = {NULL, 0, 0}, one = {NULL, 0, 0};
	struct stored_plan found;
	fixture_make(&fixture, "C1", "");
	fixture_open(&fixture);
	struct db *db = lms_db(fixture.lms);
	const struct stored_plan first = plan_of(R1, R1), second = plan_of(R2, R1);
	good(lms_begin(fixture.lms));
	good(plans_add(db, &first));
	good(plans_add(db, &second));
	good(kept_add(&one, fixture.arena, SLICE(R1)));
	good(kept_store(db, KEPT_PLAN, &one, SLICE(R2), SLICE("pruned by rule held 90d")));
	good(lms_commit(fixture.lms));
	good(kept_find_plans(db, SLICE("hr"), fixture.arena, &open, &sources));
	cr_assert_eq(open.count, 1);
	cr_expect_str_eq(open.items[0], R2);
	cr_expect_str_eq(sources.items[0], R1);
	good(plans_find(db, SLICE(R1), fixture.arena, &found));
	cr_expect_eq(found.state, PLAN_DISCARDED);
	cr_expect(slice_is(found.why, SLICE("pruned by rule held 90d")));
	cr_expect(slice_is(found.closed_by, SLICE(R2)));
	good(plans_find_discarded(db, SLICE("hr"), SLICE("same"), fixture.arena, &found));
	cr_expect_eq(found.state, PLAN_UNKNOWN);
	fixture_remove(&fixture);
}

Test(kept, finds_whose_grace_is_not_over_and_drops_the_deleted)
{
	struct fixture fixture;
	struct kept_ids ids = {NULL, 0, 0};
	bool has;
	const struct listing late = {.user = P1, .enrolment = 11, .suspended_at = 1000},
	                     early = {.user = P2, .enrolment = 12, .suspended_at = 10};
	fixture_make(&fixture, "C1", "");
	fixture_open(&fixture);
	struct db *db = lms_db(fixture.lms);
	good(lms_begin(fixture.lms));
	good(listing_add(db, SLICE("hr"), SLICE(R1), (struct listing[]){late, early}, 2));
	good(listing_store(db, SLICE("hr"), &late, SLICE(R1), SLICE(R2)));
	good(listing_store(db, SLICE("hr"), &early, SLICE(R1), SLICE(R1)));
	good(lms_commit(fixture.lms));
	good(kept_find_suspended(db, SLICE("hr"), 500, fixture.arena, &ids));
	cr_expect(ids.count == 1 && kept_has(&ids, R2) && !kept_has(&ids, R1));
	good(kept_has_claims(db, SLICE("hr"), &has));
	cr_expect_not(has);
	good(lms_begin(fixture.lms));
	db_run(db, "UPDATE {user} SET deleted = 1 WHERE id = ?", DB_VALUES(db_int(P1)));
	good(kept_has_claims(db, SLICE("other"), &has));
	cr_expect_not(has);
	good(kept_has_claims(db, SLICE("hr"), &has));
	cr_expect(has);
	good(kept_drop_claims(db, SLICE("hr")));
	good(lms_commit(fixture.lms));
	cr_expect_eq(count_of(&fixture, "SELECT count(*) FROM {enrold_listing}"), 1);
	fixture_remove(&fixture);
}
