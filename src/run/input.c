#include "people.h"
#include "run_state.h"

#include "enrold/disk.h"
#include "enrold/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/*
 * A copy that is cut short begins anew, because what is made of its bytes cannot be kept. It goes
 * at least twice as far each time, so that it comes to an end: all its turns together read less
 * than three times the file. It leaves a hole as long as it came.
 */
enum { TURN_US = 1000000, TURN_GROWTH = 2 };

/* The original, its copy, and what is made of the bytes between them. */
struct input_copy {
	struct run *run;
	uint64_t size;       /* when it was opened */
	uint64_t turn_bytes; /* it does not yield before */
	int64_t begun_us;
	int from, to;
	struct hash *hash;
	struct reader reader;
	struct people people;
	struct cells_cut_terms cut; /* wants_cut: of the one without passwords, */
	bool wants_cut;
	struct cutting *cutting; /* which is made beside it */
	struct error verdict;    /* the first REJECT: what follows is copied, but no longer read */
	uint64_t bytes;
};

static struct error on_header(void *context, const struct header *header)
{
	struct input_copy *copy = context;
	people_header(&copy->people, header);
	copy->wants_cut =
	    cutting_find(copy->run, header, records_shape(copy->reader.source), &copy->cut);
	return OK;
}

static struct error on_record(void *context, const struct csvin_record *record)
{
	struct input_copy *copy = context;
	people_add(&copy->people, record);
	return OK;
}

static struct error chunk_cut(struct input_copy *copy, const char *bytes, size_t size)
{
	struct error error = OK;
	if (!copy->wants_cut || is_error(&copy->verdict))
		return OK;
	if (!copy->cutting)
		error = cutting_begin(
		    copy->run, &copy->cut, copy->from, copy->bytes - size, &copy->cutting);
	return is_error(&error) ? error : cutting_add(copy->cutting, bytes, size);
}

static struct error chunk_take(struct input_copy *copy, const char *bytes, size_t size)
{
	atomic_fetch_add(copy->run->runner->shared->progress, 1);
	hash_add(copy->hash, bytes, size);
	copy->bytes += size;
	atomic_store(&copy->run->runner->progress.bytes_done, copy->bytes);
	if (!is_error(&copy->verdict) && !run_is_ordered(copy->run))
		copy->verdict = reader_feed(&copy->reader, bytes, size);
	if (copy->verdict.class == ERROR_RETRY)
		return copy->verdict;
	struct error error =
	    disk_extend(copy->to, RUN_INPUT_PART, copy->bytes, (struct slice){bytes, size});
	return is_error(&error) ? error : chunk_cut(copy, bytes, size);
}

static int64_t clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The daemon stops, or others wait and it has had its turn; not when it is as good as done. */
static bool has_to_end(const struct input_copy *copy)
{
	const struct run_surroundings *shared = copy->run->runner->shared;
	if (copy->bytes == 0 || copy->bytes >= copy->size)
		return false;
	return run_has_to_stop(copy->run) ||
	       (atomic_load(shared->is_crowded) && copy->bytes >= copy->turn_bytes &&
	           clock_us() - copy->begun_us >= TURN_US);
}

static struct error copy_bytes(struct input_copy *copy)
{
	struct run *run = copy->run;
	char *chunk = run->runner->chunk;
	/* A file that has grown has changed, and need not be read to an end that it may not have.
	 */
	while (copy->bytes <= copy->size) {
		run->is_stopped = has_to_end(copy);
		if (run->is_stopped)
			return OK;
		ssize_t size = read(copy->from, chunk, RUN_CHUNK);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_own(
			    error_errno("cannot read work/%s/%s", run->id, run->name), OWNER_FILE);
		if (size == 0)
			break;
		struct error error = chunk_take(copy, chunk, (size_t)size);
		if (is_error(&error))
			return error;
	}
	if (!is_error(&copy->verdict) && !run_is_ordered(copy->run))
		copy->verdict = reader_finish(&copy->reader);
	return copy->verdict.class == ERROR_RETRY ? copy->verdict : OK;
}

static struct error newline_check(const struct input_copy *copy)
{
	bool is_required =
	    copy->run->policy.final_newline == NEWLINE_REQUIRE && !run_is_ordered(copy->run);
	if (!is_required || reader_is_ended(&copy->reader))
		return OK;
	return error_reject("no_final_newline", 0,
	    "the last line has no newline: the file may have been cut short; send it whole");
}

