/*
 * run_facts: what every part of a run asks about it.
 */
#include "run_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

int64_t run_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t run_clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool run_has_to_stop(const struct run *run)
{
	const struct runner *runner = run->runner;
	return atomic_load(runner->shared->is_stopping) ||
	       atomic_load(&runner->progress.is_told_to_stop);
}

const struct feed *run_feed(const struct run *run)
{
	return config_find_feed(run->runner->shared->config, run->lane.feed);
}

void run_name(const struct run *run, const char *suffix, char name[FILE_NAME_SIZE])
{
	char whole[64];
	snprintf(whole, sizeof whole, "%s%s", run->lane.is_preview ? ".preview" : "", suffix);
	name_make(name, run->row.name.bytes, run->id, whole);
}

struct error run_keep_policy(struct run *run)
{
	struct buffer policy = {0};
	policy_format(&run->policy, &policy);
	if (policy.failed)
		arena_fail(run->arena);
	run->row.policy = arena_copy(run->arena, buffer_slice(&policy));
	buffer_done(&policy);
	return arena_has_failed(run->arena) ? error_memory("beginning a run") : OK;
}

struct error run_check_place(const struct run *run)
{
	struct stat ours, there;
	if (fstat(run->directory, &ours) < 0)
		return error_errno("cannot look at work/%s", run->id);
	if (fstatat(run->runner->shared->spool->work, run->id, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return error_errno("cannot find work/%s any more", run->id);
	return ours.st_ino == there.st_ino && ours.st_dev == there.st_dev
	           ? OK
	           : error_retry("work/%s is another directory now", run->id);
}

struct error run_lacks(const struct run *run, struct error error)
{
	if (error.class != ERROR_REJECT)
		return error;
	error = error_config("work/%s cannot go on: %s", run->id, error.text);
	error.owner = OWNER_FILE;
	return error;
}

/* Somebody has been at its row in the ledger: that is this file's trouble, and no other's. */
struct error row_is_altered(const struct run *run, struct error error)
{
	error.owner = OWNER_FILE;
	return error_wrap(error, "run %s was altered in the ledger", run->id);
}

const char *run_end_word(const struct run_result *result)
{
	if (result->is_discarded)
		return "discarded";
	if (result->is_held)
		return "held";
	return result->refusal ? "refused" : "done";
}
