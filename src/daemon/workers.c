#include "workers.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS (UINT64_C(1000) * 1000 * 1000)
#define REST_AFTER_NS (2 * SECOND_NS)
#define REST_AGAIN_NS (3600 * SECOND_NS)

enum worker_state { WORKER_IDLE, WORKER_GIVEN, WORKER_DONE, WORKER_ENDED };

struct worker {
	struct workers *all;
	uv_thread_t thread;
	struct runner *runner;
	enum worker_state state; /* under the mutex */
	struct job job;          /* the thread's while GIVEN, else the loop's */
	atomic_bool is_wanted;   /* it is to leave what it does while it rests */
	uint64_t rest_at_ns;     /* when it next does what is done at rest; the thread's */
	bool has_rested;         /* since its last job; under the mutex */
};

struct workers {
	uv_async_t done; /* coalesces: all workers are looked at */
	workers_on_done *on_done;
	void *context;
	uv_mutex_t mutex;
	uv_cond_t given;
	bool is_to_rest;          /* at once, for all is done; under the mutex */
	size_t busy[JOB_WEIGHTS]; /* the loop's view */
	size_t count, started;
	struct worker workers[];
};

/* ---- on the worker's thread ---- */

static void job_run(struct worker *worker)
{
	struct job *job = &worker->job;
	if (*job->run)
		run_continue(worker->runner, job->run, job->is_last_try, &job->report);
	else if (job->has_order)
		run_order(worker->runner, &job->lane, job->order, job->subject, &job->report);
	else if (job->is_keep)
		run_keep(worker->runner, &job->lane, &job->report);
	else if (job->is_due)
		run_due(worker->runner, &job->lane, &job->report);
	else if (job->files)
		run_files(worker->runner, &job->lane, job->files, job->files_count);
	else
		run_file(
		    worker->runner, &job->lane, job->name, job->weight == JOB_SHORT, &job->report);
}

/* Returns when it has waited, or rested. */
static void idle_wait(struct worker *worker)
{
	struct workers *all = worker->all;
	uint64_t now_ns = uv_hrtime();
	bool is_hurried = all->is_to_rest && !worker->has_rested;
	if (!is_hurried && now_ns < worker->rest_at_ns) {
		uv_cond_timedwait(&all->given, &all->mutex, worker->rest_at_ns - now_ns);
		return;
	}
	uv_mutex_unlock(&all->mutex);
	runner_rest(worker->runner, &worker->is_wanted);
	worker->rest_at_ns = uv_hrtime() + REST_AGAIN_NS;
	uv_mutex_lock(&all->mutex);
	worker->has_rested = true;
	if (all->is_to_rest)
		uv_async_send(&all->done);
}

static void worker_main(void *argument)
{
	struct worker *worker = argument;
	struct workers *all = worker->all;
	uv_mutex_lock(&all->mutex);
	while (worker->state != WORKER_ENDED) {
		if (worker->state != WORKER_GIVEN) {
			idle_wait(worker);
			continue;
		}
		worker->has_rested = false;
		uv_mutex_unlock(&all->mutex);
		job_run(worker);
		worker->rest_at_ns = uv_hrtime() + REST_AFTER_NS;
		uv_mutex_lock(&all->mutex);
		worker->state = WORKER_DONE;
		atomic_store(&worker->is_wanted, false);
		uv_async_send(&all->done);
	}
	uv_mutex_unlock(&all->mutex);
}

/* ---- on the loop's thread ---- */

static bool state_move(struct worker *worker, enum worker_state from, enum worker_state to)
{
	uv_mutex_lock(&worker->all->mutex);
	bool is_there = worker->state == from;
	if (is_there)
		worker->state = to;
	uv_mutex_unlock(&worker->all->mutex);
	return is_there;
}

static void on_done(uv_async_t *async)
{
	struct workers *workers = async->data;
	for (size_t i = 0; i < workers->started; i++) {
		struct worker *worker = &workers->workers[i];
		if (!state_move(worker, WORKER_DONE, WORKER_IDLE))
			continue;
		struct job job = worker->job; /* on_done may give the next one */
		workers->busy[job.weight]--;
		workers->on_done(workers->context, &job);
	}
	if (workers->is_to_rest) /* the loop's own word */
		workers->on_done(workers->context, NULL);
}

bool workers_rest(struct workers *workers)
{
	bool have_rested = true;
	uv_mutex_lock(&workers->mutex);
	for (size_t i = 0; i < workers->started; i++)
		have_rested &= workers->workers[i].has_rested;
	if (!workers->is_to_rest)
		uv_cond_broadcast(&workers->given);
	workers->is_to_rest = true;
	uv_mutex_unlock(&workers->mutex);
	return have_rested;
}

size_t workers_busy(const struct workers *workers)
{
	return workers->busy[JOB_SHORT] + workers->busy[JOB_YIELDING] + workers->busy[JOB_WHOLE];
}

/* With so many yielding and whole ones. */
static bool take(
    const struct workers *workers, size_t yielding, size_t whole, enum job_weight *heaviest)
{
	size_t configured = workers->count - 1;
	size_t whole_max = configured > 1 ? configured - 1 : 1;
	if (yielding + whole >= configured)
		*heaviest = JOB_SHORT;
	else
		*heaviest = whole < whole_max ? JOB_WHOLE : JOB_YIELDING;
	return workers->busy[JOB_SHORT] + yielding + whole < workers->started;
}

