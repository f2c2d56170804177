/*
 * preset_file: a preset as it is written, before anything is laid over anything. Nobody outside of
 * this folder knows it; preset_make.h makes of it what others see.
 */
#ifndef CONFIG_PRESET_FILE_H
#define CONFIG_PRESET_FILE_H

#include "enrold/preset.h"

#include "layer.h"

struct kind_source {
	struct preset_kind kind; /* without its policy */
	struct layer layer;      /* its `feed` */
	bool has_feed;
	size_t line, column; /* of the file, from 1 */
};

/* Everything lies in the arena it was read into. */
struct preset_source {
	const char *path; /* for people: "preset canvas", or the path */
	const char *name, *about, *manifest;
	struct layer common; /* its `feed`, for all kinds */
	struct kind_source *kinds;
	size_t kinds_count;
};

/* By name or absolute path. CONFIG, "file:line:column: ...": see preset_load. */
struct error preset_file_read(
    const char *name, struct arena *arena, struct preset_source **result) MUST_CHECK;

#endif
