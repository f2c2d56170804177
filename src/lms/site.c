/*
 * site: making a site. It looks before it writes: an empty database becomes a site, a site stays as
 * it is, anything else is refused untouched. Two that start at once meet at the write lock, so the
 * look is repeated under it.
 */
#include "enrold/site.h"

#include "db.h"
#include "schema.h"
#include "site_rows.h"

#include <time.h>

static bool has_table(struct db *db, const char *prefix, const char *name)
{
	return db_find(db, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1 || ?2",
	           0, DB_VALUES(db_string(prefix), db_string(name))) == 1;
}

struct look {
	size_t found;        /* of our tables */
	const char *missing; /* one that is not there; NULL: a site is there */
	bool is_empty;       /* nothing at all in the database */
};

static void look_for(struct db *db, struct look *look, const char *prefix, const char *name)
{
	if (has_table(db, prefix, name))
		look->found++;
	else if (!look->missing)
		look->missing = name;
}

static struct look look_at(struct db *db, const char *prefix)
{
	struct look look = {0};
	for (size_t i = 0; i < schema_tables_count; i++)
		look_for(db, &look, prefix, schema_tables[i].name);
	for (size_t i = 0; i < schema_ledger_count; i++)
		look_for(db, &look, "", schema_ledger_names[i]);
	look.is_empty = db_find(db, "SELECT count(*) FROM sqlite_master", 0, DB_NONE) == 0;
	return look;
}

static struct error refuse(const struct db *db, const struct look *look, const char *prefix)
{
	const char *path = db_name(db);
	if (look->found == 0)
		return error_config(
		    "%s holds something else, no site with prefix %s: init needs a new "
		    "or an empty database",
		    path, prefix);
	return error_config("%s holds only %zu of the %zu tables of a site with prefix %s (%s is "
	                    "missing): init needs a new or an empty database",
	    path, look->found, schema_tables_count + schema_ledger_count, prefix, look->missing);
}

static void add_indexes(struct buffer *sql, const struct schema_table *table, const char *prefix)
{
	for (size_t i = 0; i < SCHEMA_INDEXES_MAX && table->indexes[i].name; i++) {
		const struct schema_index *index = &table->indexes[i];
		buffer_print(sql, "CREATE %sINDEX %s%s ON %s%s (%s);",
		    schema_index_is_unique(index) ? "UNIQUE " : "", prefix, index->name, prefix,
		    table->name, index->columns);
	}
}

static void make_tables(struct db *db, const char *prefix)
{
	struct buffer sql = {0};
	for (size_t i = 0; i < schema_tables_count; i++) {
		const struct schema_table *table = &schema_tables[i];
		buffer_print(&sql, "CREATE TABLE %s%s (id INTEGER PRIMARY KEY AUTOINCREMENT,%s);",
		    prefix, table->name, table->columns);
		add_indexes(&sql, table, prefix);
	}
	buffer_add_text(&sql, schema_ledger);
	buffer_add_char(&sql, '\0');
	if (sql.failed)
		db_fail(db, error_memory("making the tables"));
	else
		db_script(db, sql.bytes);
	buffer_done(&sql);
}

static void make_site(struct db *db, const struct lms_options *options)
{
	make_tables(db, options->prefix);
	site_rows_add(db, options->actor, (int64_t)time(NULL));
}

/* True when the database is empty; fails it when it is neither empty nor a site. */
static bool is_to_be_made(struct db *db, const char *prefix)
{
	struct look look = look_at(db, prefix);
	if (!db_has_failed(db) && look.missing && !look.is_empty)
		db_fail(db, refuse(db, &look, prefix));
	return look.is_empty && !db_has_failed(db);
}

struct error site_init(const struct lms_options *options, bool *made)
{
	*made = false;
	struct slice actor = slice_of(options->actor);
	if (!site_is_username(actor) || slice_is(actor, SLICE("guest")))
		return error_config(
		    "lms.actor: %s cannot be the user name of a site admin: lower-case "
		    "letters, digits and -._@, at most 100 bytes, not guest",
		    options->actor);
	struct db *db;
	struct error error = db_open(options, DB_MAKE, &db);
	if (is_error(&error))
		return error;
	if (is_to_be_made(db, options->prefix)) {
		db_set_journal(db);
		db_begin(db);
		*made = is_to_be_made(db, options->prefix);
		if (*made)
			make_site(db, options);
	}
	error = db_end(db);
	db_close(db);
	if (is_error(&error))
		*made = false;
	return error;
}
