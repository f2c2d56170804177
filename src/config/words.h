/*
 * words: the key `values`, whose map has more levels than those of other keys. Nobody else
 * includes it but who reads a feed's keys.
 */
#ifndef CONFIG_WORDS_H
#define CONFIG_WORDS_H

#include "reading.h"

#include "enrold/arena.h"

/* From the map's start to its end: its words are added to the key's list. */
struct error words_take(struct reading *reading, const struct config_key *key, struct arena *arena,
    void *base) MUST_CHECK;
/* CONFIG, "values.status: ...": words of a column that nobody knows have to say which cells of
 * others they become. Call it once all is read: `columns` may make one known. */
struct error words_check(
    const struct text_list *values, const struct text_list *columns) MUST_CHECK;

#endif
