/*
 * csvout: values out as CSV: UTF-8, comma or the delimiter given, LF, quoted only when needed.
 */
#ifndef ENROLD_CSVOUT_H
#define ENROLD_CSVOUT_H

#include "enrold/buffer.h"
#include "enrold/slice.h"

/* One cell, exactly as it is. */
void csvout_cell(struct buffer *out, struct slice cell, char delimiter);
/*
 * One echoed cell, safe to open in a spreadsheet: text that starts with any number of ' and then
 * one of = + - @ tab CR gets one ' in front (CWE-1236). Strip exactly one from such a cell to read
 * it. What is no text (value_show) is replaced: the answer is UTF-8 whatever the input was.
 */
void csvout_guarded(struct buffer *out, struct slice cell, char delimiter);

#endif
