#include "enrold/progress.h"

#include <string.h>
#include <time.h>

enum { EARLY_MS = 200 };

static int64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_init(struct progress *progress)
{
	memset(progress, 0, sizeof *progress);
	pthread_mutex_init(&progress->mutex, NULL);
}

void progress_done(struct progress *progress)
{
	pthread_mutex_destroy(&progress->mutex);
}

static void phase_set(struct progress *progress, enum run_phase phase)
{
	progress->phase = phase;
	progress->phase_began_ms = clock_ms();
}

void progress_begin(struct progress *progress, const char *run)
{
	pthread_mutex_lock(&progress->mutex);
	memcpy(progress->run, run, sizeof progress->run);
	progress->rows_resumed = 0;
	atomic_store(&progress->rows, 0);
	atomic_store(&progress->rows_done, 0);
	atomic_store(&progress->bytes, 0);
	atomic_store(&progress->bytes_done, 0);
	phase_set(progress, PHASE_COPYING);
	pthread_mutex_unlock(&progress->mutex);
}

void progress_phase(struct progress *progress, enum run_phase phase)
{
	pthread_mutex_lock(&progress->mutex);
	phase_set(progress, phase);
	pthread_mutex_unlock(&progress->mutex);
}

void progress_apply(struct progress *progress, uint64_t rows, uint64_t rows_resumed)
{
	pthread_mutex_lock(&progress->mutex);
	progress->rows_resumed = rows_resumed;
	atomic_store(&progress->rows, rows);
	atomic_store(&progress->rows_done, rows_resumed);
	phase_set(progress, PHASE_APPLYING);
	pthread_mutex_unlock(&progress->mutex);
}

void progress_end(struct progress *progress)
{
	progress_phase(progress, PHASE_IDLE);
}

void progress_read(struct progress *progress, struct progress_view *view)
{
	pthread_mutex_lock(&progress->mutex);
	*view = (struct progress_view){
	    .phase = progress->phase,
	    .rows = atomic_load(&progress->rows),
	    .rows_done = atomic_load(&progress->rows_done),
	    .rows_resumed = progress->rows_resumed,
	    .bytes = atomic_load(&progress->bytes),
	    .bytes_done = atomic_load(&progress->bytes_done),
	    .phase_ms = clock_ms() - progress->phase_began_ms,
	};
	memcpy(view->run, progress->run, sizeof view->run);
	pthread_mutex_unlock(&progress->mutex);
}

double progress_rate(const struct progress_view *view)
{
	if (view->phase != PHASE_APPLYING || view->phase_ms < EARLY_MS ||
	    view->rows_done <= view->rows_resumed)
		return 0;
	return (double)(view->rows_done - view->rows_resumed) * 1000 / (double)view->phase_ms;
}

int64_t progress_seconds_left(const struct progress_view *view)
{
	double rate = progress_rate(view);
	if (rate <= 0 || view->rows == 0)
		return -1;
	uint64_t left = view->rows > view->rows_done ? view->rows - view->rows_done : 0;
	return (int64_t)((double)left / rate + 0.5);
}
