#include "enrold/hashlist.h"

#include "enrold/keyhash.h"

#include <stdlib.h>

enum { SPOTS_MIN = 1 << 10 };

uint32_t hashlist_hash_text(struct slice text)
{
	return (uint32_t)keyhash(text.bytes, text.size);
}

uint32_t hashlist_hash_pair(uint32_t a, uint32_t b)
{
	const uint32_t pair[] = {a, b};
	return (uint32_t)keyhash(pair, sizeof pair);
}

static void spot_fill(struct hashlist *list, uint32_t hash, uint32_t number)
{
	size_t i = hash & (list->spots_count - 1);
	while (list->spots[i] != 0)
		i = (i + 1) & (list->spots_count - 1);
	list->spots[i] = number;
}

/* Fills all anew, in `wanted` spots. Each spot is somewhere else in memory, so those of the next
 * items are fetched meanwhile. */
static bool spots_fill(struct hashlist *list, size_t wanted)
{
	enum { AHEAD = 16 };
	uint32_t hashes[AHEAD];
	free(list->spots);
	list->spots = calloc(wanted, sizeof *list->spots);
	list->spots_count = list->spots ? wanted : 0;
	for (size_t i = 0; i < list->count + AHEAD && list->spots; i++) {
		if (i >= AHEAD)
			spot_fill(list, hashes[i % AHEAD], (uint32_t)(i - AHEAD + 1));
		if (i >= list->count)
			continue;
		hashes[i % AHEAD] = list->hash(list->context, hashlist_at(list, (uint32_t)i + 1));
		__builtin_prefetch(&list->spots[hashes[i % AHEAD] & (wanted - 1)], 1);
	}
	return list->spots;
}

static bool spots_reserve(struct hashlist *list, size_t count)
{
	size_t wanted = list->spots_count > 0 ? list->spots_count : SPOTS_MIN;
	while (count > wanted / 4 * 3)
		wanted *= 2;
	return wanted == list->spots_count || spots_fill(list, wanted);
}

bool hashlist_index(struct hashlist *list)
{
	return spots_reserve(list, list->count);
}

bool hashlist_reserve(struct hashlist *list, size_t room)
{
	if (room <= list->room)
		return true;
	void *grown = reallocarray(list->items, room, list->size);
	if (!grown)
		return false;
	list->items = grown;
	list->room = room;
	return true;
}

bool hashlist_append(struct hashlist *list, const void *item)
{
	size_t more = list->count == list->room ? list->room / 4 + SPOTS_MIN : 0;
	if (!hashlist_reserve(list, list->room + more))
		return false;
	memcpy((char *)list->items + list->count++ * list->size, item, list->size);
	return true;
}

bool hashlist_add(struct hashlist *list, const void *item)
{
	if (!spots_reserve(list, list->count + 1) || !hashlist_append(list, item))
		return false;
	spot_fill(list, list->hash(list->context, item), (uint32_t)list->count);
	return true;
}

uint32_t hashlist_next(const struct hashlist *list, size_t *at)
{
	return list->spots_count > 0 ? list->spots[(*at)++ & (list->spots_count - 1)] : 0;
}

void hashlist_done(struct hashlist *list)
{
	free(list->items);
	free(list->spots);
}
