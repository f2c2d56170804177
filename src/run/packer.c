#include "enrold/packer.h"

#include "run_state.h"

#include "enrold/disk.h"
#include "enrold/log.h"
#include "enrold/naming.h"
#include "enrold/packed.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };

/* What is wrong with so many files is told in one go; it may be the same with all of them. */
enum { TOLD_MAX = 20 };

/* What a feed's outbox has been looked through for. */
struct looked {
	char feed[FEED_NAME_MAX + 1];
	char until[RUN_ID_SIZE + 1]; /* the run, included; "": none yet */
	int64_t next_ms;
};

struct packer {
	pthread_mutex_t mutex; /* of whoever packs */
	struct looked *feeds;
	size_t count;
	atomic_uint packed; /* files */
};

/* One feed's answers, in one go. */
struct task {
	struct runner *runner;
	const atomic_bool *is_wanted;
	struct looked *looked;
	int outbox;
	char part[FILE_NAME_SIZE];   /* what is made there */
	char until[RUN_ID_SIZE + 1]; /* the youngest run that is old enough */
	char (*runs)[RUN_ID_SIZE + 1];
	size_t count, room;
	uint64_t files, left; /* left: as they are, by what is wrong with them */
	struct arena *arena;
};

static bool is_broken_off(const struct task *task)
{
	return atomic_load(task->is_wanted);
}

/* ---- which ---- */

/* Of a plain file of an answer. */
static bool run_of(const char *name, char run[RUN_ID_SIZE + 1])
{
	for (enum artefact a = 0; a < ARTEFACTS; a++)
		if (!artefact_kinds[a].is_never_packed &&
		    name_find_answer(name, artefact_kinds[a].suffix, run))
			return true;
	return false;
}