static bool has_moved(const struct stat *before, const struct stat *after, uint64_t bytes)
{
	return before->st_size != after->st_size || (uint64_t)after->st_size != bytes ||
	       disk_time_ns(before->st_mtim) != disk_time_ns(after->st_mtim) ||
	       disk_time_ns(before->st_ctim) != disk_time_ns(after->st_ctim);
}

/* Others get the room while it waits. */
static struct error copy_drop(const struct input_copy *copy)
{
	off_t reached = copy->run->is_stopped ? (off_t)copy->bytes : 0;
	if (ftruncate(copy->to, 0) < 0 || ftruncate(copy->to, reached) < 0)
		return error_errno("cannot cut " RUN_INPUT_PART);
	return OK;
}

/* The length of the hole says how far it came before. */
static struct error copy_begin(struct input_copy *copy)
{
	struct stat left;
	copy->to = openat(copy->run->directory, RUN_INPUT_PART,
	    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, MODE_INPUT);
	if (copy->to < 0 || fstat(copy->to, &left) < 0 || ftruncate(copy->to, 0) < 0)
		return error_errno("cannot make " RUN_INPUT_PART);
	copy->turn_bytes = (uint64_t)left.st_size * TURN_GROWTH;
	copy->begun_us = clock_us();
	return OK;
}

/* For whoever goes on with it, and wants to say how much is left: if it is lost, nobody can. */
static void rows_note(const struct run *run, uint64_t bytes)
{
	char text[24];
	int size = snprintf(text, sizeof text, "%" PRIu64 "\n", run->rows);
	int file = bytes <= RUN_SHORT_BYTES
	               ? -1
	               : openat(run->directory, RUN_ROWS,
	                     O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, MODE_INPUT);
	if (file < 0)
		return;
	ssize_t ignored = write(file, text, (size_t)size);
	(void)ignored;
	close(file);
}

