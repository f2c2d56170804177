/*
 * unseen: what nobody sees in a cell: blanks of all kinds, and characters without a width. At a
 * cell's edges they go; inside they stay, for some letters need them: a no-break between Persian
 * letters, the joiner of an emoji. Inside a key they are strays, wherever no such letter is near.
 */
#include "enrold/value.h"

#include <utf8proc.h>

enum {
	SOFT_HYPHEN = 0xAD,
	ARABIC_MARK = 0x61C,
	ZERO_WIDTH_SPACE = 0x200B,
	NON_JOINER = 0x200C,
	JOINER = 0x200D,
	VIRAMA = 9 /* the combining class of signs that take a letter's vowel away */
};

/* PHP's trim takes these off: space, tab, LF, CR, NUL, VT (lms/README 3.3). */
static bool is_php_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\0' || c == '\v';
}

/* Blank to the eye, whatever Unicode's tables say: fillers of Hangul, braille without a dot. */
static bool is_filler(utf8proc_int32_t c)
{
	return c == 0x3164 || c == 0xFFA0 || c == 0x2800;
}

static bool is_space(utf8proc_int32_t c)
{
	utf8proc_category_t category = utf8proc_category(c);
	return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
	       category == UTF8PROC_CATEGORY_ZP || is_filler(c);
}

/* Format characters, but for those that are seen (signs around Arabic and Kaithi numbers, parts of
 * hieroglyphs) and the tags of which flags are made. */
static bool is_format(utf8proc_int32_t c)
{
	bool is_sign = (c >= 0x600 && c <= 0x8FF && c != ARABIC_MARK) ||
	               (c >= 0x11000 && c <= 0x13FFF) || c >= 0xE0000;
	return utf8proc_category(c) == UTF8PROC_CATEGORY_CF && !is_sign;
}

static bool is_unseen(utf8proc_int32_t c)
{
	return c >= 0x80 && (is_space(c) || is_format(c));
}

/* ---- single characters ---- */

/* The bytes of the text's first character; 0: it is none. */
static size_t first_character(struct slice text, utf8proc_int32_t *c)
{
	utf8proc_ssize_t size =
	    utf8proc_iterate((const utf8proc_uint8_t *)text.bytes, (utf8proc_ssize_t)text.size, c);
	return size > 0 ? (size_t)size : 0;
}

static size_t last_character(struct slice text, utf8proc_int32_t *c)
{
	size_t size = 1;
	while (size < 4 && size < text.size &&
	       ((unsigned char)text.bytes[text.size - size] & 0xC0) == 0x80)
		size++;
	if (text.size == 0)
		return 0;
	struct slice last = {text.bytes + text.size - size, size};
	return first_character(last, c) == size ? size : 0;
}

/* ---- edges ---- */

/* A joiner behind a virama says how the letter before it looks, at the end of a word too: the last
 * letter of many Malayalam names is written so. */
static bool ends_letter(struct slice before, utf8proc_int32_t c)
{
	utf8proc_int32_t sign;
	return (c == JOINER || c == NON_JOINER) && last_character(before, &sign) > 0 &&
	       utf8proc_get_property(sign)->combining_class == VIRAMA;
}

static size_t blank_before(struct slice cell)
{
	utf8proc_int32_t c;
	if (cell.size == 0 || is_php_blank(cell.bytes[0]))
		return cell.size > 0;
	size_t size = (unsigned char)cell.bytes[0] < 0x80 ? 0 : first_character(cell, &c);
	return size > 0 && is_unseen(c) ? size : 0;
}

static size_t blank_behind(struct slice cell)
{
	utf8proc_int32_t c;
	if (cell.size == 0 || is_php_blank(cell.bytes[cell.size - 1]))
		return cell.size > 0;
	bool is_plain = (unsigned char)cell.bytes[cell.size - 1] < 0x80;
	size_t size = is_plain ? 0 : last_character(cell, &c);
	if (size == 0 || !is_unseen(c))
		return 0;
	return ends_letter((struct slice){cell.bytes, cell.size - size}, c) ? 0 : size;
}

struct slice value_trim(struct slice cell)
{
	for (size_t size; (size = blank_before(cell)) > 0;)
		cell = (struct slice){cell.bytes + size, cell.size - size};
	for (size_t size; (size = blank_behind(cell)) > 0;)
		cell.size -= size;
	return cell;
}

