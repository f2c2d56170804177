/*
 * runid: run ids, YYYYMMDD-HHMMSS-uuuuuu in UTC: unique per spool, sorted by time.
 *
 * One dispenser per process, used by all its threads. It never gives an id twice nor one smaller
 * than it gave before, however the clock is set.
 */
#ifndef ENROLD_RUNID_H
#define ENROLD_RUNID_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { RUN_ID_SIZE = 22 }; /* YYYYMMDD-HHMMSS-uuuuuu */

/* Plain data; run_ids_init makes it. */
struct run_ids {
	pthread_mutex_t mutex;
	int64_t last_us;
	/* Several dispensers of one spool never meet: each has its own remainder. */
	uint32_t slot, slots;
};

void run_ids_init(struct run_ids *ids);
void run_ids_done(struct run_ids *ids);
/* Notes an id that exists: later ones will be larger. Anything but an id is passed over. */
void run_ids_note(struct run_ids *ids, const char *id);
/* The newest id given or noted, as a time; 0: there is none. */
int64_t run_ids_newest(struct run_ids *ids);
/* 0 of 1 at first. */
void run_ids_stride(struct run_ids *ids, uint32_t slot, uint32_t slots);
void run_ids_next(struct run_ids *ids, int64_t now_us, char id[RUN_ID_SIZE + 1]);

bool run_id_parse(const char *id, int64_t *epoch_us);
void run_id_format(int64_t epoch_us, char id[RUN_ID_SIZE + 1]);

#endif
