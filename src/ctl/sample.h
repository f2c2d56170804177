/*
 * sample: how a file begins that somebody has, or each file of an archive: enough of it to know by
 * what system it was written. Nothing is kept on the disk.
 */
#ifndef CTL_SAMPLE_H
#define CTL_SAMPLE_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/slice.h"

#include <stdbool.h>

enum { SAMPLES_MAX = 128 };

struct sample {
	const char *name;       /* "users.csv", as it is called in the archive */
	struct slice beginning; /* PRESET_BEGINNING_MAX bytes of it at most */
	bool is_whole;          /* there is no more */
};

struct samples {
	struct sample items[SAMPLES_MAX];
	size_t count;
};

/* Adds those of the file to the others, in the arena; the path is borrowed as long. bytes_max: of
 * all that is in an archive. REJECT: it cannot be read, is encrypted, or is no archive that enrold
 * takes. */
struct error samples_add(
    const char *path, uint64_t bytes_max, struct arena *arena, struct samples *samples) MUST_CHECK;

#endif
