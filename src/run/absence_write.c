/*
 * absence_write: the rows of the answer about the absent, the changes, and the listings. Removals
 * come first, some at a time, each time with a checkpoint where a transaction has had enough; what
 * is only said stands behind them, in the last transaction.
 */
#include "absence.h"

#include "enrold/persons.h"
#include "enrold/plan_absent.h"

#include <time.h>

static struct slice feed_of(const struct absence *absence)
{
	return absence->run->row.feed;
}

static struct db *db_of(const struct absence *absence)
{
	return lms_db(absence->lms);
}

/* ---- listings ---- */

static struct error known_store(struct absence *absence)
{
	struct error error = OK;
	for (size_t i = 0; i < absence->replaced.count && !is_error(&error); i++)
		error = listing_drop(db_of(absence), feed_of(absence), &absence->replaced.items[i]);
	for (size_t i = 0; i < absence->back.count && !is_error(&error); i++) {
		struct listing listing = absence->back.items[i];
		listing.absences = 0;
		listing.absent_at = listing.suspended_at = 0;
		error =
		    listing_store(db_of(absence), feed_of(absence), &listing, SLICE(""), SLICE(""));
	}
	return error;
}

/* Those whose enrolment was made by this run have their ids now. */
static struct error ids_find(struct absence *absence, struct listing *listings, size_t count)
{
	struct enrolment_key *keys = arena_alloc(absence->chunk, (count + 1) * sizeof *keys);
	size_t asked = 0;
	if (!keys)
		return error_memory("noting who is listed");
	for (size_t i = 0; i < count; i++)
		if (listings[i].enrolment == 0)
			keys[asked++] =
			    (struct enrolment_key){listings[i].user, listings[i].enrol, 0};
	struct error error =
	    asked > 0 ? lms_find_enrolments(absence->lms, keys, asked, absence->chunk) : OK;
	for (size_t i = 0, k = 0; i < count; i++)
		if (listings[i].enrolment == 0)
			listings[i].enrolment = keys[k++].id;
	return error;
}

enum { NEW_TOGETHER = 4000 };

/* An enrolment that is gone again is none. */
static struct error new_store(struct absence *absence, struct listing *listings, size_t count)
{
	size_t kept = 0;
	struct error error = ids_find(absence, listings, count);
	for (size_t i = 0; i < count; i++)
		if (listings[i].enrolment != 0)
			listings[kept++] = listings[i];
	if (!is_error(&error))
		error = listing_add(
		    db_of(absence), feed_of(absence), absence->run->row.run, listings, kept);
	arena_reset(absence->chunk);
	return error;
}

static struct error new_listings_store(struct absence *absence)
{
	struct listing *some = arena_alloc(absence->arena, NEW_TOGETHER * sizeof *some);
	struct error error = OK;
	size_t count = 0;
	if (!some)
		return error_memory("noting who is listed");
	for (size_t i = 0; i < absence->listed.count && !is_error(&error); i++) {
		const struct listed *is = &absence->listed.items[i];
		if (!is->is_known && (is = absence_take_listed(absence, is->user, is->enrol)))
			some[count++] = (struct listing){.user = is->user,
			    .enrolment = is->enrolment,
			    .enrol = is->enrol,
			    .is_made = is->is_new,
			    .told = listed_told(is)};
		if (count < NEW_TOGETHER)
			continue;
		error = new_store(absence, some, count);
		count = 0;
	}
	return is_error(&error) || count == 0 ? error : new_store(absence, some, count);
}

static struct error new_people_store(struct absence *absence)
{
	struct listing *some = arena_alloc(absence->arena, NEW_TOGETHER * sizeof *some);
	struct error error = OK;
	size_t count = 0;
	if (!some)
		return error_memory("noting who is listed");
	for (uint32_t i = 1; i <= absence->people.count && !is_error(&error); i++) {
		const struct mentioned *is = hashlist_at(&absence->people, i);
		if (!is->is_known)
			some[count++] = (struct listing){.user = is->user, .is_made = is->is_new};
		if (count < NEW_TOGETHER && i < absence->people.count)
			continue;
		error = listing_add(
		    db_of(absence), feed_of(absence), absence->run->row.run, some, count);
		count = 0;
	}
	return error;
}

struct error absence_store_listings(struct absence *absence)
{
	bool has_accounts = absence->terms.policy->absence.accounts != ABSENT_ACCOUNTS_IGNORE;
	struct error error = known_store(absence);
	if (!is_error(&error))
		error = new_listings_store(absence);
	if (!is_error(&error) && has_accounts)
		error = new_people_store(absence);
	return error;
}

