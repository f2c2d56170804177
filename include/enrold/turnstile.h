/*
 * turnstile: one writer at a time. SQLite has one write lock and hands it to whoever happens to ask
 * at the right moment; a small file could wait for a giant's last batch. By passing through here
 * first it waits for one transaction:
 *
 *     TURN_FIRST   a file's first transaction, in the order of arrival ...
 *     TURN_AGAIN   ... goes before those that have had one, in the order of arrival. Some pass;
 *                  then one who has been passed is let in, so that many small files stop no giant.
 */
#ifndef ENROLD_TURNSTILE_H
#define ENROLD_TURNSTILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum turn { TURN_FIRST, TURN_AGAIN, TURNS };

/* Plain data; turnstile_init makes it. */
struct turnstile {
	pthread_mutex_t mutex;
	pthread_cond_t moved;
	bool is_taken;
	unsigned passed;      /* who waited again, by so many in a row */
	uint64_t next[TURNS]; /* ticket to be drawn */
	uint64_t turn[TURNS]; /* whose it is */
};

void turnstile_init(struct turnstile *turnstile);
void turnstile_done(struct turnstile *turnstile);
void turnstile_enter(struct turnstile *turnstile, enum turn turn); /* waits */
void turnstile_leave(struct turnstile *turnstile);
/* Somebody waits for us to leave: with such a turn, or any, TURNS. */
bool turnstile_is_wanted(struct turnstile *turnstile, enum turn turn);

#endif
