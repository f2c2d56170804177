/*
 * room: how much of a disk one file may take.
 *
 * The last of it is for small files: a large one that would need it waits until there is room, and
 * keeps nobody else from going on.
 */
#ifndef ENROLD_ROOM_H
#define ENROLD_ROOM_H

#include "enrold/error.h"

#include <stdint.h>

enum {
	ROOM_SMALL = 1 << 20, /* bytes up to which a file is small */
	ROOM_KEPT = 16 << 20, /* for them; of a small disk it is an eighth */
};

/* Before `more` bytes are written to the open file `name`, which has `size`. RETRY. */
struct error room_ask(int file, const char *name, uint64_t size, uint64_t more) MUST_CHECK;

#endif
