/*
 * flush: files and directories that have to be durable at one moment, together. A disk's journal
 * takes as long for many as for one, if all of them have begun to be written when it is asked.
 */
#ifndef ENROLD_FLUSH_H
#define ENROLD_FLUSH_H

#include "enrold/error.h"

#include <stddef.h>

struct flush {
	int *files;
	size_t count, room;
	struct error error; /* the first that went wrong; flush_end tells it */
};

/* Begins as zeros. Notes what has that name now; none: nothing. */
void flush_add(struct flush *flush, int at, const char *name);
/* All of it is durable, or why not; empty again in any case. */
struct error flush_end(struct flush *flush) MUST_CHECK;

#endif
