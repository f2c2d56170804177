/*
 * turnstile: one writer at a time, in the order of arrival. SQLite has one write lock and hands it
 * to whoever happens to ask at the right moment; a small file could wait for a giant's last batch.
 * Passing through here first, it waits for one.
 */
#ifndef ENROLD_TURNSTILE_H
#define ENROLD_TURNSTILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Plain data; turnstile_init makes it. */
struct turnstile {
	pthread_mutex_t mutex;
	pthread_cond_t moved;
	uint64_t next; /* ticket to be drawn */
	uint64_t turn; /* whose it is */
};

void turnstile_init(struct turnstile *turnstile);
void turnstile_done(struct turnstile *turnstile);
void turnstile_enter(struct turnstile *turnstile); /* waits */
void turnstile_leave(struct turnstile *turnstile);
bool turnstile_is_wanted(struct turnstile *turnstile); /* somebody waits for us to leave */

#endif