struct slice value_trim_end(struct slice text)
{
	for (size_t size; (size = blank_behind(text)) > 0;)
		text.size -= size;
	return text;
}

/* ---- strays ---- */

/* Scripts whose letters join, or are joined by signs: Arabic to Myanmar, Khmer, Mongolian to Vedic,
 * and their later blocks. */
static bool joins(utf8proc_int32_t c)
{
	static const struct {
		utf8proc_int32_t first, last;
	} scripts[] = {{0x600, 0x109F}, {0x1780, 0x18AF}, {0x1900, 0x1CFF}, {0xA800, 0xABFF},
	    {0xFB50, 0xFDFF}, {0xFE70, 0xFEFC}, {0x10A00, 0x11FFF}, {0x1E900, 0x1E95F}};
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		if (c >= scripts[i].first && c <= scripts[i].last)
			return true;
	return false;
}

/* Scripts that part words by a space without a width: Thai to Myanmar, Khmer. */
static bool parts_words(utf8proc_int32_t c)
{
	return (c >= 0xE00 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF);
}

static bool is_pictograph(utf8proc_int32_t c)
{
	utf8proc_category_t category = utf8proc_category(c);
	return c >= 0x2000 &&
	       (category == UTF8PROC_CATEGORY_SO || category == UTF8PROC_CATEGORY_SK ||
	           category == UTF8PROC_CATEGORY_SM || (c >= 0xFE00 && c <= 0xFE0F));
}

/* Whether the character means something behind this one. */
static bool is_at_home(utf8proc_int32_t c, utf8proc_int32_t before)
{
	if (c == JOINER)
		return joins(before) || is_pictograph(before);
	if (c == NON_JOINER)
		return joins(before);
	if (c == ZERO_WIDTH_SPACE)
		return parts_words(before);
	if (c == 0x202F || c == 0x180E)
		return before >= 0x1800 && before <= 0x18AF; /* Mongolian endings */
	return c == 0x3000 ? before >= 0x2E80 : c == 0x2800 && before > 0x2800 && before < 0x2900;
}

bool value_find_stray(struct slice text, uint32_t *stray)
{
	utf8proc_int32_t c, before = 0;
	for (size_t i = 0, size; i < text.size; i += size, before = c) {
		c = (unsigned char)text.bytes[i];
		size = c < 0x80
		           ? 1
		           : first_character((struct slice){text.bytes + i, text.size - i}, &c);
		size = size > 0 ? size : 1; /* no text: that is told otherwise */
		bool is_break = c == '\t' || c == '\n' || c == '\r';
		if (!is_break && (!is_unseen(c) || is_at_home(c, before)))
			continue;
		*stray = (uint32_t)c;
		return true;
	}
	return false;
}

const char *value_name_stray(uint32_t c)
{
	static const struct {
		uint32_t c;
		const char *name;
	} names[] = {{'\t', "tab"}, {'\n', "line break"}, {'\r', "line break"},
	    {0xA0, "no-break space"}, {SOFT_HYPHEN, "soft hyphen"},
	    {ZERO_WIDTH_SPACE, "zero width space"}, {NON_JOINER, "zero width non-joiner"},
	    {JOINER, "zero width joiner"}, {0x202F, "narrow no-break space"},
	    {0x2060, "word joiner"}, {0x3000, "ideographic space"}, {0xFEFF, "byte order mark"}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].c == c)
			return names[i].name;
	return is_space((utf8proc_int32_t)c) ? "blank" : "invisible character";
}

struct slice value_spell(struct slice text, struct arena *arena)
{
	struct buffer out = {0};
	uint32_t stray;
	if (!value_find_stray(text, &stray))
		return text;
	for (size_t i = 0, size; i < text.size; i += size) {
		utf8proc_int32_t c = 0;
		size = first_character((struct slice){text.bytes + i, text.size - i}, &c);
		bool is_break = c == '\t' || c == '\n' || c == '\r';
		if (is_break)
			buffer_add_char(&out, ' ');
		else if (size > 0 && is_unseen(c))
			buffer_print(&out, "\\u%04x", (unsigned)c);
		else
			buffer_add(&out, text.bytes + i, size > 0 ? size : 1);
		size = size > 0 ? size : 1;
	}
	if (out.failed)
		arena_fail(arena);
	text = arena_copy(arena, buffer_slice(&out));
	buffer_done(&out);
	return text;
}
