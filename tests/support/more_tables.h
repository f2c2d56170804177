/*
 * more_tables: tables that a real Moodle has and a site of `lms init` has not: messages, forums,
 * tags, tokens, and those of plugins (the columns that matter).
 */
#ifndef SUPPORT_MORE_TABLES_H
#define SUPPORT_MORE_TABLES_H

#include "overlay.h"

#include <stddef.h>

struct more_table {
	const char *name;
	const char *columns; /* besides id, in SQLite's words */
};

extern const struct more_table more_tables[];
extern const size_t more_tables_count;

/* Statements that make the table (prefix mdl_), and all of them. */
void more_table_write(
    const struct more_table *table, enum overlay_engine engine, struct buffer *out);
void more_tables_write(enum overlay_engine engine, struct buffer *out);
/* ... and that take all of them away, there or not. */
void more_tables_drop(struct buffer *out);

#endif
