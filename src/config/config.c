/*
 * config: libyaml's events against the table of keys. The parser walks the file once; what a key
 * is called, may hold and defaults to is the table's business (keys.c), how a value is read the
 * kind's (setting.c).
 */
#include "enrold/config.h"

#include "reading.h"
#include "rules.h"
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

/* ---- one section: keys and their values ---- */

/* Where the values go, and what has been given so far. */
struct section {
	enum key_section section;
	void *base;
	struct keys_given *given;
};

/* "feeds.hr.csv.delimiter" of a key that stands elsewhere than here. */
static void belongs_print(
    const struct reading *reading, const struct config_key *key, char *text, size_t size)
{
	static const char any[] = "feeds.<name>.";
	const char *prefix = keys_prefix(key->section);
	bool is_in_feed = strncmp(reading->place, "feeds.", strlen("feeds.")) == 0;
	if (!is_in_feed || strncmp(prefix, any, strlen(any)) != 0) {
		snprintf(text, size, "%s%s", prefix, key->name);
		return;
	}
	const char *feed = reading->place + strlen("feeds.");
	snprintf(text, size, "feeds.%.*s.%s%s", (int)strcspn(feed, "."), feed, prefix + strlen(any),
	    key->name);
}

static struct error key_unknown(const struct reading *reading, enum key_section section)
{
	const struct config_key *nearest = keys_nearest(section, reading_text(reading));
	const struct config_key *elsewhere = keys_elsewhere(section, reading_text(reading));
	char belongs[PLACE_MAX];
	if (elsewhere) {
		belongs_print(reading, elsewhere, belongs, sizeof belongs);
		return error_config("unknown key; it belongs at %s", belongs);
	}
	if (nearest)
		return error_config("unknown key; is %s meant?", nearest->name);
	return error_config("unknown key");
}

/* The reading is then at the place of that key. */
static struct error key_take(
    struct reading *reading, const struct section *section, const struct config_key **key)
{
	if (reading->event.type != YAML_SCALAR_EVENT)
		return reading_error(reading, error_config("expected the name of a key"));
	reading_enter(
	    reading, rule_is_shown(reading_text(reading)) ? reading_text(reading) : "(not shown)");
	*key = keys_find(section->section, reading_text(reading));
	if (!*key)
		return reading_error(reading, key_unknown(reading, section->section));
	bool *is_given = &section->given->has[keys_index(*key)];
	if (*is_given)
		return reading_error(reading, error_config("is given twice"));
	*is_given = true;
	return OK;
}

static struct error item_take(
    struct reading *reading, const struct section *section, const struct config_key *key)
{
	bool is_null = reading_is_null(reading) &&
	               !(key->takes_null && strcasecmp(reading_text(reading), "null") == 0);
	if (reading->event.type != YAML_SCALAR_EVENT || is_null)
		return setting_refuse(key, reading_found(reading));
	struct error error =
	    setting_add(key, reading_text(reading), reading->file->arena, section->base);
	return is_error(&error) ? error : setting_check_item(key, section->base);
}

/* A list of texts, or a map of texts; libyaml sees to it that a map's items come in pairs. */
static struct error list_take(
    struct reading *reading, const struct section *section, const struct config_key *key)
{
	yaml_event_type_t start =
	    key->kind == KEY_PAIRS ? YAML_MAPPING_START_EVENT : YAML_SEQUENCE_START_EVENT;
	yaml_event_type_t last =
	    key->kind == KEY_PAIRS ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	if (reading->event.type != start)
		return reading_error(reading, setting_refuse(key, reading_found(reading)));
	setting_begin_list(key, section->base);
	for (;;) {
		struct error error = reading_next(reading);
		if (is_error(&error))
			return error;
		if (reading->event.type == last)
			break;
		error = item_take(reading, section, key);
		if (is_error(&error))
			return reading_error(reading, error);
	}
	struct error error = setting_check_list(key, section->base);
	return is_error(&error) ? reading_error(reading, error) : OK;
}

static struct error setting_take(
    struct reading *reading, const struct section *section, const struct config_key *key)
{
	if (key->kind == KEY_WORDS)
		return words_take(reading, key, reading->file->arena, section->base);
	if (key_parts(key) > 0)
		return list_take(reading, section, key);
	struct error error =
	    reading->event.type != YAML_SCALAR_EVENT || reading_is_null(reading)
	        ? setting_refuse(key, reading_found(reading))
	        : setting_parse(key, reading_text(reading), reading->file->arena, section->base);
	return is_error(&error) ? reading_error(reading, error) : OK;
}

