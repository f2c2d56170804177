/*
 * format: settings back to text: as YAML that config_load reads, and a policy as one line.
 */
#include "feed_own.h"
#include "setting.h"

#include "enrold/arena.h"
#include "enrold/config.h"
#include "enrold/cut.h"

#include <string.h>

/* Double quotes hold any text that the rules let through. */
static void text_quote(struct buffer *out, const char *text)
{
	buffer_add_char(out, '"');
	for (; *text; text++) {
		if (strchr("\"\\\t\r\n", *text))
			buffer_add_char(out, '\\');
		buffer_add_char(out, *text == '\t'   ? 't'
		                     : *text == '\r' ? 'r'
		                     : *text == '\n' ? 'n'
		                                     : *text);
	}
	buffer_add_char(out, '"');
}

static void secret_quote(struct buffer *out, const struct config_key *key, const char *text)
{
	struct buffer shown = {0};
	key->show(text, &shown);
	buffer_add_char(&shown, '\0');
	text_quote(out, shown.failed ? "" : shown.bytes);
	buffer_done(&shown);
}

static void list_format(const struct config_key *key, const void *base, struct buffer *out)
{
	const struct text_list *list = setting_list(key, base);
	bool is_pairs = key->kind == KEY_PAIRS;
	if (list->count == 0) {
		buffer_add_text(out, is_pairs ? "{}" : "[]");
		return;
	}
	buffer_add_text(out, is_pairs ? "{ " : "[ ");
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			buffer_add_text(out, is_pairs && i % 2 ? ": " : ", ");
		text_quote(out, list->items[i]);
	}
	buffer_add_text(out, is_pairs ? " }" : " ]");
}

/* A word that is one cell of its own column stands for itself. */
static void word_format(const struct text_list *list, size_t at, size_t end, struct buffer *out)
{
	const char *const *parts = &list->items[at];
	text_quote(out, parts[1]);
	buffer_add_text(out, ": ");
	if (end - at == WORDS_PARTS && strcmp(parts[0], parts[2]) == 0) {
		text_quote(out, parts[3]);
		return;
	}
	for (size_t i = at; i < end; i += WORDS_PARTS) {
		buffer_add_text(out, i == at ? "{ " : ", ");
		text_quote(out, list->items[i + 2]);
		buffer_add_text(out, ": ");
		text_quote(out, list->items[i + 3]);
	}
	buffer_add_text(out, " }");
}

/* How far the texts at the first places of the parts stay the same. */
static size_t same_end(const struct text_list *list, size_t at, size_t places)
{
	size_t end = at + WORDS_PARTS;
	for (; end < list->count; end += WORDS_PARTS)
		for (size_t place = 0; place < places; place++)
			if (strcmp(list->items[end + place], list->items[at + place]) != 0)
				return end;
	return end;
}

static void words_format(const struct text_list *list, struct buffer *out)
{
	for (size_t column = 0; column < list->count;) {
		size_t end = same_end(list, column, 1);
		buffer_add_text(out, column == 0 ? "{ " : ", ");
		text_quote(out, list->items[column]);
		for (size_t word = column; word < end;) {
			size_t word_end = same_end(list, word, 2);
			buffer_add_text(out, word == column ? ": { " : ", ");
			word_format(list, word, word_end, out);
			word = word_end;
		}
		buffer_add_text(out, " }");
		column = end;
	}
	buffer_add_text(out, list->count > 0 ? " }" : "{}");
}

static void key_format(const struct config_key *key, const void *base, struct buffer *out)
{
	if (key->kind == KEY_WORDS) {
		words_format(setting_list(key, base), out);
	} else if (key_parts(key) > 0) {
		list_format(key, base, out);
	} else if (key->kind == KEY_TEXT) {
		const char *text;
		memcpy(&text, (const char *)base + key->offset, sizeof text);
		if (key->show)
			secret_quote(out, key, text);
		else
			text_quote(out, text);
	} else {
		setting_format(key, base, out);
	}
}

static bool is_shown(const struct config_key *key, const void *base)
{
	return key->kind != KEY_MAP && !setting_is_absent(key, base);
}

/* Whose values are printed. */
struct printed {
	const void *base;
	const struct keys_given *given; /* of keys that a preset may say only these; NULL: all */
};

