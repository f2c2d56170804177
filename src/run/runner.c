/*
 * runner: a worker's own, for as long as there is the worker: its connection to the LMS, what it
 * reads into, and what it does when there is nothing to do.
 */
#include "run_state.h"

#include <malloc.h>
#include <stdlib.h>

struct runner *runner_create(const struct run_surroundings *surroundings)
{
	struct runner *runner = calloc(1, sizeof *runner);
	if (!runner)
		return NULL;
	runner->shared = surroundings;
	progress_init(&runner->progress);
	runner->chunk = malloc(RUN_CHUNK);
	if (runner->chunk)
		return runner;
	runner_free(runner);
	return NULL;
}

void runner_free(struct runner *runner)
{
	if (!runner)
		return;
	lms_close(runner->lms);
	progress_done(&runner->progress);
	free(runner->chunk);
	free(runner);
}

struct progress *runner_progress(struct runner *runner)
{
	return &runner->progress;
}

/* AddressSanitizer's own malloc leaves glibc's unused, which two threads must not begin at once. */
static void memory_give_back(void)
{
#ifndef __SANITIZE_ADDRESS__
	malloc_trim(0);
#endif
}

void runner_rest(struct runner *runner, const atomic_bool *is_wanted)
{
	index_catch_up(runner, is_wanted);
	packer_work(runner, is_wanted);
	lms_rest(runner->lms);
	memory_give_back();
}
