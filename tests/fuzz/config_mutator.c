/*
 * config_mutator: changes a configuration as a person would, who knows YAML but not its keys: a
 * value becomes one of another kind; keys are added, doubled, dropped, or moved to another section.
 * Bytes changed at random hardly ever are YAML any more, and so see little but libyaml.
 *
 * The document is loaded, changed and written by libyaml; what it cannot load is left to the bytes'
 * own mutator. A node that is used twice is written as an anchor and its alias.
 */
#include "fuzz.h"

#include "../../src/config/keys.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum { LONG_MAX = 6000, MANY_MAX = 1100 };

static uint32_t state;

static uint32_t dice(uint32_t sides)
{
	state = state * 1664525 + 1013904223;
	return sides ? (state >> 8) % sides : 0;
}

/* ---- values ---- */

static int scalar_add(yaml_document_t *document, const char *text)
{
	static const yaml_scalar_style_t styles[] = {YAML_PLAIN_SCALAR_STYLE,
	    YAML_DOUBLE_QUOTED_SCALAR_STYLE, YAML_SINGLE_QUOTED_SCALAR_STYLE,
	    YAML_LITERAL_SCALAR_STYLE};
	yaml_scalar_style_t style = styles[dice(8) < 5 ? 0 : 1 + dice(3)];
	const char *tag = dice(64) ? NULL : "tag:yaml.org,2002:binary";
	return yaml_document_add_scalar(document, (const yaml_char_t *)tag,
	    (const yaml_char_t *)text, (int)strlen(text), style);
}

static const struct config_key *key_any(void)
{
	size_t count;
	const struct config_key *keys = config_keys(&count);
	return &keys[dice((uint32_t)count)];
}

/* {role: {Tutor: teacher, gone: {suspended: 1}}} */
static int words_add(yaml_document_t *document, int depth)
{
	static const char *const names[][8] = {
	    {"role", "role1", "status", "Status", "suspended", "city", "cohort2", "x"},
	    {"Tutor", "tutor", "gone", "*", "NULL", "\xC3\x84", "\xC3\xA4", "0"},
	    {"suspended", "enrolstatus1", "role1", "city", "Suspended", "profile_field_x", "y", ""},
	};
	static const char *const cells[] = {"", "error", "keep", "1", "a, b", "%"};
	int map = yaml_document_add_mapping(document, NULL, YAML_FLOW_MAPPING_STYLE);
	for (uint32_t count = dice(4); map && count > 0; count--) {
		int name = scalar_add(document, names[depth][dice(8)]);
		bool is_cell = depth == 2 || (depth == 1 && dice(2));
		yaml_document_append_mapping_pair(document, map, name,
		    is_cell ? scalar_add(document, cells[dice(6)])
		            : words_add(document, depth + 1));
	}
	return map;
}

/* What may be right for the key. */
static int good_add(yaml_document_t *document, const struct config_key *key)
{
	char number[32];
	size_t words = 0;
	switch (key->kind) {
	case KEY_WORD:
		while (key->words[words])
			words++;
		return scalar_add(document, key->words[dice((uint32_t)words)]);
	case KEY_BOOL: return scalar_add(document, dice(2) ? "true" : "false");
	case KEY_UNSIGNED:
	case KEY_DURATION:
	case KEY_PERIOD:
	case KEY_SIZE:
		snprintf(number, sizeof number, "%llu%s",
		    (unsigned long long)(dice(2) ? key->min : key->max),
		    key->kind == KEY_DURATION || key->kind == KEY_PERIOD ? "ms" : "");
		return scalar_add(document, number);
	case KEY_SHARE:
		snprintf(number, sizeof number, "%u.%02u%%", dice(101), dice(100));
		return scalar_add(document, number);
	case KEY_WORDS: return words_add(document, 0);
	case KEY_TEXT:
	case KEY_LIST:
	case KEY_PAIRS:
	case KEY_MAP: break;
	}
	return scalar_add(document, key->default_text ? key->default_text : "username");
}

static int text_add(yaml_document_t *document)
{
	static const char *const texts[] = {"", "~", "null", "0", "-1", "1e9",
	    "018446744073709551616", "18446744073709551615", "true", "/", "/x", "%d/%m/%Y", "%f",
	    "%-1f%-l", "%q", ".done", ".", "..", "*", "<<", "username", "course1", "Username ",
	    "profile_field_x", "email", "sqlite:/x", "mariadb://u:p@h/d",
	    "postgresql://u:p@h:1/d?sslmode=require", "\xC2\x85", "\xE2\x80\xA8", "\xEF\xBB\xBF",
	    "rows", "sha256", "06:00", "mon", "2026-12-24", "2026-12-24..2027-01-06", "3d", "0.5%",
	    "100%", "a\tb", "a\nb", "\x7F", "\xF0\x9F\x98\x80", "tab", "utf-16", "ISO-2022-JP"};
	return scalar_add(document, texts[dice(sizeof texts / sizeof *texts)]);
}

