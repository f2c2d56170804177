/*
 * terminal: what a stream can show, and foreign text as it may go there. What is no terminal, a
 * file or a pipe, takes all of the text, as UTF-8 and without colours.
 */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include "enrold/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct terminal {
	size_t width;     /* in columns; 0: no limit */
	size_t height;    /* in lines; 0: no limit */
	bool has_colours; /* neither NO_COLOR nor a TERM without any */
	bool is_ascii;    /* its character set is not UTF-8; what it does not have is a ? */
	bool may_turn;    /* it may write from the right: behind Hebrew digits too */
};

/* Width and height are the kernel's, or those in COLUMNS and LINES where the kernel knows none. The
 * character set is that of LC_CTYPE. */
struct terminal terminal_of(FILE *to);
size_t terminal_width(FILE *to);
bool terminal_has_colours(FILE *to);

/* A text, character by character. What is not UTF-8, a control, a line break too, or unseen, such
 * as a change of direction, is a _; so is a mark without a letter, or the ninth on one. */
struct glyphs {
	struct slice rest;
	bool is_ascii;
	uint32_t marks;
};

struct glyph {
	struct slice bytes;
	size_t width; /* 0: a mark on the character before */
	bool is_rtl;  /* written from the right */
};

struct glyphs glyphs_of(struct slice text, bool is_ascii);
/* False: there are no more. */
bool glyphs_next(struct glyphs *glyphs, struct glyph *glyph);

/* For the end of a text with letters that are written from the right, on a terminal that may turn:
 * what stands behind them stays behind them. */
#define TERMINAL_TURN_BACK "\u200E"

/* Writes a foreign text in a line of one's own; stdio remembers its errors. */
void terminal_write(FILE *to, const char *text);

#endif