/* ---- rows ---- */

static struct error row_store(struct absence *absence, struct absent_row *row)
{
	if (row->is_dropped)
		return listing_drop(db_of(absence), feed_of(absence), &row->listing);
	const struct listing *before = &row->absentee->listing;
	bool is_first = before->absent_at == 0;
	bool is_suspended = row->listing.suspended_at != before->suspended_at;
	if (is_suspended)
		row->listing.absences =
		    0; /* this file is the first of those that count for the grace */
	if (!row->ban && !absence->is_due)
		absence_count(absence, &row->listing);
	return listing_store(db_of(absence), feed_of(absence), &row->listing,
	    is_first && !row->ban ? absence->base.run : SLICE(""),
	    is_suspended ? absence->run->row.run : SLICE(""));
}

static struct error rows_store(struct absence *absence, struct absent_row *rows, size_t count)
{
	struct error error = OK;
	for (size_t i = 0; i < count && !is_error(&error); i++)
		if (rows[i].verdict.fate != ABSENT_IGNORED)
			error = row_store(absence, &rows[i]);
	return error;
}

static const struct absence_ban *ban_of(
    struct absence *absence, const struct absent_item *item, const struct absentee *absentee)
{
	static const struct absence_ban beyond = {
	    CODE_WITHHELD, {"it was not in the plan that was approved", 40}};
	static const struct absence_ban superseded = {
	    CODE_SUPERSEDED, {"a later file of the feed has named the person in the course", 59}};
	if (!item->is_withheld)
		return NULL;
	if (absence->is_release)
		return absence_say_of(absence, &absentee->is) == SAY_SUPERSEDED ? &superseded
		                                                                : &beyond;
	if (absence->ban.code != CODES)
		return &absence->ban;
	const struct absence_course *course = absence_course_of(absence, item->listing.enrol);
	return course ? &course->ban : &absence->ban;
}

/* What was decided holds; the facts are asked for once more, as others may have changed them. */
static struct absent_verdict verdict_again(
    const struct absence *absence, const struct absent_item *item, const struct absentee *absentee)
{
	struct absent_verdict verdict = absence->is_due ? due_judge(absentee, &absence->terms)
	                                                : absent_judge(absentee, &absence->terms);
	if (item->fate == ABSENT_HELD)
		verdict.fate = ABSENT_HELD;
	return verdict;
}

static struct error rows_make(struct absence *absence, struct absent_item *const *items,
    size_t count, struct absent_row **rows)
{
	struct absent_item *some = arena_alloc(absence->chunk, count * sizeof *some);
	struct absentee *absentees;
	*rows = arena_alloc(absence->chunk, count * sizeof **rows);
	if (!some || !*rows)
		return error_memory("removing who is absent");
	for (size_t i = 0; i < count; i++)
		some[i] = *items[i];
	struct error error = absence_load(absence, some, count, &absentees);
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		absentees[i].resembled = items[i]->resembled;
		(*rows)[i] = (struct absent_row){.absentee = &absentees[i],
		    .username = absentees[i].is.username,
		    .verdict = verdict_again(absence, items[i], &absentees[i]),
		    .ban = ban_of(absence, items[i], &absentees[i]),
		    .is_due = absence->is_due};
	}
	return error;
}

static struct error rows_write(
    struct absence *absence, struct absent_item *const *items, size_t count)
{
	struct apply_loop *loop = absence->loop;
	struct absent_row *rows;
	struct plan plan;
	int64_t now = (int64_t)time(NULL);
	batch_reset(&loop->batch);
	struct error error = rows_make(absence, items, count, &rows);
	if (!is_error(&error))
		error = plan_absent(&loop->batch, rows, count, now, &plan);
	if (!is_error(&error))
		error = plan_write(loop, &loop->batch, &plan, now);
	if (!is_error(&error) && !absence->is_preview)
		error = rows_store(absence, rows, count);
	arena_reset(absence->chunk);
	return error;
}

/* A checkpoint where this transaction has had enough. */
static struct error breathe(struct absence *absence)
{
	struct apply_loop *loop = absence->loop;
	if (!loop->mode->has_checkpoints || !transaction_is_full(loop))
		return OK;
	struct error error = absence_keep_verdict(absence);
	if (!is_error(&error))
		error = transaction_end(loop);
	if (!is_error(&error) && apply_is_stopping(loop)) {
		loop->run->is_stopped = true;
		return error_retry("stopping between two batches");
	}
	return is_error(&error) ? error : transaction_enter(loop);
}

