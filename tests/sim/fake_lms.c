#include "fake_lms.h"

#include "fate.h"

#include "enrold/columns.h"
#include "enrold/leaver.h"
#include "enrold/listing.h"
#include "enrold/lms.h"
#include "enrold/persons.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 64, STUDENT = 5, FIRST_PERSON = 100, FIRST_COURSE = 1000 };

struct state {
	struct ledger_run runs[RUNS_MAX]; /* texts live as long as the simulation's process */
	size_t runs_count;
	char head[HASH_TEXT_SIZE + 1];
	char newest[RUN_ID_SIZE + 1];
	int enrolled[FAKE_PEOPLE + 1][FAKE_COURSES + 1];
	int roles[FAKE_PEOPLE + 1][FAKE_COURSES + 1];
};

static struct state committed, working, saved;
static bool is_open;   /* a transaction */
static bool is_broken; /* the connection */

struct lms {
	struct site_facts site;
};

static struct error away(const char *what)
{
	if (fate.is_away)
		return error_retry("the database is away: %s", what);
	if (is_broken)
		return error_retry("the connection is gone: %s", what);
	return fate_step() ? error_retry("the database is in trouble: %s", what) : OK;
}

static struct state *now(void)
{
	return is_open ? &working : &committed;
}

/* ---- connection and transaction ---- */

struct error lms_open(const struct lms_options *options, struct lms **result)
{
	is_broken = false;
	struct error error = away("opening");
	if (!is_error(&error)) {
		*result = calloc(1, sizeof **result);
		if (!*result)
			abort();
	}
	return error;
}

void lms_close(struct lms *lms)
{
	if (lms)
		is_open = false;
	free(lms);
}

bool lms_is_alive(struct lms *lms)
{
	return true;
}

void lms_rest(struct lms *lms)
{
}

void fake_lms_abandon(void)
{
	is_open = false;
}

void fake_lms_back_up(void)
{
	saved = committed;
}

void fake_lms_put_back(bool breaks)
{
	committed = saved;
	is_open = false;
	is_broken = breaks;
}

struct error lms_prefetch(struct lms *lms, uint64_t people)
{
	return OK;
}

void lms_rehearse(struct lms *lms)
{
}

struct error lms_flush(struct lms *lms)
{
	return OK;
}

struct error lms_begin(struct lms *lms)
{
	struct error error = away("begin");
	if (is_error(&error))
		return error;
	working = committed;
	is_open = true;
	return OK;
}

struct error lms_commit(struct lms *lms)
{
	struct error before = away("commit");
	if (is_error(&before))
		return before;
	if (!is_open)
		return error_retry("no transaction");
	committed = working;
	is_open = false;
	return away("the answer to a commit");
}

void lms_rollback(struct lms *lms)
{
	is_open = false;
}

bool lms_is_polled(const struct lms *lms)
{
	return false;
}

bool lms_is_awaited(struct lms *lms)
{
	return fate_draw(2);
}

/* ---- facts ---- */

static const struct role_facts roles[] = {
    {STUDENT, {"student", 7}, {"student", 7}, true, false, false},
};

static const int64_t admins[] = {2};

struct error lms_check_site(struct lms *lms, bool is_preview)
{
	return away("its version");
}

struct error lms_recheck_site(struct lms *lms, bool is_preview)
{
	return lms_check_site(lms, is_preview);
}

struct error lms_load_site(struct lms *lms, const struct site_facts **site)
{
	lms->site = (struct site_facts){.local_host = 1,
	    .actor = 2,
	    .guest = 1,
	    .admins = admins,
	    .admins_count = 1,
	    .session_timeout = 28800,
	    .system_context = 1,
	    .manual_enabled = true,
	    .timezone = "99",
	    .auths = SLICE("manual"),
	    .roles = roles,
	    .roles_count = 1};
	*site = &lms->site;
	return away("the site");
}

struct error lms_ask_clock(struct lms *lms, int64_t *epoch_us)
{
	*epoch_us = 0;
	return OK;
}

struct error lms_load_zones(struct lms *lms)
{
	return OK;
}

struct error lms_load_languages(struct lms *lms)
{
	return OK;
}

/* "p12" -> 12; 0: there is no such thing. */
static int number_of(struct slice text, char letter, int max)
{
	char digits[8];
	if (text.size < 2 || text.size > sizeof digits || text.bytes[0] != letter)
		return 0;
	snprintf(digits, sizeof digits, "%.*s", (int)text.size - 1, text.bytes + 1);
	int number = atoi(digits); // NOLINT: what is no number is 0
	return number >= 1 && number <= max ? number : 0;
}

