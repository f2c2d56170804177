/*
 * rights: what enrold does to each of Moodle's tables, as data: `lms check` looks for it, the
 * scripts in etc/ that grant it are compared with it by a test, and a run asks once which of it the
 * database allows, so that a right that is missing costs what needs it and nothing else.
 */
#ifndef ENROLD_RIGHTS_H
#define ENROLD_RIGHTS_H

#include "enrold/db.h"
#include "enrold/deed.h"
#include "enrold/facts.h"

struct table_rights {
	const char *table;
	const char *rights; /* of "iud", besides reading: INSERT, UPDATE, DELETE */
	bool is_optional;   /* of a real Moodle; ours may have none */
};

extern const struct table_rights table_rights[];
extern const size_t table_rights_count;

enum { RIGHTS_TABLES_MAX = 64 };

/* What is known of a connection's rights. */
struct rights {
	uint32_t tables[RIGHTS_TABLES_MAX]; /* in their order: of DB_MAY_ALL and DB_IS_ABSENT */
	bool are_all;
};

/* Fills in what the site lacks, whose other facts are known; its texts are put into the arena. A
 * connection that lacks nothing is not asked again. */
void rights_load(struct rights *rights, struct db *db, bool syncs_cohorts, struct site_facts *site,
    struct arena *arena);

/* Whether there is such an optional table. MariaDB hides it from those without a right to it: then
 * it is taken for absent, unless every Moodle has it, and the site is one. */
bool rights_knows_optional(struct db *db, const char *table);

/* Whether the site has such an optional table, and whether it has any: then it is a real Moodle, no
 * site of `lms init`. Known since rights_load. */
bool rights_has_table(const struct rights *rights, const char *table);
bool rights_may_read(const struct rights *rights, const char *table);
bool rights_has_optional(const struct rights *rights);

/* What may be done with a right to a table: a set. */
deed_set rights_deeds(const char *table, char right);

/* "enrold may not read mdl_config as the role enrold": CONFIG, or none when it may, or when there
 * is no such table. */
struct error rights_check_read(struct db *db, const char *table) MUST_CHECK;

#endif
