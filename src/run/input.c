#include "survey.h"

#include "enrold/disk.h"
#include "enrold/preset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/*
 * A copy that is cut short begins anew, because what is made of its bytes cannot be kept. It goes
 * at least twice as far each time, so that it comes to an end: all its turns together read less
 * than three times the file. It leaves a hole as long as it came.
 */
enum { TURN_US = 1000000, TURN_GROWTH = 2 };

/* The original, its copy, and what is learnt of the bytes between them. */
struct input_copy {
	struct run *run;
	uint64_t size;       /* when it was opened */
	uint64_t turn_bytes; /* it does not yield before */
	int64_t begun_us;
	int from, to;
	struct hash *hash;
	bool is_made; /* it is not read as it stands: survey and cutting have nothing to do */
	struct error foreseen; /* a REJECT by how it begins */
	struct survey survey;
	bool has_looked;            /* at its header, whether */
	bool wants_cut;             /* one without passwords is wanted, */
	struct cells_cut_terms cut; /* and how; */
	struct cutting *cutting;    /* which is made beside it */
	uint64_t bytes;
};

/* Only of a file that is read as it stands is anything learnt on the way. */
static bool is_read(const struct input_copy *copy)
{
	return !copy->is_made && !run_is_ordered(copy->run);
}

static void cut_look(struct input_copy *copy)
{
	const struct survey *survey = &copy->survey;
	if (copy->has_looked || !survey->reader.header)
		return;
	copy->has_looked = true;
	copy->wants_cut = cutting_find(
	    copy->run, survey->reader.header, records_shape(survey->reader.source), &copy->cut);
}

static struct error chunk_cut(struct input_copy *copy, const char *bytes, size_t size)
{
	struct error error = OK;
	cut_look(copy);
	if (!copy->wants_cut || is_error(&copy->survey.verdict))
		return OK;
	if (!copy->cutting)
		error = cutting_begin(
		    copy->run, &copy->cut, copy->from, copy->bytes - size, &copy->cutting);
	return is_error(&error) ? error : cutting_add(copy->cutting, bytes, size);
}

static struct error chunk_take(struct input_copy *copy, const char *bytes, size_t size)
{
	struct error error = OK;
	atomic_fetch_add(copy->run->runner->shared->progress, 1);
	hash_add(copy->hash, bytes, size);
	copy->bytes += size;
	atomic_store(&copy->run->runner->progress.bytes_done, copy->bytes);
	if (is_read(copy))
		error = survey_feed(&copy->survey, bytes, size);
	if (!is_error(&error))
		error =
		    disk_extend(copy->to, RUN_INPUT_PART, copy->bytes, (struct slice){bytes, size});
	return is_error(&error) || !is_read(copy) ? error : chunk_cut(copy, bytes, size);
}

/* The daemon stops, or others wait and it has had its turn; not when it is as good as done. */
static bool has_to_end(const struct input_copy *copy)
{
	const struct run_surroundings *shared = copy->run->runner->shared;
	if (copy->bytes == 0 || copy->bytes >= copy->size)
		return false;
	return run_has_to_stop(copy->run) ||
	       (atomic_load(shared->is_crowded) && copy->bytes >= copy->turn_bytes &&
	           run_clock_us() - copy->begun_us >= TURN_US);
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
	return is_read(copy) ? survey_finish(&copy->survey) : OK;
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
	copy->begun_us = run_clock_us();
	return OK;
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
	run->row.bytes = copy->bytes;
	run->row.owner = owner_of(run, before);
	run->row.sha256 = arena_copy(run->arena, slice_of(sha256));
	return arena_has_failed(run->arena) ? error_memory("copying the input") : OK;
}

static struct error too_large(struct run *run, const struct stat *stat)
{
	uint64_t max = run->runner->shared->config->max_file_size;
	run->row.bytes = (uint64_t)stat->st_size;
	return error_reject("file_too_large", 0,
	    "the file has %llu bytes, max_file_size is %llu: split it, or raise the limit",
	    (unsigned long long)stat->st_size, (unsigned long long)max);
}

