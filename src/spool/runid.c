#include "enrold/runid.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SECOND_US = 1000000 };

void run_id_format(int64_t epoch_us, char id[RUN_ID_SIZE + 1])
{
	time_t seconds = (time_t)(epoch_us / SECOND_US);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	size_t length = strftime(id, RUN_ID_SIZE + 1, "%Y%m%d-%H%M%S", &tm);
	snprintf(id + length, RUN_ID_SIZE + 1 - length, "-%06d", (int)(epoch_us % SECOND_US));
}

bool run_id_parse(const char *id, int64_t *epoch_us)
{
	struct tm tm = {0};
	int micros, used = 0;
	if (sscanf(id, "%4d%2d%2d-%2d%2d%2d-%6d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
	        &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &micros, &used) != 7 ||
	    used != RUN_ID_SIZE)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*epoch_us = (int64_t)timegm(&tm) * SECOND_US + micros;
	/* Only what we would write ourselves: no 31 February, no blanks or signs. */
	char again[RUN_ID_SIZE + 1];
	run_id_format(*epoch_us, again);
	return memcmp(again, id, sizeof again) == 0;
}

void run_ids_init(struct run_ids *ids)
{
	pthread_mutex_init(&ids->mutex, NULL);
	ids->last_us = 0;
	ids->slot = 0;
	ids->slots = 1;
}

void run_ids_done(struct run_ids *ids)
{
	pthread_mutex_destroy(&ids->mutex);
}

void run_ids_note(struct run_ids *ids, const char *id)
{
	int64_t epoch_us;
	if (!run_id_parse(id, &epoch_us))
		return;
	pthread_mutex_lock(&ids->mutex);
	if (epoch_us > ids->last_us)
		ids->last_us = epoch_us;
	pthread_mutex_unlock(&ids->mutex);
}

int64_t run_ids_newest(struct run_ids *ids)
{
	pthread_mutex_lock(&ids->mutex);
	int64_t newest_us = ids->last_us;
	pthread_mutex_unlock(&ids->mutex);
	return newest_us;
}

void run_ids_stride(struct run_ids *ids, uint32_t slot, uint32_t slots)
{
	pthread_mutex_lock(&ids->mutex);
	ids->slot = slot;
	ids->slots = slots;
	pthread_mutex_unlock(&ids->mutex);
}

/* The first from here on that is ours. */
static int64_t next_of_slot(const struct run_ids *ids, int64_t from_us)
{
	int64_t remainder = from_us % ids->slots;
	int64_t step = (int64_t)ids->slot - remainder;
	return from_us + (step < 0 ? step + ids->slots : step);
}

void run_ids_next(struct run_ids *ids, int64_t now_us, char id[RUN_ID_SIZE + 1])
{
	pthread_mutex_lock(&ids->mutex);
	ids->last_us = next_of_slot(ids, now_us > ids->last_us ? now_us : ids->last_us + 1);
	int64_t taken = ids->last_us;
	pthread_mutex_unlock(&ids->mutex);
	run_id_format(taken, id);
}
