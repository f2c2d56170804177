#include "write_behind.h"

#include "census.h"
#include "work.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

/* How many entries are written together. More are faster; but memory holds two such batches, and
 * whoever waits for the transaction waits for both: their size is tried out, on this engine and
 * machine, until writing one takes such a time. (80,000 cost SQLite 5% less CPU than 40,000, 8%
 * less than 10,000, and a quarter less than 2,500.) */
enum { BATCH_FIRST = 5000, BATCH_MIN = 1250, BATCH_MAX = 40000 };
enum { BATCH_US_MIN = 200000, BATCH_US_MAX = 450000 };
/* A rehearsal's entries are written only when the database is asked for them, or when there are too
 * many for memory. */
enum { REHEARSED_MAX = 160000 };

/* What is written together. */
struct write_batch {
	struct new_enrolment *entries;
	size_t count, room;
	int64_t now;
};

struct write_behind {
	struct lms *lms;
	struct write_batch gathering, writing;
	pthread_t thread;
	bool is_writing;
	int64_t *flagged; /* people whose sessions must look again */
	size_t flagged_count, flagged_room;
	int64_t now; /* of the last change */
	size_t batch_size;
	size_t written;     /* together, the last time ... */
	int64_t writing_us; /* ... and how long it took */
	bool is_rehearsal;
	atomic_bool is_dropped; /* what is not written yet need not be */
};

struct write_behind *write_behind_create(struct lms *lms)
{
	struct write_behind *write_behind = calloc(1, sizeof *write_behind);
	if (write_behind)
		*write_behind = (struct write_behind){.lms = lms, .batch_size = BATCH_FIRST};
	return write_behind;
}

