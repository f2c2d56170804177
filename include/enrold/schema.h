/*
 * schema: the tables of Moodle 4.5 that enrold reads or writes, and its ledger's, as data.
 *
 * Column for column and index for index what Moodle's own SQLite generator makes (lms/README 5.9);
 * it declares no foreign keys. Every table starts with `id INTEGER PRIMARY KEY AUTOINCREMENT`,
 * which is not repeated. Names are without the site's prefix. Thread-safe: const.
 */
#ifndef ENROLD_SCHEMA_H
#define ENROLD_SCHEMA_H

#include "enrold/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCHEMA_INDEXES_MAX = 16 };

struct schema_index {
	const char *name; /* "user_mneuse_uix": Moodle's mark for unique is the ending */
	const char *columns;
};

struct schema_table {
	const char *name;
	const char *columns;                             /* as in CREATE TABLE, without the id */
	struct schema_index indexes[SCHEMA_INDEXES_MAX]; /* ends at the first without a name */
};

extern const struct schema_table schema_tables[];
extern const size_t schema_tables_count;

/* Our own tables, which have no site's prefix, in the words of db.h: {text} is a text of any
 * length.
 */
struct schema_ledger {
	const char *name, *columns;
	int since; /* the version that it came with; 0: the first */
};

extern const struct schema_ledger schema_ledger[];
extern const size_t schema_ledger_count;
extern const char schema_ledger_rows[]; /* what they hold at first */

/* What each version has more than the one before. */
struct schema_upgrade {
	int version;
	const char *table, *column;
	const char *fill; /* what stands in it of what there was before; NULL: its default */
};

enum { SCHEMA_LEDGER_VERSION = 6 };
extern const struct schema_upgrade schema_upgrades[];
extern const size_t schema_upgrades_count;

/* "a, b, c" of the columns of a table, behind what the buffer has; how many. */
size_t schema_names(const char *columns, struct buffer *out);

bool schema_index_is_unique(const struct schema_index *index);

#endif
