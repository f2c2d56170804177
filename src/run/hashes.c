/*
 * hashes: what is stored for the passwords of a batch. A hash takes milliseconds, that is what
 * hashing is for, and nobody may be kept waiting meanwhile: it is made before the transaction, of
 * the records whose password will be stored, as far as can be told without one. An account that
 * exists keeps its password, unless the feed sets it anew: a nightly file costs no hash.
 *
 * Should the plan want one that was not foreseen (an earlier row of the batch has renamed or
 * deleted the account), everything is undone and done again with all of them. A preview stores
 * nothing: it needs none. An atomic run has no moment between two transactions: its hashes are made
 * before it, and lie in a file without a name.
 */
#include "hashers.h"
#include "run_state.h"

#include "enrold/reader.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { REQUESTS_MAX = 1000 };

/* "": there is none that could be stored. */
static struct slice password_of(const struct batch *batch, const struct record *record)
{
	uint32_t column = batch->header->single[COLUMN_PASSWORD];
	bool is_used = column != COLUMN_NONE && batch->header->columns[column].idle == IDLE_NOT;
	bool is_good = !record->has_fault && record->new_fault_column == COLUMN_NONE;
	return is_good && is_used ? record_cell(record, column) : SLICE("");
}

static bool may_be_stored(const struct batch *batch, const struct record *record)
{
	const struct policy *policy = batch->policy;
	size_t size = password_of(batch, record).size;
	return size > 0 && size <= PASSWORD_MAX &&
	       (policy->upload_type != UPLOAD_UPDATE || policy->update_password);
}

/* Of the batch's keys, those that somebody has; asked apart, for the batch asks inside its
 * transaction. NULL: no memory. */
static const struct user_key *keys_ask(
    const struct hashing *hashing, struct batch *batch, struct error *error)
{
	struct user_key *keys = arena_alloc(batch->arena, (batch->keys_count + 1) * sizeof *keys);
	if (!keys) {
		*error = error_memory("looking up people");
		return NULL;
	}
	if (batch->keys_count > 0)
		memcpy(keys, batch->keys, batch->keys_count * sizeof *keys);
	*error = lms_find_users(hashing->lms, keys, batch->keys_count, batch->arena);
	return keys;
}

static bool asks_of_all(const struct hashing *hashing, const struct policy *policy)
{
	return hashing->wants_all || policy->update_password ||
	       policy->upload_type == UPLOAD_ADD_INCREMENT;
}

/* Only the first part of a large record settles an account. */
static bool is_missing(const struct batch *batch, const struct record *record)
{
	bool is_settled = batch->part && batch->part->is_later;
	return !is_settled && record->hash.size == 0 && may_be_stored(batch, record);
}

/* A mark in place of the hash: to be made. */
static const struct slice wanted = {SLICE_INIT("?")};

static struct error wanted_mark(const struct hashing *hashing, struct batch *batch, size_t *count)
{
	struct error error = OK;
	const struct user_key *keys = NULL;
	for (size_t i = 0; i < batch->records_count && !is_error(&error); i++) {
		struct record *record = &batch->records[i];
		if (!is_missing(batch, record))
			continue;
		if (!keys && !asks_of_all(hashing, batch->policy))
			keys = keys_ask(hashing, batch, &error);
		const struct user_key *key =
		    keys && record->key != INDEX_NONE ? &keys[record->key] : NULL;
		bool is_there = key && (key->matches > 0 || key->alikes_count > 0);
		record->hash = is_there ? SLICE("") : wanted;
		*count += !is_there;
	}
	return error;
}

/* ---- an atomic run's ---- */

static struct error hashes_read(const struct hashing *hashing, struct batch *batch, uint64_t first)
{
	for (size_t i = 0; i < batch->records_count; i++) {
		char hash[PASSWORD_HASH_SIZE];
		off_t at = (off_t)(first + i) * PASSWORD_HASH_SIZE;
		if (pread(hashing->file, hash, sizeof hash, at) != (ssize_t)sizeof hash)
			return error_errno("cannot read the hashes of %s", hashing->run->id);
		hash[PASSWORD_HASH_SIZE - 1] = '\0';
		batch->records[i].hash = arena_copy(batch->arena, slice_of(hash));
	}
	return arena_has_failed(batch->arena) ? error_memory("reading hashes") : OK;
}

struct preparing {
	struct hashing *hashing;
	struct batch batch;
	bool is_needless;
};

static struct error prepared_write(struct preparing *preparing)
{
	struct batch *batch = &preparing->batch;
	size_t count = 0;
	struct error error = wanted_mark(preparing->hashing, batch, &count);
	if (!is_error(&error) && count > 0)
		error = hashes_make(preparing->hashing, batch);
	for (size_t i = 0; i < batch->records_count && !is_error(&error); i++) {
		char hash[PASSWORD_HASH_SIZE] = "";
		if (batch->records[i].hash.size > 0)
			memcpy(hash, batch->records[i].hash.bytes, batch->records[i].hash.size);
		if (write(preparing->hashing->file, hash, sizeof hash) != (ssize_t)sizeof hash)
			error = error_errno(
			    "cannot keep the hashes of %s", preparing->hashing->run->id);
	}
	batch_reset(batch);
	return error;
}