static bool is_printed(const struct config_key *key, const struct printed *printed)
{
	bool is_ours = !key->in_preset || !printed->given || printed->given->has[keys_index(key)];
	return is_ours && is_shown(key, printed->base);
}

static bool has_printed(enum key_section section, const struct printed *printed)
{
	size_t count;
	const struct config_key *keys = keys_of(section, &count);
	for (size_t i = 0; i < count; i++)
		if (is_printed(&keys[i], printed) ||
		    (keys[i].inner != SECTION_TOP && has_printed(keys[i].inner, printed)))
			return true;
	return false;
}

static void section_print(
    enum key_section section, const struct printed *printed, int indent, struct buffer *out)
{
	size_t count;
	const struct config_key *keys = keys_of(section, &count);
	for (size_t i = 0; i < count; i++) {
		enum key_section inner = keys[i].inner;
		if (inner != SECTION_TOP && has_printed(inner, printed)) {
			buffer_print(out, "%*s%s:\n", indent, "", keys[i].name);
			section_print(inner, printed, indent + 2, out);
		}
		if (!is_printed(&keys[i], printed))
			continue;
		buffer_print(out, "%*s%s: ", indent, "", keys[i].name);
		key_format(&keys[i], printed->base, out);
		buffer_add_char(out, '\n');
	}
}

static void section_format(
    enum key_section section, const void *base, int indent, struct buffer *out)
{
	const struct printed printed = {base, NULL};
	section_print(section, &printed, indent, out);
}

static void feed_format(const struct feed *feed, struct buffer *out)
{
	const struct printed own = {
	    feed->own ? &feed->own->policy : &feed->policy, feed->own ? &feed->own->given : NULL};
	buffer_print(out, "  %s:\n", feed->name);
	section_print(SECTION_FEED, &own, 4, out);
}

void config_format(const struct config *config, struct buffer *out)
{
	section_format(SECTION_TOP, config, 0, out);
	buffer_add_text(out, "lms:\n");
	section_format(SECTION_LMS, &config->lms, 2, out);
	if (config->checkpoints.key) {
		buffer_add_text(out, "checkpoints:\n");
		section_format(SECTION_CHECKPOINTS, &config->checkpoints, 2, out);
	}
	if (config->mail.smtp) {
		buffer_add_text(out, "mail:\n");
		section_format(SECTION_MAIL, &config->mail, 2, out);
	}
	if (config->webhook.key) {
		buffer_add_text(out, "webhook:\n");
		section_format(SECTION_WEBHOOK, &config->webhook, 2, out);
	}
	buffer_add_text(out, "feeds:\n");
	for (size_t i = 0; i < config->feeds_count; i++)
		feed_format(&config->feeds[i], out);
}

/* ---- a policy as one line: key=value key=item,item ---- */

/* The sections that it has keys of, and what stands in front of these. */
static const struct {
	enum key_section section;
	const char *prefix;
} line_sections[] = {
    {SECTION_FEED, ""},
    {SECTION_CSV, ""},
    {SECTION_MAY, "may."},
    {SECTION_CREATE, "may.create."},
    {SECTION_ABSENCE, "absence."},
    {SECTION_LIMITS, "limits."},
    {SECTION_REMOVALS, "limits.removals."},
    {SECTION_PER_COURSE, "limits.per_course."},
    {SECTION_ACCOUNTS, "limits.accounts."},
    {SECTION_BY_CELL, "limits.by_cell."},
    {SECTION_CREATED, "limits.created."},
    {SECTION_ERRORS, "limits.errors."},
};

enum { LINE_SECTIONS = sizeof line_sections / sizeof *line_sections };

static void text_escape(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		if (*text <= ' ' || strchr("%,=\x7F", *text))
			buffer_print(out, "%%%02X", (unsigned char)*text);
		else
			buffer_add_char(out, *text);
	}
}

static int digit_of(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;
	return found ? (int)(found - digits) : -1;
}

