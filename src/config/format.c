/*
 * format: settings back to text: as YAML that config_load reads, and a policy as one line.
 */
#include "enrold/arena.h"
#include "enrold/config.h"

#include "value.h"

#include <string.h>

/* Double quotes hold any text that the rules let through. */
static void text_quote(struct buffer *out, size_t from)
{
	struct buffer quoted = {0};
	buffer_add_char(&quoted, '"');
	for (size_t i = from; i < out->size; i++) {
		if (strchr("\"\\", out->bytes[i]))
			buffer_add_char(&quoted, '\\');
		buffer_add_char(&quoted, out->bytes[i]);
	}
	buffer_add_char(&quoted, '"');
	out->size = from;
	buffer_add(out, quoted.bytes, quoted.size);
	out->failed |= quoted.failed;
	buffer_done(&quoted);
}

static void section_format(
    enum key_section section, const void *base, const char *indent, struct buffer *out)
{
	size_t count;
	const struct config_key *keys = keys_of(section, &count);
	for (size_t i = 0; i < count; i++) {
		if (keys[i].kind == KEY_MAP)
			continue;
		buffer_print(out, "%s%s: ", indent, keys[i].name);
		size_t from = out->size;
		value_format(&keys[i], base, out);
		if (keys[i].kind == KEY_TEXT && !out->failed)
			text_quote(out, from);
		buffer_add_char(out, '\n');
	}
}

void config_format(const struct config *config, struct buffer *out)
{
	section_format(SECTION_TOP, config, "", out);
	buffer_add_text(out, "lms:\n");
	section_format(SECTION_LMS, &config->lms, "  ", out);
	buffer_add_text(out, "feeds:\n");
	for (size_t i = 0; i < config->feeds_count; i++) {
		buffer_print(out, "  %s:\n", config->feeds[i].name);
		section_format(SECTION_FEED, &config->feeds[i].policy, "    ", out);
	}
}

void policy_format(const struct policy *policy, struct buffer *out)
{
	size_t count;
	const struct config_key *keys = keys_of(SECTION_FEED, &count);
	for (size_t i = 0; i < count; i++) {
		buffer_print(out, "%s%s=", i > 0 ? " " : "", keys[i].name);
		value_format(&keys[i], policy, out);
	}
}

/* One "key=value"; what follows it goes on at *text. */
static struct error pair_parse(const char **text, struct policy *policy, uint32_t *given)
{
	char name[64], value[128];
	size_t count, length = strcspn(*text, "="), rest = strcspn(*text + length, " ");
	const struct config_key *first = keys_of(SECTION_FEED, &count);
	if (length >= sizeof name || rest == 0 || rest > sizeof value)
		return error_config("not a policy: %.80s", *text);
	memcpy(name, *text, length);
	name[length] = '\0';
	memcpy(value, *text + length + 1, rest - 1);
	value[rest - 1] = '\0';
	*text += length + rest;
	*text += **text == ' ';
	const struct config_key *key = keys_find(SECTION_FEED, name);
	if (!key)
		return error_config("a policy with an unknown key %s", name);
	*given |= UINT32_C(1) << (key - first);
	return value_parse(key, value, NULL, policy);
}

struct error policy_parse(const char *text, struct policy *policy)
{
	uint32_t given = 0;
	*policy = (struct policy){0};
	struct error error = OK;
	while (*text && !is_error(&error))
		error = pair_parse(&text, policy, &given);
	/* A key that is younger than the run has its default. */
	return is_error(&error) ? error : value_fill_defaults(SECTION_FEED, given, NULL, policy);
}
