#include "enrold/value.h"

#include <utf8proc.h>

/* Bytes at the start of `cell` that are printable ASCII: nearly always all of them. */
static size_t plain_prefix(struct slice cell)
{
	size_t i = 0;
	while (i < cell.size && cell.bytes[i] >= 0x20 && cell.bytes[i] < 0x7F)
		i++;
	return i;
}

static bool is_control(utf8proc_int32_t c)
{
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || (c >= 0x7F && c < 0xA0);
}

enum value_fault value_check(struct slice cell)
{
	enum value_fault fault = VALUE_CLEAN;
	for (size_t i = plain_prefix(cell); i < cell.size;) {
		utf8proc_int32_t c;
		utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)cell.bytes + i,
		    (utf8proc_ssize_t)(cell.size - i), &c);
		if (length <= 0)
			return VALUE_NOT_UTF8;
		if (is_control(c) || (c == 0xFFFD && fault == VALUE_CLEAN))
			fault = is_control(c) ? VALUE_CONTROL : VALUE_LOST;
		i += (size_t)length;
	}
	return fault;
}

/* Without a glyph of its own: zero width, directions, tags, separators of lines and paragraphs. */
bool value_has_no_glyph(int32_t c)
{
	const utf8proc_property_t *property = utf8proc_get_property(c);
	return property->ignorable || property->category == UTF8PROC_CATEGORY_CF ||
	       property->category == UTF8PROC_CATEGORY_ZL ||
	       property->category == UTF8PROC_CATEGORY_ZP;
}

static void text_write(struct slice text, bool spells_unseen, struct buffer *out)
{
	for (size_t i = 0; i < text.size;) {
		utf8proc_int32_t c;
		utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text.bytes + i,
		    (utf8proc_ssize_t)(text.size - i), &c);
		if (length <= 0 || is_control(c))
			buffer_add_text(out, "\xEF\xBF\xBD");
		else if (spells_unseen && c >= 0x80 && value_has_no_glyph(c))
			buffer_print(out, c > 0xFFFF ? "\\U%08x" : "\\u%04x", (unsigned)c);
		else
			buffer_add(out, text.bytes + i, (size_t)length);
		i += length > 0 ? (size_t)length : 1;
	}
}

void value_show(struct slice cell, struct buffer *out)
{
	text_write(cell, false, out);
}

void value_reveal(struct slice text, struct buffer *out)
{
	text_write(text, true, out);
}

