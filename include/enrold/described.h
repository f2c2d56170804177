/*
 * described: the cells `before` and `after` of an answer, "status=0;timestart=1;roles=student" and
 * "city=Oslo;phone1=...", as they are written and read again. Pure.
 */
#ifndef ENROLD_DESCRIBED_H
#define ENROLD_DESCRIBED_H

#include "enrold/arena.h"
#include "enrold/slice.h"

#include <stdbool.h>

/* A value as it stands there: % ; = and line ends as %3B; itself, or in the arena. */
struct slice described_escape(struct slice value, struct arena *arena);
/* The next pair, without its escapes; false: no more. */
bool described_next(
    struct slice *rest, struct slice *name, struct slice *value, struct arena *arena);
/* False: there is none of that name. */
bool described_find(struct slice text, const char *name, struct arena *arena, struct slice *value);

/* What a row of this code says of a `username` before is the account's former name. */
static inline bool described_may_rename(struct slice code)
{
	return slice_is(code, SLICE("account_renamed")) || slice_is(code, SLICE("undone"));
}

#endif
