/*
 * hashers: passwords of a batch, hashed by all processors.
 */
#ifndef RUN_HASHERS_H
#define RUN_HASHERS_H

#include "password.h"

#include <stdatomic.h>

struct hash_job {
	struct slice password; /* borrowed */
	char hash[PASSWORD_HASH_SIZE];
};

/* Returns when all are done, or the first that failed is known; `progress` grows by one with each.
 * Takes milliseconds for each. */
struct error hashers_run(struct hash_job *jobs, size_t count, atomic_uint *progress) MUST_CHECK;

#endif
