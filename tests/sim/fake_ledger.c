#include "fake_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static struct ledger_run *find(struct fake_state *state, struct slice run)
{
	for (size_t i = 0; i < state->runs_count; i++)
		if (slice_is(state->runs[i].run, run))
			return &state->runs[i];
	return NULL;
}

struct error ledger_find(
    struct db *db, struct slice run, struct arena *arena, struct ledger_run *found)
{
	const struct ledger_run *row = find(fake_now(), run);
	*found = row ? *row : (struct ledger_run){.state = RUN_UNKNOWN, .run = run};
	return fake_step("the ledger");
}

struct error ledger_check(struct db *db, const struct ledger_run *run)
{
	struct error error = fake_step("ledger_check");
	const struct ledger_run *row = find(fake_now(), run->run);
	if (is_error(&error))
		return error;
	return (row ? row->state == run->state && row->records == run->records
	            : run->state == RUN_UNKNOWN && run->records == 0)
	           ? OK
	           : error_retry("run got on while we looked away");
}

struct error ledger_store(struct db *db, const struct ledger_run *run)
{
	struct ledger_run *row = find(fake_working(), run->run);
	if (!row && fake_working()->runs_count == FAKE_RUNS_MAX)
		abort();
	row = row ? row : &fake_working()->runs[fake_working()->runs_count++];
	*row = *run;
	struct slice *texts[] = {&row->run, &row->feed, &row->name, &row->node, &row->sha256,
	    &row->policy, &row->counts, &row->summary, &row->summary_sha256,
	    &row->hashes[ARTEFACT_RESULT], &row->hashes[ARTEFACT_RETRY],
	    &row->hashes[ARTEFACT_PLAN], &row->hashes[ARTEFACT_REPORT], &row->archived_sha256,
	    &row->input_pruned, &row->answer_pruned};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = keep(*texts[i]);
	return fake_step("the ledger");
}

struct error ledger_find_head(struct db *db, struct ledger_head *head)
{
	*head = fake_now()->head;
	if (*head->chain == '\0')
		memset(head->chain, '0', HASH_TEXT_SIZE);
	return OK;
}

struct error ledger_read_head(struct db *db, struct ledger_head *head)
{
	return ledger_find_head(db, head);
}

struct error ledger_set_head(struct db *db, const struct ledger_head *head)
{
	fake_working()->head = *head;
	return fake_step("the head");
}

struct error ledger_newest(struct db *db, char run[RUN_ID_SIZE + 1])
{
	memcpy(run, fake_now()->head.run, RUN_ID_SIZE + 1);
	return fake_step("the head");
}

struct error ledger_last_run(struct db *db, char run[RUN_ID_SIZE + 1])
{
	memset(run, 0, RUN_ID_SIZE + 1);
	for (size_t i = 0; i < fake_committed()->runs_count; i++)
		if (strcmp(fake_committed()->runs[i].run.bytes, run) > 0)
			memcpy(run, fake_committed()->runs[i].run.bytes, RUN_ID_SIZE);
	return fake_step("the ledger");
}

static int by_run(const void *a, const void *b)
{
	const struct ledger_run *left = a, *right = b;
	return strcmp(left->run.bytes, right->run.bytes);
}

/* Oldest first, as whoever reads on wants them. */
struct error ledger_list_briefly(struct db *db, const struct ledger_page *page, struct arena *arena,
    struct ledger_run **runs, size_t *count)
{
	*count = 0;
	*runs = arena_alloc(arena, (FAKE_RUNS_MAX + 1) * sizeof **runs);
	if (!*runs || page->is_newest_first)
		abort();
	for (size_t i = 0; i < fake_now()->runs_count; i++) {
		const struct ledger_run *row = &fake_now()->runs[i];
		if (strcmp(row->run.bytes, page->after) > 0 &&
		    (*page->before == '\0' || strcmp(row->run.bytes, page->before) < 0))
			(*runs)[(*count)++] = *row;
	}
	qsort(*runs, *count, sizeof **runs, by_run);
	*count = *count < page->limit ? *count : page->limit;
	return fake_step("the ledger");
}

