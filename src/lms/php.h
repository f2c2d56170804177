/*
 * php: data as PHP writes it: json_encode, or serialize where a site's log has not been switched to
 * JSON (lms/README 6). Pure.
 */
#ifndef LMS_PHP_H
#define LMS_PHP_H

#include "enrold/arena.h"
#include "enrold/buffer.h"

#include <jansson.h>

/* Takes the data. Of json_null: "null" or "N;". A failure of memory fails the arena. */
struct slice php_encode(json_t *data, bool as_json, struct arena *arena);

/* The same, member by member, for what is told by the thousand: a tree first takes twenty times as
 * long. Begins as {.as_json = ...}. */
struct php_writer {
	struct buffer out;
	bool as_json, is_behind_member;
};

/* Of so many members, each with one call below; name NULL: the outermost. */
void php_open(struct php_writer *writer, const char *name, size_t members);
void php_close(struct php_writer *writer);
/* Names are plain ASCII. */
void php_add_text(struct php_writer *writer, const char *name, struct slice text);
/* A text, as PHP has what it has read from the database. */
void php_add_number(struct php_writer *writer, const char *name, int64_t number);
void php_add_bool(struct php_writer *writer, const char *name, bool value);
/* What was written; the writer is empty again. */
struct slice php_take(struct php_writer *writer, struct arena *arena);

#endif
