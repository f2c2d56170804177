#include "backlog.h"

#include "census.h"
#include "parts.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

/* How many entries are written together. More are faster; but memory holds two such bundles, and
 * whoever waits for the transaction waits for both: their size is tried out, on this engine and
 * machine, until writing one takes such a time. (80,000 cost SQLite 5% less CPU than 40,000, 8%
 * less than 10,000, and a quarter less than 2,500.) */
enum { BUNDLE_FIRST = 5000, BUNDLE_MIN = 1250, BUNDLE_MAX = 40000 };
enum { BUNDLE_US_MIN = 200000, BUNDLE_US_MAX = 450000 };
/* A rehearsal's entries are written only when the database is asked for them, or when there are too
 * many for memory. */
enum { REHEARSED_MAX = 160000 };

/* What is written together. */
struct bundle {
	struct entry *entries;
	size_t count, room;
	int64_t now;
};

struct backlog {
	struct lms *lms;
	struct bundle gathering, writing;
	pthread_t thread;
	bool is_writing;
	int64_t *flagged; /* people whose sessions must look again */
	size_t flagged_count, flagged_room;
	int64_t now; /* of the last change */
	size_t bundle_size;
	size_t written;     /* together, the last time ... */
	int64_t writing_us; /* ... and how long it took */
	bool is_rehearsal;
	atomic_bool is_dropped; /* what is not written yet need not be */
};

struct backlog *backlog_create(struct lms *lms)
{
	struct backlog *backlog = calloc(1, sizeof *backlog);
	if (backlog)
		*backlog = (struct backlog){.lms = lms, .bundle_size = BUNDLE_FIRST};
	return backlog;
}

bool backlog_takes(const struct effects *effects)
{
	for (size_t i = 0; i < effects->count; i++)
		if (!change_is_entry(effects, i))
			return false;
	return true;
}

/* ---- writing ---- */

static int64_t clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A fast bundle makes the next one larger only if it was full. */
static void bundle_size_try(struct backlog *backlog)
{
	size_t size = backlog->bundle_size, written = backlog->written;
	if (backlog->writing_us > BUNDLE_US_MAX && size > BUNDLE_MIN)
		backlog->bundle_size = size / 2;
	else if (backlog->writing_us < BUNDLE_US_MIN && written >= size && size < BUNDLE_MAX)
		backlog->bundle_size = size * 2;
}

static void entries_take(struct backlog *backlog, struct entry *entries, size_t count)
{
	const struct effects effects = {.now = backlog->writing.now};
	struct work work = {.lms = backlog->lms, .effects = &effects, .arena = arena_create()};
	int64_t begun_us = clock_us();
	if (work.arena) {
		entries_write(&work, entries, count);
		entries_audit(&work, entries, count);
	}
	if (!work.arena || arena_has_failed(work.arena))
		db_fail(backlog->lms->db, error_memory("writing what was planned"));
	arena_free(work.arena);
	backlog->writing_us = clock_us() - begun_us;
}

static void *on_thread(void *context)
{
	struct backlog *backlog = context;
	struct bundle *bundle = &backlog->writing;
	for (size_t at = 0; at < bundle->count && !atomic_load(&backlog->is_dropped);) {
		size_t left = bundle->count - at, size = backlog->bundle_size;
		backlog->written = left < size ? left : size;
		entries_take(backlog, bundle->entries + at, backlog->written);
		at += backlog->written;
	}
	return NULL;
}

void backlog_join(struct backlog *backlog)
{
	if (!backlog || !backlog->is_writing)
		return;
	pthread_join(backlog->thread, NULL);
	backlog->is_writing = false;
	struct bundle *bundle = &backlog->writing;
	bundle_size_try(backlog);
	for (size_t i = 0; i < bundle->count && backlog->lms->census; i++) {
		const struct entry *entry = &bundle->entries[i];
		if (entry->enrols)
			census_set_id(backlog->lms->census, entry->user, entry->enrol, entry->id);
	}
	bundle->count = 0;
}

