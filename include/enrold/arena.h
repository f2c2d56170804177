/*
 * arena: memory with one lifetime, the batch. Everything in it goes at once with arena_reset.
 *
 * A failed allocation is remembered, so that a long piece of work may check once at its end with
 * arena_has_failed; each call still returns NULL (or an empty slice) then. One thread at a time.
 */
#ifndef ENROLD_ARENA_H
#define ENROLD_ARENA_H

#include "enrold/error.h"
#include "enrold/slice.h"

struct arena;

struct arena *arena_create(void); /* NULL: out of memory */
void arena_free(struct arena *arena);
/* Forgets all allocations and the failure; most of the memory is kept for the next batch. */
void arena_reset(struct arena *arena);
/* Gives that memory back. */
void arena_trim(struct arena *arena);

/* Zeroed, aligned for anything, valid until reset. */
void *arena_alloc(struct arena *arena, size_t size);
/* Room for `count` elements, holding the first `used` of `old`; amortised growth is the caller's.
 */
void *arena_grow(struct arena *arena, const void *old, size_t used, size_t count, size_t size);
struct slice arena_copy(struct arena *arena, struct slice source);
struct slice arena_print(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);

/* Remembers that other memory of the same piece of work has failed. */
void arena_fail(struct arena *arena);
bool arena_has_failed(const struct arena *arena);
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);

#endif
