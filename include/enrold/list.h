/*
 * list: words between commas, as many of Moodle's settings are. Borrows its bytes.
 */
#ifndef ENROLD_LIST_H
#define ENROLD_LIST_H

#include "enrold/slice.h"

/* The next word; false at the end. */
static inline bool list_next(struct slice *rest, struct slice *word)
{
	if (rest->size == 0)
		return false;
	const char *comma = (const char *)memchr(rest->bytes, ',', rest->size);
	size_t size = comma ? (size_t)(comma - rest->bytes) : rest->size;
	size_t step = comma ? size + 1 : size;
	*word = (struct slice){rest->bytes, size};
	rest->bytes += step;
	rest->size -= step;
	return true;
}

static inline bool list_has(struct slice list, struct slice wanted)
{
	struct slice word;
	while (list_next(&list, &word))
		if (slice_is(word, wanted))
			return true;
	return false;
}

#endif