struct error lms_find_users(
    struct lms *lms, struct user_key *keys, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		int person = number_of(keys[i].text, 'p', FAKE_PEOPLE);
		keys[i].matches = person > 0;
		keys[i].ids[0] = person ? FIRST_PERSON + person : 0;
	}
	return away("finding people");
}

struct error lms_load_accounts(
    struct lms *lms, struct account_facts *people, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		size_t size = columns_details_count() * sizeof *people->details;
		people[i].username = arena_print(arena, "p%d", (int)people[i].id - FIRST_PERSON);
		people[i].auth = SLICE("manual");
		people[i].details = arena_alloc(arena, size);
		people[i].profile = arena_alloc(arena, size);
		if (arena_has_failed(arena))
			abort();
		memset(people[i].details, 0, size);
	}
	return away("loading accounts");
}

struct error lms_find_courses(struct lms *lms, const struct course_key *keys, size_t count,
    struct course_facts *courses, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		int course = number_of(keys[i].text, 'C', FAKE_COURSES);
		int64_t id = course ? FIRST_COURSE + course : 0;
		courses[i] = (struct course_facts){.id = id,
		    .matches = course > 0,
		    .context = id,
		    .enrol = id,
		    .enrol_role = STUDENT};
	}
	return away("finding courses");
}

struct error lms_load_makers(
    struct lms *lms, struct slice feed, int64_t since, struct account_facts *people, size_t count)
{
	for (size_t i = 0; i < count; i++)
		people[i].is_of_feed = true;
	return OK;
}

struct slice lms_chores(const struct lms *lms)
{
	return SLICE("");
}

/* ---- of which this site has none ---- */

#define NONE(call, ...)                                                                            \
	struct error call(struct lms *lms, __VA_ARGS__)                                            \
	{                                                                                          \
		return OK;                                                                         \
	}

NONE(lms_find_categories, struct category_facts *categories, size_t count)
NONE(lms_find_groups, struct group_facts *groups, size_t count)
NONE(lms_find_groupings, struct grouping_facts *groupings, size_t count)
NONE(lms_load_memberships, struct membership_facts *memberships, size_t count)
NONE(lms_find_cohorts, struct cohort_facts *cohorts, size_t count, struct arena *arena)
NONE(lms_suggest_cohorts, struct cohort_facts *cohorts, size_t count, struct arena *arena)
NONE(lms_suggest_groups, struct group_facts *groups, size_t count, struct arena *arena)
NONE(lms_load_course_surroundings, struct course_facts *courses, size_t count, struct arena *arena)
NONE(lms_load_category_surroundings, struct category_facts *categories, size_t count,
    struct arena *arena)
NONE(lms_load_interests, struct account_facts *people, size_t count, struct arena *arena)
NONE(lms_load_site_roles, struct account_facts *people, size_t count, struct arena *arena)
NONE(lms_load_place_roles, struct account_facts *people, size_t count, struct arena *arena)
NONE(lms_load_leavers, struct leaver *leavers, size_t count, struct arena *arena)
NONE(lms_load_persons, struct person *persons, size_t count, struct arena *arena)
NONE(lms_find_enrolments, struct enrolment_key *keys, size_t count, struct arena *arena)

/* ---- what feeds have listed: nothing ---- */

#define NOTHING(call, ...)                                                                         \
	struct error call(struct db *db, __VA_ARGS__)                                              \
	{                                                                                          \
		return OK;                                                                         \
	}

NOTHING(listing_scan, struct slice feed, listing_on_row *on_row, void *context)
NOTHING(
    listing_add, struct slice feed, struct slice run, const struct listing *listings, size_t count)
NOTHING(listing_store, struct slice feed, const struct listing *listing, struct slice last,
    struct slice by)
NOTHING(listing_drop, struct slice feed, const struct listing *listing)
NOTHING(listing_find_marks, struct listing_mark *marks, size_t count, struct arena *arena)
NOTHING(listing_store_base, struct slice feed, struct slice run, struct slice text)
NOTHING(ledger_has_applied, struct slice feed, bool *has)
NOTHING(ledger_has_name, struct slice feed, const char *name, const char *since, bool *has)
NOTHING(ledger_find_same, struct slice feed, struct slice sha256, struct slice before,
    char run[RUN_ID_SIZE + 1])

struct error listing_are_there(struct db *db, bool *are_there)
{
	*are_there = false;
	return OK;
}

struct error listing_load_base(
    struct db *db, struct slice feed, struct arena *arena, struct slice *text)
{
	*text = SLICE("");
	return OK;
}

/* ---- enrolments ---- */

static int *cell(int table[FAKE_PEOPLE + 1][FAKE_COURSES + 1], const struct enrolment_facts *of)
{
	return &table[of->user - FIRST_PERSON][of->enrol - FIRST_COURSE];
}

