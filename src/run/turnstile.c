#include "enrold/turnstile.h"

void turnstile_init(struct turnstile *turnstile)
{
	pthread_mutex_init(&turnstile->mutex, NULL);
	pthread_cond_init(&turnstile->moved, NULL);
	turnstile->next = turnstile->turn = 0;
}

void turnstile_done(struct turnstile *turnstile)
{
	pthread_cond_destroy(&turnstile->moved);
	pthread_mutex_destroy(&turnstile->mutex);
}

void turnstile_enter(struct turnstile *turnstile)
{
	pthread_mutex_lock(&turnstile->mutex);
	uint64_t ticket = turnstile->next++;
	while (turnstile->turn != ticket)
		pthread_cond_wait(&turnstile->moved, &turnstile->mutex);
	pthread_mutex_unlock(&turnstile->mutex);
}

void turnstile_leave(struct turnstile *turnstile)
{
	pthread_mutex_lock(&turnstile->mutex);
	turnstile->turn++;
	pthread_cond_broadcast(&turnstile->moved);
	pthread_mutex_unlock(&turnstile->mutex);
}

bool turnstile_is_wanted(struct turnstile *turnstile)
{
	pthread_mutex_lock(&turnstile->mutex);
	bool is_wanted = turnstile->next > turnstile->turn + 1;
	pthread_mutex_unlock(&turnstile->mutex);
	return is_wanted;
}
