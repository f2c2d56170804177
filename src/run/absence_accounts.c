/*
 * absence_accounts: accounts of people who are in no row at all, after two accepted full files and
 * some days; and of those who are listed again.
 */
#include "absence.h"

#include "enrold/persons.h"
#include "enrold/plan_absent.h"

#include <time.h>

struct some_accounts {
	struct absence *absence;
	struct person *people;
	struct listing *listings;
	size_t count;
	bool suspends;
	const struct absence_ban *ban;
	uint64_t withheld; /* by it */
};

static struct error some_init(struct some_accounts *some, struct absence *absence, bool suspends)
{
	*some = (struct some_accounts){.absence = absence,
	    .people = arena_alloc(absence->arena, ABSENT_TOGETHER * sizeof *some->people),
	    .listings = arena_alloc(absence->arena, ABSENT_TOGETHER * sizeof *some->listings),
	    .suspends = suspends};
	return some->people && some->listings ? OK : error_memory("suspending accounts");
}

static struct error protection_find(struct some_accounts *some, bool *is_protected)
{
	struct arena *arena = some->absence->chunk;
	int64_t *users = arena_alloc(arena, (some->count + 1) * sizeof *users);
	if (!users)
		return error_memory("suspending accounts");
	for (size_t i = 0; i < some->count; i++)
		users[i] = some->people[i].user;
	return absence_find_protected(some->absence, users, some->count, is_protected);
}

/* Only what is still as absence has left it is undone. */
static bool is_to_move(const struct some_accounts *some, size_t i)
{
	const struct person *is = &some->people[i];
	if (!is->is_there || is->is_suspended == some->suspends)
		return false;
	return some->suspends || is->modified == some->listings[i].suspended_at;
}

static struct error plan_and_write(
    struct some_accounts *some, const struct absent_account *accounts, size_t count)
{
	struct apply_loop *loop = some->absence->loop;
	struct plan plan;
	batch_reset(&loop->batch);
	struct error error = plan_absent_accounts(&loop->batch, accounts, count, &plan);
	return is_error(&error) ? error
	                        : plan_write(loop, &loop->batch, &plan, some->absence->terms.now);
}

static struct error some_store(struct some_accounts *some, const bool *moves)
{
	struct absence *absence = some->absence;
	struct error error = OK;
	for (size_t i = 0; i < some->count && !is_error(&error); i++) {
		struct listing listing = some->listings[i];
		if (!some->suspends || !moves[i] || some->ban || absence->is_preview)
			continue;
		listing.suspended_at = absence->terms.now;
		error = listing_store(lms_db(absence->lms), absence->run->row.feed, &listing,
		    SLICE(""), absence->run->row.run);
	}
	return error;
}

static struct error some_move(struct some_accounts *some)
{
	struct absence *absence = some->absence;
	struct absent_account *accounts =
	    arena_alloc(absence->chunk, (some->count + 1) * sizeof *accounts);
	bool *is_protected = arena_alloc(absence->chunk, some->count + 1);
	bool *moves = arena_alloc(absence->chunk, some->count + 1);
	size_t count = 0;
	if (!accounts || !is_protected || !moves)
		return error_memory("suspending accounts");
	struct error error =
	    lms_load_persons(absence->lms, some->people, some->count, absence->chunk);
	if (!is_error(&error))
		error = protection_find(some, is_protected);
	for (size_t i = 0; i < some->count && !is_error(&error); i++) {
		struct slice name = some->people[i].username;
		moves[i] = !is_protected[i] && is_to_move(some, i) &&
		           absence_say(absence, name, name) == SAY_APPROVED;
		if (moves[i])
			accounts[count++] = (struct absent_account){some->people[i].user,
			    some->people[i].username, some->suspends, some->ban};
	}
	if (!is_error(&error) && count > 0)
		error = plan_and_write(some, accounts, count);
	some->withheld += some->ban ? count : 0;
	if (!is_error(&error))
		error = some_store(some, moves);
	some->count = 0;
	arena_reset(absence->chunk);
	return error;
}