struct db *lms_db(struct lms *lms)
{
	backlog_join(lms->backlog);
	return lms->db;
}

static void write_begin(struct backlog *backlog)
{
	backlog_join(backlog);
	struct bundle empty = backlog->writing;
	backlog->writing = backlog->gathering;
	backlog->gathering = empty;
	backlog->is_writing = pthread_create(&backlog->thread, NULL, on_thread, backlog) == 0;
	if (!backlog->is_writing)
		db_fail(backlog->lms->db, error_memory("starting a thread"));
}

void backlog_finish(struct backlog *backlog)
{
	if (backlog->gathering.count > 0)
		write_begin(backlog);
	backlog_join(backlog);
}

void backlog_rehearse(struct backlog *backlog)
{
	backlog->is_rehearsal = true;
}

void backlog_drop(struct backlog *backlog)
{
	atomic_store(&backlog->is_dropped, true);
	backlog_join(backlog);
	free(backlog->gathering.entries);
	free(backlog->writing.entries);
	free(backlog->flagged);
	*backlog = (struct backlog){.lms = backlog->lms, .bundle_size = backlog->bundle_size};
}

void backlog_free(struct backlog *backlog)
{
	if (backlog)
		backlog_drop(backlog);
	free(backlog);
}

/* ---- gathering ---- */

static bool bundle_reserve(struct bundle *bundle, size_t more, size_t size)
{
	size_t room = bundle->count + more;
	if (room <= bundle->room)
		return true;
	if (room < size)
		room = room * 4 < size ? room * 4 : size;
	struct entry *entries = reallocarray(bundle->entries, room, sizeof *entries);
	if (!entries)
		return false;
	bundle->entries = entries;
	bundle->room = room;
	return true;
}

/* Keeps each person once. */
static void flagged_settle(struct backlog *backlog)
{
	size_t used = 0;
	if (backlog->flagged_count > 0)
		qsort(backlog->flagged, backlog->flagged_count, sizeof *backlog->flagged,
		    census_compare_ids);
	for (size_t i = 0; i < backlog->flagged_count; i++)
		if (used == 0 || backlog->flagged[used - 1] != backlog->flagged[i])
			backlog->flagged[used++] = backlog->flagged[i];
	backlog->flagged_count = used;
}

static bool flagged_add(struct backlog *backlog, int64_t user)
{
	if (backlog->flagged_count == backlog->flagged_room) {
		flagged_settle(backlog);
		size_t room = backlog->flagged_count * 2 + 4096;
		int64_t *grown = reallocarray(backlog->flagged, room, sizeof *grown);
		if (!grown)
			return false;
		backlog->flagged = grown;
		backlog->flagged_room = room;
	}
	backlog->flagged[backlog->flagged_count++] = user;
	return true;
}

static bool change_add(struct backlog *backlog, const struct effects *effects, size_t index)
{
	const struct change *change = &effects->changes[index];
	const struct enrolment_facts *is = &effects->enrolments[change->enrolment];
	entry_add(backlog->gathering.entries, &backlog->gathering.count, effects, index);
	return change->kind != CHANGE_ASSIGN_ROLE || flagged_add(backlog, is->user);
}

bool backlog_add(struct backlog *backlog, const struct effects *effects)
{
	struct bundle *bundle = &backlog->gathering;
	size_t size = backlog->is_rehearsal ? REHEARSED_MAX : backlog->bundle_size;
	bool is_good = bundle_reserve(bundle, effects->count, size);
	for (size_t i = 0; i < effects->count && is_good; i++)
		is_good = change_add(backlog, effects, i);
	bundle->now = backlog->now = effects->now;
	if (is_good && bundle->count >= size)
		write_begin(backlog);
	return is_good;
}

/* ---- dirty flags ---- */

void backlog_flag(struct backlog *backlog)
{
	if (backlog->flagged_count == 0)
		return;
	flagged_settle(backlog);
	people_flag(backlog->lms, backlog->flagged, backlog->flagged_count, backlog->now);
	backlog->flagged_count = 0;
}
