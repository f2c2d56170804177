/*
 * preset_load: a preset is made once for itself, so that what is wrong with it is said at its own
 * line and not at the feed's that has it.
 */
#include "preset_load.h"

#include "preset_make.h"

/* Also with nothing but its preset. */
static struct error make_alone(
    const struct preset_source *source, struct arena *arena, const struct preset **result)
{
	struct layer feed = {.policy.preset = source->name};
	size_t kind = 0;
	feed.given.has[keys_index(keys_find(SECTION_FEED, "preset"))] = true;
	struct error error = preset_make(source, &feed, arena, result, &kind);
	if (!is_error(&error) || error.class == ERROR_RETRY)
		return error;
	return error_wrap(error, "%s:%zu:%zu: kinds", source->path, source->kinds[kind].line,
	    source->kinds[kind].column);
}

struct error preset_load_source(
    const char *name, struct arena *arena, struct preset_source **result)
{
	const struct preset *preset = NULL;
	struct error error = preset_file_read(name, arena, result);
	return is_error(&error) ? error : make_alone(*result, arena, &preset);
}

struct error preset_load(const char *name, struct arena *arena, const struct preset **result)
{
	struct preset_source *source = NULL;
	struct error error = preset_file_read(name, arena, &source);
	return is_error(&error) ? error : make_alone(source, arena, result);
}
