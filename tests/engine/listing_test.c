/* What feeds have listed, as status and explain ask for it: on every engine. */
#include "enrold/db.h"
#include "enrold/listing.h"

#include "fixture.h"

#include <criterion/criterion.h>

enum { BEGUN = 1000, DAY = 86400 };

static const struct listing listings[] = {
    {.user = P1, .enrolment = 11, .enrol = 1, .absences = 2, .absent_at = 1, .suspended_at = BEGUN},
    {.user = P1, .enrolment = 12, .enrol = 2, .absences = 2, .suspended_at = BEGUN + DAY},
    {.user = P1, .enrolment = 0, .absences = 2, .suspended_at = BEGUN + 5},
    {.user = P1, .enrolment = 13, .enrol = 3},
    {.user = P2, .enrolment = 14, .enrol = 1, .absences = 1, .suspended_at = BEGUN - 7},
    {.user = P2, .enrolment = 15, .enrol = 2, .absences = 2, .suspended_at = BEGUN - 5, .told = 9},
    {.user = P2, .enrolment = 16, .enrol = 3, .absences = 2, .suspended_at = BEGUN + 2 * DAY},
};

static void site_make(struct fixture *fixture)
{
	fixture_make(fixture, "C1", "");
	fixture_open(fixture);
	struct db *db = lms_db(fixture->lms);
	const struct listing other = {
	    .user = P1, .enrolment = 11, .enrol = 1, .absences = 2, .suspended_at = BEGUN + 50};
	good(lms_begin(fixture->lms));
	good(listing_add(
	    db, SLICE("hr"), SLICE("R1"), listings, sizeof listings / sizeof *listings));
	good(listing_add(db, SLICE("excel"), SLICE("R2"), &other, 1));
	good(listing_store(db, SLICE("excel"), &other, SLICE("R1"), SLICE("R3")));
	good(listing_store_base(db, SLICE("hr"), SLICE("R1"), SLICE("run R1\n")));
	good(listing_store_base(db, SLICE("excel"), SLICE("R2"), SLICE("run R2\n")));
	good(lms_commit(fixture->lms));
}

Test(listing, counts_people_who_wait_and_finds_the_first_day)
{
	static const struct {
		int64_t until;
		uint64_t people;
	} cases[] = {{BEGUN - 1, 0}, {BEGUN, 1}, {BEGUN + DAY, 1}, {BEGUN + 2 * DAY, 2}};
	struct fixture fixture;
	struct listing_waiting waiting;
	site_make(&fixture);
	struct db *db = lms_db(fixture.lms);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		good(listing_count_waiting(db, SLICE("hr"), cases[i].until, &waiting));
		cr_expect_eq(waiting.people, cases[i].people, "until %d", (int)cases[i].until);
		cr_expect_eq(waiting.earliest_at, BEGUN);
	}
	good(listing_count_waiting(db, SLICE("none"), INT64_MAX, &waiting));
	cr_expect_eq(waiting.people, 0);
	cr_expect_eq(waiting.earliest_at, 0);
	fixture_remove(&fixture);
}

Test(listing, tells_of_a_person_what_each_feed_has_suspended)
{
	struct fixture fixture;
	struct listing_suspended *found;
	size_t count, of_excel = 0, of_account = 0;
	site_make(&fixture);
	struct db *db = lms_db(fixture.lms);
	good(listing_find_suspended(db, P1, fixture.arena, &found, &count));
	cr_assert_eq(count, 4);
	for (size_t i = 0; i < count; i++) {
		bool is_excel = slice_is(found[i].feed, SLICE("excel"));
		cr_expect_eq(found[i].is.user, P1);
		cr_expect(slice_is(found[i].run, is_excel ? SLICE("R3") : SLICE("")));
		of_account += found[i].is.enrolment == 0;
		of_excel += is_excel && found[i].is.suspended_at == BEGUN + 50;
	}
	cr_expect_eq(of_excel, 1);
	cr_expect_eq(of_account, 1);
	good(listing_find_suspended(db, 999, fixture.arena, &found, &count));
	cr_expect_eq(count, 0);
	fixture_remove(&fixture);
}
