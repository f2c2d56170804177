/*
 * form: one text, however its letters are put together. What is stored is composed (NFC), as
 * keyboards and browsers send it; files from a Mac, and what was imported from them, have letters
 * and their marks one by one (NFD).
 */
#include "enrold/value.h"

#include <stdlib.h>
#include <strings.h>
#include <utf8proc.h>

/* Below this no character combines with others or is made of others, but for what is composed. */
enum { MARKS_BEGIN = 0x300 };

/* More marks in a row no language has (Unicode's stream-safe text), and to put them in order costs
 * the square of their number: such a text has the form that it has. */
enum { MARKS_MAX = 30, PARTS_MAX = 8 };

/* Of the scripts of most files: they are composed as they stand. */
static bool is_inert(utf8proc_int32_t c)
{
	return c < MARKS_BEGIN || (c >= 0x400 && c < 0x483) || (c >= 0x4E00 && c < 0xA000);
}

static bool is_composed(struct slice text)
{
	for (size_t i = 0; i < text.size;) {
		utf8proc_int32_t c = (unsigned char)text.bytes[i];
		utf8proc_ssize_t size = 1;
		if (c >= 0x80)
			size = utf8proc_iterate((const utf8proc_uint8_t *)text.bytes + i,
			    (utf8proc_ssize_t)(text.size - i), &c);
		if (size <= 0)
			return true; /* no text: left as it is */
		if (!is_inert(c))
			return false;
		i += (size_t)size;
	}
	return true;
}

/* The marks in a row once all is taken apart: they are as many in either form of a text. */
static size_t marks_count(utf8proc_int32_t c, size_t marks)
{
	utf8proc_int32_t parts[PARTS_MAX];
	utf8proc_ssize_t count =
	    utf8proc_decompose_char(c, parts, PARTS_MAX, UTF8PROC_DECOMPOSE, NULL);
	for (utf8proc_ssize_t p = 0; p < count && p < PARTS_MAX; p++)
		marks = utf8proc_get_property(parts[p])->combining_class != 0 ? marks + 1 : 0;
	return marks;
}

static bool is_overloaded(struct slice text)
{
	size_t marks = 0;
	for (size_t i = 0; i < text.size && marks <= MARKS_MAX;) {
		utf8proc_int32_t c;
		utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text.bytes + i,
		    (utf8proc_ssize_t)(text.size - i), &c);
		if (size <= 0)
			break;
		marks = c < 0x80 ? 0 : marks_count(c, marks);
		i += (size_t)size;
	}
	return marks > MARKS_MAX;
}

static struct slice mapped(struct slice text, utf8proc_option_t form, struct arena *arena)
{
	if (is_overloaded(text))
		return text;
	utf8proc_uint8_t *bytes = NULL;
	utf8proc_ssize_t size = utf8proc_map((const utf8proc_uint8_t *)text.bytes,
	    (utf8proc_ssize_t)text.size, &bytes, UTF8PROC_STABLE | form);
	if (size < 0) {
		if (size == UTF8PROC_ERROR_NOMEM)
			arena_fail(arena);
		return text;
	}
	struct slice is = {(const char *)bytes, (size_t)size};
	if (!slice_is(is, text))
		text = arena_copy(arena, is);
	free(bytes);
	return text;
}

struct slice value_compose(struct slice text, struct arena *arena)
{
	return is_composed(text) ? text : mapped(text, UTF8PROC_COMPOSE, arena);
}

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.bytes[i] >= 0x80)
			return false;
	return true;
}

struct slice value_decompose(struct slice text, struct arena *arena)
{
	return is_ascii(text) ? text : mapped(text, UTF8PROC_DECOMPOSE, arena);
}

struct slice value_form(struct slice text, struct arena *arena)
{
	return value_compose(value_trim_end(text), arena);
}

struct slice value_fold(struct slice text, struct arena *arena)
{
	return value_lower(value_form(text, arena), arena);
}

bool value_is_alike(struct slice a, struct slice b, struct arena *arena)
{
	if (is_ascii(a) && is_ascii(b)) {
		a = value_trim_end(a), b = value_trim_end(b);
		return a.size == b.size &&
		       (a.size == 0 || strncasecmp(a.bytes, b.bytes, a.size) == 0);
	}
	return slice_is(a, b) || slice_is(value_fold(a, arena), value_fold(b, arena));
}

/* What a character is made of, at the end of the room. */
static size_t parts_write(utf8proc_int32_t c, char *room)
{
	utf8proc_int32_t parts[PARTS_MAX];
	size_t used = 0;
	utf8proc_ssize_t count =
	    utf8proc_decompose_char(c, parts, PARTS_MAX, UTF8PROC_DECOMPOSE, NULL);
	for (utf8proc_ssize_t p = 0; p < count && p < PARTS_MAX; p++)
		used += (size_t)utf8proc_encode_char(parts[p], (utf8proc_uint8_t *)room + used);
	return used;
}

static char byte_lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* Letter by letter: nothing is put into another order. */
static struct slice taken_apart(struct slice text, bool folds, char *room, size_t size)
{
	size_t used = 0;
	for (size_t i = 0; i < text.size && used + (size_t)PARTS_MAX * 4 <= size;) {
		char byte = text.bytes[i];
		utf8proc_int32_t c;
		utf8proc_ssize_t step = 0;
		if ((unsigned char)byte >= 0x80)
			step = utf8proc_iterate((const utf8proc_uint8_t *)text.bytes + i,
			    (utf8proc_ssize_t)(text.size - i), &c);
		if (step > 0)
			used += parts_write(folds ? utf8proc_tolower(c) : c, room + used);
		else
			room[used++] = folds ? byte_lower(byte) : byte;
		i += step > 0 ? (size_t)step : 1;
	}
	return (struct slice){room, used};
}

struct slice value_fold_apart(struct slice text, char *room, size_t size)
{
	return taken_apart(value_trim_end(text), true, room, size);
}

struct slice value_apart(struct slice text, char *room, size_t size)
{
	return is_ascii(text) ? text : taken_apart(text, false, room, size);
}
