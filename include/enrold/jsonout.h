/*
 * jsonout: JSON out as text.
 *
 * Not by json_dumps: when memory is short it leaves out the name of a member and goes on (jansson
 * 2.14), so that its result is no JSON. A buffer remembers that it failed.
 */
#ifndef ENROLD_JSONOUT_H
#define ENROLD_JSONOUT_H

#include "enrold/buffer.h"

#include <jansson.h>

/* Flags: jansson's JSON_*. A NULL value is one for which there was no memory. `out` is to be
 * checked for failure, as ever. */
void jsonout_add(struct buffer *out, const json_t *value, size_t flags);

#endif
