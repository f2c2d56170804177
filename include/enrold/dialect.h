/*
 * dialect: which character separates the cells of a file. Named by the feed, or by the file's own
 * first line "sep=;" as Excel writes it, else recognised from the header and never from the data:
 * the separator that yields the most columns that are known. Pure.
 */
#ifndef ENROLD_DIALECT_H
#define ENROLD_DIALECT_H

#include "enrold/slice.h"

/* "comma", "semicolon", "colon", "tab", "pipe", or the character itself; 0: none of these. */
char dialect_parse_delimiter(const char *text);
/* The separator that a line "sep=;" names; 0: it is no such line. */
char dialect_parse_sep(struct slice line);

typedef bool dialect_is_name(const void *context, struct slice cell);

/* How many of the cells are names, if that separates them. */
size_t dialect_count(
    struct slice header, char delimiter, dialect_is_name *is_name, const void *context);
/* Never fails: a comma where nothing speaks for another. */
char dialect_recognise(struct slice header, dialect_is_name *is_name, const void *context);

/* "semicolon", "^". */
const char *dialect_name(char delimiter);
/* A separator that can be recognised in a header that was split at another; NUL: there is none. */
char dialect_find_other(struct slice cell, char delimiter);

#endif
