/*
 * decode: the bytes of a file to UTF-8, as they come. For now UTF-8 with or without a byte order
 * mark, which is taken off; what is not UTF-8 is found cell by cell later, and costs its own row.
 */
#ifndef ENROLD_DECODE_H
#define ENROLD_DECODE_H

#include "enrold/csvin.h"

/* Plain data; zero-initialised is the start of a file. */
struct decoder {
	size_t marks; /* bytes of the byte order mark seen so far */
	bool begun;   /* past the place where one may stand */
};

/* Hands the decoded bytes on to csvin. */
struct error decode_feed(
    struct decoder *decoder, struct csvin *csvin, const char *bytes, size_t size) MUST_CHECK;
struct error decode_finish(struct decoder *decoder, struct csvin *csvin) MUST_CHECK;

#endif
