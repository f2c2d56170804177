/*
 * workers: threads that run files. libuv's own pool is left alone: a database that hangs must not
 * stall the loop's file operations.
 *
 * A job is given to an idle worker, belongs to it until it is done, and comes back on the loop's
 * thread. There is no queue: what no worker is free for stays in the inbox.
 */
#ifndef DAEMON_WORKERS_H
#define DAEMON_WORKERS_H

#include "enrold/run.h"

#include <uv.h>

struct job {
	size_t place; /* the caller's index */
	struct lane lane;
	char run[RUN_ID_SIZE + 1]; /* to go on with, or "" ... */
	bool is_last_try;          /* the run has failed for reasons of its own again and again */
	char name[FILE_NAME_SIZE]; /* ... for a new file of the inbox */
	struct run_report report;  /* once done */
};

struct workers;

typedef void workers_on_done(void *context, const struct job *job);

struct error workers_start(uv_loop_t *loop, const struct run_surroundings *surroundings,
    workers_on_done *on_done, void *context, struct workers **workers) MUST_CHECK;
/* Waits for the threads; nothing may be running. The memory goes with the loop's handle. */
void workers_stop(struct workers *workers);

size_t workers_idle(const struct workers *workers);
size_t workers_busy(const struct workers *workers);
/* Copies the job. Some worker must be idle. */
void workers_give(struct workers *workers, const struct job *job);

#endif
