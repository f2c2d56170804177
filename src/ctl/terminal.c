#include "terminal.h"

#include "enrold/value.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

enum { MARKS_MAX = 8, CHARACTER_MAX = 4, SIZE_GIVEN_MAX = 9999 };

/* What the kernel knows, else what the environment says. */
static size_t size_of(unsigned known, const char *variable)
{
	const char *text = getenv(variable);
	int64_t size;
	if (known > 0)
		return known;
	bool is_given = text && value_parse_whole(slice_of(text), &size);
	return is_given && size <= SIZE_GIVEN_MAX ? (size_t)size : 0;
}

/* Without setlocale: in Turkish strcasecmp would not find IDNUMBER to be idnumber. */
static bool has_utf8(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", NULL);
	bool is_utf8 = locale && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
	if (locale)
		freelocale(locale);
	return is_utf8;
}

struct terminal terminal_of(FILE *to)
{
	const char *no_colour = getenv("NO_COLOR"), *kind = getenv("TERM");
	struct winsize size = {0};
	if (!isatty(fileno(to)))
		return (struct terminal){0};
	ioctl(fileno(to), TIOCGWINSZ, &size);
	return (struct terminal){
	    .width = size_of(size.ws_col, "COLUMNS"),
	    .height = size_of(size.ws_row, "LINES"),
	    .has_colours = !(no_colour && *no_colour) && kind && *kind && strcmp(kind, "dumb") != 0,
	    .is_ascii = !has_utf8(),
	    .may_turn = true,
	};
}

size_t terminal_width(FILE *to)
{
	return terminal_of(to).width;
}

bool terminal_has_colours(FILE *to)
{
	return terminal_of(to).has_colours;
}

struct glyphs glyphs_of(struct slice text, bool is_ascii)
{
	return (struct glyphs){.rest = text, .is_ascii = is_ascii, .marks = MARKS_MAX};
}

static bool is_hidden(struct slice bytes)
{
	char covered[CHARACTER_MAX];
	if ((unsigned char)bytes.bytes[0] < ' ')
		return true;
	memcpy(covered, bytes.bytes, bytes.size);
	return value_cover(covered, bytes.size) != bytes.size || covered[0] != bytes.bytes[0];
}

/* As terminals have it, which is not as utf8proc has it for signs that are spaced, and for the
 * second and third part of a Korean letter. */
static size_t width_of(utf8proc_int32_t c)
{
	if ((c >= 0x1160 && c <= 0x11FF) || (c >= 0xD7B0 && c <= 0xD7FB))
		return 0;
	return utf8proc_category(c) == UTF8PROC_CATEGORY_MC ? 1 : (size_t)utf8proc_charwidth(c);
}

static bool is_rtl(utf8proc_int32_t c)
{
	utf8proc_propval_t class = utf8proc_get_property(c)->bidi_class;
	return class == UTF8PROC_BIDI_CLASS_R || class == UTF8PROC_BIDI_CLASS_AL ||
	       class == UTF8PROC_BIDI_CLASS_AN;
}

/* Of one that is not hidden. To what Unicode has not assigned yet a terminal gives a column, or it
 * does not. */
static struct glyph glyph_find(struct glyphs *glyphs, struct slice bytes, utf8proc_int32_t c)
{
	static const struct glyph covered = {{"_", 1}, 1, false}, unknown = {{"?", 1}, 1, false};
	size_t width = width_of(c);
	if (utf8proc_category(c) == UTF8PROC_CATEGORY_CN)
		return covered;
	if (width == 0 && glyphs->marks == MARKS_MAX)
		return covered;
	glyphs->marks = width == 0 ? glyphs->marks + 1 : 0;
	if (glyphs->is_ascii && c >= 0x80)
		return width == 0 ? (struct glyph){{"", 0}, 0, false} : unknown;
	return (struct glyph){bytes, width, is_rtl(c)};
}

bool glyphs_next(struct glyphs *glyphs, struct glyph *glyph)
{
	struct slice *rest = &glyphs->rest;
	utf8proc_int32_t c;
	if (rest->size == 0)
		return false;
	utf8proc_ssize_t size = utf8proc_iterate(
	    (const utf8proc_uint8_t *)rest->bytes, (utf8proc_ssize_t)rest->size, &c);
	struct slice bytes = {rest->bytes, size > 0 ? (size_t)size : 1};
	*rest = (struct slice){rest->bytes + bytes.size, rest->size - bytes.size};
	if (size <= 0 || is_hidden(bytes)) {
		glyphs->marks = MARKS_MAX;
		*glyph = (struct glyph){{"_", 1}, 1, false};
	} else {
		*glyph = glyph_find(glyphs, bytes, c);
	}
	return true;
}

void terminal_write(FILE *to, const char *text)
{
	struct terminal terminal = terminal_of(to);
	struct glyphs glyphs = glyphs_of(slice_of(text), terminal.is_ascii);
	bool has_rtl = false;
	for (struct glyph glyph; glyphs_next(&glyphs, &glyph); has_rtl |= glyph.is_rtl)
		fwrite(glyph.bytes.bytes, 1, glyph.bytes.size, to);
	if (has_rtl && terminal.may_turn)
		fputs(TERMINAL_TURN_BACK, to);
}