static struct error run_add(struct task *task, const char *name)
{
	char run[RUN_ID_SIZE + 1];
	if (strcmp(name, task->part) == 0)
		unlinkat(task->outbox, name, 0); /* of an attempt that was cut short */
	if (*name == '.' || !run_of(name, run) || strcmp(run, task->until) > 0 ||
	    strcmp(run, task->looked->until) <= 0)
		return OK;
	if (task->count == task->room) {
		size_t room = task->room > 0 ? task->room * 2 : 64;
		void *grown = reallocarray(task->runs, room, sizeof *task->runs);
		if (!grown)
			return error_memory("looking for old answers");
		task->runs = grown;
		task->room = room;
	}
	memcpy(task->runs[task->count++], run, sizeof run);
	return OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static struct error runs_find(struct task *task)
{
	DIR *listing = disk_list(task->outbox);
	if (!listing)
		return error_errno("cannot list the outbox");
	struct error error = OK;
	const struct dirent *entry;
	while (!is_error(&error) && (errno = 0, entry = readdir(listing)))
		error = run_add(task, entry->d_name);
	if (!is_error(&error) && errno != 0)
		error = error_errno("cannot list the outbox");
	closedir(listing);
	if (task->count > 1)
		qsort(task->runs, task->count, sizeof *task->runs, by_text);
	return error;
}

/* ---- one run ---- */

static void tell_why(const struct task *task, const char *run, const struct error *error)
{
	log_event(LOG_WARNING, "answer_not_packed",
	    json_pack("{s:s, s:s}", "run", run, "feed", task->looked->feed),
	    "outbox of feed %s: %s: it is not packed", task->looked->feed, error->text);
}

/* What is wrong with a file of its own is told, and others follow. */
static struct error file_pack(
    struct task *task, const struct ledger_run *row, enum artefact artefact, const char *between)
{
	char name[FILE_NAME_SIZE], suffix[64];
	const struct packed_known known = {row->sizes.of[artefact], row->hashes[artefact]};
	const struct packed_part made = {task->part, row->run.bytes};
	snprintf(suffix, sizeof suffix, "%s%s", between, artefact_kinds[artefact].suffix);
	naming_find(task->outbox, ".",
	    &(struct naming){row->name.bytes, row->run.bytes, suffix, false}, name);
	if (!disk_has(task->outbox, name))
		return OK;
	struct error error = packed_make(task->outbox, name, &known, &made, task->is_wanted);
	if (error.class == ERROR_REJECT || error.is_narrow) {
		if (task->left++ < TOLD_MAX)
			tell_why(task, row->run.bytes, &error);
		return OK;
	}
	bool is_packed = !is_error(&error) && !is_broken_off(task);
	task->files += is_packed;
	atomic_fetch_add(&task->runner->shared->packer->packed, is_packed);
	return error;
}

/* What lies there under such a name may be a stranger's, or of a run that the database has
 * forgotten. */
static struct error run_pack(struct task *task, const char *run)
{
	struct ledger_run row;
	arena_reset(task->arena);
	struct error error =
	    ledger_find(lms_db(task->runner->lms), slice_of(run), task->arena, &row);
	if (is_error(&error) || row.state == RUN_UNKNOWN || row.state == RUN_RUNNING ||
	    !slice_is(row.feed, slice_of(task->looked->feed)))
		return error;
	for (enum artefact a = 0; a < ARTEFACTS && !is_error(&error); a++) {
		if (row.hashes[a].size == 0 || artefact_kinds[a].is_never_packed)
			continue;
		error = file_pack(task, &row, a, "");
		if (!is_error(&error))
			error = file_pack(task, &row, a, ".preview");
	}
	return error;
}

static struct error runs_pack(struct task *task)
{
	struct error error = OK;
	for (size_t i = 0; i < task->count; i++) {
		if (i > 0 && strcmp(task->runs[i], task->runs[i - 1]) == 0)
			continue;
		error = run_pack(task, task->runs[i]);
		if (is_error(&error) || is_broken_off(task))
			break;
		memcpy(task->looked->until, task->runs[i], sizeof task->looked->until);
	}
	return error;
}

/* ---- one feed ---- */

static struct error served_pack(struct task *task)
{
	bool is_ours;
	struct lease_hold hold;
	struct runner *runner = task->runner;
	struct lease *lease = runner->shared->lease;
	struct error error = runner_connect(runner);
	if (!is_error(&error))
		error = lease_acquire(lease, runner->lms, task->looked->feed, &hold, &is_ours);
	if (is_error(&error) || !is_ours)
		return error;
	error = runs_pack(task);
	lease_release(lease, &hold);
	return error;
}

static void answers_told(const struct task *task)
{
	if (task->files > 0)
		log_event(LOG_INFO, "answers_packed",
		    json_pack(
		        "{s:s, s:I}", "feed", task->looked->feed, "files", (json_int_t)task->files),
		    "%" PRIu64 " file%s of old answers of feed %s %s packed", task->files,
		    task->files == 1 ? "" : "s", task->looked->feed,
		    task->files == 1 ? "is" : "are");
}

static struct error outbox_pack(struct task *task)
{
	struct error error =
	    spool_open_outbox(task->runner->shared->spool, task->looked->feed, &task->outbox);
	if (is_error(&error))
		return error;
	error = runs_find(task);
	if (!is_error(&error) && task->count > 0) {
		task->arena = arena_create();
		error = task->arena ? served_pack(task) : error_memory("packing answers");
		arena_free(task->arena);
	}
	answers_told(task);
	free(task->runs);
	close(task->outbox);
	return error;
}

static int64_t now_ms(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct error feed_pack(struct runner *runner, const struct feed *feed, struct looked *looked,
    const atomic_bool *is_wanted)
{
	struct task task = {.runner = runner, .is_wanted = is_wanted, .looked = looked};
	snprintf(task.part, sizeof task.part, ".packing-%s.part", runner->shared->config->node);
	int64_t age_ms = (int64_t)feed->policy.compress_ms;
	run_id_format((now_ms(CLOCK_REALTIME) - age_ms) * 1000, task.until);
	struct error error = outbox_pack(&task);
	if (is_error(&error))
		log_event(LOG_WARNING, "answer_not_packed", json_pack("{s:s}", "feed", feed->name),
		    "the old answers of feed %s are not packed yet: %s", feed->name, error.text);
	if (is_error(&error) || !atomic_load(is_wanted))
		looked->next_ms = now_ms(CLOCK_MONOTONIC) + (is_error(&error)     ? HOUR_MS
		                                                : age_ms < DAY_MS ? age_ms
		                                                                  : DAY_MS);
	return error;
}

/* ---- all of them ---- */

/* NULL: no memory. */
static struct looked *looked_of(struct packer *packer, const char *feed)
{
	for (size_t i = 0; i < packer->count; i++)
		if (strcmp(packer->feeds[i].feed, feed) == 0)
			return &packer->feeds[i];
	struct looked *grown =
	    reallocarray(packer->feeds, packer->count + 1, sizeof *packer->feeds);
	if (!grown)
		return NULL;
	packer->feeds = grown;
	grown[packer->count] = (struct looked){.next_ms = INT64_MIN};
	snprintf(grown[packer->count].feed, sizeof grown->feed, "%s", feed);
	return &grown[packer->count++];
}

/* In trouble that is not one feed's own the others would fare no better. */
static void all_pack(struct runner *runner, const atomic_bool *is_wanted)
{
	struct error error = OK;
	const struct config *config = runner->shared->config;
	for (size_t i = 0; i < config->feeds_count; i++) {
		const struct feed *feed = &config->feeds[i];
		bool is_endless = feed->policy.compress_ms == PERIOD_ENDLESS;
		bool is_away = is_error(&error) && error.owner != OWNER_FOLDER;
		struct looked *looked =
		    is_endless ? NULL : looked_of(runner->shared->packer, feed->name);
		if (is_away || atomic_load(is_wanted))
			return;
		if (looked && now_ms(CLOCK_MONOTONIC) >= looked->next_ms)
			error = feed_pack(runner, feed, looked, is_wanted);
	}
}

void packer_work(struct runner *runner, const atomic_bool *is_wanted)
{
	struct packer *packer = runner->shared->packer;
	if (!packer || pthread_mutex_trylock(&packer->mutex) != 0)
		return;
	all_pack(runner, is_wanted);
	pthread_mutex_unlock(&packer->mutex);
}

struct packer *packer_create(void)
{
	struct packer *packer = calloc(1, sizeof *packer);
	if (packer)
		pthread_mutex_init(&packer->mutex, NULL);
	return packer;
}

void packer_free(struct packer *packer)
{
	if (!packer)
		return;
	pthread_mutex_destroy(&packer->mutex);
	free(packer->feeds);
	free(packer);
}

unsigned packer_count(const struct packer *packer)
{
	return atomic_load(&packer->packed);
}

void packer_hurry(struct packer *packer)
{
	for (size_t i = 0; i < packer->count; i++)
		packer->feeds[i].next_ms = INT64_MIN;
}
