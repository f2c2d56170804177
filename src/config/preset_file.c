/*
 * preset_file: libyaml's events against the keys of a preset. Those of its feeds are the table's
 * (keys.c), as far as they may stand in a preset; its own are the two short tables here.
 */
#include "preset_file.h"

#include "reading.h"
#include "rules.h"
#include "section.h"
#include "setting.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum { HEADINGS_MAX = 200 };

#define LOWER "abcdefghijklmnopqrstuvwxyz"

static const char *rule_kind(const char *text)
{
	size_t length = strlen(text);
	bool good =
	    length >= 1 && length <= PRESET_NAME_MAX && strspn(text, LOWER "0123456789_") == length;
	return good ? NULL : "a name of 1 to 32 of a-z 0-9 _";
}

#define IN_PRESET(field) .offset = offsetof(struct preset_source, field)
#define IN_KIND(field) .offset = offsetof(struct preset_kind, field)

static const struct config_key preset_keys[] = {
    {.name = "about", KEY_TEXT, IN_PRESET(about), .rule = rule_text, .required = true},
    {.name = "manifest", KEY_TEXT, IN_PRESET(manifest), .rule = rule_text, .optional = true},
    {.name = "feed", KEY_MAP, .inner = SECTION_FEED},
    {.name = "kinds", KEY_MAP, .required = true},
};

static const struct config_key kind_keys[] = {
    {.name = "name", KEY_TEXT, IN_KIND(name), .rule = rule_kind, .required = true},
    {.name = "files", KEY_TEXT, IN_KIND(files), .rule = rule_file_pattern, .optional = true},
    {.name = "has", KEY_LIST, IN_KIND(has), 1, HEADINGS_MAX, .rule = rule_heading},
    {.name = "lacks", KEY_LIST, IN_KIND(lacks), 1, HEADINGS_MAX, .rule = rule_heading},
    {.name = "begins", KEY_LIST, IN_KIND(begins), 1, HEADINGS_MAX, .rule = rule_word},
    {.name = "unused", KEY_TEXT, IN_KIND(unused), .rule = rule_text, .optional = true},
    {.name = "feed", KEY_MAP, .inner = SECTION_FEED},
};

enum { KEYS_OF_ONE = sizeof kind_keys / sizeof *kind_keys };

static_assert(sizeof preset_keys / sizeof *preset_keys <= KEYS_OF_ONE,
    "a map's marks have a place for each of its keys");

/* One of the preset's own maps being read. */
struct own_map {
	const struct config_key *keys;
	size_t keys_count;
	void *base;
	bool has[KEYS_OF_ONE];
};

static const char *shown_key(const struct reading *reading)
{
	return rule_is_shown(reading_text(reading)) ? reading_text(reading) : "(not shown)";
}

/* The reading is then at the place of that key. */
static struct error own_key_take(
    struct reading *reading, struct own_map *map, const struct config_key **key)
{
	if (reading->event.type != YAML_SCALAR_EVENT)
		return reading_error(reading, error_config("expected the name of a key"));
	reading_enter(reading, shown_key(reading));
	for (size_t i = 0; i < map->keys_count; i++) {
		if (strcmp(map->keys[i].name, reading_text(reading)) != 0)
			continue;
		if (map->has[i])
			return reading_error(reading, error_config("is given twice"));
		map->has[i] = true;
		*key = &map->keys[i];
		return OK;
	}
	return reading_error(
	    reading, keys_find(SECTION_FEED, reading_text(reading))
	                 ? error_config("unknown key; what is of a feed belongs under feed")
	                 : error_config("unknown key"));
}

typedef struct error take_inner(struct reading *reading, const struct config_key *key, void *base);

/* From behind the mapping's start to its end. */
static struct error own_map_read(struct reading *reading, struct own_map *map, take_inner *on_map)
{
	yaml_mark_t mark = reading->event.start_mark;
	size_t place = strlen(reading->place);
	struct error error = OK;
	while (!is_error(&error)) {
		const struct config_key *key = NULL;
		reading_leave(reading, place);
		error = reading_next(reading);
		if (is_error(&error) || reading->event.type == YAML_MAPPING_END_EVENT)
			break;
		const struct section section = {SECTION_TOP, map->base, NULL, true};
		error = own_key_take(reading, map, &key);
		if (!is_error(&error))
			error = reading_next(reading);
		assert(key || is_error(&error));
		if (!is_error(&error))
			error = key->kind == KEY_MAP ? on_map(reading, key, map->base)
			                             : section_take(reading, &section, key);
	}
	for (size_t i = 0; i < map->keys_count && !is_error(&error); i++)
		if (map->keys[i].required && !map->has[i])
			error = reading_error_at(
			    reading, mark, error_config("%s is missing", map->keys[i].name));
	return error;
}

/* `feed`: of the preset, or of a kind. */
static struct error feed_take(
    struct reading *reading, const struct config_key *key, struct layer *layer)
{
	const struct section section = {SECTION_FEED, &layer->policy, &layer->given, true};
	if (reading_is_null(reading))
		return OK;
	if (reading->event.type != YAML_MAPPING_START_EVENT)
		return reading_error(reading, setting_refuse(key, reading_found(reading)));
	return section_read(reading, &section, section_read_inner);
}

/* ---- one kind ---- */

static struct error kind_feed_take(
    struct reading *reading, const struct config_key *key, void *base)
{
	struct kind_source *kind = base;
	kind->has_feed = true;
	return feed_take(reading, key, &kind->layer);
}

