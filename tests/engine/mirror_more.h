/*
 * mirror_more: the tables of a mirrored site besides those that every site has: whatever lies in
 * SQLite is made on the server, in its words, before rows are copied.
 */
#ifndef ENGINE_MIRROR_MORE_H
#define ENGINE_MIRROR_MORE_H

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/db.h"

/* In the arena, without the prefix, with what makes them in SQLite. */
struct more_copied {
	struct slice *names, *statements;
	size_t count;
};

/* Of the site in SQLite. */
struct more_copied mirror_more_find(struct db *sqlite, struct arena *arena);
/* Statements that make them on the server, empty, in place of what of that kind is there. */
void mirror_more_write(
    struct db *server, bool is_postgresql, const struct more_copied *more, struct buffer *out);

#endif
