#include "sentence.h"

#include <string.h>

struct line {
	FILE *to;
	struct terminal terminal;
	size_t indent, used; /* columns */
	bool has_word, has_rtl;
};

/* With the blanks in front of it. */
static struct slice word_next(struct slice *rest)
{
	size_t size = 0;
	while (size < rest->size && rest->bytes[size] == ' ')
		size++;
	while (size < rest->size && rest->bytes[size] != ' ')
		size++;
	struct slice word = {rest->bytes, size};
	*rest = (struct slice){rest->bytes + size, rest->size - size};
	return word;
}

static size_t width_of(struct slice word, bool is_ascii)
{
	struct glyphs glyphs = glyphs_of(word, is_ascii);
	size_t width = 0;
	for (struct glyph glyph; glyphs_next(&glyphs, &glyph);)
		width += glyph.width;
	return width;
}

static void turn_back(struct line *line)
{
	if (line->has_rtl && line->terminal.may_turn)
		fputs(TERMINAL_TURN_BACK, line->to);
	line->has_rtl = false;
}

static void line_break(struct line *line)
{
	turn_back(line);
	fprintf(line->to, "\n%*s", (int)line->indent, "");
	line->used = line->indent;
	line->has_word = false;
}

static void word_write(struct line *line, struct slice word)
{
	size_t width = width_of(word, line->terminal.is_ascii);
	bool is_too_wide = line->terminal.width > 0 && line->used + width > line->terminal.width;
	if (is_too_wide && line->has_word) {
		line_break(line);
		while (word.size > 0 && word.bytes[0] == ' ')
			word = (struct slice){word.bytes + 1, word.size - 1};
	}
	line->has_word = true;
	struct glyphs glyphs = glyphs_of(word, line->terminal.is_ascii);
	for (struct glyph glyph; glyphs_next(&glyphs, &glyph); line->used += glyph.width) {
		fwrite(glyph.bytes.bytes, 1, glyph.bytes.size, line->to);
		line->has_rtl |= glyph.is_rtl;
	}
}

bool sentence_write_for(FILE *to, struct buffer *text, size_t indent, struct terminal terminal)
{
	struct line line = {.to = to, .terminal = terminal, .indent = indent};
	struct slice rest = buffer_slice(text);
	bool is_whole = !text->failed;
	while (is_whole && rest.size > 0)
		word_write(&line, word_next(&rest));
	turn_back(&line);
	fputc('\n', to);
	buffer_clear(text);
	return is_whole;
}

bool sentence_write(FILE *to, struct buffer *text, size_t indent)
{
	return sentence_write_for(to, text, indent, terminal_of(to));
}
