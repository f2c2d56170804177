/*
 * absence_release: removals that were withheld and have been approved. Who is in the plan is looked
 * up by name, and judged anew by what the LMS says today: who has left by another way, is claimed
 * by another feed, or was set so by hand stays as he is. What the file was like is what the next is
 * compared with from now on, unless a newer one was accepted.
 */
#include "absence.h"

#include "enrold/plan_sheet.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* ---- who is in the plan ---- */

struct wanted {
	struct absence *absence;
	struct hashlist users; /* ids */
	struct user_key *keys;
	size_t count;
	struct error error;
};

static uint32_t user_hash(const void *context, const void *item)
{
	(void)context;
	return hashlist_hash_pair((uint32_t) * (const int64_t *)item, 0);
}

static bool is_wanted(const struct wanted *wanted, int64_t user)
{
	size_t at = hashlist_hash_pair((uint32_t)user, 0);
	for (uint32_t number; (number = hashlist_next(&wanted->users, &at)) != 0;)
		if (*(const int64_t *)hashlist_at(&wanted->users, number) == user)
			return true;
	return false;
}

static void names_find(struct wanted *wanted)
{
	struct absence *absence = wanted->absence;
	if (wanted->count > 0 && !is_error(&wanted->error))
		wanted->error =
		    lms_find_users(absence->lms, wanted->keys, wanted->count, absence->chunk);
	for (size_t i = 0; i < wanted->count && !is_error(&wanted->error); i++) {
		int64_t user = wanted->keys[i].matches > 0 ? wanted->keys[i].ids[0] : 0;
		if (user != 0 && !is_wanted(wanted, user) && !hashlist_add(&wanted->users, &user))
			wanted->error = error_memory("reading what was approved");
	}
	wanted->count = 0;
	arena_reset(absence->chunk);
}

static bool on_plan_row(void *context, struct slice row)
{
	struct slice cells[RESULT_CELLS];
	struct wanted *wanted = context;
	struct arena *arena = wanted->absence->chunk;
	result_row_split(row, RESULT_TARGET, cells);
	if (!slice_is(cells[RESULT_COLUMN], SLICE("absent")))
		return true;
	struct slice name = result_cell_read(cells[RESULT_USERNAME], arena);
	if (wanted->count > 0 && slice_is(wanted->keys[wanted->count - 1].text, name))
		return true;
	wanted->keys[wanted->count++] =
	    (struct user_key){.by = KEY_USERNAME, .text = arena_copy(arena, name)};
	if (wanted->count == ABSENT_TOGETHER)
		names_find(wanted);
	return !is_error(&wanted->error);
}

static struct error plan_read(struct wanted *wanted)
{
	struct absence *absence = wanted->absence;
	struct run *run = absence->run;
	wanted->keys = arena_alloc(absence->arena, ABSENT_TOGETHER * sizeof *wanted->keys);
	if (!wanted->keys)
		return error_memory("reading what was approved");
	int file = openat(run->directory, RUN_INPUT, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0)
		return error_own(
		    error_errno("cannot open work/%s/" RUN_INPUT, run->id), OWNER_FILE);
	struct error error =
	    plan_sheet_read(file, run->ordered.plan.sha256.bytes, on_plan_row, wanted);
	close(file);
	if (!is_error(&error))
		names_find(wanted);
	return is_error(&error) ? error : wanted->error;
}

/* ---- what the feed claims of them ---- */

static bool on_listing(void *context, const struct listing *listing)
{
	struct wanted *wanted = context;
	struct absence *absence = wanted->absence;
	struct listing is = *listing;
	if (!is_wanted(wanted, listing->user))
		return true;
	/* Whoever approves says that they are not the same person. */
	if (is.told == CODE_MAYBE_RENAMED + 1)
		is.told = 0;
	absence->has_failed |= !absent_add(absence, &is);
	return !absence->has_failed;
}

