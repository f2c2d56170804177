/*
 * checkpointing: checkpoints are given to their command by a thread of libuv's pool, so that one
 * that hangs keeps nobody waiting; never by two at a time. With --once it also looks, at the end,
 * whether one is due, and the end waits for it. On the loop's thread.
 */
#ifndef DAEMON_CHECKPOINTING_H
#define DAEMON_CHECKPOINTING_H

#include "enrold/checkpoints.h"

#include <uv.h>

struct checkpointing_work;

/* The first five are borrowed, for as long as there is a thread. */
struct checkpointing {
	uv_loop_t *loop;
	struct checkpoints *checkpoints;
	const struct spool *spool;
	const atomic_bool *is_leaving; /* a command is ended early */
	void (*on_end)(void *context); /* the thread has come back */
	void *context;
	struct checkpointing_work *work; /* under way; NULL: none */
	bool has_looked;
};

/* Begins to give, when there is one to be given, it is time, and nobody does. */
void checkpointing_give(struct checkpointing *checkpointing, struct config_file *file);
/* --once, when all else is done: false: wait for on_end. */
bool checkpointing_is_over(struct checkpointing *checkpointing, struct config_file *file);

#endif
