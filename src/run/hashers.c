/*
 * hashers: the run's own thread takes one password after the other, and so does a helper on each
 * other processor. It knows neither records nor runs. Nobody is kept waiting: a helper steps behind
 * all other threads where it may; under systemd (@resources) it may not, and takes its turn with
 * them.
 */
#include "hashers.h"

#include <crypt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { HELPERS_MAX = 31, HELPERS_NICE = 10 };

struct crew {
	struct hash_job *jobs;
	size_t count;
	atomic_size_t next;
	atomic_uint *progress;
	atomic_bool has_failed;
	struct error error; /* of who failed first */
};

static void crew_fail(struct crew *crew, struct error error)
{
	if (!atomic_exchange(&crew->has_failed, true))
		crew->error = error;
}

/* Until there is nothing left to take. The room of crypt has seen passwords. */
static void jobs_take(struct crew *crew)
{
	struct crypt_data *data = calloc(1, sizeof *data);
	if (!data) {
		crew_fail(crew, error_memory("hashing passwords"));
		return;
	}
	for (size_t i; !atomic_load(&crew->has_failed) &&
	               (i = atomic_fetch_add(&crew->next, 1)) < crew->count;) {
		struct error error =
		    password_hash(crew->jobs[i].password, data, crew->jobs[i].hash);
		if (is_error(&error))
			crew_fail(crew, error);
		atomic_fetch_add(crew->progress, 1);
	}
	explicit_bzero(data, sizeof *data);
	free(data);
}

/* On Linux a thread's niceness is its own; a thread of number 0 is the caller. */
static void *helper_main(void *context)
{
	(void)setpriority(PRIO_PROCESS, 0, HELPERS_NICE);
	jobs_take(context);
	return NULL;
}

static size_t helpers_wanted(size_t jobs)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t others = processors > 1 ? (size_t)processors - 1 : 0;
	if (others > HELPERS_MAX)
		others = HELPERS_MAX;
	return jobs > others ? others : jobs - (jobs > 0);
}

struct error hashers_run(struct hash_job *jobs, size_t count, atomic_uint *progress)
{
	struct crew crew = {.jobs = jobs, .count = count, .progress = progress, .error = OK};
	pthread_t helpers[HELPERS_MAX];
	size_t wanted = helpers_wanted(count), there = 0;
	while (there < wanted && pthread_create(&helpers[there], NULL, helper_main, &crew) == 0)
		there++;
	jobs_take(&crew);
	for (size_t i = 0; i < there; i++)
		pthread_join(helpers[i], NULL);
	return crew.error;
}
