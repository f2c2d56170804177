/*
 * idset: distinct numbers, such as the ids of a site's people, to be counted: open addressing, at
 * most three quarters full, 8 bytes a spot. Nothing is ever taken out.
 */
#ifndef ENROLD_IDSET_H
#define ENROLD_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed it is empty. */
struct idset {
	int64_t *spots; /* 0: free */
	size_t count, room;
};

bool idset_has(const struct idset *set, int64_t id);
/* id: not 0. *is_new: it was not there. False: no memory, and the set is as before. */
bool idset_add(struct idset *set, int64_t id, bool *is_new);
void idset_done(struct idset *set);

#endif
