/*
 * progress: how far the run of one worker is, written by the worker, read by the loop; and the one
 * thing that the loop tells a run: to end at its next checkpoint, for a person has said so.
 *
 *     idle --progress_begin--> copying --> applying --> publishing --progress_end--> idle
 */
#ifndef ENROLD_PROGRESS_H
#define ENROLD_PROGRESS_H

#include "enrold/runid.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum run_phase { PHASE_IDLE, PHASE_COPYING, PHASE_APPLYING, PHASE_PUBLISHING };

/* As it was at a moment. */
struct progress_view {
	enum run_phase phase;
	char run[RUN_ID_SIZE + 1];
	uint64_t rows;              /* data rows of the file; 0: not counted yet */
	uint64_t rows_done;         /* of these */
	uint64_t rows_resumed;      /* done before this part of the run */
	uint64_t bytes, bytes_done; /* of the copy */
	int64_t phase_ms;           /* how long it has been in this phase */
};

struct progress {
	atomic_bool is_told_to_stop;
	atomic_uint_least64_t rows, rows_done;
	atomic_uint_least64_t bytes, bytes_done;
	pthread_mutex_t mutex;
	/* Under the mutex: */
	enum run_phase phase;
	char run[RUN_ID_SIZE + 1];
	uint64_t rows_resumed;
	int64_t phase_began_ms;
};

void progress_init(struct progress *progress);
void progress_done(struct progress *progress);

/* The worker's: */
void progress_begin(struct progress *progress, const char *run);
void progress_phase(struct progress *progress, enum run_phase phase);
/* rows: 0: not known. */
void progress_apply(struct progress *progress, uint64_t rows, uint64_t rows_resumed);
void progress_end(struct progress *progress);

/* The loop's. */
void progress_read(struct progress *progress, struct progress_view *view);

/* Rows a second of the part under way, and how many seconds are left; 0 and -1: too early to tell.
 */
double progress_rate(const struct progress_view *view);
int64_t progress_seconds_left(const struct progress_view *view);

#endif
