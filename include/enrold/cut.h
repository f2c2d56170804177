/*
 * cut: the beginning of a text that fits into so many bytes, and never half a letter. What is cut
 * anywhere else becomes no UTF-8, and then no JSON. Pure.
 */
#ifndef ENROLD_CUT_H
#define ENROLD_CUT_H

#include "enrold/slice.h"

/* How many bytes of the text to take, at most max. Bytes that are not UTF-8 may be cut anywhere. */
size_t cut_length(struct slice text, size_t max);

/* For printf's "%.*s", of a text that ends with NUL. */
#define CUT_ARG(text, max) ((int)cut_length(slice_of(text), (max))), (text)

#endif
