/*
 * config: libyaml's events against the table of keys. The parser walks the file once; what a key
 * is called, may hold and defaults to is the table's business (keys.c), how a value is read the
 * kind's (setting.c).
 */
#include "enrold/config.h"

#include "contradiction.h"
#include "feed_own.h"
#include "preset_load.h"
#include "preset_make.h"
#include "reading.h"
#include "rules.h"
#include "section.h"
#include "setting.h"
#include "words.h"

#include "enrold/arena.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <yaml.h>

enum { FEEDS_MAX = 1000 };

struct config_file {
	atomic_uint owners;
	struct arena *arena;
	struct config config;
	struct feed *feeds;
	size_t feeds_room;
};

/* ---- lms and feeds ---- */

static struct error defaults_take(
    struct reading *reading, yaml_mark_t mark, const struct section *section)
{
	struct error error =
	    setting_fill_defaults(section->section, section->given, reading->arena, section->base);
	return is_error(&error) ? reading_error_at(reading, mark, error) : OK;
}

/* A map with options of its own in struct config. */
static struct error options_read(struct reading *reading, enum key_section of, size_t offset)
{
	struct keys_given given = {0};
	yaml_mark_t mark = reading->event.start_mark;
	const struct section section = {of, (char *)&reading->file->config + offset, &given, false};
	struct error error = section_read(reading, &section, NULL);
	return is_error(&error) ? error : defaults_take(reading, mark, &section);
}

static struct error feed_add(struct config_file *file, const char *name, struct feed **feed)
{
	struct config *config = &file->config;
	if (config->feeds_count == FEEDS_MAX)
		return error_config("more than %d feeds", FEEDS_MAX);
	if (config->feeds_count == file->feeds_room) {
		size_t room = file->feeds_room * 2 + 4;
		struct feed *feeds = reallocarray(file->feeds, room, sizeof *feeds);
		if (!feeds)
			return error_memory("reading the configuration");
		config->feeds = file->feeds = feeds;
		file->feeds_room = room;
	}
	*feed = &file->feeds[config->feeds_count++];
	**feed = (struct feed){0};
	snprintf((*feed)->name, sizeof(*feed)->name, "%s", name);
	return OK;
}

static struct error feed_name_take(struct reading *reading, struct feed **feed)
{
	if (reading->event.type != YAML_SCALAR_EVENT)
		return reading_error(reading, error_config("expected the name of a feed"));
	const char *name = reading_text(reading);
	const char *expected = rule_feed_name(name);
	if (expected)
		return reading_error(reading, error_config("expected %s", expected));
	if (config_find_feed(&reading->file->config, name))
		return reading_error(reading, error_config("%s is given twice", name));
	struct error error = feed_add(reading->file, name, feed);
	if (is_error(&error))
		return reading_error(reading, error);
	reading_enter(reading, name);
	return OK;
}

/* The feed's keys over the preset's: enrold.yaml(5), PRESETS. */
static struct error preset_take(struct reading *reading, const struct layer *own, struct feed *feed)
{
	struct preset_source *source = NULL;
	size_t kind = 0;
	struct layer layer;
	struct feed_own *kept = arena_alloc(reading->arena, sizeof *kept);
	if (!kept)
		return error_memory("reading the configuration");
	struct error error = preset_load_source(own->policy.preset, reading->arena, &source);
	if (!is_error(&error))
		error = preset_make(source, own, reading->arena, &feed->preset, &kind);
	if (is_error(&error))
		return error;
	layer = source->common;
	error = layer_lay(own, reading->arena, &layer);
	if (!is_error(&error))
		error = layer_fill(&layer, reading->arena, &feed->policy);
	kept->given = own->given;
	feed->own = kept;
	return is_error(&error) ? error : layer_fill(own, reading->arena, &kept->policy);
}

static struct error feed_conclude(
    struct reading *reading, const struct layer *own, struct feed *feed)
{
	if (own->policy.preset) {
		struct error error = preset_take(reading, own, feed);
		return is_error(&error) && error.class == ERROR_CONFIG
		           ? error_wrap(error, "feeds.%s.preset", feed->name)
		           : error;
	}
	struct error error = words_check(&own->policy.values, &own->policy.columns);
	if (is_error(&error))
		return error_config("feeds.%s.%s", feed->name, error.text);
	error = layer_fill(own, reading->arena, &feed->policy);
	const char *fault =
	    is_error(&error) ? NULL : contradiction_find(&feed->policy, reading->arena);
	return fault ? error_config("feeds.%s.%s", feed->name, fault) : error;
}

static struct error feed_read(struct reading *reading, struct feed *feed)
{
	struct layer own = {0};
	yaml_mark_t mark = reading->event.start_mark;
	const struct section section = {SECTION_FEED, &own.policy, &own.given, false};
	struct error error = OK;
	if (reading->event.type == YAML_MAPPING_START_EVENT)
		error = section_read(reading, &section, section_read_inner);
	else if (!reading_is_null(reading))
		error = reading_error(reading,
		    error_config("expected a map of keys, found %s", reading_found(reading)));
	if (is_error(&error))
		return error;
	error = feed_conclude(reading, &own, feed);
	return is_error(&error) ? reading_error_at(reading, mark, error) : OK;
}

static struct error feeds_read(struct reading *reading)
{
	size_t place = strlen(reading->place);
	for (;;) {
		struct feed *feed = NULL;
		reading_leave(reading, place);
		struct error error = reading_next(reading);
		if (is_error(&error) || reading->event.type == YAML_MAPPING_END_EVENT)
			return error;
		error = feed_name_take(reading, &feed);
		if (!is_error(&error))
			error = reading_next(reading);
		assert(feed || is_error(&error));
		if (!is_error(&error))
			error = feed_read(reading, feed);
		if (is_error(&error))
			return error;
	}
}

