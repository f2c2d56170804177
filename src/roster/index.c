#define HASH_NONFATAL_OOM 1
#define HASH_FUNCTION(bytes, size, hash) ((hash) = (unsigned)keyhash((bytes), (size)))
#include "index.h"

#include "enrold/keyhash.h"

#include <uthash.h>

struct index_entry {
	UT_hash_handle hh;
	uint32_t place;
	bool has_failed;
};

#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(entry) ((entry)->has_failed = true)

struct slice index_key(struct arena *arena, char kind, uint32_t number, struct slice text)
{
	size_t size = sizeof kind + sizeof number + text.size;
	char *bytes = arena_alloc(arena, size);
	if (!bytes)
		return SLICE("");
	bytes[0] = kind;
	memcpy(bytes + sizeof kind, &number, sizeof number);
	if (text.size > 0)
		memcpy(bytes + sizeof kind + sizeof number, text.bytes, text.size);
	return (struct slice){bytes, size};
}

uint32_t index_find(const struct index_entry *index, struct slice key)
{
	struct index_entry *entry = NULL;
	HASH_FIND(hh, index, key.bytes, key.size, entry);
	return entry ? entry->place : INDEX_NONE;
}

void index_add(struct index_entry **index, struct arena *arena, struct slice key, size_t place)
{
	struct index_entry *entry = arena_alloc(arena, sizeof *entry);
	if (!entry)
		return;
	entry->place = (uint32_t)place;
	HASH_ADD_KEYPTR(hh, *index, key.bytes, key.size, entry);
	if (entry->has_failed)
		arena_fail(arena);
}

void index_clear(struct index_entry **index)
{
	HASH_CLEAR(hh, *index);
}

void *array_reserve(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return items;
	size_t wanted = *room ? *room * 2 : 64;
	void *grown = arena_grow(arena, items, count, wanted, size);
	*room = grown ? wanted : *room;
	return grown;
}
