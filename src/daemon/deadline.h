/*
 * deadline: ends the process when what comes next takes too long. For the end of the loop's thread,
 * which joins others: they may wait for a database that hangs, when no timer of the loop fires.
 */
#ifndef DAEMON_DEADLINE_H
#define DAEMON_DEADLINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct deadline {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	uint64_t left_ms;
	int status; /* to exit with */
	bool is_running, is_kept;
};

/* Without memory for a thread there is no deadline: what comes next takes as long as it takes. */
void deadline_start(struct deadline *deadline, uint64_t left_ms, int status);
void deadline_stop(struct deadline *deadline);

#endif