/* In place; false: not one of ours. */
static bool text_unescape(char *text)
{
	char *to = text;
	for (; *text; text++, to++) {
		*to = *text;
		if (*text != '%')
			continue;
		int high = digit_of(text[1]), low = high < 0 ? -1 : digit_of(text[2]);
		if (low < 0)
			return false;
		*to = (char)(high * 16 + low);
		text += 2;
	}
	*to = '\0';
	return true;
}

static void pair_format(const struct config_key *key, const char *prefix,
    const struct policy *policy, struct buffer *out)
{
	buffer_print(out, "%s%s%s=", out->size > 0 ? " " : "", prefix, key->name);
	if (key_parts(key) > 0) {
		const struct text_list *list = setting_list(key, policy);
		for (size_t i = 0; i < list->count; i++) {
			buffer_add_text(out, i > 0 ? "," : "");
			text_escape(out, list->items[i]);
		}
		return;
	}
	struct buffer value = {0};
	setting_format(key, policy, &value);
	buffer_add_char(&value, '\0');
	if (value.failed)
		out->failed = true;
	else
		text_escape(out, value.bytes);
	buffer_done(&value);
}

void policy_format(const struct policy *policy, struct buffer *out)
{
	for (size_t s = 0; s < LINE_SECTIONS; s++) {
		size_t count;
		const struct config_key *keys = keys_of(line_sections[s].section, &count);
		for (size_t i = 0; i < count; i++)
			if (is_shown(&keys[i], policy) && !keys[i].is_local)
				pair_format(&keys[i], line_sections[s].prefix, policy, out);
	}
}

static struct error items_parse(
    const struct config_key *key, char *value, struct arena *arena, struct policy *policy)
{
	struct error error = OK;
	setting_begin_list(key, policy);
	if (!*value) /* an empty list, which is not one of an empty text */
		return setting_check_list(key, policy);
	for (char *rest = value, *item; (item = strsep(&rest, ",")) && !is_error(&error);)
		error = text_unescape(item) ? setting_add(key, item, arena, policy)
		                            : error_config("a policy with a strange %s", key->name);
	return is_error(&error) ? error : setting_check_list(key, policy);
}

static const struct config_key *line_key_find(const char *name)
{
	for (size_t s = 0; s < LINE_SECTIONS; s++) {
		size_t length = strlen(line_sections[s].prefix);
		const struct config_key *key =
		    strncmp(name, line_sections[s].prefix, length) == 0
		        ? keys_find(line_sections[s].section, name + length)
		        : NULL;
		if (key && key->kind != KEY_MAP && !key->is_local)
			return key;
	}
	return NULL;
}

/* One "key=value". */
static struct error pair_parse(
    char *pair, struct arena *arena, struct policy *policy, struct keys_given *given)
{
	char *value = strchr(pair, '=');
	if (!value)
		return error_config("not a policy: %.*s", CUT_ARG(pair, 80));
	*value++ = '\0';
	const struct config_key *key = line_key_find(pair);
	if (!key)
		return error_config("a policy with an unknown key %.*s", CUT_ARG(pair, 80));
	given->has[keys_index(key)] = true;
	if (key_parts(key) > 0)
		return items_parse(key, value, arena, policy);
	if (!text_unescape(value))
		return error_config("a policy with a strange %s", key->name);
	return setting_parse(key, value, arena, policy);
}

/* What was begun without a limit goes on without it. */
static void were_off(struct keys_given *given)
{
	size_t count;
	const struct config_key *keys = config_keys(&count);
	for (size_t i = 0; i < count; i++)
		given->has[i] |= keys[i].was_off;
}

struct error policy_parse(const char *text, struct arena *arena, struct policy *policy)
{
	struct keys_given given = {0};
	*policy = (struct policy){0};
	char *rest = (char *)arena_copy(arena, slice_of(text)).bytes;
	if (arena_has_failed(arena))
		return error_memory("reading a policy");
	struct error error = OK;
	for (char *pair; (pair = strsep(&rest, " ")) && !is_error(&error);)
		if (*pair)
			error = pair_parse(pair, arena, policy, &given);
	/* A key that is younger than the run has its default. The rest of a file that a build
	 * without `may` has begun is done within the bounds of today's defaults, which are the
	 * narrow ones. */
	were_off(&given);
	return is_error(&error) ? error
	                        : setting_fill_defaults(SECTION_FEED, &given, arena, policy);
}
