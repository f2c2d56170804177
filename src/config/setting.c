#include "setting.h"

#include "rules.h"

#include "enrold/policy.h"
#include "enrold/value.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *suffix;
	uint64_t factor;
};

/* Printing takes the first unit that divides the value; those after a factor of 1 are only read. */
static const struct unit units_none[] = {{"", 1}, {NULL, 0}};
static const struct unit units_duration[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {"", 1000}, {NULL, 0}};
static const struct unit units_size[] = {
    {"TiB", UINT64_C(1) << 40},
    {"GiB", UINT64_C(1) << 30},
    {"MiB", UINT64_C(1) << 20},
    {"KiB", UINT64_C(1) << 10},
    {"", 1},
    {"kB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"TB", 1000000000000},
    {NULL, 0},
};

static const struct unit *units_of(enum key_kind kind)
{
	if (kind == KEY_DURATION || kind == KEY_PERIOD)
		return units_duration;
	return kind == KEY_SIZE ? units_size : units_none;
}

/* Digits without a leading zero (YAML 1.1 would take 010 for eight), up to the unit. */
static bool digits_parse(const char **text, uint64_t *number)
{
	const char *c = *text;
	if (*c < '0' || *c > '9' || (c[0] == '0' && c[1] >= '0' && c[1] <= '9'))
		return false;
	*number = 0;
	for (; *c >= '0' && *c <= '9'; c++) {
		uint64_t digit = (uint64_t)(*c - '0');
		if (*number > (UINT64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	*text = c;
	return true;
}

/* The only word of a period that may be without end. */
static const char *endless_word(const struct config_key *key)
{
	return key->kind == KEY_PERIOD && key->words ? key->words[0] : NULL;
}

static bool number_parse(const struct config_key *key, const char *text, uint64_t *value)
{
	uint64_t number;
	const char *endless = endless_word(key);
	if (endless && strcmp(text, endless) == 0)
		return *value = PERIOD_ENDLESS, true;
	if (!digits_parse(&text, &number))
		return false;
	const struct unit *unit = units_of(key->kind);
	while (unit->suffix && strcmp(unit->suffix, text) != 0)
		unit++;
	if (!unit->suffix || number > UINT64_MAX / unit->factor)
		return false;
	*value = number * unit->factor;
	return *value >= key->min && *value <= key->max;
}

static void number_format(const struct config_key *key, uint64_t value, struct buffer *out)
{
	const struct unit *unit = units_of(key->kind);
	const char *endless = endless_word(key);
	if (endless && value == PERIOD_ENDLESS) {
		buffer_add_text(out, endless);
		return;
	}
	while (value % unit->factor != 0)
		unit++;
	const char *suffix = value == 0 ? "" : unit->suffix;
	buffer_print(out, "%llu%s", (unsigned long long)(value / unit->factor), suffix);
}

static void number_expect(const struct config_key *key, struct buffer *out)
{
	static const char *const nouns[] = {[KEY_UNSIGNED] = "a number",
	    [KEY_DURATION] = "a time",
	    [KEY_PERIOD] = "a time",
	    [KEY_SIZE] = "a size"};
	buffer_print(out, "%s from ", nouns[key->kind]);
	number_format(key, key->min, out);
	buffer_add_text(out, " to ");
	number_format(key, key->max, out);
	const char *endless = endless_word(key);
	if (endless)
		buffer_print(out, " or %s", endless);
}

/* Percent, with up to two digits behind the point; so it is counted in hundredths. */
static bool share_parse(const struct config_key *key, const char *text, uint64_t *value)
{
	uint64_t number;
	if (!digits_parse(&text, &number) || number > key->max)
		return false;
	*value = number * 100;
	if (*text == '.') {
		uint64_t weight = 10;
		if (text[1] < '0' || text[1] > '9')
			return false;
		for (text++; *text >= '0' && *text <= '9'; text++, weight /= 10) {
			if (weight == 0)
				return false;
			*value += (uint64_t)(*text - '0') * weight;
		}
	}
	return strcmp(text, "%") == 0 && *value >= key->min && *value <= key->max;
}

static void share_format(const struct config_key *key, uint64_t value, struct buffer *out)
{
	(void)key;
	unsigned percent = (unsigned)(value / 100), rest = (unsigned)(value % 100);
	if (rest == 0)
		buffer_print(out, "%u%%", percent);
	else if (rest % 10 == 0)
		buffer_print(out, "%u.%u%%", percent, rest / 10);
	else
		buffer_print(out, "%u.%02u%%", percent, rest);
}

static void share_expect(const struct config_key *key, struct buffer *out)
{
	buffer_add_text(out, "a share from ");
	share_format(key, key->min, out);
	buffer_add_text(out, " to ");
	share_format(key, key->max, out);
	buffer_add_text(out, " such as 0.5%");
}

static bool word_parse(const struct config_key *key, const char *text, uint64_t *value)
{
	for (*value = 0; key->words[*value]; ++*value)
		if (strcmp(key->words[*value], text) == 0)
			return true;
	return false;
}

static void word_format(const struct config_key *key, uint64_t value, struct buffer *out)
{
	buffer_add_text(out, key->words[value]);
}

static void word_expect(const struct config_key *key, struct buffer *out)
{
	for (size_t i = 0; key->words[i]; i++) {
		const char *comma = key->words[i + 1] ? ", " : " or ";
		buffer_print(out, "%s%s", i == 0 ? "" : comma, key->words[i]);
	}
}

/* All that YAML 1.1 takes for a truth value but its one-letter forms. */
static bool bool_parse(const struct config_key *key, const char *text, uint64_t *value)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
	(void)key;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcasecmp(words[i], text) == 0) {
			*value = i % 2;
			return true;
		}
	}
	return false;
}

static void bool_format(const struct config_key *key, uint64_t value, struct buffer *out)
{
	(void)key;
	buffer_add_text(out, value ? "true" : "false");
}

static void bool_expect(const struct config_key *key, struct buffer *out)
{
	(void)key;
	buffer_add_text(out, "true or false");
}

/* What a rule wants. One that takes the empty text cannot be asked with it: its row has the noun.
 */
static const char *noun_of(const struct config_key *key)
{
	const char *noun = key->noun ? key->noun : key->rule("");
	return noun ? noun : "another text";
}

static void text_expect(const struct config_key *key, struct buffer *out)
{
	buffer_add_text(out, noun_of(key));
}

static void list_expect(const struct config_key *key, struct buffer *out)
{
	const char *first = key->name_rule ? key->name_rule("") : NULL;
	if (key->kind == KEY_PAIRS)
		buffer_print(out, "a map of at most %d names, each ", (int)key->max);
	else if (key->min == key->max)
		buffer_print(out, "a list of %d, each ", (int)key->max);
	else
		buffer_print(out, "a list of %d to %d, each ", (int)key->min, (int)key->max);
	if (first && key->kind == KEY_PAIRS)
		buffer_print(out, "%s, for ", first);
	buffer_add_text(out, noun_of(key));
	if (first && key->kind == KEY_LIST)
		buffer_print(out, ", the first %s", first);
}

static void words_expect(const struct config_key *key, struct buffer *out)
{
	buffer_print(
	    out, "a map of columns, each with a map of words, of at most %d cells", (int)key->max);
}

static void map_expect(const struct config_key *key, struct buffer *out)
{
	(void)key;
	buffer_add_text(out, "a map of keys");
}

/* What a kind is made of; the texts, which need memory, have no parse and no width here. */
static const struct {
	size_t width;
	bool (*parse)(const struct config_key *key, const char *text, uint64_t *value);
	void (*format)(const struct config_key *key, uint64_t value, struct buffer *out);
	void (*expect)(const struct config_key *key, struct buffer *out);
} kinds[] = {
    [KEY_TEXT] = {.expect = text_expect},
    [KEY_BOOL] = {sizeof(bool), bool_parse, bool_format, bool_expect},
    [KEY_UNSIGNED] = {sizeof(uint32_t), number_parse, number_format, number_expect},
    [KEY_DURATION] = {sizeof(uint32_t), number_parse, number_format, number_expect},
    [KEY_PERIOD] = {sizeof(uint64_t), number_parse, number_format, number_expect},
    [KEY_SHARE] = {sizeof(share_bp), share_parse, share_format, share_expect},
    [KEY_SIZE] = {sizeof(uint64_t), number_parse, number_format, number_expect},
    [KEY_WORD] = {sizeof(enum key_kind), word_parse, word_format, word_expect},
    [KEY_LIST] = {.expect = list_expect},
    [KEY_PAIRS] = {.expect = list_expect},
    [KEY_WORDS] = {.expect = words_expect},
    [KEY_MAP] = {.expect = map_expect},
};

static_assert(sizeof(bool) != sizeof(uint32_t) && sizeof(enum key_kind) == sizeof(uint32_t),
    "the width tells a bool, a 32-bit field or enumeration and a size apart");

static void field_set(void *field, size_t width, uint64_t value)
{
	bool truth = value != 0;
	uint32_t narrow = (uint32_t)value;
	if (width == sizeof truth)
		memcpy(field, &truth, sizeof truth);
	else if (width == sizeof narrow)
		memcpy(field, &narrow, sizeof narrow);
	else
		memcpy(field, &value, sizeof value);
}

static uint64_t field_get(const void *field, size_t width)
{
	bool truth;
	uint32_t narrow;
	uint64_t wide;
	if (width == sizeof truth)
		return memcpy(&truth, field, sizeof truth), truth;
	if (width == sizeof narrow)
		return memcpy(&narrow, field, sizeof narrow), narrow;
	return memcpy(&wide, field, sizeof wide), wide;
}

static struct error refuse(const char *expected, const char *found)
{
	if (!found)
		return error_config("expected %s", expected);
	return error_config("expected %s, found %s", expected, found);
}

struct error setting_refuse(const struct config_key *key, const char *found)
{
	struct buffer expected = {0};
	kinds[key->kind].expect(key, &expected);
	buffer_add_char(&expected, '\0');
	struct error error = expected.failed ? error_memory("checking the configuration")
	                                     : refuse(expected.bytes, found);
	buffer_done(&expected);
	return error;
}

static struct error text_parse(
    const struct config_key *key, const char *text, struct arena *arena, void *field)
{
	bool may_break = key->rule == rule_heading; /* as a cell of a spreadsheet may */
	const char *expected = rule_is_plain(text, may_break) ? key->rule(text) : noun_of(key);
	if (expected) {
		char found[64];
		bool is_shown = !key->show && rule_is_shown(text);
		snprintf(found, sizeof found, "\"%s\"", is_shown ? text : "");
		return refuse(expected, is_shown ? found : NULL);
	}
	char *copy = (char *)arena_copy(arena, slice_of(text)).bytes;
	if (arena_has_failed(arena))
		return error_memory("reading the configuration");
	if (key->tidy)
		key->tidy(copy);
	memcpy(field, &copy, sizeof copy);
	return OK;
}

struct error setting_parse(
    const struct config_key *key, const char *text, struct arena *arena, void *base)
{
	void *field = (char *)base + key->offset;
	if (key->kind == KEY_TEXT)
		return text_parse(key, text, arena, field);
	uint64_t value;
	if (!kinds[key->kind].parse(key, text, &value)) {
		char found[64];
		snprintf(found, sizeof found, "\"%s\"", rule_is_shown(text) ? text : "");
		return setting_refuse(key, rule_is_shown(text) ? found : NULL);
	}
	field_set(field, kinds[key->kind].width, value);
	if (key->said)
		field_set((char *)base + key->said, sizeof(bool), true);
	return OK;
}

void setting_begin_list(const struct config_key *key, void *base)
{
	struct text_list list = *setting_list(key, base);
	list.is_given = true;
	memcpy((char *)base + key->offset, &list, sizeof list);
}

static text_rule *item_rule(const struct config_key *key, size_t index)
{
	enum { COLUMN, WORD, TARGET };
	size_t part = index % key_parts(key);
	if (key->kind == KEY_WORDS)
		return part == WORD                       ? rule_word
		       : part == COLUMN || part == TARGET ? key->name_rule
		                                          : key->rule;
	bool is_name = key->kind == KEY_PAIRS ? part == 0 : index == 0;
	return key->name_rule && is_name ? key->name_rule : key->rule;
}

struct error setting_add(
    const struct config_key *key, const char *text, struct arena *arena, void *base)
{
	const char *item = "";
	struct text_list list = *setting_list(key, base);
	size_t max = (size_t)key->max * key_parts(key);
	if (list.count == max)
		return setting_refuse(key, "more");
	struct config_key one = *key; /* an item is a text of its own */
	one.offset = 0;
	one.rule = item_rule(key, list.count);
	if (one.rule != key->rule)
		one.noun = NULL;
	struct error error = text_parse(&one, text, arena, &item);
	if (is_error(&error))
		return error;
	/* What it is compared with is composed; but a program's arguments are its own business. */
	if (key->rule != rule_argument)
		item = value_compose(slice_of(item), arena).bytes;
	const char **items =
	    arena_grow(arena, list.items, list.count, list.count + 1, sizeof *items);
	if (!items)
		return error_memory("reading the configuration");
	items[list.count] = item;
	list.items = items;
	list.count++;
	list.is_given = true;
	memcpy((char *)base + key->offset, &list, sizeof list);
	return OK;
}

/* Of the items at odd or at even places: an earlier one that is the same, letter case aside. */
static bool item_finds(const struct text_list *list, size_t *earlier)
{
	size_t last = list->count - 1;
	for (*earlier = last % 2; *earlier < last; *earlier += 2)
		if (strcasecmp(list->items[*earlier], list->items[last]) == 0)
			return true;
	return false;
}

static const char *shown(const char *text)
{
	return rule_is_shown(text) ? text : "(not shown)";
}

struct error setting_check_item(const struct config_key *key, const void *base)
{
	const struct text_list *list = setting_list(key, base);
	size_t last = list->count - 1, earlier;
	bool is_name = last % 2 == 0;
	if (key->kind != KEY_PAIRS || !(is_name || key->is_one_to_one) ||
	    !item_finds(list, &earlier))
		return OK;
	if (is_name)
		return error_config("%s is given twice", shown(list->items[last]));
	return error_config("%s is what both %s and %s stand for: one of them has to go",
	    shown(list->items[last]), shown(list->items[earlier - 1]),
	    shown(list->items[last - 1]));
}

const struct text_list *setting_list(const struct config_key *key, const void *base)
{
	assert(key_parts(key) > 0);
	return (const void *)((const char *)base + key->offset);
}

bool setting_is_absent(const struct config_key *key, const void *base)
{
	if (key_parts(key) > 0)
		return setting_list(key, base)->count == 0 && !setting_list(key, base)->is_given;
	if (key->said)
		return !field_get((const char *)base + key->said, sizeof(bool));
	const char *text = "";
	if (key->kind == KEY_TEXT)
		memcpy(&text, (const char *)base + key->offset, sizeof text);
	return !text;
}

struct error setting_check_list(const struct config_key *key, const void *base)
{
	size_t count = setting_list(key, base)->count;
	bool is_whole = count % key_parts(key) == 0;
	return count < key->min || !is_whole ? setting_refuse(key, "fewer") : OK;
}

void setting_copy(const struct config_key *key, const void *from, void *to)
{
	size_t width = key_parts(key) > 0      ? sizeof(struct text_list)
	               : key->kind == KEY_TEXT ? sizeof(const char *)
	                                       : kinds[key->kind].width;
	memcpy((char *)to + key->offset, (const char *)from + key->offset, width);
	if (key->said)
		memcpy((char *)to + key->said, (const char *)from + key->said, sizeof(bool));
}

void setting_format(const struct config_key *key, const void *base, struct buffer *out)
{
	const void *field = (const char *)base + key->offset;
	if (key->kind == KEY_TEXT) {
		const char *text;
		memcpy(&text, field, sizeof text);
		buffer_add_text(out, text);
		return;
	}
	kinds[key->kind].format(key, field_get(field, kinds[key->kind].width), out);
}

/* The only item of a list, or none. */
static struct error list_set(
    const struct config_key *key, const char *text, struct arena *arena, void *base)
{
	setting_begin_list(key, base);
	return *text ? setting_add(key, text, arena, base) : OK;
}

static struct error default_set(
    const struct config_key *key, bool is_moodle, struct arena *arena, void *base)
{
	char made[256] = "";
	const char *text = is_moodle && key->moodle_text ? key->moodle_text : key->default_text;
	if (key->default_make) {
		if (!key->default_make(made, sizeof made))
			return error_config("%s%s: this host has no name that could be its default",
			    keys_prefix(key->section), key->name);
		text = made;
	}
	if (!text)
		return error_config(
		    "%s%s is missing: it has no default", keys_prefix(key->section), key->name);
	struct error error = key->kind == KEY_LIST ? list_set(key, text, arena, base)
	                                           : setting_parse(key, text, arena, base);
	return is_error(&error)
	           ? error_wrap(error, "%s%s by default", keys_prefix(key->section), key->name)
	           : OK;
}

static bool has_default(const struct config_key *key)
{
	return key->kind < KEY_LIST ? !key->optional : key->default_text != NULL;
}

struct error setting_fill_defaults(
    enum key_section section, const struct keys_given *given, struct arena *arena, void *base)
{
	size_t count;
	const struct config_key *keys = keys_of(section, &count);
	bool is_moodle =
	    section == SECTION_FEED && ((const struct policy *)base)->compat == COMPAT_MOODLE;
	for (size_t i = 0; i < count; i++) {
		struct error error = OK;
		if (keys[i].inner != SECTION_TOP)
			error = setting_fill_defaults(keys[i].inner, given, arena, base);
		else if (has_default(&keys[i]) && !given->has[keys_index(&keys[i])])
			error = default_set(&keys[i], is_moodle, arena, base);
		if (is_error(&error))
			return error;
	}
	return OK;
}
