/*
 * decode: the bytes of a file to UTF-8, as they come. A byte order mark says what they are (UTF-8,
 * UTF-16, UTF-32) and is taken off; else the feed's character set does. Content is never guessed.
 *
 * What cannot be decoded becomes the byte FF, which is not UTF-8: csvin takes it for data, and the
 * cell in which it stands costs its own row later. So does what is not UTF-8 in a UTF-8 file.
 */
#ifndef ENROLD_DECODE_H
#define ENROLD_DECODE_H

#include "enrold/error.h"
#include "enrold/slice.h"

struct decoder;

/* An error returned ends the decoding and is what feed or finish return. */
typedef struct error decode_on_text(void *context, struct slice text);

/* encoding: for iconv, NULL: UTF-8. CONFIG: iconv does not know it. */
struct error decode_create(const char *encoding, decode_on_text *on_text, void *context,
    struct decoder **result) MUST_CHECK;
void decode_free(struct decoder *decoder);

/* The character set that a mark at the beginning of a file names, and the mark's size; NULL: there
 * is none. All of the file, or DECODE_MARK_MAX bytes. */
enum { DECODE_MARK_MAX = 4 };
const char *decode_find_mark(struct slice first, size_t *size);
bool decode_is_utf8(const char *encoding);
/* Bytes of its smallest character. */
size_t decode_unit(const char *encoding);

struct error decode_feed(struct decoder *decoder, const char *bytes, size_t size) MUST_CHECK;
struct error decode_finish(struct decoder *decoder) MUST_CHECK;

#endif