struct error ledger_has_applied(struct db *db, struct slice feed, bool *has)
{
	*has = false;
	for (size_t i = 0; i < fake_now()->runs_count; i++)
		*has |= fake_now()->runs[i].state == RUN_APPLIED &&
		        slice_is(fake_now()->runs[i].feed, feed);
	return fake_step("the ledger");
}

struct error ledger_has_name(
    struct db *db, struct slice feed, const char *name, const char *since, bool *has)
{
	*has = false;
	for (size_t i = 0; i < fake_now()->runs_count; i++) {
		const struct ledger_run *row = &fake_now()->runs[i];
		*has |= slice_is(row->feed, feed) && slice_is(row->name, slice_of(name)) &&
		        strcmp(row->run.bytes, since) >= 0;
	}
	return fake_step("the ledger");
}

struct error ledger_find_same(struct db *db, struct slice feed, struct slice sha256,
    struct slice before, char run[RUN_ID_SIZE + 1])
{
	memset(run, 0, RUN_ID_SIZE + 1);
	for (size_t i = 0; i < fake_now()->runs_count; i++) {
		const struct ledger_run *row = &fake_now()->runs[i];
		if (row->state == RUN_APPLIED && slice_is(row->feed, feed) &&
		    slice_is(row->sha256, sha256) && strcmp(row->run.bytes, before.bytes) < 0 &&
		    strcmp(row->run.bytes, run) > 0)
			memcpy(run, row->run.bytes, RUN_ID_SIZE);
	}
	return fake_step("the ledger");
}

struct error ledger_find_measure(struct db *db, struct slice feed, struct ledger_measure *measure)
{
	const char *last = "";
	*measure = (struct ledger_measure){.has_last = false};
	for (size_t i = 0; i < fake_now()->runs_count; i++) {
		const struct ledger_run *row = &fake_now()->runs[i];
		if (!row->is_measure || !slice_is(row->feed, feed))
			continue;
		if (strcmp(row->run.bytes, last) < 0)
			continue;
		last = row->run.bytes;
		measure->has_last = true;
		measure->rows = row->records;
		measure->people = row->people;
	}
	return fake_step("the ledger");
}

struct error ledger_find_largest(
    struct db *db, struct slice feed, const char *since, uint64_t *people)
{
	*people = 0;
	for (size_t i = 0; i < fake_now()->runs_count; i++) {
		const struct ledger_run *row = &fake_now()->runs[i];
		if (row->is_measure && slice_is(row->feed, feed) &&
		    strcmp(row->run.bytes, since) >= 0 && row->people > *people)
			*people = row->people;
	}
	return fake_step("the ledger");
}

struct error ledger_set_measure(struct db *db, struct slice run)
{
	struct ledger_run *row = find(fake_working(), run);
	if (row)
		row->is_measure = true;
	return fake_step("the ledger");
}

/* ---- plans ---- */

const char *plan_state_name(enum plan_state state)
{
	return state == PLAN_OPEN ? "open" : "closed";
}

size_t fake_lms_plans(void)
{
	return fake_committed()->plans_count;
}

const struct stored_plan *fake_lms_plan(size_t index)
{
	return &fake_committed()->plans[index];
}

static struct stored_plan *plan_find(struct fake_state *state, struct slice run)
{
	for (size_t i = 0; i < state->plans_count; i++)
		if (slice_is(state->plans[i].run, run))
			return &state->plans[i];
	return NULL;
}

struct error plans_add(struct db *db, const struct stored_plan *plan)
{
	struct fake_state *state = fake_working();
	if (state->plans_count == FAKE_RUNS_MAX)
		abort();
	struct stored_plan *row = &state->plans[state->plans_count++];
	*row = *plan;
	struct slice *texts[] = {&row->run, &row->feed, &row->sha256, &row->content,
	    &row->closed_by, &row->why, &row->source, &row->base};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = keep(*texts[i]);
	return fake_step("a plan");
}