static int long_add(yaml_document_t *document)
{
	static char text[LONG_MAX + 1];
	size_t length = dice(2) ? dice(LONG_MAX) : 240 + dice(30);
	memset(text, "x/\xC3%"[dice(4)], length);
	if (length > 0 && (unsigned char)text[0] == 0xC3)
		for (size_t i = 1; i < length; i += 2)
			text[i] = '\xA4';
	if (length % 2 && (unsigned char)text[0] == 0xC3)
		length--;
	text[length] = '\0';
	return scalar_add(document, text);
}

static int value_add_any(yaml_document_t *document, const struct config_key *key, int depth);

static int list_add(yaml_document_t *document, const struct config_key *key, int depth)
{
	int list = yaml_document_add_sequence(document, NULL, YAML_FLOW_SEQUENCE_STYLE);
	uint32_t count = dice(24) ? dice(5) : dice(MANY_MAX);
	for (uint32_t i = 0; list && i < count; i++)
		yaml_document_append_sequence_item(document, list,
		    count > 8 ? text_add(document) : value_add_any(document, key, depth + 1));
	return list;
}

static int map_add(yaml_document_t *document, const struct config_key *key, int depth)
{
	int map = yaml_document_add_mapping(document, NULL, YAML_FLOW_MAPPING_STYLE);
	uint32_t count = dice(24) ? dice(5) : dice(MANY_MAX);
	for (uint32_t i = 0; map && i < count; i++) {
		int name = dice(3) ? text_add(document) : scalar_add(document, key_any()->name);
		yaml_document_append_mapping_pair(document, map, name,
		    count > 8 ? text_add(document) : value_add_any(document, key, depth + 1));
	}
	return map;
}

/* Any kind of value, of which some are right. */
static int value_add_any(yaml_document_t *document, const struct config_key *key, int depth)
{
	int nodes = (int)(document->nodes.top - document->nodes.start);
	switch (depth > 2 ? dice(10) : dice(24)) {
	case 0: return 1 + (int)dice((uint32_t)nodes); /* an alias */
	case 1: return long_add(document);
	case 2:
	case 3:
	case 4:
	case 5: return text_add(document);
	case 6:
	case 7:
	case 8:
	case 9: return good_add(document, key);
	case 10:
	case 11:
	case 12:
	case 13:
	case 14:
	case 15:
	case 16: return list_add(document, key, depth);
	default: return map_add(document, key, depth);
	}
}

/* ---- places ---- */

/* One of the document's maps; NULL: it has none with a pair in it. */
static yaml_node_t *map_any(yaml_document_t *document)
{
	uint32_t nodes = (uint32_t)(document->nodes.top - document->nodes.start);
	for (uint32_t i = 0, first = dice(nodes); i < nodes; i++) {
		yaml_node_t *node = &document->nodes.start[(first + i) % nodes];
		if (node->type == YAML_MAPPING_NODE &&
		    node->data.mapping.pairs.top > node->data.mapping.pairs.start)
			return node;
	}
	return NULL;
}

static yaml_node_pair_t *pair_any(yaml_node_t *map)
{
	ptrdiff_t count = map->data.mapping.pairs.top - map->data.mapping.pairs.start;
	return &map->data.mapping.pairs.start[dice((uint32_t)count)];
}

static void pair_remove(yaml_node_t *map, yaml_node_pair_t *pair)
{
	memmove(pair, pair + 1, (size_t)(map->data.mapping.pairs.top - pair - 1) * sizeof *pair);
	map->data.mapping.pairs.top--;
}

static const struct config_key *key_of(yaml_document_t *document, int name)
{
	const yaml_node_t *node = yaml_document_get_node(document, name);
	size_t count;
	const struct config_key *keys = config_keys(&count);
	for (size_t i = 0; node && node->type == YAML_SCALAR_NODE && i < count; i++)
		if (strcmp(keys[i].name, (const char *)node->data.scalar.value) == 0)
			return &keys[i];
	return key_any();
}

/* Adding nodes may move them all: a map is known by its number. */
static int number_of(const yaml_document_t *document, const yaml_node_t *node)
{
	return (int)(node - document->nodes.start) + 1;
}

static void value_replace(yaml_document_t *document, yaml_node_t *map)
{
	int number = number_of(document, map);
	ptrdiff_t pair = pair_any(map) - map->data.mapping.pairs.start;
	const struct config_key *key = key_of(document, map->data.mapping.pairs.start[pair].key);
	int value = value_add_any(document, key, 0);
	if (value)
		yaml_document_get_node(document, number)->data.mapping.pairs.start[pair].value =
		    value;
}

/* The same value once more: the same node would be written as an alias, which is an error. */
static int node_copy(yaml_document_t *document, int number, int depth)
{
	const yaml_node_t node = *yaml_document_get_node(document, number);
	if (node.type == YAML_SCALAR_NODE)
		return yaml_document_add_scalar(document, NULL, node.data.scalar.value,
		    (int)node.data.scalar.length, node.data.scalar.style);
	if (node.type != YAML_MAPPING_NODE || depth > 3)
		return number;
	int copy = yaml_document_add_mapping(document, NULL, YAML_BLOCK_MAPPING_STYLE);
	ptrdiff_t count = node.data.mapping.pairs.top - node.data.mapping.pairs.start;
	for (ptrdiff_t i = 0; copy && i < count; i++)
		yaml_document_append_mapping_pair(document, copy,
		    node_copy(document, node.data.mapping.pairs.start[i].key, depth + 1),
		    node_copy(document, node.data.mapping.pairs.start[i].value, depth + 1));
	return copy;
}