static struct error on_header(void *context, const struct header *header)
{
	struct preparing *preparing = context;
	const struct run *run = preparing->hashing->run;
	preparing->is_needless = header->single[COLUMN_PASSWORD] == COLUMN_NONE;
	if (preparing->is_needless)
		return error_retry("there are no passwords");
	return batch_init(&preparing->batch, header, &run->policy, run->site);
}

/* The first part of a large record will do: it settles the account. */
static struct error large_write(struct preparing *preparing, const struct csvin_record *record)
{
	struct record_part part = {0};
	struct error error = prepared_write(preparing);
	if (!is_error(&error))
		error = batch_add_part(&preparing->batch, record, &part, REQUESTS_MAX);
	if (!is_error(&error))
		error = prepared_write(preparing);
	record_part_done(&part);
	return error;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct preparing *preparing = context;
	struct error error = OK;
	if (record_is_large(&preparing->batch, record, REQUESTS_MAX))
		return large_write(preparing, record);
	if (preparing->batch.records_count == HASHED_TOGETHER)
		error = prepared_write(preparing);
	return is_error(&error) ? error : batch_add(&preparing->batch, record);
}

/* Where there are no files without a name, they are few enough for memory. */
static struct error nameless_open(const struct run *run, int *file)
{
	*file = openat(run->directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*file < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT))
		*file = memfd_create("hashes", MFD_CLOEXEC);
	return *file < 0 ? error_errno("cannot keep the hashes of %s", run->id) : OK;
}

static struct error all_read(struct preparing *preparing, int input)
{
	struct run *run = preparing->hashing->run;
	struct reader reader;
	const struct reader_terms terms = content_terms(run);
	struct error error =
	    reader_open(&reader, &terms, (struct reader_visitor){on_header, on_record, preparing});
	if (!is_error(&error))
		error = input_read(&reader, input, run->runner->chunk, RUN_CHUNK);
	if (!is_error(&error) && !preparing->is_needless)
		error = prepared_write(preparing); /* while there is a header */
	reader_close(&reader);
	return preparing->is_needless ? OK : error;
}

struct error hashes_prepare(struct hashing *hashing, int input)
{
	struct preparing preparing = {.hashing = hashing};
	struct error error = nameless_open(hashing->run, &hashing->file);
	if (!is_error(&error))
		error = all_read(&preparing, input);
	batch_done(&preparing.batch);
	if (!is_error(&error) && lseek(input, 0, SEEK_SET) < 0)
		error = error_errno("cannot read " RUN_INPUT);
	if (is_error(&error) || preparing.is_needless)
		hashes_done(hashing);
	return error;
}

void hashes_done(struct hashing *hashing)
{
	if (hashing->file >= 0)
		close(hashing->file);
	hashing->file = -1;
}

/* ---- a batch's ---- */

struct error hashes_foresee(
    const struct hashing *hashing, struct batch *batch, uint64_t first, size_t *count)
{
	*count = 0;
	if (batch->header->single[COLUMN_PASSWORD] == COLUMN_NONE)
		return OK;
	if (hashing->file >= 0)
		return hashes_read(hashing, batch, first);
	if (!batch->is_preview)
		return wanted_mark(hashing, batch, count);
	for (size_t i = 0; i < batch->records_count; i++)
		batch->records[i].hash = SLICE("not hashed in a preview");
	return OK;
}

struct error hashes_make(const struct hashing *hashing, struct batch *batch)
{
	struct hash_job *jobs =
	    arena_alloc(batch->arena, (batch->records_count + 1) * sizeof *jobs);
	size_t count = 0;
	assert(!hashing->run->runner->has_turn);
	if (!jobs)
		return error_memory("hashing passwords");
	for (size_t i = 0; i < batch->records_count; i++) {
		struct record *record = &batch->records[i];
		if (slice_is(record->hash, wanted))
			jobs[count++].password = password_of(batch, record);
	}
	struct error error = hashers_run(jobs, count, hashing->run->runner->shared->progress);
	count = 0;
	for (size_t i = 0; i < batch->records_count && !is_error(&error); i++)
		if (slice_is(batch->records[i].hash, wanted))
			batch->records[i].hash = slice_of(jobs[count++].hash);
	return error;
}

bool hashes_suffice(const struct plan *plan)
{
	for (size_t i = 0; i < plan->changes_count; i++) {
		const struct account_change *account = plan->changes[i].account;
		if (account && account->password.size > 0 && account->stored.size == 0)
			return false;
	}
	return true;
}
