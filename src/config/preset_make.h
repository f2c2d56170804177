/*
 * preset_make: of a preset as it is written, and of what a feed says, the policies by which its
 * files are read: one for each kind, and one for the text that an archive's files are composed to.
 */
#ifndef CONFIG_PRESET_MAKE_H
#define CONFIG_PRESET_MAKE_H

#include "preset_file.h"

/* Everything lies in the arena, texts where they were. CONFIG: "users: what does not go together";
 * *kind is then the index of the kind. */
struct error preset_make(const struct preset_source *source, const struct layer *feed,
    struct arena *arena, const struct preset **result, size_t *kind) MUST_CHECK;

#endif
