/*
 * site_rows: the rows without which a Moodle site is none: settings, roles, the site course, the
 * first category, guest and admin, and the contexts of all these. Ids and values are those of a
 * fresh Moodle 4.5, except that nobody can log in.
 */
#ifndef SITE_SITE_ROWS_H
#define SITE_SITE_ROWS_H

#include "enrold/db.h"
#include "enrold/facts.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Needs empty tables and an open transaction. */
void site_rows_add(struct db *db, const char *admin, int64_t now);

/* The context of an instance; the database fails with CONFIG when there is none. */
int64_t site_find_context(struct db *db, int level, int64_t instance);
/* Makes the context below `parent`, path and depth included; gives its id. */
int64_t site_add_context(struct db *db, int level, int64_t instance, int64_t parent);

/* 1..100 bytes of [-._@a-z0-9]: what Moodle lets be a user name (lms/README 3.1). */
bool site_is_username(struct slice name);

#endif
