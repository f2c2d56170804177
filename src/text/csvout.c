#include "enrold/csvout.h"

#include "enrold/value.h"

/* Where some spreadsheet, somewhere, or its user's choice splits a line; and where lines end. */
#define SEPARATORS ",;:|\t"
#define BREAKS "\n\r"

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

/* Without a call for each byte: all that is composed goes through here. */
static bool is_bare(struct slice cell, char delimiter)
{
	bool is_odd = false;
	if (cell.size == 0)
		return true;
	for (size_t i = 0; i < cell.size; i++) {
		char c = cell.bytes[i];
		is_odd |= (c == delimiter) | (c == '"') | (c == '\n') | (c == '\r');
	}
	char first = cell.bytes[0], last = cell.bytes[cell.size - 1];
	return !is_odd && first != ' ' && first != '\t' && last != ' ' && last != '\t';
}

static void quoted_add(struct buffer *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.bytes[i] == '"')
			buffer_add_char(out, '"');
		buffer_add_char(out, text.bytes[i]);
	}
}

void csvout_cell(struct buffer *out, struct slice cell, char delimiter)
{
	if (is_bare(cell, delimiter)) {
		buffer_add(out, cell.bytes, cell.size);
		return;
	}
	buffer_add_char(out, '"');
	quoted_add(out, cell);
	buffer_add_char(out, '"');
}

/* ---- guarded ---- */

/* As wide as a Chinese character, and small: an input method's = + - @, which Excel takes too. */
static const char *const wide_starts[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D",
    "\xEF\xBC\xA0", "\xEF\xB9\xA6", "\xEF\xB9\xA2", "\xEF\xB9\xA3", "\xEF\xB9\xAB"};

static bool is_formula(struct slice text)
{
	if (text.size > 0 && is_one_of(text.bytes[0], "=+-@\t\r"))
		return true;
	for (size_t i = 0; text.size >= 3 && i < sizeof wide_starts / sizeof *wide_starts; i++)
		if (memcmp(text.bytes, wide_starts[i], 3) == 0)
			return true;
	return false;
}

/* Whether the text starts a formula behind these. */
static bool is_formula_behind(struct slice text, const char *before)
{
	while (text.size > 0 && is_one_of(text.bytes[0], before))
		text = (struct slice){text.bytes + 1, text.size - 1};
	return is_formula(text);
}

/* How far the text goes up to a separator or a line's end, and with them. */
static size_t piece_size(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (is_one_of(text.bytes[i], SEPARATORS BREAKS))
			return i + 1;
	return text.size;
}

static bool has_separator(struct slice cell)
{
	for (size_t i = 0; i < cell.size; i++)
		if (is_one_of(cell.bytes[i], SEPARATORS))
			return true;
	return false;
}

/*
 * A reader that splits at another separator does not see our quotes, because they do not stand
 * behind its own: every piece is a cell to it, and may start with a quote.
 */
static void guarded_write(struct buffer *out, struct slice cell)
{
	const char *before = "'";
	bool is_quoted = !is_bare(cell, ',') || has_separator(cell);
	if (is_quoted)
		buffer_add_char(out, '"');
	while (cell.size > 0) {
		size_t size = piece_size(cell);
		if (is_formula_behind(cell, before))
			buffer_add_char(out, '\'');
		quoted_add(out, (struct slice){cell.bytes, size});
		cell = (struct slice){cell.bytes + size, cell.size - size};
		before = "'\"";
	}
	if (is_quoted)
		buffer_add_char(out, '"');
}

struct slice csvout_unguarded(struct slice text, struct arena *arena)
{
	const char *before = "'";
	if (!slice_has(text, '\''))
		return text;
	char *bytes = arena_alloc(arena, text.size), *end = bytes;
	while (bytes && text.size > 0) {
		struct slice behind = {text.bytes + 1, text.size - 1};
		if (text.bytes[0] == '\'' && is_formula_behind(behind, before))
			text = behind;
		size_t size = piece_size(text);
		memcpy(end, text.bytes, size);
		end += size;
		text = (struct slice){text.bytes + size, text.size - size};
		before = "'\"";
	}
	return bytes ? (struct slice){bytes, (size_t)(end - bytes)} : SLICE("");
}

/* What a character may mean in a cell: twice for each line of a result, so by a table. */
enum { SEPARATES = 1, STARTS = 2, IS_ODD = 4, IS_BLANK = 8 };

#define ODD_4 IS_ODD, IS_ODD, IS_ODD, IS_ODD
#define ODD_16 ODD_4, ODD_4, ODD_4, ODD_4

static const unsigned char meanings[256] = {ODD_16,
    ODD_16, [' '] = IS_BLANK, [','] = SEPARATES, [';'] = SEPARATES, [':'] = SEPARATES,
    ['|'] = SEPARATES, ['\''] = STARTS, ['='] = STARTS, ['+'] = STARTS, ['-'] = STARTS,
    ['@'] = STARTS, ['"'] = IS_ODD, [0x7F] = IS_ODD, [0x80] = ODD_16, ODD_16, ODD_16, ODD_16,
    ODD_16, ODD_16, ODD_16, ODD_16};

/* Nothing in it that is to be guarded, doubled or shown otherwise: nearly always so. *needs_quotes:
 * there are separators, each with something harmless behind. */
static bool is_plain(struct slice cell, bool *needs_quotes)
{
	unsigned all = 0, before = SEPARATES, formulas = 0;
	for (size_t i = 0; i < cell.size; i++) {
		unsigned meaning = meanings[(unsigned char)cell.bytes[i]];
		formulas |= before << 1 & meaning;
		all |= meaning;
		before = meaning & SEPARATES;
	}
	*needs_quotes = all & SEPARATES;
	if (cell.size > 0 && all & IS_BLANK)
		*needs_quotes |= cell.bytes[0] == ' ' || cell.bytes[cell.size - 1] == ' ';
	return !(all & IS_ODD) && formulas == 0;
}

void csvout_guarded(struct buffer *out, struct slice cell)
{
	bool needs_quotes;
	if (is_plain(cell, &needs_quotes)) {
		if (needs_quotes)
			buffer_add_char(out, '"');
		buffer_add(out, cell.bytes, cell.size);
		if (needs_quotes)
			buffer_add_char(out, '"');
		return;
	}
	if (value_check(cell) == VALUE_CLEAN) {
		guarded_write(out, cell);
		return;
	}
	struct buffer shown = {0};
	value_show(cell, &shown);
	guarded_write(out, buffer_slice(&shown));
	out->failed |= shown.failed;
	buffer_done(&shown);
}