static bool is_removal(const struct absent_item *item)
{
	return item->fate == ABSENT_GOES && !item->is_withheld;
}

struct error absence_write_items(struct absence *absence, bool removes)
{
	struct absent_item *items[ABSENT_TOGETHER];
	struct error error = OK;
	size_t count = 0;
	for (size_t i = 0; i < absence->absent_count && !is_error(&error); i++) {
		struct absent_item *item = &absence->absent[i];
		bool is_last = i + 1 == absence->absent_count;
		if (item->fate != ABSENT_IGNORED && is_removal(item) == removes)
			items[count++] = item;
		if (count == 0 || (count < ABSENT_TOGETHER && !is_last))
			continue;
		error = rows_write(absence, items, count);
		absence->loop->tally.removals += removes ? count : 0;
		count = 0;
		if (!is_error(&error) && removes)
			error = breathe(absence);
	}
	return error;
}

/* It was suspended before; by this run, if that goes on after a kill, is not before. And a row of
 * somebody unknown in the course may be about them. */
static bool counts_again(struct absence *absence, const struct absent_item *item)
{
	const struct listing *listing = &item->listing;
	const struct absence_course *course = absence_course_of(absence, listing->enrol);
	bool is_just_now =
	    absence->is_resumed && listing->suspended_at >= absence->run->row.started_us / 1000000;
	return item->is_judged && item->fate == ABSENT_IGNORED && listing->suspended_at != 0 &&
	       !is_just_now && course &&
	       course->unknown_new <= absence->terms.policy->absence.errors;
}

/* Those who were suspended before are absent once more. */
static struct error waiting_store(struct absence *absence)
{
	struct error error = OK;
	bool counts = absence->is_full && absence->has_base && absence->ban.code == CODES;
	for (size_t i = 0; counts && i < absence->absent_count && !is_error(&error); i++) {
		struct absent_item *item = &absence->absent[i];
		struct listing listing = item->listing;
		if (!counts_again(absence, item))
			continue;
		absence_count(absence, &listing);
		error =
		    listing_store(db_of(absence), feed_of(absence), &listing, SLICE(""), SLICE(""));
	}
	return error;
}

/* ---- the file ---- */

static struct error shape_store(struct absence *absence, const struct file_shape *shape)
{
	struct buffer text = {0};
	file_shape_format(shape, &text);
	struct error error = text.failed ? error_memory("keeping what the file was like")
	                                 : listing_store_base(db_of(absence), feed_of(absence),
	                                       shape->run, buffer_slice(&text));
	buffer_done(&text);
	return error;
}

/* A newer file that was withheld as a whole is not what the next is compared with, but nothing that
 * is older than it is the newest. */
static struct error base_store(struct absence *absence)
{
	struct file_shape *file = &absence->file, *base = &absence->base;
	enum code code = absence->ban.code;
	/* Released late, it may be older than what was seen since; and what was released for some
	 * courses only has not been accepted. */
	bool is_newest = !absence->has_base || absence_is_before(base->last_run, file->run);
	bool is_part =
	    run_is_ordered(absence->run) && absence->run->ordered.order.courses_count > 0;
	if (absence->is_full && !is_part && (code == CODES || absence_is_right_again(absence))) {
		file_shape_be_last(file, file);
		if (!is_newest)
			file_shape_keep_last(file, base);
		struct error error = plans_supersede(
		    db_of(absence), feed_of(absence), file->run, absence->run->row.run);
		return is_error(&error) ? error : shape_store(absence, file);
	}
	struct error error = mentions_note_part(&absence->loop->mentions);
	bool is_newer = absence->is_full && absence->has_base && is_newest &&
	                code != CODE_OLDER_FILE && code != CODE_OTHER_FILE;
	if (is_error(&error) || !is_newer)
		return error;
	file_shape_be_last(base, file);
	return shape_store(absence, base);
}

struct error absence_write(struct absence *absence)
{
	struct error error = absence->is_preview ? OK : absence_store_listings(absence);
	if (!is_error(&error))
		error = absence_write_items(absence, true);
	if (!is_error(&error))
		error = absence_write_items(absence, false);
	if (!is_error(&error))
		error = absence_accounts(absence);
	if (!is_error(&error))
		error = absence_remark(absence);
	if (is_error(&error) || absence->is_preview)
		return error;
	error = waiting_store(absence);
	return is_error(&error) ? error : base_store(absence);
}
