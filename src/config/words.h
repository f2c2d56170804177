/*
 * words: the key `values`, whose map has more levels than those of other keys. Nobody but config.c
 * includes it.
 */
#ifndef CONFIG_WORDS_H
#define CONFIG_WORDS_H

#include "reading.h"

#include "enrold/arena.h"

/* From the map's start to its end: its words are added to the key's list. */
struct error words_take(struct reading *reading, const struct config_key *key, struct arena *arena,
    void *base) MUST_CHECK;
/* CONFIG: words of a column that nobody knows have to say which cells of others they become. Call
 * it once the feed is read: its `columns` may make one known. */
struct error words_check(const struct feed *feed) MUST_CHECK;

#endif
