/*
 * index: the place of something distinct in its array, by bytes that name it (uthash). The bytes
 * and the entries live in an arena; index_clear gives back what uthash itself took. A failed
 * allocation fails the arena.
 */
#ifndef ROSTER_INDEX_H
#define ROSTER_INDEX_H

#include "enrold/batch.h"

/* Kind, number and text as bytes of the arena: printf would end a text at a NUL, and a bad row's
 * text must not be taken for a good one's. */
struct slice index_key(struct arena *arena, char kind, uint32_t number, struct slice text);

/* INDEX_NONE: it is not there. */
uint32_t index_find(const struct index_entry *index, struct slice key);
/* The key's bytes must live as long as the index. */
void index_add(struct index_entry **index, struct arena *arena, struct slice key, size_t place);
void index_clear(struct index_entry **index);

/* The array with room for one more; its old copy stays in the arena until the reset. NULL: no
 * memory, and the arena has failed. */
void *array_reserve(struct arena *arena, void *items, size_t count, size_t *room, size_t size);

#endif
