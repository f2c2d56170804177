/*
 * csvout: values out as CSV: UTF-8, comma or the delimiter given, LF, quoted only when needed.
 */
#ifndef ENROLD_CSVOUT_H
#define ENROLD_CSVOUT_H

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/slice.h"

/* One cell, exactly as it is. */
void csvout_cell(struct buffer *out, struct slice cell, char delimiter);
/*
 * One echoed cell of a file with commas, safe to open in a spreadsheet (CWE-1236), wherever that
 * splits lines: text that starts with any number of ' and then one of = + - @ tab CR, or one of
 * their full-width and small forms, gets one ' in front. So does the text after a , ; : | tab or
 * line break in the cell, there with any number of ' and " before: a reader that splits at ; finds
 * our quotes in the middle of its cells, where they mean nothing. To read a cell: strip exactly one
 * from each of these places that starts with a ' and goes on so.
 *
 * A cell with one of these separators is quoted, so that a reader that splits at several does not
 * split it. What is no text (value_show) is replaced: the answer is UTF-8 whatever the input was.
 */
void csvout_guarded(struct buffer *out, struct slice cell);
/* The cell of such a text, whose quotes have been taken off; itself, or in the arena. */
struct slice csvout_unguarded(struct slice text, struct arena *arena);

#endif