bool workers_take(const struct workers *workers, enum job_weight *heaviest)
{
	return take(workers, workers->busy[JOB_YIELDING], workers->busy[JOB_WHOLE], heaviest);
}

bool workers_could_take(const struct workers *workers, enum job_weight *heaviest)
{
	size_t yielding = workers->busy[JOB_YIELDING], whole = workers->busy[JOB_WHOLE];
	if (yielding > 0)
		return take(workers, yielding - 1, whole, heaviest);
	return whole > 0 && take(workers, 0, whole - 1, heaviest);
}

static bool is_given(struct worker *worker)
{
	uv_mutex_lock(&worker->all->mutex);
	bool is = worker->state == WORKER_GIVEN;
	uv_mutex_unlock(&worker->all->mutex);
	return is;
}

/* Of whoever is at it; NULL: nobody. */
static struct progress *progress_of(struct workers *workers, const char *run)
{
	for (size_t i = 0; i < workers->started; i++) {
		struct progress *progress = runner_progress(workers->workers[i].runner);
		struct progress_view view;
		progress_read(progress, &view);
		if (view.phase != PHASE_IDLE && strcmp(view.run, run) == 0)
			return progress;
	}
	return NULL;
}

bool workers_find_run(struct workers *workers, const char *run)
{
	return progress_of(workers, run);
}

void workers_stop_run(struct workers *workers, const char *run)
{
	struct progress *progress = progress_of(workers, run);
	if (progress)
		atomic_store(&progress->is_told_to_stop, true);
}

bool workers_find_progress(struct workers *workers, size_t place, struct progress_view *view)
{
	for (size_t i = 0; i < workers->started; i++) {
		struct worker *worker = &workers->workers[i];
		if (!is_given(worker) || worker->job.place != place)
			continue;
		progress_read(runner_progress(worker->runner), view);
		return view->phase != PHASE_IDLE;
	}
	return false;
}

void workers_give(struct workers *workers, const struct job *job)
{
	enum job_weight heaviest;
	assert(workers_take(workers, &heaviest) && job->weight <= heaviest);
	for (size_t i = 0; i < workers->started; i++) {
		struct worker *worker = &workers->workers[i];
		uv_mutex_lock(&workers->mutex);
		bool is_idle = worker->state == WORKER_IDLE;
		if (is_idle) {
			atomic_store(&runner_progress(worker->runner)->is_told_to_stop, false);
			worker->job = *job;
			worker->state = WORKER_GIVEN;
			atomic_store(&worker->is_wanted, true);
			uv_cond_broadcast(&workers->given);
		}
		uv_mutex_unlock(&workers->mutex);
		if (is_idle) {
			workers->busy[job->weight]++;
			return;
		}
	}
}

static void on_closed(uv_handle_t *handle)
{
	struct workers *workers = handle->data;
	uv_cond_destroy(&workers->given);
	uv_mutex_destroy(&workers->mutex);
	free(workers);
}

void workers_stop(struct workers *workers)
{
	if (!workers)
		return;
	uv_mutex_lock(&workers->mutex);
	for (size_t i = 0; i < workers->count; i++) {
		workers->workers[i].state = WORKER_ENDED;
		atomic_store(&workers->workers[i].is_wanted, true);
	}
	uv_cond_broadcast(&workers->given);
	uv_mutex_unlock(&workers->mutex);
	for (size_t i = 0; i < workers->count; i++) {
		if (i < workers->started)
			uv_thread_join(&workers->workers[i].thread);
		runner_free(workers->workers[i].runner);
	}
	uv_close((uv_handle_t *)&workers->done, on_closed);
}

static struct error worker_start(struct workers *workers, const struct run_surroundings *shared)
{
	struct worker *worker = &workers->workers[workers->started];
	worker->all = workers;
	worker->rest_at_ns = uv_hrtime() + REST_AFTER_NS;
	worker->runner = runner_create(shared);
	if (!worker->runner)
		return error_memory("starting the workers");
	if (uv_thread_create(&worker->thread, worker_main, worker) < 0)
		return error_retry("cannot start a worker's thread");
	workers->started++;
	return OK;
}

struct error workers_start(uv_loop_t *loop, const struct run_surroundings *shared,
    workers_on_done *on_job_done, void *context, struct workers **result)
{
	size_t count = shared->config->workers + 1;
	struct workers *workers = calloc(1, sizeof *workers + count * sizeof(struct worker));
	if (!workers)
		return error_memory("starting the workers");
	workers->on_done = on_job_done;
	workers->context = context;
	workers->count = count;
	if (uv_mutex_init(&workers->mutex) < 0 || uv_cond_init(&workers->given) < 0 ||
	    uv_async_init(loop, &workers->done, on_done) < 0) {
		free(workers);
		return error_retry("libuv cannot start workers");
	}
	workers->done.data = workers;
	struct error error = OK;
	while (workers->started < count && !is_error(&error))
		error = worker_start(workers, shared);
	if (is_error(&error))
		workers_stop(workers);
	else
		*result = workers;
	return error;
}