static bool is_named_before(const struct preset_source *source, const struct kind_source *kind)
{
	for (const struct kind_source *other = source->kinds; other < kind; other++)
		if (strcmp(other->kind.name, kind->kind.name) == 0)
			return true;
	return false;
}

static struct error kind_check(const struct preset_source *source, const struct kind_source *kind)
{
	const struct preset_kind *it = &kind->kind;
	if (is_named_before(source, kind))
		return error_config("%s is given twice", it->name);
	if (it->unused && kind->has_feed)
		return error_config("%s is unused: it can have no feed", it->name);
	if (it->has.count == 0 && it->begins.count == 0 && !it->files)
		return error_config(
		    "%s cannot be told from others: has, begins or files is missing", it->name);
	if (it->begins.count > 0 && (it->has.count > 0 || it->lacks.count > 0))
		return error_config(
		    "%s has begins, for files without headings: it can have no has and no lacks",
		    it->name);
	return OK;
}

static struct error kind_read(struct reading *reading, struct preset_source *source)
{
	struct kind_source *kind = &source->kinds[source->kinds_count++];
	struct own_map map = {kind_keys, KEYS_OF_ONE, kind, {false}};
	yaml_mark_t mark = reading->event.start_mark;
	kind->line = mark.line + 1;
	kind->column = mark.column + 1;
	if (reading->event.type != YAML_MAPPING_START_EVENT)
		return reading_error(reading,
		    error_config("expected a map of keys, found %s", reading_found(reading)));
	struct error error = own_map_read(reading, &map, kind_feed_take);
	if (is_error(&error))
		return error;
	error = kind_check(source, kind);
	return is_error(&error) ? reading_error_at(reading, mark, error_wrap(error, "kinds")) : OK;
}

static struct error kinds_read(struct reading *reading, struct preset_source *source)
{
	yaml_mark_t mark = reading->event.start_mark;
	size_t place = strlen(reading->place);
	if (reading->event.type != YAML_SEQUENCE_START_EVENT)
		return reading_error(reading,
		    error_config("expected a list of kinds, found %s", reading_found(reading)));
	for (;;) {
		char number[16];
		reading_leave(reading, place);
		struct error error = reading_next(reading);
		if (is_error(&error))
			return error;
		if (reading->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (source->kinds_count == PRESET_KINDS_MAX)
			return reading_error(
			    reading, error_config("more than %d kinds", PRESET_KINDS_MAX));
		snprintf(number, sizeof number, "%zu", source->kinds_count + 1);
		reading_enter(reading, number);
		error = kind_read(reading, source);
		if (is_error(&error))
			return error;
	}
	for (size_t i = 0; i < source->kinds_count; i++)
		if (!source->kinds[i].kind.unused)
			return OK;
	return reading_error_at(
	    reading, mark, error_config("kinds: there is none of which anything is made"));
}

/* ---- the whole ---- */

static struct error part_take(struct reading *reading, const struct config_key *key, void *base)
{
	struct preset_source *source = base;
	return strcmp(key->name, "kinds") == 0 ? kinds_read(reading, source)
	                                       : feed_take(reading, key, &source->common);
}

static struct error source_read(struct reading *reading, struct preset_source *source)
{
	struct own_map map = {
	    preset_keys, sizeof preset_keys / sizeof *preset_keys, source, {false}};
	struct error error = reading_open(reading);
	if (!is_error(&error))
		error = own_map_read(reading, &map, part_take);
	return is_error(&error) ? error : reading_close(reading);
}

static struct error input_read(FILE *input, struct preset_source *source, struct arena *arena)
{
	struct reading reading = {
	    .path = source->path, .noun = "the preset", .input = input, .arena = arena};
	if (!yaml_parser_initialize(&reading.parser))
		return error_memory("reading a preset");
	yaml_parser_set_input_file(&reading.parser, input);
	struct error error = source_read(&reading, source);
	yaml_event_delete(&reading.event);
	yaml_parser_delete(&reading.parser);
	/* What was found wrong may be for want of it. */
	return arena_has_failed(arena) ? error_memory("reading a preset") : error;
}

static struct error source_open(const struct preset_source *source, FILE **input)
{
	const char *text = preset_builtin(source->name);
	if (*source->name != '/' && !text)
		return error_config(
		    "there is no preset %s: `enrolctl preset list` names them", source->name);
	/* It is only read. */
	*input =
	    text ? fmemopen((char *)(uintptr_t)text, strlen(text), "r") : fopen(source->name, "re");
	if (!*input && text)
		return error_memory("reading a preset");
	return *input ? OK : error_at_start(error_errno("cannot open %s", source->name));
}

struct error preset_file_read(const char *name, struct arena *arena, struct preset_source **result)
{
	FILE *input = NULL;
	struct preset_source *source = arena_alloc(arena, sizeof *source);
	if (!source)
		return error_memory("reading a preset");
	source->kinds = arena_alloc(arena, PRESET_KINDS_MAX * sizeof *source->kinds);
	source->name = arena_copy(arena, slice_of(name)).bytes;
	source->path = *name == '/' ? source->name : arena_print(arena, "preset %s", name).bytes;
	if (arena_has_failed(arena))
		return error_memory("reading a preset");
	struct error error = source_open(source, &input);
	if (is_error(&error))
		return error;
	error = input_read(input, source, arena);
	fclose(input);
	*result = source;
	return error;
}
