/*
 * sentence: words for eyes, gathered in a buffer and written in lines as wide as the terminal,
 * broken between words; a word that is longer, such as a path, stays whole, so that it can be
 * taken up with the mouse. Foreign text in it is covered (terminal.h). What is no terminal gets one
 * line.
 */
#ifndef CTL_SENTENCE_H
#define CTL_SENTENCE_H

#include "enrold/buffer.h"

#include "terminal.h"

/* Empties the text; lines behind the first are indented by so much, which the first one has in
 * itself. False: there was no memory for the text. */
bool sentence_write(FILE *to, struct buffer *text, size_t indent);
/* The same for a terminal that one knows. */
bool sentence_write_for(FILE *to, struct buffer *text, size_t indent, struct terminal terminal);

#endif