static struct error some_add(struct some_accounts *some, const struct listing *listing)
{
	some->people[some->count] = (struct person){.user = listing->user};
	some->listings[some->count++] = *listing;
	return some->count == ABSENT_TOGETHER ? some_move(some) : OK;
}

/* ---- listed again ---- */

static struct error accounts_return(struct absence *absence)
{
	struct some_accounts some;
	struct error error = some_init(&some, absence, false);
	for (size_t i = 0; i < absence->back.count && !is_error(&error); i++) {
		const struct listing *listing = &absence->back.items[i];
		if (listing->enrolment == 0 && listing->suspended_at != 0)
			error = some_add(&some, listing);
	}
	return is_error(&error) ? error : some_move(&some);
}

/* ---- in no row ---- */

static bool is_old_enough(const struct absence *absence, const struct listing *listing)
{
	int64_t grace = (int64_t)(absence->terms.policy->absence.accounts_grace_ms / 1000);
	return listing->suspended_at == 0 && listing->absences >= LISTING_ABSENCES_MAX &&
	       listing->absent_at + grace <= absence->terms.now;
}

/* As it is when this file has been counted. */
static struct listing counted(const struct absence *absence, const struct absent_item *item)
{
	struct listing listing = item->listing;
	absence_count(absence, &listing);
	return listing;
}

static uint64_t going_count(const struct absence *absence)
{
	uint64_t count = 0;
	for (size_t i = 0; i < absence->absent_count; i++) {
		const struct listing listing = counted(absence, &absence->absent[i]);
		count += listing.enrolment == 0 && is_old_enough(absence, &listing);
	}
	return count;
}

static void withheld_remark(const struct some_accounts *some)
{
	struct remarks *remarks = &some->absence->loop->remarks;
	if (some->withheld > 0)
		remark_add(remarks, REMARK_REMOVALS_WITHHELD, NULL,
		    arena_print(remarks->arena, "%llu account%s not suspended: %.*s.",
		        (unsigned long long)some->withheld, some->withheld == 1 ? " was" : "s were",
		        SLICE_ARG(some->ban->reason)));
}

static struct error accounts_leave(struct absence *absence)
{
	struct some_accounts some;
	struct error error = some_init(&some, absence, true);
	bool may_suspend = absence->doubts.unknown_new == 0 && absence->terms.policy->allow_suspend;
	const struct absence_ban ban =
	    absence_ban_accounts(&absence->terms, going_count(absence), absence->base.people);
	some.ban = ban.code != CODES ? &ban : NULL;
	for (size_t i = 0; i < absence->absent_count && !is_error(&error); i++) {
		const struct absent_item *item = &absence->absent[i];
		if (item->listing.enrolment != 0)
			continue;
		const struct listing listing = counted(absence, item);
		if (!absence->is_preview)
			error = listing_store(lms_db(absence->lms), absence->run->row.feed,
			    &listing, item->listing.absent_at == 0 ? absence->base.run : SLICE(""),
			    SLICE(""));
		if (!is_error(&error) && may_suspend && is_old_enough(absence, &listing))
			error = some_add(&some, &listing);
	}
	if (!is_error(&error))
		error = some_move(&some);
	withheld_remark(&some);
	return error;
}

struct error absence_accounts(struct absence *absence)
{
	if (absence->terms.policy->absence.accounts == ABSENT_ACCOUNTS_IGNORE)
		return OK;
	struct error error = accounts_return(absence);
	bool counts = absence->is_full && absence->has_base && !absence->is_paused &&
	              absence->ban.code == CODES;
	return is_error(&error) || !counts ? error : accounts_leave(absence);
}

struct error absence_accounts_release(struct absence *absence)
{
	struct some_accounts some;
	struct error error = some_init(&some, absence, true);
	bool may_suspend = absence->terms.policy->absence.accounts == ABSENT_ACCOUNTS_SUSPEND &&
	                   absence->terms.policy->allow_suspend;
	for (size_t i = 0; may_suspend && i < absence->absent_count && !is_error(&error); i++) {
		const struct listing *listing = &absence->absent[i].listing;
		if (listing->enrolment == 0 && listing->suspended_at == 0)
			error = some_add(&some, listing);
	}
	return is_error(&error) ? error : some_move(&some);
}
