#include "enrold/turnstile.h"

enum { PASSES_MAX = 16 };

void turnstile_init(struct turnstile *turnstile)
{
	*turnstile = (struct turnstile){.passed = 0};
	pthread_mutex_init(&turnstile->mutex, NULL);
	pthread_cond_init(&turnstile->moved, NULL);
}

void turnstile_done(struct turnstile *turnstile)
{
	pthread_cond_destroy(&turnstile->moved);
	pthread_mutex_destroy(&turnstile->mutex);
}

static bool has_waiting(const struct turnstile *turnstile, enum turn turn)
{
	return turnstile->next[turn] > turnstile->turn[turn];
}

/* Who of those that wait is next. */
static enum turn turn_next(const struct turnstile *turnstile)
{
	if (!has_waiting(turnstile, TURN_AGAIN))
		return TURN_FIRST;
	bool may_pass = turnstile->passed < PASSES_MAX;
	return has_waiting(turnstile, TURN_FIRST) && may_pass ? TURN_FIRST : TURN_AGAIN;
}

void turnstile_enter(struct turnstile *turnstile, enum turn turn)
{
	pthread_mutex_lock(&turnstile->mutex);
	uint64_t ticket = turnstile->next[turn]++;
	while (
	    turnstile->is_taken || turnstile->turn[turn] != ticket || turn_next(turnstile) != turn)
		pthread_cond_wait(&turnstile->moved, &turnstile->mutex);
	bool passes = turn == TURN_FIRST && has_waiting(turnstile, TURN_AGAIN);
	turnstile->turn[turn]++;
	turnstile->is_taken = true;
	turnstile->passed = passes ? turnstile->passed + 1 : 0;
	pthread_mutex_unlock(&turnstile->mutex);
}

void turnstile_leave(struct turnstile *turnstile)
{
	pthread_mutex_lock(&turnstile->mutex);
	turnstile->is_taken = false;
	pthread_cond_broadcast(&turnstile->moved);
	pthread_mutex_unlock(&turnstile->mutex);
}

bool turnstile_is_wanted(struct turnstile *turnstile, enum turn turn)
{
	pthread_mutex_lock(&turnstile->mutex);
	bool is_first = turn != TURN_AGAIN && has_waiting(turnstile, TURN_FIRST);
	bool is_again = turn != TURN_FIRST && has_waiting(turnstile, TURN_AGAIN);
	pthread_mutex_unlock(&turnstile->mutex);
	return is_first || is_again;
}
