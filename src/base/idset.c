#include "enrold/idset.h"

#include "enrold/keyhash.h"

#include <assert.h>
#include <stdlib.h>

enum { ROOM_MIN = 1 << 6 }; /* a power of two, as all that follow */

static int64_t *spot_find(const struct idset *set, int64_t id)
{
	size_t i = (size_t)keyhash(&id, sizeof id) & (set->room - 1);
	while (set->spots[i] != 0 && set->spots[i] != id)
		i = (i + 1) & (set->room - 1);
	return &set->spots[i];
}

static bool grow(struct idset *set)
{
	struct idset grown = {
	    .count = set->count, .room = set->room > 0 ? set->room * 2 : ROOM_MIN};
	grown.spots = calloc(grown.room, sizeof *grown.spots);
	if (!grown.spots)
		return false;
	for (size_t i = 0; i < set->room; i++)
		if (set->spots[i] != 0)
			*spot_find(&grown, set->spots[i]) = set->spots[i];
	free(set->spots);
	*set = grown;
	return true;
}

bool idset_has(const struct idset *set, int64_t id)
{
	return set->count > 0 && *spot_find(set, id) == id;
}

bool idset_add(struct idset *set, int64_t id, bool *is_new)
{
	assert(id != 0);
	if (set->count >= set->room / 4 * 3 && !grow(set))
		return false;
	int64_t *spot = spot_find(set, id);
	*is_new = *spot == 0;
	set->count += *is_new;
	*spot = id;
	return true;
}

void idset_done(struct idset *set)
{
	free(set->spots);
}
