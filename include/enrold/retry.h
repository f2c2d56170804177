/*
 * retry: rows that come out of a retry file, as their own columns tell.
 */
#ifndef ENROLD_RETRY_H
#define ENROLD_RETRY_H

#include "enrold/batch.h"

/* What the row says was wrong with it; CODES: it says nothing. */
enum code record_retried(const struct batch *batch, const struct record *record);
/* The row was refused for its shape and not changed since; and what to say of that. */
bool record_is_as_refused(const struct batch *batch, const struct record *record, enum code *fault);
struct slice record_shape_message(const struct batch *batch, const struct record *record);

#endif