/* has_changed, or with a time and a size that it has to keep. */
static struct error original_open(struct input_copy *copy, struct stat *before)
{
	struct run *run = copy->run;
	copy->from = openat(run->box, run->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	/* A lease that was taken since the claim (EAGAIN) is its owner's to end, in the inbox too.
	 */
	run->has_changed = copy->from < 0 && (errno == ELOOP || errno == ENXIO || errno == EAGAIN);
	if (run->has_changed)
		return OK;
	if (copy->from < 0 || fstat(copy->from, before) < 0)
		return error_own(
		    error_errno("cannot open work/%s/%s", run->id, run->name), OWNER_FILE);
	/* It was swapped at the moment of the claim; the inbox tells such apart. */
	run->has_changed = !S_ISREG(before->st_mode);
	if (run->has_changed)
		return OK;
	if ((uint64_t)before->st_size > run->runner->shared->config->max_file_size &&
	    !run_is_ordered(run))
		return too_large(run, before);
	copy->size = (uint64_t)before->st_size;
	atomic_store(&run->runner->progress.bytes, copy->size);
	/* It may have grown since it was chosen: another worker's. */
	run->is_stopped = run->is_short && copy->size > RUN_SHORT_BYTES;
	return OK;
}

/* How it begins says what is to be made of it. A file that fits nothing is copied all the same:
 * what is refused has a hash. */
static struct error foresee(struct input_copy *copy)
{
	struct run *run = copy->run;
	struct slice beginning;
	struct error error = content_beginning(copy->from, run->runner->chunk, &beginning);
	bool is_whole = beginning.size <= PRESET_BEGINNING_MAX;
	if (is_error(&error))
		return error;
	if (!is_whole)
		beginning.size = PRESET_BEGINNING_MAX;
	copy->foreseen = content_foresee(run, beginning, is_whole, &copy->is_made);
	copy->is_made |= is_error(&copy->foreseen);
	return copy->foreseen.class == ERROR_REJECT ? OK : copy->foreseen;
}

static struct error copy_all(struct input_copy *copy, const struct stat *before)
{
	struct run *run = copy->run;
	struct error error = copy_begin(copy);
	if (is_error(&error))
		return error;
	copy->hash = hash_create();
	if (!copy->hash)
		return error_memory("copying the input");
	error = foresee(copy);
	if (!is_error(&error))
		error = survey_begin(&copy->survey, run);
	if (!is_error(&error))
		error = copy_bytes(copy);
	if (!is_error(&error) && !run->is_stopped)
		return copy_keep(copy, before);
	struct error dropped = copy_drop(copy);
	return is_error(&dropped) ? dropped : error;
}

/* Our own copy of a file whose rows are put together: its cells are cut by its own headings. */
static struct error plain_cut(struct input_copy *copy, const struct stat *before)
{
	struct run *run = copy->run;
	char *chunk = run->runner->chunk;
	close(copy->from);
	copy->from = openat(run->directory, RUN_INPUT, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	copy->bytes = 0;
	struct error error =
	    copy->from < 0 ? error_errno("cannot open work/%s/" RUN_INPUT, run->id) : OK;
	while (!is_error(&error) && !content_has_to_stop(run)) {
		ssize_t size = read(copy->from, chunk, RUN_CHUNK);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return error_errno("cannot read work/%s/" RUN_INPUT, run->id);
		if (size == 0)
			return copy->cutting ? cutting_end(copy->cutting, before) : OK;
		copy->bytes += (uint64_t)size;
		if (!copy->survey.reader.header)
			error = survey_feed(&copy->survey, chunk, (size_t)size);
		if (!is_error(&error))
			error = chunk_cut(copy, chunk, (size_t)size);
	}
	return error;
}

static struct error made_judge(struct input_copy *copy, const struct stat *before)
{
	struct run *run = copy->run;
	struct error error = content_make(run);
	if (!is_error(&error) && !run->is_stopped)
		error = survey_content(run);
	bool is_to_cut = run->content.is_plain && run->policy.passwords == PASSWORDS_CUT;
	return is_error(&error) || run->is_stopped || !is_to_cut ? error : plain_cut(copy, before);
}

/* What there is to say against it: of a file that is read as it stands what was learnt on the way;
 * else what is made of our copy. */
static struct error copy_judge(struct input_copy *copy, const struct stat *before)
{
	struct run *run = copy->run;
	if (is_error(&copy->foreseen) || run_is_ordered(run))
		return copy->foreseen;
	if (copy->is_made)
		return made_judge(copy, before);
	struct error error = survey_keep(&copy->survey, copy->bytes);
	if (!is_error(&error))
		error = survey_judge(&copy->survey);
	return is_error(&error) || !copy->cutting ? error : cutting_end(copy->cutting, before);
}

static struct error copy_whole(struct input_copy *copy)
{
	const struct run *run = copy->run;
	struct stat before;
	struct error error = original_open(copy, &before);
	if (is_error(&error) || run->has_changed || run->is_stopped)
		return error;
	error = copy_all(copy, &before);
	if (is_error(&error) || run->has_changed || run->is_stopped)
		return error;
	return copy_judge(copy, &before);
}

struct error input_copy(struct run *run)
{
	struct input_copy copy = {.run = run, .from = -1, .to = -1, .foreseen = OK};
	struct error error = copy_whole(&copy);
	cutting_free(copy.cutting);
	survey_done(&copy.survey);
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

void input_flush(struct run *run, struct flush *flush)
{
	flush_add(flush, run->directory, RUN_INPUT);
	if (passwords_are_cut(run))
		flush_add(flush, run->directory, RUN_CUT);
	for (enum artefact a = 0; a < ARTEFACTS; a++)
		flush_add(flush, run->directory, artefact_kinds[a].name);
	flush_add(flush, run->directory, ANSWER_CHORES);
	flush_add(flush, run->box, ".");
	flush_add(flush, run->directory, ".");
}