typedef struct error take_map(
    struct reading *reading, const struct section *section, const struct config_key *key);

/* From behind the mapping's start to its end. */
static struct error section_read(
    struct reading *reading, const struct section *section, take_map *on_map)
{
	size_t place = strlen(reading->place);
	for (;;) {
		const struct config_key *key = NULL;
		reading_leave(reading, place);
		struct error error = reading_next(reading);
		if (is_error(&error) || reading->event.type == YAML_MAPPING_END_EVENT)
			return error;
		error = key_take(reading, section, &key);
		if (!is_error(&error))
			error = reading_next(reading);
		assert(key || is_error(&error));
		if (!is_error(&error))
			error = key->kind == KEY_MAP && on_map
			            ? on_map(reading, section, key)
			            : setting_take(reading, section, key);
		if (is_error(&error))
			return error;
	}
}

/* ---- lms and feeds ---- */

static struct error defaults_take(
    struct reading *reading, yaml_mark_t mark, const struct section *section)
{
	struct error error = setting_fill_defaults(
	    section->section, section->given, reading->file->arena, section->base);
	return is_error(&error) ? reading_error_at(reading, mark, error) : OK;
}

/* A map with options of its own in struct config. */
static struct error options_read(struct reading *reading, enum key_section of, size_t offset)
{
	struct keys_given given = {0};
	yaml_mark_t mark = reading->event.start_mark;
	const struct section section = {of, (char *)&reading->file->config + offset, &given};
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

/* `csv:` and `may:` of a feed: more keys of the same policy. */
static struct error inner_read(
    struct reading *reading, const struct section *outer, const struct config_key *key)
{
	const struct section section = {key->inner, outer->base, outer->given};
	if (reading_is_null(reading))
		return OK;
	if (reading->event.type != YAML_MAPPING_START_EVENT)
		return reading_error(reading, setting_refuse(key, reading_found(reading)));
	return section_read(reading, &section, inner_read);
}

static struct error feed_read(struct reading *reading, struct feed *feed)
{
	struct keys_given given = {0};
	yaml_mark_t mark = reading->event.start_mark;
	const struct section section = {SECTION_FEED, &feed->policy, &given};
	struct error error = OK;
	if (reading->event.type == YAML_MAPPING_START_EVENT)
		error = section_read(reading, &section, inner_read);
	else if (!reading_is_null(reading))
		error = reading_error(reading,
		    error_config("expected a map of keys, found %s", reading_found(reading)));
	if (is_error(&error))
		return error;
	error = words_check(feed);
	if (is_error(&error))
		return reading_error_at(reading, mark, error);
	return defaults_take(reading, mark, &section);
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
	const struct section section = {SECTION_TOP, &file->config, &reading->given};
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

/* Up to the first event of the document's content. */
static struct error document_open(struct reading *reading)
{
	struct error error = reading_next(reading); /* the stream's start */
	if (!is_error(&error))
		error = reading_next(reading);
	if (!is_error(&error) && reading->event.type != YAML_STREAM_END_EVENT)
		error = reading_next(reading);
	if (is_error(&error))
		return error;
	if (reading->event.type == YAML_STREAM_END_EVENT || reading_is_null(reading))
		return reading_error(reading, error_config("the configuration is empty"));
	if (reading->event.type != YAML_MAPPING_START_EVENT)
		return reading_error(reading,
		    error_config("expected a map of keys, found %s", reading_found(reading)));
	return OK;
}

static struct error document_close(struct reading *reading)
{
	struct error error = reading_next(reading); /* the document's end */
	if (!is_error(&error))
		error = reading_next(reading);
	if (!is_error(&error) && reading->event.type != YAML_STREAM_END_EVENT)
		error = reading_error(reading, error_config("a second document: one is expected"));
	return error;
}

static struct error document_read(struct reading *reading)
{
	const struct section section = {SECTION_TOP, &reading->file->config, &reading->given};
	struct error error = document_open(reading);
	yaml_mark_t mark = reading->event.start_mark;
	if (!is_error(&error))
		error = section_read(reading, &section, map_read);
	if (!is_error(&error))
		error = document_close(reading);
	return is_error(&error) ? error : conclude(reading, mark);
}

static struct error file_read(const char *path, FILE *input, struct config_file *file)
{
	struct reading reading = {.path = path, .input = input, .file = file};
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
