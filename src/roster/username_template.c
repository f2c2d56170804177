/*
 * username_template: %u, %f, %l in a feed's defaults and user names, each with a modifier (+ for
 * upper case, - for lower case, ~ for title case) and a length. lms/README 2.3 tells of Moodle's
 * slips, which people's templates live with: its class of modifiers is a range of characters from
 * '+' to '~', digits and letters included, so that %1f is the whole first name; only a length's
 * last digit counts.
 */
#include "enrold/username_template.h"

#include "roster.h"

#include <utf8proc.h>

struct placeholder {
	char modifier; /* 0: none */
	int length;    /* characters, 0: all */
	char name;     /* u, f or l */
	size_t size;   /* bytes in the template, the percent sign included */
};

/* After the modifier: digits and the name. */
static bool tail_parse(struct slice text, size_t at, struct placeholder *placeholder)
{
	placeholder->length = 0;
	for (; at < text.size && text.bytes[at] >= '0' && text.bytes[at] <= '9'; at++)
		placeholder->length = text.bytes[at] - '0';
	if (at >= text.size || !slice_has(SLICE("ufl"), text.bytes[at]))
		return false;
	placeholder->name = text.bytes[at];
	placeholder->size = at + 1;
	return true;
}

/* At a percent sign; with a modifier if that is possible at all, as regular expressions do. */
static bool placeholder_parse(struct slice text, struct placeholder *placeholder)
{
	char modifier = text.size > 1 ? text.bytes[1] : '\0';
	*placeholder = (struct placeholder){.modifier = modifier};
	if (modifier >= '+' && modifier <= '~' && tail_parse(text, 2, placeholder))
		return true;
	placeholder->modifier = '\0';
	return tail_parse(text, 1, placeholder);
}

static utf8proc_int32_t letter_change(utf8proc_int32_t c, char modifier, bool is_first)
{
	switch (modifier) {
	case '+': return utf8proc_toupper(c);
	case '-': return utf8proc_tolower(c);
	case '~': return is_first ? utf8proc_totitle(c) : utf8proc_tolower(c);
	default: return c;
	}
}

static bool is_letter(utf8proc_int32_t c)
{
	utf8proc_category_t category = utf8proc_category(c);
	return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

static void name_add(struct buffer *out, struct slice name, const struct placeholder *placeholder)
{
	bool is_first = true;
	int count = 0;
	for (size_t i = 0; i < name.size; count++) {
		utf8proc_int32_t c;
		utf8proc_uint8_t bytes[4];
		utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)name.bytes + i,
		    (utf8proc_ssize_t)(name.size - i), &c);
		if (size <= 0 || (placeholder->length > 0 && count == placeholder->length))
			return;
		i += (size_t)size;
		utf8proc_int32_t changed = letter_change(c, placeholder->modifier, is_first);
		buffer_add(out, bytes, (size_t)utf8proc_encode_char(changed, bytes));
		is_first = !is_letter(c);
	}
}

static struct slice name_of(const struct template_names *names, char name)
{
	return name == 'u' ? names->username : name == 'f' ? names->firstname : names->lastname;
}

/* The placeholder that begins at i; false: the text there stands for itself. */
static bool placeholder_at(struct slice template, size_t i, struct placeholder *placeholder)
{
	bool is_doubled = i > 0 && template.bytes[i - 1] == '%';
	return template.bytes[i] == '%' && !is_doubled &&
	       placeholder_parse(
	           (struct slice){template.bytes + i, template.size - i}, placeholder);
}

bool template_makes_names(struct slice template)
{
	struct placeholder placeholder;
	bool has_name = false;
	for (size_t i = 0; i < template.size;) {
		bool is_one = placeholder_at(template, i, &placeholder);
		if (!is_one && template.bytes[i] == '%')
			return false;
		has_name |= is_one && placeholder.name != 'u';
		i += is_one ? placeholder.size : 1;
	}
	return has_name;
}

bool template_is_constant(struct slice template)
{
	struct placeholder placeholder;
	for (size_t i = 0; i < template.size; i++)
		if (placeholder_at(template, i, &placeholder))
			return false;
	return true;
}

struct slice template_fill(
    struct slice template, const struct template_names *names, struct arena *arena)
{
	struct buffer out = {0};
	for (size_t i = 0; i < template.size;) {
		struct placeholder placeholder;
		if (!placeholder_at(template, i, &placeholder)) {
			buffer_add_char(&out, template.bytes[i]);
			i++;
			continue;
		}
		name_add(&out, name_of(names, placeholder.name), &placeholder);
		i += placeholder.size;
	}
	if (out.failed)
		arena_fail(arena);
	struct slice filled = arena_copy(arena, buffer_slice(&out));
	buffer_done(&out);
	return filled;
}
