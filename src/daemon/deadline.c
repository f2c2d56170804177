#include "deadline.h"

#include "enrold/log.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

static struct timespec moment_in(uint64_t ms)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += (time_t)(ms / 1000);
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return at;
}

static void *deadline_main(void *argument)
{
	struct deadline *deadline = argument;
	const struct timespec until = moment_in(deadline->left_ms);
	int status = 0;
	pthread_mutex_lock(&deadline->mutex);
	while (!deadline->is_kept && status != ETIMEDOUT)
		status = pthread_cond_timedwait(&deadline->wake, &deadline->mutex, &until);
	if (!deadline->is_kept) {
		log_event(LOG_WARNING, "stop_timeout", NULL,
		    "the LMS database does not answer: stopped without it");
		_exit(deadline->status);
	}
	pthread_mutex_unlock(&deadline->mutex);
	return NULL;
}

void deadline_start(struct deadline *deadline, uint64_t left_ms, int status)
{
	pthread_condattr_t monotonic;
	*deadline = (struct deadline){.left_ms = left_ms, .status = status};
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&deadline->mutex, NULL);
	pthread_cond_init(&deadline->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	deadline->is_running =
	    pthread_create(&deadline->thread, NULL, deadline_main, deadline) == 0;
}

void deadline_stop(struct deadline *deadline)
{
	pthread_mutex_lock(&deadline->mutex);
	deadline->is_kept = true;
	pthread_cond_signal(&deadline->wake);
	pthread_mutex_unlock(&deadline->mutex);
	if (deadline->is_running)
		pthread_join(deadline->thread, NULL);
	pthread_cond_destroy(&deadline->wake);
	pthread_mutex_destroy(&deadline->mutex);
}