bool write_behind_takes(const struct effects *effects)
{
	for (size_t i = 0; i < effects->count; i++)
		if (!change_is_new_enrolment(effects, i))
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

/* A fast batch makes the next one larger only if it was full. */
static void batch_size_try(struct write_behind *write_behind)
{
	size_t size = write_behind->batch_size, written = write_behind->written;
	if (write_behind->writing_us > BATCH_US_MAX && size > BATCH_MIN)
		write_behind->batch_size = size / 2;
	else if (write_behind->writing_us < BATCH_US_MIN && written >= size && size < BATCH_MAX)
		write_behind->batch_size = size * 2;
}

static void new_enrolments_take(
    struct write_behind *write_behind, struct new_enrolment *entries, size_t count)
{
	const struct effects effects = {.now = write_behind->writing.now};
	struct work work = {.lms = write_behind->lms, .effects = &effects, .arena = arena_create()};
	int64_t begun_us = clock_us();
	if (work.arena) {
		new_enrolments_write(&work, entries, count);
		new_enrolments_audit(&work, entries, count);
	}
	if (!work.arena || arena_has_failed(work.arena))
		db_fail(write_behind->lms->db, error_memory("writing what was planned"));
	arena_free(work.arena);
	write_behind->writing_us = clock_us() - begun_us;
}

static void *on_thread(void *context)
{
	struct write_behind *write_behind = context;
	struct write_batch *batch = &write_behind->writing;
	for (size_t at = 0; at < batch->count && !atomic_load(&write_behind->is_dropped);) {
		size_t left = batch->count - at, size = write_behind->batch_size;
		write_behind->written = left < size ? left : size;
		new_enrolments_take(write_behind, batch->entries + at, write_behind->written);
		at += write_behind->written;
	}
	return NULL;
}

void write_behind_join(struct write_behind *write_behind)
{
	if (!write_behind || !write_behind->is_writing)
		return;
	pthread_join(write_behind->thread, NULL);
	write_behind->is_writing = false;
	struct write_batch *batch = &write_behind->writing;
	batch_size_try(write_behind);
	for (size_t i = 0; i < batch->count && write_behind->lms->census; i++) {
		const struct new_enrolment *entry = &batch->entries[i];
		if (entry->enrols)
			census_set_id(
			    write_behind->lms->census, entry->user, entry->enrol, entry->id);
	}
	batch->count = 0;
}

struct db *lms_db(struct lms *lms)
{
	write_behind_join(lms->write_behind);
	return lms->db;
}

static void write_begin(struct write_behind *write_behind)
{
	write_behind_join(write_behind);
	struct write_batch empty = write_behind->writing;
	write_behind->writing = write_behind->gathering;
	write_behind->gathering = empty;
	write_behind->is_writing =
	    pthread_create(&write_behind->thread, NULL, on_thread, write_behind) == 0;
	if (!write_behind->is_writing)
		db_fail(write_behind->lms->db, error_memory("starting a thread"));
}

void write_behind_finish(struct write_behind *write_behind)
{
	if (write_behind->gathering.count > 0)
		write_begin(write_behind);
	write_behind_join(write_behind);
}

void write_behind_rehearse(struct write_behind *write_behind)
{
	write_behind->is_rehearsal = true;
}

void write_behind_drop(struct write_behind *write_behind)
{
	atomic_store(&write_behind->is_dropped, true);
	write_behind_join(write_behind);
	free(write_behind->gathering.entries);
	free(write_behind->writing.entries);
	free(write_behind->flagged);
	*write_behind =
	    (struct write_behind){.lms = write_behind->lms, .batch_size = write_behind->batch_size};
}

void write_behind_free(struct write_behind *write_behind)
{
	if (write_behind)
		write_behind_drop(write_behind);
	free(write_behind);
}

/* ---- gathering ---- */

static bool batch_reserve(struct write_batch *batch, size_t more, size_t size)
{
	size_t room = batch->count + more;
	if (room <= batch->room)
		return true;
	if (room < size)
		room = room * 4 < size ? room * 4 : size;
	struct new_enrolment *entries = reallocarray(batch->entries, room, sizeof *entries);
	if (!entries)
		return false;
	batch->entries = entries;
	batch->room = room;
	return true;
}

/* Keeps each person once. */
static void flagged_dedup(struct write_behind *write_behind)
{
	size_t used = 0;
	if (write_behind->flagged_count > 0)
		qsort(write_behind->flagged, write_behind->flagged_count,
		    sizeof *write_behind->flagged, census_compare_ids);
	for (size_t i = 0; i < write_behind->flagged_count; i++)
		if (used == 0 || write_behind->flagged[used - 1] != write_behind->flagged[i])
			write_behind->flagged[used++] = write_behind->flagged[i];
	write_behind->flagged_count = used;
}

static bool flagged_add(struct write_behind *write_behind, int64_t user)
{
	if (write_behind->flagged_count == write_behind->flagged_room) {
		flagged_dedup(write_behind);
		size_t room = write_behind->flagged_count * 2 + 4096;
		int64_t *grown = reallocarray(write_behind->flagged, room, sizeof *grown);
		if (!grown)
			return false;
		write_behind->flagged = grown;
		write_behind->flagged_room = room;
	}
	write_behind->flagged[write_behind->flagged_count++] = user;
	return true;
}

static bool change_add(
    struct write_behind *write_behind, const struct effects *effects, size_t index)
{
	const struct change *change = &effects->changes[index];
	const struct enrolment_facts *is = &effects->enrolments[change->enrolment];
	new_enrolment_add(
	    write_behind->gathering.entries, &write_behind->gathering.count, effects, index);
	return change->kind != CHANGE_ASSIGN_ROLE || flagged_add(write_behind, is->user);
}

bool write_behind_add(struct write_behind *write_behind, const struct effects *effects)
{
	struct write_batch *batch = &write_behind->gathering;
	size_t size = write_behind->is_rehearsal ? REHEARSED_MAX : write_behind->batch_size;
	bool is_good = batch_reserve(batch, effects->count, size);
	for (size_t i = 0; i < effects->count && is_good; i++)
		is_good = change_add(write_behind, effects, i);
	batch->now = write_behind->now = effects->now;
	if (is_good && batch->count >= size)
		write_begin(write_behind);
	return is_good;
}

/* ---- dirty flags ---- */

void write_behind_mark_dirty(struct write_behind *write_behind)
{
	if (write_behind->flagged_count == 0)
		return;
	flagged_dedup(write_behind);
	people_mark_dirty(write_behind->lms, write_behind->flagged, write_behind->flagged_count,
	    write_behind->now);
	write_behind->flagged_count = 0;
}
