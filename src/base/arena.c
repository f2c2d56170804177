#include "enrold/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Of a block; and of the largest that is kept for the next batch. */
enum { BLOCK_SIZE = 256 << 10, KEPT_SIZE = 4 << 20 };

struct block {
	struct block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct block *blocks; /* the newest first */
	struct block *spare;  /* of earlier batches: fresh pages from the system cost more */
	size_t used;
	bool failed;
};

struct arena *arena_create(void)
{
	return calloc(1, sizeof(struct arena));
}

static void blocks_free(struct block *block)
{
	while (block) {
		struct block *next = block->next;
		free(block);
		block = next;
	}
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	blocks_free(arena->blocks);
	blocks_free(arena->spare);
	free(arena);
}

void arena_reset(struct arena *arena)
{
	struct block *spare = arena->spare;
	while (arena->blocks) {
		struct block *block = arena->blocks;
		arena->blocks = block->next;
		if (block->size > KEPT_SIZE) {
			free(block);
			continue;
		}
		block->next = spare;
		spare = block;
	}
	*arena = (struct arena){.spare = spare};
}

void arena_trim(struct arena *arena)
{
	blocks_free(arena->spare);
	arena->spare = NULL;
}

/* The smallest that is large enough; NULL: none is. */
static struct block *spare_take(struct arena *arena, size_t size)
{
	struct block **best = NULL;
	for (struct block **place = &arena->spare; *place; place = &(*place)->next)
		if ((*place)->size >= size && (!best || (*place)->size < (*best)->size))
			best = place;
	struct block *block = best ? *best : NULL;
	if (block)
		*best = block->next;
	return block;
}

static struct block *block_add(struct arena *arena, size_t size)
{
	size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	struct block *block = spare_take(arena, size);
	if (!block) {
		block = malloc(sizeof *block + room);
		if (block)
			block->size = room;
	}
	if (!block) {
		arena->failed = true;
		return NULL;
	}
	block->next = arena->blocks;
	block->used = 0;
	arena->blocks = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2) {
		arena->failed = true;
		return NULL;
	}
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct block *block = arena->blocks;
	if (!block || block->size - block->used < size)
		block = block_add(arena, size);
	if (!block)
		return NULL;
	void *place = block->bytes + block->used;
	block->used += size;
	arena->used += size;
	return memset(place, 0, size);
}

void *arena_grow(struct arena *arena, const void *old, size_t used, size_t count, size_t size)
{
	if (count > SIZE_MAX / 2 / size) {
		arena->failed = true;
		return NULL;
	}
	void *grown = arena_alloc(arena, count * size);
	if (grown && used > 0)
		memcpy(grown, old, used * size);
	return grown;
}

struct slice arena_copy(struct arena *arena, struct slice source)
{
	char *bytes = arena_alloc(arena, source.size + 1);
	if (!bytes)
		return (struct slice){"", 0};
	if (source.size > 0)
		memcpy(bytes, source.bytes, source.size);
	return (struct slice){bytes, source.size};
}

struct slice arena_print(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	char *bytes = size < 0 ? NULL : arena_alloc(arena, (size_t)size + 1);
	if (!bytes)
		return (struct slice){"", 0};
	va_start(arguments, format);
	vsnprintf(bytes, (size_t)size + 1, format, arguments);
	va_end(arguments);
	return (struct slice){bytes, (size_t)size};
}

void arena_fail(struct arena *arena)
{
	arena->failed = true;
}

bool arena_has_failed(const struct arena *arena)
{
	return arena->failed;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}
