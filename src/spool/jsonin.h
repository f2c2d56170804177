/*
 * jsonin: a small JSON text that enrold, or a person, has put into the spool, read.
 */
#ifndef SPOOL_JSONIN_H
#define SPOOL_JSONIN_H

#include "enrold/error.h"
#include "enrold/slice.h"

#include <jansson.h>

/* Given to the caller; NULL: it is no JSON. RETRY: no memory while doing `what`. */
struct error jsonin_load(struct slice text, const char *what, json_t **value) MUST_CHECK;

#endif