/* The map of that name in a map, made when there is none; "<name>": any that there is. */
static int map_inside(yaml_document_t *document, int map, const char *name, size_t length)
{
	const yaml_node_t *node = yaml_document_get_node(document, map);
	bool is_any = *name == '<';
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(document, pair->key);
		const yaml_node_t *value = yaml_document_get_node(document, pair->value);
		bool is_named = key->type == YAML_SCALAR_NODE &&
		                key->data.scalar.length == length &&
		                memcmp(key->data.scalar.value, name, length) == 0;
		if (value->type == YAML_MAPPING_NODE && (is_named || (is_any && dice(2))))
			return pair->value;
	}
	const char *text = is_any ? "hr" : name;
	int key = yaml_document_add_scalar(document, NULL, (const yaml_char_t *)text,
	    is_any ? 2 : (int)length, YAML_PLAIN_SCALAR_STYLE);
	int made = yaml_document_add_mapping(document, NULL, YAML_BLOCK_MAPPING_STYLE);
	yaml_document_append_mapping_pair(document, map, key, made);
	return made;
}

/* Where the key belongs: "feeds.<name>.csv." is a way there. */
static int map_of(yaml_document_t *document, const struct config_key *key)
{
	int map = 1; /* the root */
	for (const char *name = keys_prefix(key->section); *name;) {
		size_t length = strcspn(name, ".");
		if (yaml_document_get_node(document, map)->type != YAML_MAPPING_NODE)
			return 0;
		map = map_inside(document, map, name, length);
		name += length + (name[length] == '.');
	}
	return yaml_document_get_node(document, map)->type == YAML_MAPPING_NODE ? map : 0;
}

static void key_insert(yaml_document_t *document, yaml_node_t *map)
{
	const struct config_key *key = key_any();
	int number = number_of(document, map), right = dice(8) ? map_of(document, key) : 0;
	int name = yaml_document_add_scalar(document, NULL, (const yaml_char_t *)key->name,
	    (int)strlen(key->name), YAML_PLAIN_SCALAR_STYLE);
	int value = dice(2) ? good_add(document, key) : value_add_any(document, key, 0);
	if (name && value)
		yaml_document_append_mapping_pair(document, right ? right : number, name, value);
}

static void key_move(yaml_document_t *document, yaml_node_t *map, bool keeps)
{
	yaml_node_pair_t *pair = pair_any(map), moved = *pair;
	yaml_node_t *other = keeps && dice(2) ? map : map_any(document);
	int number = number_of(document, other);
	if (!keeps)
		pair_remove(map, pair);
	yaml_document_append_mapping_pair(document, number,
	    keeps ? node_copy(document, moved.key, 0) : moved.key,
	    keeps ? node_copy(document, moved.value, 0) : moved.value);
}

static void document_change(yaml_document_t *document)
{
	yaml_node_t *map = map_any(document);
	if (!map)
		return;
	switch (dice(10)) {
	case 0: pair_remove(map, pair_any(map)); break;
	case 1: key_move(document, map, true); break;
	case 2: key_move(document, map, false); break;
	case 3:
	case 4:
	case 5: value_replace(document, map); break;
	default: key_insert(document, map); break;
	}
}

/* ---- there and back ---- */

static bool document_load(yaml_document_t *document, const uint8_t *data, size_t size)
{
	yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return false;
	yaml_parser_set_input_string(&parser, data, size);
	bool is_good = yaml_parser_load(&parser, document);
	yaml_parser_delete(&parser);
	if (is_good && yaml_document_get_root_node(document))
		return true;
	if (is_good)
		yaml_document_delete(document);
	return false;
}

/* The document is gone after that. 0: it does not fit. */
static size_t document_write(yaml_document_t *document, uint8_t *data, size_t max)
{
	yaml_emitter_t emitter;
	size_t written = 0;
	if (!yaml_emitter_initialize(&emitter)) {
		yaml_document_delete(document);
		return 0;
	}
	yaml_emitter_set_output_string(&emitter, data, max, &written);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	bool is_good = yaml_emitter_open(&emitter) && yaml_emitter_dump(&emitter, document) &&
	               yaml_emitter_close(&emitter);
	yaml_emitter_delete(&emitter);
	return is_good ? written : 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	yaml_document_t document;
	state = seed;
	if (dice(8) == 0 || !document_load(&document, data, size))
		return LLVMFuzzerMutate(data, size, max);
	for (uint32_t times = 1 + dice(2); times > 0; times--)
		document_change(&document);
	size_t written = document_write(&document, data, max);
	return written > 0 ? written : LLVMFuzzerMutate(data, size, max);
}
