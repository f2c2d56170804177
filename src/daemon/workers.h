/*
 * workers: threads that run files. libuv's own pool is left alone: a database that hangs must not
 * stall the loop's file operations.
 *
 * A job is given to an idle worker, belongs to it until it is done, and comes back on the loop's
 * thread. There is no queue: a file for which no worker is free stays in the inbox.
 *
 * Giants share, and nobody waits for one. There is one worker more than configured, and
 *
 *     short jobs      any worker: as long jobs take at most as many as configured, one is free;
 *                     one that has grown since it was looked at yields at once, and is long
 *     yielding jobs   runs by checkpoints end at one when they have had their turn and somebody
 *                     waits for a worker; they are gone on with when the others have had theirs
 *     whole jobs      previews and atomic files cannot be interrupted without doing all of it
 *                     again: they take at most all workers configured but one, if there are several
 *
 * While its file is copied a whole job yields, too, and after a longer turn each time
 * (src/run/input.c). The size tells what is short. Rejected: interrupting whole jobs, which might
 * never end; and a worker for each feed, each with a connection and its cache.
 */
#ifndef DAEMON_WORKERS_H
#define DAEMON_WORKERS_H

#include "enrold/orders.h"
#include "enrold/run.h"

#include <uv.h>

enum job_weight { JOB_SHORT, JOB_YIELDING, JOB_WHOLE, JOB_WEIGHTS };

struct job {
	enum job_weight weight;
	size_t place; /* the caller's index */
	struct lane lane;
	char run[RUN_ID_SIZE + 1]; /* to go on with, or "" ... */
	bool is_last_try;          /* the run has failed for reasons of its own again and again */
	char name[FILE_NAME_SIZE]; /* ... for a new file of the inbox, or "" ... */
	/* ... the first of several that wait; NULL: by itself. For the caller to free. */
	struct run_file *files;
	size_t files_count;
	bool is_due;    /* ... for those whose grace is over, or ... */
	bool has_order; /* ... a person's word */
	enum order_kind order;
	char subject[ORDER_SUBJECT_MAX + 1]; /* about that run, or feed */
	bool is_keep;                        /* ... for what its feed keeps no longer */
	struct run_report report;            /* once done */
};

struct workers;

/* job NULL: one has rested, after workers_rest. */
typedef void workers_on_done(void *context, const struct job *job);

struct error workers_start(uv_loop_t *loop, const struct run_surroundings *shared,
    workers_on_done *on_job_done, void *context, struct workers **result) MUST_CHECK;
/* Waits for the threads; nothing may be running. The memory goes with the loop's handle. */
void workers_stop(struct workers *workers);

/* The heaviest job that may be given now; false: none at all. */
bool workers_take(const struct workers *workers, enum job_weight *heaviest);
/* The same, should a yielding job end now; if there is none, a whole one. */
bool workers_could_take(const struct workers *workers, enum job_weight *heaviest);
/* All is done: whoever has nothing to do need not wait with what it does at rest. True: all have
 * done it since their last job. */
bool workers_rest(struct workers *workers);
size_t workers_busy(const struct workers *workers);
/* The run ends at its next checkpoint, for a person has said so; nobody at it: nothing. */
void workers_stop_run(struct workers *workers, const char *run);
bool workers_find_run(struct workers *workers, const char *run);
/* How far the job of this place is; false: nobody is at it. */
bool workers_find_progress(struct workers *workers, size_t place, struct progress_view *view);
/* Copies the job, which must be none too heavy. */
void workers_give(struct workers *workers, const struct job *job);

#endif
