/*
 * overlay: other Moodles than the one whose tables `lms init` makes. tests/data has for each what
 * differs from moodle-4.5-schema.json, and what its config says:
 *
 *     { "config": {name: value}, "change" and "add": {table: [column]}, "drop": {table: [name]},
 *       "indexes": {table: [name]} }      those that SQLite has to be told to drop first
 *
 * $ENROLD_TEST_MOODLE ("5.3") has every site of a test made so, on every engine. "bare" is none
 * that exists: it has nearly no column that enrold does not use.
 */
#ifndef SUPPORT_OVERLAY_H
#define SUPPORT_OVERLAY_H

#include "enrold/buffer.h"

enum overlay_engine { OVERLAY_SQLITE, OVERLAY_POSTGRESQL, OVERLAY_MARIADB };

/* NULL: the tests want the usual one. */
const char *overlay_wanted(void);
/* Statements that make the tables (prefix mdl_) that Moodle's. SQLite keeps no types: there
 * nothing changes. */
void overlay_write_tables(const char *moodle, enum overlay_engine engine, struct buffer *out);
/* ... and what stands in config. */
void overlay_write_config(const char *moodle, struct buffer *out);

#endif
