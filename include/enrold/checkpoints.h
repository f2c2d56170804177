/*
 * checkpoints: signed notes (note.h) of how far the chain of summaries is, for a witness outside.
 *
 *     outbox/checkpoints/0000004710.note  the first 4710 runs end in that head
 *                        <hash>.pub       the public half of each key that was used
 *                        .given           the last note that the command has taken
 *
 * A worker makes that of its run when its number is a multiple of `every`, as a part of the answer;
 * whoever looks at the database now and then makes the others: at a day's end, and one for the
 * newest head when so many runs have none, since the key was away. A note that is there stays as it
 * is. A key that cannot be read stops nobody: it is said once, and shown.
 */
#ifndef ENROLD_CHECKPOINTS_H
#define ENROLD_CHECKPOINTS_H

#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/spool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct db;
struct note_key;

/* How they stand. */
struct checkpoints_state {
	uint64_t number;     /* of the newest note; 0: there is none */
	int64_t made_s;      /* when that was made; epoch seconds */
	uint64_t given;      /* the last that the command has taken */
	bool has_given;      /* it is to be given those behind that */
	char failed[400];    /* why none can be made; "": they can */
	int64_t failed_s;    /* since then */
	char not_given[400]; /* why the command has not taken the next one; "": nothing is wrong */
	int64_t not_given_s;
};

/* Shared by all threads of a daemon. Plain data; checkpoints_init makes it. */
struct checkpoints {
	pthread_mutex_t mutex;
	struct checkpoints_state state;
	int64_t looked_day;  /* of the last look; 0: none yet */
	bool is_tidy;        /* what a kill has left is away */
	int64_t give_at_ms;  /* not before that, monotonic */
	int64_t give_gap_ms; /* after the last failure; 0: there was none */
};

void checkpoints_init(struct checkpoints *checkpoints);
void checkpoints_done(struct checkpoints *checkpoints);
struct checkpoints_state checkpoints_state(struct checkpoints *checkpoints);

/* Made by the run of that number, whose chain that is, if one is due. RETRY: the disk is unwell. */
struct error checkpoints_publish(struct checkpoints *checkpoints, const struct config *config,
    const struct spool *spool, uint64_t number, const char *chain) MUST_CHECK;

/* What decides whether the newest head gets a note; days are counted, of the site's time zone. */
struct checkpoints_standing {
	uint64_t newest; /* note; 0: none */
	uint64_t head;   /* runs in the chain */
	uint32_t every;
	int64_t head_day;   /* of the newest run */
	int64_t looked_day; /* when it was looked the last time; 0: not known */
	int64_t today;
};
bool checkpoints_is_due(const struct checkpoints_standing *standing);

/* Makes the note that is due. is_only: nobody looks again soon (--once): the last note takes the
 * place of the last look. What fails is said. */
void checkpoints_look(struct checkpoints *checkpoints, const struct config *config,
    const struct spool *spool, struct db *db, bool is_only);

/* Whether there is a note to be given, and now is the time. */
bool checkpoints_want_giving(struct checkpoints *checkpoints, const struct config *config);
/* Gives them, one after the other, up to the first that is not taken. Waits for the command; on any
 * one thread at a time, and with several daemons in one of them. is_stopping ends it. */
void checkpoints_give(struct checkpoints *checkpoints, const struct config *config,
    const struct spool *spool, const atomic_bool *is_stopping);

/* The private key as the configuration has it. CONFIG: it is not there, others can read it, or it
 * is none. Given. */
struct error checkpoints_load_key(
    const struct checkpoint_options *options, struct note_key **key) MUST_CHECK;
/* Of any file. */
struct error checkpoints_open_key(const char *path, struct note_key **key) MUST_CHECK;
/* The newest note in the outbox, which stays as it is; number 0: there is none. RETRY. */
struct error checkpoints_find_newest(int outbox, uint64_t *number, int64_t *made_s) MUST_CHECK;

#endif