void input_find_rows(struct run *run)
{
	char text[24];
	int file = openat(run->directory, RUN_ROWS, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t size = file < 0 ? 0 : read(file, text, sizeof text - 1);
	text[size > 0 ? size : 0] = '\0';
	run->rows = strtoull(text, NULL, 10);
	if (file >= 0)
		close(file);
}

/* Of what is left of a plan: who dropped the file that it is about. */
static uint64_t owner_of(const struct run *run, const struct stat *dropped)
{
	if (run_is_order(run, ORDER_RELEASE))
		return run->ordered.source.owner;
	return run_is_made(run) ? 0 : (uint64_t)dropped->st_uid + 1;
}

/* Keeps what was hashed, under the time of the original, by which claim_swap_in_copy knows it
 * again. */
static struct error copy_keep(struct input_copy *copy, const struct stat *before)
{
	struct run *run = copy->run;
	struct stat after;
	if (fstat(copy->from, &after) < 0)
		return error_own(error_errno("cannot look at %s", run->name), OWNER_FILE);
	run->has_changed = has_moved(before, &after, copy->bytes);
	if (run->has_changed)
		return OK;
	if (ftruncate(copy->to, (off_t)copy->bytes) < 0) /* it may end with a hole */
		return error_errno("cannot write " RUN_INPUT_PART);
	const struct timespec times[] = {before->st_mtim, before->st_mtim};
	if (futimens(copy->to, times) < 0)
		return error_errno("cannot set the time of " RUN_INPUT_PART);
	if (renameat(run->directory, RUN_INPUT_PART, run->directory, RUN_INPUT) < 0)
		return error_errno("cannot rename " RUN_INPUT_PART);
	char sha256[HASH_TEXT_SIZE + 1];
	hash_finish(copy->hash, sha256);
	run->rows = copy->reader.records;
	rows_note(run, copy->bytes);
	run->row.bytes = copy->bytes;
	run->row.owner = owner_of(run, before);
	run->row.people = copy->people.names.count;
	run->row.sha256 = arena_copy(run->arena, slice_of(sha256));
	if (arena_has_failed(run->arena) || copy->people.has_failed)
		return error_memory("copying the input");
	if (run_is_record(run)) /* a list for people */
		return OK;
	if (is_error(&copy->verdict))
		return copy->verdict;
	if (copy->reader.header)
		weigh_foresee(run, copy->reader.header);
	struct error error = copy->cutting ? cutting_end(copy->cutting, before) : OK;
	return is_error(&error) ? error : newline_check(copy);
}

static struct error too_large(struct run *run, const struct stat *stat)
{
	uint64_t max = run->runner->shared->config->max_file_size;
	run->row.bytes = (uint64_t)stat->st_size;
	return error_reject("file_too_large", 0,
	    "the file has %llu bytes, max_file_size is %llu: split it, or raise the limit",
	    (unsigned long long)stat->st_size, (unsigned long long)max);
}

static struct error copy_whole(struct input_copy *copy)
{
	struct run *run = copy->run;
	const struct config *config = run->runner->shared->config;
	struct stat before;
	copy->from = openat(run->box, run->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	/* A lease that was taken since the claim (EAGAIN) is its owner's to end, in the inbox too.
	 */
	run->has_changed = copy->from < 0 && (errno == ELOOP || errno == ENXIO || errno == EAGAIN);
	if (run->has_changed)
		return OK;
	if (copy->from < 0 || fstat(copy->from, &before) < 0)
		return error_own(
		    error_errno("cannot open work/%s/%s", run->id, run->name), OWNER_FILE);
	/* It was swapped at the moment of the claim; the inbox tells such apart. */
	run->has_changed = !S_ISREG(before.st_mode);
	if (run->has_changed)
		return OK;
	if ((uint64_t)before.st_size > config->max_file_size && !run_is_ordered(run))
		return too_large(run, &before);
	copy->size = (uint64_t)before.st_size;
	atomic_store(&run->runner->progress.bytes, copy->size);
	run->is_stopped = run->is_short && copy->size > RUN_SHORT_BYTES;
	if (run->is_stopped)
		return OK; /* it has grown since it was chosen: another worker's */
	struct error error = copy_begin(copy);
	if (is_error(&error))
		return error;
	copy->hash = hash_create();
	if (!copy->hash)
		return error_memory("copying the input");
	const struct reader_terms terms = {
	    .policy = &run->policy, .site = run->site, .field_max = config->max_field};
	people_begin(&copy->people);
	error =
	    reader_open(&copy->reader, &terms, (struct reader_visitor){on_header, on_record, copy});
	if (!is_error(&error))
		error = copy_bytes(copy);
	if (!is_error(&error) && !run->is_stopped)
		return copy_keep(copy, &before);
	struct error dropped = copy_drop(copy);
	return is_error(&dropped) ? dropped : error;
}

struct error input_copy(struct run *run)
{
	struct input_copy copy = {.run = run, .from = -1, .to = -1, .verdict = OK};
	struct error error = copy_whole(&copy);
	cutting_free(copy.cutting);
	reader_close(&copy.reader);
	people_done(&copy.people);
	hash_free(copy.hash);
	if (copy.from >= 0)
		close(copy.from);
	if (copy.to >= 0)
		close(copy.to);
	return error;
}

/*
 * The copy, the names that lead to it, and that the file has left the inbox: a power cut after the
 * commit must not find the file in the inbox again and the results nowhere.
 */
struct error input_sync(struct run *run)
{
	const struct spool *spool = run->runner->shared->spool;
	char inbox[SPOOL_PATH_SIZE];
	spool_inbox(inbox, &run->lane);
	if (run->is_durable)
		return OK;
	struct error error = disk_has(run->directory, RUN_INPUT)
	                         ? disk_sync(run->directory, RUN_INPUT)
	                         : OK; /* too large to be copied */
	if (!is_error(&error) && passwords_are_cut(run) && disk_has(run->directory, RUN_CUT))
		error = disk_sync(run->directory, RUN_CUT);
	if (!is_error(&error))
		error = disk_sync(run->box, ".");
	if (!is_error(&error))
		error = disk_sync(run->directory, ".");
	if (!is_error(&error) && disk_has(spool->root, inbox))
		error = disk_sync(spool->root, inbox);
	run->is_durable = !is_error(&error);
	return error;
}

struct error input_read(struct reader *reader, int file, char *chunk, size_t chunk_size)
{
	for (;;) {
		ssize_t size = read(file, chunk, chunk_size);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_own(
			    error_errno("cannot read the copy of the input"), OWNER_FILE);
		if (size == 0)
			return reader_finish(reader);
		struct error error = reader_feed(reader, chunk, (size_t)size);
		if (is_error(&error))
			return error;
	}
}
