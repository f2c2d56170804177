/*
 * section: the keys of one map of a file. Nobody but config.c and preset_file.c includes it.
 */
#ifndef CONFIG_SECTION_H
#define CONFIG_SECTION_H

#include "keys.h"
#include "reading.h"

/* Where the values go, and what has been given so far. */
struct section {
	enum key_section section;
	void *base;
	struct keys_given *given;
	bool is_preset; /* only keys that may stand in one */
};

typedef struct error take_map(
    struct reading *reading, const struct section *section, const struct config_key *key);

/* From behind the mapping's start to its end. A key that is a map goes to on_map. */
struct error section_read(
    struct reading *reading, const struct section *section, take_map *on_map) MUST_CHECK;
/* `csv:` and `may:` of a feed: more keys of the same policy. */
take_map section_read_inner;
/* A value of a key that is none of the table's, or is. */
struct error section_take(struct reading *reading, const struct section *section,
    const struct config_key *key) MUST_CHECK;

#endif
