/*
 * site: making a site. It looks before it writes: an empty database becomes a site, a site stays as
 * it is, anything else is refused untouched. Two that start at once meet at the write lock, so the
 * look is repeated under it.
 */
#include "enrold/site.h"

#include "site_rows.h"

#include "enrold/db.h"
#include "enrold/schema.h"

#include <time.h>

struct look {
	size_t found;        /* of our tables */
	const char *missing; /* one that is not there; NULL: a site is there */
	bool is_empty;       /* nothing at all in the database */
};

static void look_for(struct db *db, struct look *look, const char *name)
{
	if (db_has_table(db, name))
		look->found++;
	else if (!look->missing)
		look->missing = name;
}

/* That of the tables which are there; of none: ours. */
static int64_t version_of(struct db *db)
{
	return db_has_table(db, "enrold_version") ? db_ledger_version(db) : SCHEMA_LEDGER_VERSION;
}

static struct look look_at(struct db *db)
{
	struct look look = {0};
	int64_t version = version_of(db);
	for (size_t i = 0; i < schema_tables_count; i++)
		look_for(db, &look, schema_tables[i].name);
	for (size_t i = 0; i < schema_ledger_count; i++)
		if (schema_ledger[i].since <= version)
			look_for(db, &look, schema_ledger[i].name);
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

/* Those that came after this version. */
static void add_ledger_tables(struct buffer *sql, int64_t version, const char *unless)
{
	for (size_t i = 0; i < schema_ledger_count; i++)
		if (schema_ledger[i].since > version)
			buffer_print(sql, "CREATE TABLE %s{%s} (%s){end};", unless,
			    schema_ledger[i].name, schema_ledger[i].columns);
}

static void add_ledger(struct buffer *sql)
{
	buffer_add_text(sql, "{schema}");
	add_ledger_tables(sql, -1, "");
	buffer_add_text(sql, schema_ledger_rows);
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
	add_ledger(&sql);
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
	struct look look = look_at(db);
	if (!db_has_failed(db) && look.missing && !look.is_empty)
		db_fail(db, refuse(db, &look, prefix));
	return look.is_empty && !db_has_failed(db);
}

static void add_column(struct buffer *sql, const struct schema_upgrade *upgrade, const char *unless)
{
	buffer_print(
	    sql, "ALTER TABLE {%s} ADD COLUMN %s%s;", upgrade->table, unless, upgrade->column);
	if (upgrade->fill)
		buffer_print(sql, "%s;", upgrade->fill);
}

/* Adds to our own tables what the newer version has. MariaDB keeps a column of an upgrade that was
 * cut short; SQLite knows no IF NOT EXISTS of columns, but makes it one transaction. */
static void upgrade(struct db *db, int64_t version)
{
	struct buffer sql = {0};
	for (size_t i = 0; i < schema_upgrades_count; i++)
		if (schema_upgrades[i].version > version)
			add_column(
			    &sql, &schema_upgrades[i], db_is_server(db) ? "IF NOT EXISTS " : "");
	add_ledger_tables(&sql, version, "IF NOT EXISTS ");
	buffer_print(&sql, "UPDATE {enrold_version} SET version = %d;", SCHEMA_LEDGER_VERSION);
	buffer_add_char(&sql, '\0');
	if (sql.failed)
		db_fail(db, error_memory("bringing the ledger up to date"));
	else
		db_script(db, sql.bytes);
	buffer_done(&sql);
}

/* Whether they were of an older version. */
static struct error upgrade_if_older(struct db *db, bool *is_older)
{
	int64_t version = db_ledger_version(db);
	*is_older = version < SCHEMA_LEDGER_VERSION && !db_has_failed(db);
	if (*is_older && !db_is_server(db)) /* MariaDB's DDL would end it */
		db_begin(db);
	if (*is_older)
		upgrade(db, version);
	return db_end(db);
}

/* A server's site is Moodle's: only our own tables are made there, all or none. */
static struct error ledger_init(struct db *db, const struct lms_options *options, bool *made)
{
	struct buffer sql = {0};
	size_t found = 0, wanted = 0;
	int64_t version = version_of(db);
	if (!db_has_table(db, "config"))
		db_fail(db, error_config("%s has no Moodle with the prefix '%s': see lms.prefix",
		                db_name(db), options->prefix));
	for (size_t i = 0; i < schema_ledger_count; i++) {
		bool is_wanted = schema_ledger[i].since <= version;
		found += is_wanted && db_has_table(db, schema_ledger[i].name);
		wanted += is_wanted;
	}
	if (found > 0 && found < wanted)
		db_fail(db, error_config("%s holds only %zu of enrold's %zu tables: drop them and "
		                         "make them anew",
		                db_name(db), found, wanted));
	*made = found == 0 && !db_has_failed(db);
	if (*made) {
		add_ledger(&sql);
		buffer_add_char(&sql, '\0');
		if (sql.failed)
			db_fail(db, error_memory("making the ledger"));
		else
			db_script(db, sql.bytes);
	}
	buffer_done(&sql);
	return db_end(db);
}

static struct error sqlite_init(struct db *db, const struct lms_options *options, bool *made)
{
	if (is_to_be_made(db, options->prefix)) {
		db_set_journal(db);
		db_begin(db);
		*made = is_to_be_made(db, options->prefix);
		if (*made)
			make_site(db, options);
	}
	return db_end(db);
}

static struct error actor_check(const struct lms_options *options)
{
	struct slice actor = slice_of(options->actor);
	if (site_is_username(actor) && !slice_is(actor, SLICE("guest")))
		return OK;
	return error_config("lms.actor: %s cannot be the user name of a site admin: lower-case "
	                    "letters, digits and -._@, at most 100 bytes, not guest",
	    options->actor);
}

struct error site_init(const struct lms_options *options, bool *made)
{
	*made = false;
	struct db *db;
	struct error error = actor_check(options);
	if (!is_error(&error))
		error = site_connect(options, DB_MAKE, &db);
	if (is_error(&error))
		return error;
	error = db_is_server(db) ? ledger_init(db, options, made) : sqlite_init(db, options, made);
	if (!is_error(&error) && !*made)
		error = upgrade_if_older(db, made);
	db_close(db);
	if (is_error(&error))
		*made = false;
	return error;
}

static bool is_site(struct db *db)
{
	struct look look = look_at(db);
	return !look.missing && !db_has_failed(db);
}

struct error site_upgrade(const struct lms_options *options, bool *is_upgraded)
{
	*is_upgraded = false;
	struct db *db;
	struct error error = site_connect(options, DB_EXISTING, &db);
	if (is_error(&error))
		return error;
	error = db_is_server(db) || !is_site(db) ? db_end(db) : upgrade_if_older(db, is_upgraded);
	db_close(db);
	if (is_error(&error))
		*is_upgraded = false;
	return error;
}
