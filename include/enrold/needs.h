/*
 * needs: the columns of Moodle's tables that enrold names in its statements, as data, and whether a
 * site has them. Moodle adds columns and takes some away with every release: what enrold does not
 * name may come and go. But one that must not be NULL, has no default, and is not among those that
 * enrold fills in, would make every new row of ours fail.
 */
#ifndef ENROLD_NEEDS_H
#define ENROLD_NEEDS_H

#include "enrold/db.h"

/* The id is not mentioned. */
struct table_needs {
	const char *table;
	const char *filled; /* in the rows that we add; "": we add none */
	const char *others; /* read, compared or changed; may be among the filled ones */
	bool is_optional;   /* the site may have no such table */
};

extern const struct table_needs table_needs[];
extern const size_t table_needs_count;

/* The needs of a table; a table without any is a bug. */
const struct table_needs *needs_find(const char *table);
/* "id, a, b": of its rows that we add, or of all of it. */
void needs_write(const struct table_needs *needs, bool all, struct buffer *out);

/* CONFIG when the table lacks one of them, or has one that we would have to fill in: named. */
struct error needs_check(struct db *db, const struct table_needs *needs) MUST_CHECK;
/* Every table that a site must have and that may be read, up to the first that is not as it has to
 * be. */
struct error needs_check_all(struct db *db) MUST_CHECK;

#endif
