/*
 * preset_load: a preset that is well made by itself, before a feed has a say.
 */
#ifndef CONFIG_PRESET_LOAD_H
#define CONFIG_PRESET_LOAD_H

#include "preset_file.h"

/* By name or absolute path, and checked. CONFIG as preset_load. */
struct error preset_load_source(
    const char *name, struct arena *arena, struct preset_source **result) MUST_CHECK;

#endif
