/*
 * preset_make: layers to policies. What does not go together is found here and not before, because
 * the feed may have said otherwise.
 */
#include "preset_make.h"

#include "composed.h"
#include "contradiction.h"
#include "words.h"

#include <string.h>

/* A file without headings is known by what it begins with, one with them is not. */
static const char *signature_fault(const struct preset_kind *kind)
{
	bool has_headings = kind->policy.header == HEADING_FIRST;
	if (kind->unused)
		return NULL;
	if (kind->begins.count > 0 && has_headings)
		return "begins is of files without headings: say csv.header: none in its feed";
	if (kind->has.count > 0 && !has_headings)
		return "has is of files with headings, and csv.header is none";
	return NULL;
}

static struct error kind_make(const struct preset_source *source, const struct layer *feed,
    struct arena *arena, size_t index, struct preset_kind *kind)
{
	const struct kind_source *from = &source->kinds[index];
	struct layer layer = source->common;
	struct error error = layer_lay(&from->layer, arena, &layer);
	if (!is_error(&error))
		error = layer_lay(feed, arena, &layer);
	*kind = from->kind;
	if (!is_error(&error))
		error = layer_fill(&layer, arena, &kind->policy);
	if (is_error(&error))
		return error;
	const char *fault = signature_fault(kind);
	if (!fault && !kind->unused)
		fault = contradiction_find(&kind->policy, arena);
	return fault ? error_config("%s", fault) : OK;
}

/* Words that are for files of all kinds may be of a column that one of them has. */
static struct error words_of_all_check(
    const struct preset *preset, struct arena *arena, size_t *kind)
{
	struct text_list columns = {0};
	for (size_t i = 0; i < preset->kinds_count; i++) {
		const struct text_list *more = &preset->kinds[i].policy.columns;
		const char **items = arena_grow(arena, columns.items, columns.count,
		    columns.count + more->count, sizeof *items);
		if (!items)
			return error_memory("reading a preset");
		for (size_t j = 0; j < more->count; j++)
			items[columns.count++] = more->items[j];
		columns.items = items;
	}
	for (size_t i = 0; i < preset->kinds_count; i++) {
		struct error error = words_check(&preset->kinds[i].policy.values, &columns);
		*kind = i;
		if (is_error(&error))
			return error_wrap(error, "%s", preset->kinds[i].name);
	}
	return OK;
}

static struct error kinds_make(const struct preset_source *source, const struct layer *feed,
    struct arena *arena, struct preset *preset, size_t *kind)
{
	for (size_t i = 0; i < source->kinds_count; i++) {
		*kind = i;
		struct error error = kind_make(source, feed, arena, i, &preset->kinds[i]);
		if (is_error(&error))
			return error.class == ERROR_CONFIG
			           ? error_wrap(error, "%s", source->kinds[i].kind.name)
			           : error;
	}
	return words_of_all_check(preset, arena, kind);
}

struct error preset_make(const struct preset_source *source, const struct layer *feed,
    struct arena *arena, const struct preset **result, size_t *kind)
{
	struct preset *preset = arena_alloc(arena, sizeof *preset);
	struct preset_kind *kinds = arena_alloc(arena, source->kinds_count * sizeof *kinds);
	if (!preset || !kinds)
		return error_memory("reading a preset");
	*preset = (struct preset){.name = source->name,
	    .about = source->about,
	    .manifest = source->manifest,
	    .kinds = kinds,
	    .kinds_count = source->kinds_count};
	struct error error = kinds_make(source, feed, arena, preset, kind);
	if (!is_error(&error))
		error = composed_make(source, preset, arena, kind);
	*result = preset;
	return error;
}
