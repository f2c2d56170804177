/*
 * slice: borrowed bytes with a length. Never owns, never assumes a terminator; may hold NUL.
 */
#ifndef ENROLD_SLICE_H
#define ENROLD_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *bytes;
	size_t size;
};

/* SLICE_INIT stands between the braces of a static slice. */
#define SLICE_INIT(literal) "" literal, sizeof(literal) - 1
#define SLICE(literal) ((struct slice){SLICE_INIT(literal)})

/* For printf's "%.*s"; a message never needs more than INT_MAX bytes of one value. */
#define SLICE_ARG(slice) ((int)(slice).size), ((slice).bytes)

static inline struct slice slice_of(const char *text)
{
	return (struct slice){text, strlen(text)};
}

static inline bool slice_is(struct slice a, struct slice b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static inline bool slice_has(struct slice slice, char c)
{
	return slice.size > 0 && memchr(slice.bytes, c, slice.size);
}

/* What stands before this character, which goes along; all of it where there is none. */
static inline struct slice slice_take(struct slice *text, char end)
{
	const char *at = text->size > 0 ? (const char *)memchr(text->bytes, end, text->size) : NULL;
	size_t size = at ? (size_t)(at - text->bytes) : text->size, taken = at ? size + 1 : size;
	struct slice part = {text->bytes, size};
	*text = (struct slice){text->bytes + taken, text->size - taken};
	return part;
}

#endif