size_t value_cover(char *text, size_t size)
{
	size_t used = 0;
	for (size_t i = 0; i < size;) {
		utf8proc_int32_t c;
		utf8proc_ssize_t length = utf8proc_iterate(
		    (const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(size - i), &c);
		if (length <= 0 || is_control(c) || (c >= 0x80 && value_has_no_glyph(c))) {
			text[used++] = '_';
		} else {
			memmove(text + used, text + i, (size_t)length);
			used += (size_t)length;
		}
		i += length > 0 ? (size_t)length : 1;
	}
	return used;
}

void value_cover_text(char *text)
{
	text[value_cover(text, strlen(text))] = '\0';
}

size_t value_characters(struct slice cell)
{
	size_t count = 0;
	for (size_t i = 0; i < cell.size; i++)
		count += ((unsigned char)cell.bytes[i] & 0xC0) != 0x80;
	return count;
}

struct slice value_beginning(struct slice cell, size_t characters)
{
	size_t count = 0;
	for (size_t i = 0; i < cell.size; i++) {
		count += ((unsigned char)cell.bytes[i] & 0xC0) != 0x80;
		if (count > characters)
			return (struct slice){cell.bytes, i};
	}
	return cell;
}

/* Bytes of the next letter, or of one of its marks. */
static size_t letter_size(struct slice text, size_t at)
{
	utf8proc_int32_t c;
	utf8proc_ssize_t size = utf8proc_iterate(
	    (const utf8proc_uint8_t *)text.bytes + at, (utf8proc_ssize_t)(text.size - at), &c);
	return size > 0 ? (size_t)size : 1;
}

/* Marks, and what joins letters: the one before it would look like another without it. */
static bool is_mark(struct slice text, size_t at)
{
	utf8proc_int32_t c;
	if (utf8proc_iterate((const utf8proc_uint8_t *)text.bytes + at,
	        (utf8proc_ssize_t)(text.size - at), &c) <= 0)
		return false;
	utf8proc_category_t category = utf8proc_category(c);
	return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
	       category == UTF8PROC_CATEGORY_ME || c == 0x200D;
}

struct slice value_brief(struct slice text, size_t letters_max, struct arena *arena)
{
	static const char more[] = "…";
	size_t size = 0, kept = 0, letters = 0;
	if (text.size <= letters_max)
		return text;
	while (size < text.size && letters < letters_max) {
		if (!is_mark(text, size))
			kept = size;
		size += letter_size(text, size);
		letters++;
	}
	if (size == text.size)
		return text;
	char *brief = arena_alloc(arena, kept + sizeof more);
	if (!brief)
		return SLICE("");
	memcpy(brief, text.bytes, kept);
	memcpy(brief + kept, more, sizeof more);
	return (struct slice){brief, kept + sizeof more - 1};
}

bool value_is_integer(struct slice cell)
{
	size_t sign = cell.size > 1 && cell.bytes[0] == '-';
	struct slice digits = {cell.bytes + sign, cell.size - sign};
	for (size_t i = 0; i < digits.size; i++)
		if (digits.bytes[i] < '0' || digits.bytes[i] > '9')
			return false;
	if (digits.size > 0 && digits.bytes[0] == '0')
		return digits.size == 1 && sign == 0;
	return digits.size > 0 && digits.size < 19;
}

bool value_parse_whole(struct slice cell, int64_t *number)
{
	if (cell.size == 0)
		return false;
	int64_t value = 0;
	for (size_t i = 0; i < cell.size; i++) {
		if (cell.bytes[i] < '0' || cell.bytes[i] > '9' || value > 100000000000000)
			return false;
		value = value * 10 + (cell.bytes[i] - '0');
	}
	*number = value;
	return true;
}

/* Letters whose lower case takes more bytes exist (U+0130): two output bytes for each are enough.
 */
struct slice value_lower(struct slice cell, struct arena *arena)
{
	char *lower = arena_alloc(arena, cell.size * 2 + 4);
	if (!lower)
		return (struct slice){"", 0};
	size_t size = 0;
	for (size_t i = 0; i < cell.size;) {
		char byte = cell.bytes[i];
		if ((unsigned char)byte < 0x80) {
			lower[size++] =
			    byte >= 'A' && byte <= 'Z' ? (char)(byte + 'a' - 'A') : byte;
			i++;
			continue;
		}
		utf8proc_int32_t c;
		utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)cell.bytes + i,
		    (utf8proc_ssize_t)(cell.size - i), &c);
		if (length <= 0) {
			lower[size++] = byte;
			i++;
			continue;
		}
		size += (size_t)utf8proc_encode_char(
		    utf8proc_tolower(c), (utf8proc_uint8_t *)lower + size);
		i += (size_t)length;
	}
	return (struct slice){lower, size};
}

static bool is_username_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._@", c));
}

struct slice value_clean_username(struct slice cell, bool extended, struct arena *arena)
{
	struct slice lower = value_lower(cell, arena);
	if (extended)
		return lower;
	char *clean = arena_alloc(arena, lower.size + 1);
	if (!clean)
		return (struct slice){"", 0};
	size_t size = 0;
	for (size_t i = 0; i < lower.size; i++)
		if (is_username_byte(lower.bytes[i]))
			clean[size++] = lower.bytes[i];
	return (struct slice){clean, size};
}
