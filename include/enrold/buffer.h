/*
 * buffer: growing bytes, for text on its way out. Plain data; zero-initialised is empty.
 *
 * Once an allocation fails every later append does nothing and `failed` stays set: check it once
 * before the bytes are used.
 */
#ifndef ENROLD_BUFFER_H
#define ENROLD_BUFFER_H

#include "enrold/error.h"
#include "enrold/slice.h"

#include <stdint.h>

struct buffer {
	char *bytes;
	size_t size;
	size_t capacity;
	bool failed;
};

void buffer_add(struct buffer *buffer, const void *bytes, size_t size);
void buffer_add_text(struct buffer *buffer, const char *text);
void buffer_add_char(struct buffer *buffer, char c);
void buffer_add_int(
    struct buffer *buffer, int64_t number); /* as "%lld" does, in a third of the time */
void buffer_print(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
/* Empty again, memory kept, failure forgotten. */
void buffer_clear(struct buffer *buffer);
void buffer_done(struct buffer *buffer);

static inline struct slice buffer_slice(const struct buffer *buffer)
{
	return (struct slice){buffer->bytes, buffer->size};
}

#endif