struct error plans_find(
    struct db *db, struct slice run, struct arena *arena, struct stored_plan *plan)
{
	const struct stored_plan *row = plan_find(fake_now(), run);
	*plan = row ? *row : (struct stored_plan){.state = PLAN_UNKNOWN};
	return fake_step("a plan");
}

struct error plans_close(
    struct db *db, struct slice run, enum plan_state state, struct slice by, struct slice why)
{
	struct stored_plan *row = plan_find(fake_working(), run);
	if (!row || row->state != PLAN_OPEN)
		return error_retry("the plan is not open any more");
	row->state = state;
	row->closed_by = keep(by);
	row->why = keep(why);
	return fake_step("a plan");
}

struct error plans_need_input(struct db *db, struct slice source, bool *needs)
{
	*needs = false;
	for (size_t i = 0; i < fake_now()->plans_count; i++) {
		const struct stored_plan *row = &fake_now()->plans[i];
		*needs |= row->state == PLAN_OPEN && slice_is(row->source, source);
	}
	return fake_step("a plan");
}

struct error plans_supersede(struct db *db, struct slice feed, struct slice before, struct slice by)
{
	struct fake_state *state = fake_working();
	for (size_t i = 0; i < state->plans_count; i++) {
		struct stored_plan *row = &state->plans[i];
		if (row->state != PLAN_OPEN || !row->is_of_full || !slice_is(row->feed, feed) ||
		    before.size != RUN_ID_SIZE ||
		    memcmp(row->run.bytes, before.bytes, RUN_ID_SIZE) >= 0)
			continue;
		row->state = PLAN_SUPERSEDED;
		row->closed_by = keep(by);
	}
	return fake_step("a plan");
}

struct error plans_find_discarded(struct db *db, struct slice feed, struct slice content,
    struct arena *arena, struct stored_plan *found)
{
	*found = (struct stored_plan){.state = PLAN_UNKNOWN};
	for (size_t i = 0; i < fake_now()->plans_count; i++) {
		const struct stored_plan *row = &fake_now()->plans[i];
		if (row->state == PLAN_DISCARDED && slice_is(row->feed, feed) &&
		    slice_is(row->content, content))
			*found = *row;
	}
	return fake_step("a plan");
}

/* ---- what feeds have listed ---- */

static int feed_of(struct slice feed)
{
	struct fake_state *state = fake_now();
	for (int i = 0; i < state->feeds_count; i++)
		if (slice_is(feed, slice_of(state->feeds[i].feed)))
			return i;
	if (state->feeds_count == FAKE_FEEDS_MAX)
		abort();
	struct fake_base *base = &state->feeds[state->feeds_count];
	snprintf(base->feed, sizeof base->feed, "%.*s", SLICE_ARG(feed));
	base->text = SLICE("");
	return state->feeds_count++;
}

static int listing_compare(const struct fake_listing *a, const struct fake_listing *b)
{
	if (a->feed != b->feed)
		return a->feed < b->feed ? -1 : 1;
	if (a->is.user != b->is.user)
		return a->is.user < b->is.user ? -1 : 1;
	return (a->is.enrolment > b->is.enrolment) - (a->is.enrolment < b->is.enrolment);
}