static struct error some_judge(struct absence *absence, struct absent_item *items, size_t count)
{
	struct absentee *absentees;
	struct error error = absence_load(absence, items, count, &absentees);
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		const struct absent_verdict verdict = absent_judge(&absentees[i], &absence->terms);
		enum absent_say say = absence_say_of(absence, &absentees[i].is);
		/* Whose course was not named goes on waiting, in a plan of its own. */
		bool waits = say == SAY_NOTHING &&
		             approval_has(&absence->loop->shown, 0, SLICE("absent"),
		                 absentees[i].is.username,
		                 absence_course_name(absence->terms.policy, &absentees[i].is));
		items[i].fate = say == SAY_NOTHING && !waits ? ABSENT_IGNORED : verdict.fate;
		items[i].code = verdict.code;
		items[i].is_withheld =
		    (waits || say == SAY_SUPERSEDED) && verdict.fate == ABSENT_GOES;
	}
	return error;
}

/* Accounts are another matter: absence_accounts_release. */
static size_t enrolments_first(struct absence *absence)
{
	size_t count = 0;
	for (size_t i = 0; i < absence->absent_count; i++) {
		const struct absent_item item = absence->absent[i];
		if (item.listing.enrolment == 0)
			continue;
		absence->absent[i] = absence->absent[count];
		absence->absent[count++] = item;
	}
	return count;
}

static struct error all_judge(struct absence *absence, size_t count)
{
	struct error error = absence_look_elsewhere(absence);
	for (size_t i = 0, some; i < count && !is_error(&error); i += some) {
		some = count - i < ABSENT_TOGETHER ? count - i : ABSENT_TOGETHER;
		error = some_judge(absence, &absence->absent[i], some);
		arena_reset(absence->chunk);
	}
	return error;
}

/* ---- what the next file is compared with ---- */

static struct error base_store(struct absence *absence)
{
	const struct stored_plan *plan = &absence->run->ordered.plan;
	const struct slice feed = absence->run->row.feed;
	struct file_shape base = {0}, shape;
	struct slice text;
	struct buffer out = {0};
	bool is_all = absence->run->ordered.order.courses_count == 0;
	if (plan->base.size == 0 || !is_all)
		return OK;
	struct error error = file_shape_parse(plan->base, absence->arena, &shape);
	if (!is_error(&error))
		error = listing_load_base(lms_db(absence->lms), feed, absence->arena, &text);
	if (!is_error(&error) && text.size > 0)
		error = file_shape_parse(text, absence->arena, &base);
	if (is_error(&error) || (text.size > 0 && !absence_is_before(base.run, shape.run)))
		return error;
	if (base.last_run.size > 0 && absence_is_before(shape.run, base.last_run))
		file_shape_keep_last(&shape, &base);
	/* It is accepted now. */
	error = plans_supersede(lms_db(absence->lms), feed, shape.run, absence->run->row.run);
	if (is_error(&error))
		return error;
	file_shape_format(&shape, &out);
	error = out.failed
	            ? error_memory("keeping what the file was like")
	            : listing_store_base(lms_db(absence->lms), feed, shape.run, buffer_slice(&out));
	buffer_done(&out);
	return error;
}

/* ---- the whole ---- */

static struct error release(struct absence *absence)
{
	struct wanted wanted = {
	    .absence = absence, .users = {.hash = user_hash, .size = sizeof(int64_t)}, .error = OK};
	struct error error = plan_read(&wanted);
	if (!is_error(&error) && wanted.users.count > 0)
		error =
		    listing_scan(lms_db(absence->lms), absence->run->row.feed, on_listing, &wanted);
	hashlist_done(&wanted.users);
	if (!is_error(&error) && absence->has_failed)
		error = error_memory("reading what was approved");
	size_t count = enrolments_first(absence);
	if (!is_error(&error))
		error = all_judge(absence, count);
	if (!is_error(&error) && absence->terms.policy->absence.action == ABSENCE_IGNORE)
		for (size_t i = 0; i < count; i++)
			absence->absent[i].fate = ABSENT_IGNORED;
	if (!is_error(&error))
		error = absence_write_items(absence, true);
	if (!is_error(&error))
		error = absence_write_items(absence, false);
	return is_error(&error) ? error : absence_accounts_release(absence);
}

struct error absence_release(struct apply_loop *loop)
{
	struct absence absence;
	struct error error = absence_init(&absence, loop);
	loop->is_behind_rows = true;
	if (!is_error(&error))
		error = lms_flush(loop->lms);
	if (!is_error(&error))
		error = release(&absence);
	if (!is_error(&error))
		error = base_store(&absence);
	absence_done(&absence);
	return error;
}
