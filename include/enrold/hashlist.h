/*
 * hashlist: up to some million items of one size, in the order in which they came, found by their
 * hash: open addressing, four bytes for each spot, at most three quarters full. uthash would take
 * more memory than the items themselves. Nothing is ever taken out.
 *
 *     size_t at = hash;
 *     for (uint32_t number; (number = hashlist_next(list, &at)) != 0;)
 *             hashlist_at(list, number)        may be what is looked for
 */
#ifndef ENROLD_HASHLIST_H
#define ENROLD_HASHLIST_H

#include "enrold/slice.h"

#include <stdint.h>

/* Zeroed but for hash, context and size it is empty. */
struct hashlist {
	uint32_t (*hash)(const void *context, const void *item);
	const void *context;
	void *items;
	size_t size, count, room;
	uint32_t *spots;    /* the number of an item, counted from 1; 0: free */
	size_t spots_count; /* a power of two, or 0 */
};

/* Room for so many items in all. This and the next three: false is no memory, and after it nothing
 * may be found any more. */
bool hashlist_reserve(struct hashlist *list, size_t room);
/* A copy of the item. */
bool hashlist_add(struct hashlist *list, const void *item);
/* The same, many times: none is found before hashlist_index. */
bool hashlist_append(struct hashlist *list, const void *item);
bool hashlist_index(struct hashlist *list);
void hashlist_done(struct hashlist *list);

/* Numbers of items that may be meant, one after the other; 0: no more. `at` begins as the hash. */
uint32_t hashlist_next(const struct hashlist *list, size_t *at);

static inline void *hashlist_at(const struct hashlist *list, uint32_t number)
{
	return (char *)list->items + (number - 1) * list->size;
}

/* Of a large list each look-up waits for memory twice. Who looks for many at once has the spots of
 * all fetched, then the items, and then looks; the item that is probably meant, or NULL. */
static inline void hashlist_fetch_spot(const struct hashlist *list, size_t hash)
{
	if (list->spots_count > 0)
		__builtin_prefetch(&list->spots[hash & (list->spots_count - 1)]);
}

static inline const void *hashlist_fetch_item(const struct hashlist *list, size_t hash)
{
	uint32_t number = list->spots_count > 0 ? list->spots[hash & (list->spots_count - 1)] : 0;
	const void *item = number != 0 ? hashlist_at(list, number) : NULL;
	if (item)
		__builtin_prefetch(item);
	return item;
}

/* Keyed (enrold/keyhash.h): another in each process. */
uint32_t hashlist_hash_text(struct slice text);
uint32_t hashlist_hash_pair(uint32_t a, uint32_t b);

#endif
