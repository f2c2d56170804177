/*
 * section: the keys of one map of a file, by the table of keys. What a key is called, may hold and
 * defaults to is the table's business (keys.c), how a value is read the kind's (setting.c).
 */
#include "section.h"

#include "rules.h"
#include "setting.h"
#include "words.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

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
	if (section->is_preset && !(*key)->in_preset)
		return reading_error(reading,
		    error_config(
		        "may not stand in a preset: say it in the feed that has the preset"));
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
	struct error error = setting_add(key, reading_text(reading), reading->arena, section->base);
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

struct error section_take(
    struct reading *reading, const struct section *section, const struct config_key *key)
{
	if (key->kind == KEY_WORDS)
		return words_take(reading, key, reading->arena, section->base);
	if (key_parts(key) > 0)
		return list_take(reading, section, key);
	struct error error =
	    reading->event.type != YAML_SCALAR_EVENT || reading_is_null(reading)
	        ? setting_refuse(key, reading_found(reading))
	        : setting_parse(key, reading_text(reading), reading->arena, section->base);
	return is_error(&error) ? reading_error(reading, error) : OK;
}

struct error section_read(struct reading *reading, const struct section *section, take_map *on_map)
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
			            : section_take(reading, section, key);
		if (is_error(&error))
			return error;
	}
}

struct error section_read_inner(
    struct reading *reading, const struct section *outer, const struct config_key *key)
{
	const struct section section = {key->inner, outer->base, outer->given, outer->is_preset};
	if (reading_is_null(reading))
		return OK;
	if (reading->event.type != YAML_MAPPING_START_EVENT)
		return reading_error(reading, setting_refuse(key, reading_found(reading)));
	return section_read(reading, &section, section_read_inner);
}
