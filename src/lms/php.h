/*
 * php: data as PHP writes it: json_encode, or serialize where a site's log has not been switched to
 * JSON (lms/README 6). Pure.
 */
#ifndef LMS_PHP_H
#define LMS_PHP_H

#include "enrold/arena.h"

#include <jansson.h>

/* Takes the data. Of json_null: "null" or "N;". A failure of memory fails the arena. */
struct slice php_encode(json_t *data, bool as_json, struct arena *arena);

#endif