struct error lms_load_enrolments(
    struct lms *lms, struct enrolment_facts *enrolments, size_t count, struct arena *arena)
{
	for (size_t i = 0; i < count; i++) {
		struct enrolment_facts *of = &enrolments[i];
		of->id = *cell(now()->enrolled, of) > 0 ? of->user * 100 + of->enrol : 0;
		of->roles = arena_alloc(arena, sizeof *of->roles);
		of->roles_count = *cell(now()->roles, of) > 0;
		if (of->roles && of->roles_count > 0)
			of->roles[0] = STUDENT;
	}
	return away("loading enrolments");
}

struct error lms_apply(struct lms *lms, const struct effects *effects)
{
	for (size_t i = 0; i < effects->count; i++) {
		const struct change *change = &effects->changes[i];
		struct enrolment_facts *of = &effects->enrolments[change->enrolment];
		if (change->kind == CHANGE_ENROL)
			of->id = ++*cell(working.enrolled, of);
		else if (change->kind == CHANGE_ASSIGN_ROLE)
			++*cell(working.roles, of);
		else
			return error_config("the simulation only enrols");
	}
	return away("applying");
}

/* ---- ledger ---- */

struct db *lms_db(struct lms *lms)
{
	return NULL;
}

static struct slice keep(struct slice text)
{
	char *copy = malloc(text.size + 1);
	if (!copy)
		abort();
	if (text.size > 0)
		memcpy(copy, text.bytes, text.size);
	copy[text.size] = '\0';
	return (struct slice){copy, text.size};
}

static struct ledger_run *find(struct state *state, struct slice run)
{
	for (size_t i = 0; i < state->runs_count; i++)
		if (slice_is(state->runs[i].run, run))
			return &state->runs[i];
	return NULL;
}

struct error ledger_find(
    struct db *db, struct slice run, struct arena *arena, struct ledger_run *found)
{
	const struct ledger_run *row = find(now(), run);
	*found = row ? *row : (struct ledger_run){.state = RUN_UNKNOWN, .run = run};
	return away("the ledger");
}

struct error ledger_check(struct db *db, const struct ledger_run *run)
{
	struct error error = away("ledger_check");
	const struct ledger_run *row = find(now(), run->run);
	if (is_error(&error))
		return error;
	return (row ? row->state == run->state && row->records == run->records
	            : run->state == RUN_UNKNOWN && run->records == 0)
	           ? OK
	           : error_retry("run got on while we looked away");
}

struct error ledger_store(struct db *db, const struct ledger_run *run)
{
	struct ledger_run *row = find(&working, run->run);
	if (!row && working.runs_count == RUNS_MAX)
		abort();
	row = row ? row : &working.runs[working.runs_count++];
	*row = *run;
	struct slice *texts[] = {&row->run, &row->feed, &row->name, &row->node, &row->sha256,
	    &row->policy, &row->counts, &row->summary, &row->summary_sha256,
	    &row->hashes[ARTEFACT_RESULT], &row->hashes[ARTEFACT_RETRY]};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = keep(*texts[i]);
	return away("the ledger");
}

struct error ledger_head(struct db *db, char head[HASH_TEXT_SIZE + 1])
{
	memset(head, '0', HASH_TEXT_SIZE);
	head[HASH_TEXT_SIZE] = '\0';
	if (*now()->head)
		memcpy(head, now()->head, HASH_TEXT_SIZE);
	return OK;
}

struct error ledger_set_head(struct db *db, const char *head, struct slice run)
{
	memcpy(working.head, head, HASH_TEXT_SIZE);
	memcpy(working.newest, run.bytes, RUN_ID_SIZE);
	return away("the head");
}

struct error ledger_newest(struct db *db, char run[RUN_ID_SIZE + 1])
{
	memcpy(run, now()->newest, RUN_ID_SIZE + 1);
	return away("the head");
}

struct error ledger_last_run(struct db *db, char run[RUN_ID_SIZE + 1])
{
	memset(run, 0, RUN_ID_SIZE + 1);
	for (size_t i = 0; i < committed.runs_count; i++)
		if (strcmp(committed.runs[i].run.bytes, run) > 0)
			memcpy(run, committed.runs[i].run.bytes, RUN_ID_SIZE);
	return away("the ledger");
}

/* ---- for the law ---- */

size_t fake_lms_runs(void)
{
	return committed.runs_count;
}

const struct ledger_run *fake_lms_run(size_t index)
{
	return &committed.runs[index];
}

int fake_lms_enrolled(int person, int course)
{
	return committed.enrolled[person][course];
}