static struct error map_read(
    struct reading *reading, const struct section *section, const struct config_key *key)
{
	static const struct {
		const char *name;
		enum key_section section;
		size_t offset;
	} maps[] = {
	    {"lms", SECTION_LMS, offsetof(struct config, lms)},
	    {"checkpoints", SECTION_CHECKPOINTS, offsetof(struct config, checkpoints)},
	    {"mail", SECTION_MAIL, offsetof(struct config, mail)},
	    {"webhook", SECTION_WEBHOOK, offsetof(struct config, webhook)},
	};
	(void)section;
	if (reading_is_null(reading))
		return OK;
	if (reading->event.type != YAML_MAPPING_START_EVENT)
		return reading_error(reading, setting_refuse(key, reading_found(reading)));
	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
		if (strcmp(key->name, maps[i].name) == 0)
			return options_read(reading, maps[i].section, maps[i].offset);
	return feeds_read(reading);
}

/* ---- the whole file ---- */

static struct error default_feed_add(struct config_file *file)
{
	struct feed *feed = NULL;
	const struct keys_given none = {0};
	if (config_find_feed(&file->config, "default"))
		return OK;
	struct error error = feed_add(file, "default", &feed);
	return is_error(&error)
	           ? error
	           : setting_fill_defaults(SECTION_FEED, &none, file->arena, &feed->policy);
}

/* Nothing but the machine's name may be known by then. */
static void origin_fill(struct config_file *file)
{
	struct checkpoint_options *checkpoints = &file->config.checkpoints;
	if (checkpoints->key && !checkpoints->origin)
		checkpoints->origin =
		    arena_print(file->arena, "enrold/%s", file->config.node).bytes;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct feed *)a)->name, ((const struct feed *)b)->name);
}

static struct error conclude(struct reading *reading, yaml_mark_t mark)
{
	struct config_file *file = reading->file;
	const struct section section = {SECTION_TOP, &file->config, &reading->given, false};
	struct error error = defaults_take(reading, mark, &section);
	if (!is_error(&error) && !file->config.lms.url)
		error = reading_error_at(
		    reading, mark, error_config("lms.url is missing: it has no default"));
	if (!is_error(&error))
		error = default_feed_add(file);
	if (!is_error(&error))
		origin_fill(file);
	if (!is_error(&error))
		qsort(file->feeds, file->config.feeds_count, sizeof *file->feeds, by_name);
	return error;
}

static struct error document_read(struct reading *reading)
{
	const struct section section = {
	    SECTION_TOP, &reading->file->config, &reading->given, false};
	struct error error = reading_open(reading);
	yaml_mark_t mark = reading->event.start_mark;
	if (!is_error(&error))
		error = section_read(reading, &section, map_read);
	if (!is_error(&error))
		error = reading_close(reading);
	return is_error(&error) ? error : conclude(reading, mark);
}

static struct error file_read(const char *path, FILE *input, struct config_file *file)
{
	struct reading reading = {.path = path,
	    .noun = "the configuration",
	    .input = input,
	    .arena = file->arena,
	    .file = file};
	if (!yaml_parser_initialize(&reading.parser))
		return error_memory("reading the configuration");
	yaml_parser_set_input_file(&reading.parser, input);
	struct error error = document_read(&reading);
	yaml_event_delete(&reading.event);
	yaml_parser_delete(&reading.parser);
	if (arena_has_failed(file->arena)) /* what was found wrong may be for want of it */
		error = error_memory("reading the configuration");
	return error;
}

static struct error config_read(const char *path, FILE *input, struct config_file **result)
{
	struct config_file *file = calloc(1, sizeof *file);
	if (file)
		atomic_init(&file->owners, 1);
	if (file)
		file->arena = arena_create();
	struct error error = file && file->arena ? file_read(path, input, file)
	                                         : error_memory("reading the configuration");
	fclose(input);
	if (is_error(&error))
		config_free(file);
	else
		*result = file;
	return error;
}

struct error config_load(const char *path, struct config_file **result)
{
	FILE *input = fopen(path, "re");
	return input ? config_read(path, input, result)
	             : error_at_start(error_errno("cannot open %s", path));
}

struct error config_packaged(struct config_file **result)
{
	static char text[] = "spool: /var/lib/enrold\n"
	                     "lms: { url: \"sqlite:/var/lib/enrold/lms.db\" }\n";
	FILE *input = fmemopen(text, sizeof text - 1, "r");
	return input ? config_read("the package's settings", input, result)
	             : error_memory("reading the configuration");
}

const struct config *config_get(const struct config_file *file)
{
	return &file->config;
}

struct config_file *config_hold(struct config_file *file)
{
	atomic_fetch_add(&file->owners, 1);
	return file;
}

void config_free(struct config_file *file)
{
	if (!file || atomic_fetch_sub(&file->owners, 1) > 1)
		return;
	arena_free(file->arena);
	free(file->feeds);
	free(file);
}

bool config_is_shared(const struct config *config)
{
	return strncmp(config->lms.url, "sqlite:", strlen("sqlite:")) != 0;
}

const struct feed *config_find_feed(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->feeds_count; i++)
		if (strcmp(config->feeds[i].name, name) == 0)
			return &config->feeds[i];
	return NULL;
}