/* Where it is, or belongs. */
static size_t listing_place(const struct fake_state *state, const struct fake_listing *listing)
{
	size_t low = 0, high = state->listings_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (listing_compare(&state->listings[middle], listing) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* NULL: there is none. */
static struct fake_listing *listing_at(struct slice feed, int64_t user, int64_t enrolment)
{
	struct fake_state *state = fake_now();
	const struct fake_listing wanted = {feed_of(feed), {.user = user, .enrolment = enrolment}};
	size_t at = listing_place(state, &wanted);
	bool is_there =
	    at < state->listings_count && listing_compare(&state->listings[at], &wanted) == 0;
	return is_there ? &state->listings[at] : NULL;
}

struct error listing_scan(struct db *db, struct slice feed, listing_on_row *on_row, void *context)
{
	int wanted = feed_of(feed);
	const struct fake_state *state = fake_now();
	for (size_t i = 0; i < state->listings_count; i++)
		if (state->listings[i].feed == wanted && !on_row(context, &state->listings[i].is))
			break;
	return fake_step("listings");
}

struct error listing_add(struct db *db, struct slice feed, struct slice run,
    const struct listing *listings, size_t count)
{
	struct fake_state *state = fake_working();
	for (size_t i = 0; i < count; i++) {
		const struct fake_listing new = {feed_of(feed), listings[i]};
		if (listing_at(feed, listings[i].user, listings[i].enrolment))
			return error_config("a listing is there already");
		if (state->listings_count == FAKE_LISTINGS_MAX)
			abort();
		size_t at = listing_place(state, &new);
		memmove(&state->listings[at + 1], &state->listings[at],
		    (state->listings_count++ - at) * sizeof new);
		state->listings[at] = new;
	}
	return fake_step("listings");
}

struct error listing_store(struct db *db, struct slice feed, const struct listing *listing,
    struct slice last, struct slice by)
{
	struct fake_listing *found = listing_at(feed, listing->user, listing->enrolment);
	if (found) {
		found->is.absences = listing->absences;
		found->is.absent_at = listing->absent_at;
		found->is.suspended_at = listing->suspended_at;
		found->is.told = listing->told;
	}
	return fake_step("listings");
}

struct error listing_tell(struct db *db, struct slice feed, const struct listing *listing)
{
	struct fake_listing *found = listing_at(feed, listing->user, listing->enrolment);
	if (found)
		found->is.told = listing->told;
	return fake_step("listings");
}

struct error listing_drop(struct db *db, struct slice feed, const struct listing *listing)
{
	struct fake_state *state = fake_working();
	struct fake_listing *found = listing_at(feed, listing->user, listing->enrolment);
	if (found) {
		size_t at = (size_t)(found - state->listings);
		memmove(found, found + 1, (--state->listings_count - at) * sizeof *found);
	}
	return fake_step("listings");
}

struct error listing_are_there(struct db *db, bool *are_there)
{
	*are_there = false;
	for (int i = 0; i < fake_now()->feeds_count; i++)
		*are_there |= fake_now()->feeds[i].text.size > 0;
	return fake_step("listings");
}

/* Of feeds that have a base, as the real one. */
struct error listing_find_marks(
    struct db *db, struct listing_mark *marks, size_t count, struct arena *arena)
{
	struct fake_state *state = fake_now();
	for (size_t i = 0; i < count; i++) {
		marks[i].suspended_at = 0;
		for (int f = 0; f < state->feeds_count; f++) {
			const struct fake_listing *found = listing_at(
			    slice_of(state->feeds[f].feed), marks[i].user, marks[i].enrolment);
			if (found && state->feeds[f].text.size > 0 &&
			    found->is.suspended_at > marks[i].suspended_at)
				marks[i].suspended_at = found->is.suspended_at;
		}
	}
	return fake_step("listings");
}

struct error listing_load_base(
    struct db *db, struct slice feed, struct arena *arena, struct slice *text)
{
	*text = fake_now()->feeds[feed_of(feed)].text;
	return fake_step("the last full file");
}

struct error listing_store_base(
    struct db *db, struct slice feed, struct slice run, struct slice text)
{
	fake_working()->feeds[feed_of(feed)].text = keep(text);
	return fake_step("the last full file");
}

struct slice fake_lms_base(const char *feed)
{
	const struct fake_state *state = fake_committed();
	for (int i = 0; i < state->feeds_count; i++)
		if (strcmp(state->feeds[i].feed, feed) == 0)
			return state->feeds[i].text;
	return SLICE("");
}
