/*
 * check: what a site has, and what enrold will and will not do there. Rights and columns are found
 * out by asking for them, in statements that touch no row: what an engine says of them then is
 * always true.
 */
#include "check.h"

#include "enrold/list.h"
#include "enrold/needs.h"
#include "enrold/rights.h"
#include "enrold/schema.h"
#include "enrold/site.h"
#include "enrold/value.h"
#include "enrold/version.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static void tell(const struct look *look, enum finding finding, const char *about,
    const char *format, ...) PRINTF_LIKE(4, 5);

static void tell(
    const struct look *look, enum finding finding, const char *about, const char *format, ...)
{
	char text[400];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	value_cover_text(text);
	look->on_finding(look->context, finding, about, text);
}

/* A text that lives as long as the connection; "" when there is no such row. */
static struct slice value_find(const struct look *look, const char *sql, const char *name)
{
	struct slice value = SLICE("");
	struct db_rows rows = db_select(look->db, sql, DB_VALUES(db_string(name)));
	if (db_next(&rows))
		value = arena_copy(look->arena, db_column_text(&rows, 0));
	db_rows_close(&rows);
	return value;
}

static struct slice setting(const struct look *look, const char *name)
{
	return value_find(look, "SELECT value FROM {config} WHERE name = ?1", name);
}

/* Whether the statement would do; what it changes is undone. */
static bool would_do(const struct look *look, const char *sql, struct error *why)
{
	db_begin(look->db);
	db_run(look->db, sql, DB_NONE);
	(void)db_find(look->db, "SELECT 1", 0, DB_NONE); /* whatever was queued is done now */
	*why = db_error(look->db);
	db_rollback(look->db);
	return !is_error(why);
}

/* ---- tables ---- */

static struct slice columns_of(const struct look *look, const struct table_rights *rights, bool all)
{
	struct buffer names = {0};
	needs_write(needs_find(rights->table), all, &names);
	if (names.failed)
		arena_fail(look->arena);
	struct slice kept = arena_copy(look->arena, buffer_slice(&names));
	buffer_done(&names);
	return kept;
}

/* BAD when a configured feed can need it. */
static void right_tell(
    const struct look *look, const char *table, char right, const char *words, const char *why)
{
	static const char name[] = "the right to";
	deed_set deeds = rights_deeds(table, right);
	bool is_needed = deeds == 0 || (deeds & look->deeds) != 0;
	tell(look, is_needed ? FINDING_BAD : FINDING_NOTE, table, "%s %s is missing%s%s%s", name,
	    words, *why ? ": " : "", why, is_needed ? "" : "; no feed that is configured needs it");
}

/* One statement that touches no row. */
static bool right_check(
    const struct look *look, const char *table, char right, const char *words, struct slice sql)
{
	struct error why;
	if (arena_has_failed(look->arena) || would_do(look, sql.bytes, &why))
		return true;
	if (right == 'r')
		tell(look, FINDING_BAD, table, "%s", why.text);
	else
		right_tell(look, table, right, words, why.text);
	return false;
}

static size_t writes_check(const struct look *look, const struct table_rights *rights)
{
	const char *table = rights->table;
	struct arena *arena = look->arena;
	size_t missing = 0;
	struct slice filled = columns_of(look, rights, false);
	if (strchr(rights->rights, 'i'))
		missing += !right_check(look, table, 'i', "INSERT",
		    arena_print(arena, "INSERT INTO {%s} (%.*s) SELECT %.*s FROM {%s} WHERE 1 = 0",
		        table, SLICE_ARG(filled), SLICE_ARG(filled), table));
	if (missing == 0 && strchr(rights->rights, 'i') && !db_may_number(look->db, table)) {
		right_tell(look, table, 'i', "USAGE of its sequence", "");
		missing++;
	}
	if (strchr(rights->rights, 'u'))
		missing += !right_check(look, table, 'u', "UPDATE",
		    arena_print(arena, "UPDATE {%s} SET id = id WHERE 1 = 0", table));
	if (strchr(rights->rights, 'd'))
		missing += !right_check(look, table, 'd', "DELETE",
		    arena_print(arena, "DELETE FROM {%s} WHERE 1 = 0", table));
	return missing;
}

/* A hidden table and an absent one look the same to whoever asks for it. */
static bool may_read(const struct look *look, const char *table)
{
	uint32_t rights = db_rights(look->db, table);
	if (rights & DB_IS_ABSENT)
		tell(look, FINDING_BAD, table, "there is no such table");
	else if (!(rights & DB_MAY_READ))
		tell(look, FINDING_BAD, table,
		    "may not read %s%s as the role %s: see the grants in etc/",
		    look->options->prefix, table, look->person);
	return rights & DB_MAY_READ && !(rights & DB_IS_ABSENT);
}

static size_t table_check(const struct look *look, const struct table_rights *rights)
{
	struct slice columns = columns_of(look, rights, true);
	struct error needs = OK;
	if (rights->is_optional && !rights_knows_optional(look->db, rights->table))
		return 0;
	if (!may_read(look, rights->table))
		return 1;
	needs = needs_check(look->db, needs_find(rights->table));
	if (is_error(&needs)) {
		tell(look, FINDING_BAD, rights->table, "%s", needs.text);
		return 1;
	}
	if (!right_check(look, rights->table, 'r', "SELECT",
	        arena_print(look->arena, "SELECT %.*s FROM {%s} WHERE 1 = 0", SLICE_ARG(columns),
	            rights->table)))
		return 1;
	return writes_check(look, rights);
}

/* False: something is missing. */
static bool tables_check(const struct look *look)
{
	size_t missing = 0;
	for (size_t i = 0; i < table_rights_count; i++)
		missing += table_check(look, &table_rights[i]);
	if (missing == 0)
		tell(look, FINDING_GOOD, "tables",
		    "all that enrold uses are there, with the rights it needs");
	return missing == 0;
}

/* ---- settings ---- */

/* An unknown Moodle is looked at further: whoever asks wants to know all. */
static void version_check(const struct look *look)
{
	struct version_settings settings;
	struct version version;
	version_load(look->db, &settings, look->arena);
	bool is_allowed = look->options->unknown_version != VERSION_REFUSE;
	struct error error = version_judge(&settings, (int64_t)time(NULL), is_allowed, &version);
	if (error.class == ERROR_CONFIG)
		tell(look, FINDING_BAD, "Moodle", "%s", error.text);
	else if (is_error(&error))
		tell(look, FINDING_NOTE, "Moodle", "%s: enrold waits until that is over",
		    error.text);
	else
		tell(look, version.is_known ? FINDING_GOOD : FINDING_NOTE, "Moodle", "%.*s%s",
		    SLICE_ARG(settings.release),
		    version.is_known ? ""
		                     : "; enrold does not know it: lms.unknown_version lets it be");
}

/* Other products on Moodle's tables. */
static void products_check(const struct look *look)
{
	static const struct {
		const char *plugin, *about, *note;
	} products[] = {
	    {"local_iomad", "IOMAD",
	        "its companies keep people, courses and licences in tables of their own, which "
	        "enrold does not touch: not tried"},
	    {"tool_tenant", "Workplace",
	        "its tenants keep people in tables of their own, which enrold does not touch: new "
	        "accounts are the default tenant's; not tried"},
	};
	for (size_t i = 0; i < sizeof products / sizeof *products; i++)
		if (value_find(look,
		        "SELECT value FROM {config_plugins} WHERE plugin = ?1 AND name = 'version'",
		        products[i].plugin)
		        .size > 0)
			tell(look, FINDING_NOTE, products[i].about, "%s", products[i].note);
}

static void plugins_check(const struct look *look)
{
	struct slice plugins = setting(look, "enrol_plugins_enabled");
	struct slice stores = value_find(look,
	    "SELECT value FROM {config_plugins} WHERE plugin = 'tool_log' AND name = ?1",
	    "enabled_stores");
	bool has_log = list_has(stores, SLICE("logstore_standard"));
	if (list_has(plugins, SLICE("manual")))
		tell(look, FINDING_GOOD, "enrolment", "the manual method is enabled");
	else
		tell(look, FINDING_BAD, "enrolment",
		    "the manual method is not enabled: nobody can be enrolled");
	tell(look, FINDING_GOOD, "cohorts",
	    list_has(plugins, SLICE("cohort"))
	        ? "who joins a cohort is enrolled where its courses say so, at once"
	        : "cohort enrolment is not enabled: joining one enrols nobody");
	tell(look, has_log ? FINDING_GOOD : FINDING_NOTE, "audit",
	    has_log && look->options->events ? "each change leaves a row in the site's standard log"
	                                     : "no rows are left in the site's standard log: %s",
	    has_log ? "lms.events is false" : "the site does not keep one");
	if (list_has(plugins, SLICE("meta")) || list_has(plugins, SLICE("category")))
		tell(look, FINDING_NOTE, "links",
		    "enrolments by meta course and category links follow with Moodle's own tasks");
}

static void actor_check(const struct look *look)
{
	struct slice id = value_find(look,
	    "SELECT id FROM {user} WHERE username = ?1 AND deleted = 0", look->options->actor);
	bool is_admin = id.size > 0 && list_has(setting(look, "siteadmins"), id);
	tell(look, is_admin ? FINDING_GOOD : FINDING_BAD, "actor",
	    is_admin ? "%s is a site administrator"
	             : "lms.actor: %s is not a site administrator there",
	    look->options->actor);
}

static void caches_tell(const struct look *look)
{
	tell(look, FINDING_NOTE, "caches",
	    look->options->aftercare
	        ? "new groups and members of groups show when aftercare has told Moodle's caches"
	        : "new groups and members of groups show when Moodle's caches have been purged: "
	          "see "
	          "aftercare");
	tell(look, FINDING_NOTE, "config.php",
	    "what it overrides cannot be seen here: compare it with the settings above");
}

/* ---- our own ---- */

static void own_tables_check(const struct look *look)
{
	size_t found = 0, wanted = 0;
	if (!(db_rights(look->db, "enrold_run") & (DB_MAY_READ | DB_IS_ABSENT))) {
		tell(look, FINDING_BAD, "ledger",
		    "may not read enrold's own tables as the role %s: see the grants in etc/",
		    look->person);
		return;
	}
	bool has_version = db_has_table(look->db, "enrold_version");
	int64_t version = has_version ? db_ledger_version(look->db) : SCHEMA_LEDGER_VERSION;
	for (size_t i = 0; i < schema_ledger_count; i++) {
		bool is_wanted = schema_ledger[i].since <= version;
		found += is_wanted && db_has_table(look->db, schema_ledger[i].name);
		wanted += is_wanted;
	}
	bool is_there = found == wanted, is_old = is_there && version < SCHEMA_LEDGER_VERSION;
	tell(look, is_there && !is_old ? FINDING_GOOD : FINDING_BAD, "ledger",
	    is_old     ? "enrold's own tables are those of an older enrold: `enrolctl lms init` "
	                 "brings them up to date"
	    : is_there ? "enrold's own tables are there"
	               : "enrold's own tables are missing: `enrolctl lms init` makes them");
	is_there = is_there && !is_old;
	struct error why;
	static const char *const tries[] = {
	    "UPDATE {enrold_run} SET run = run WHERE 1 = 0",
	    "DELETE FROM {enrold_run} WHERE 1 = 0",
	    ("INSERT INTO {enrold_head} (id, head, run) SELECT id, head, run FROM {enrold_head} "
	     "WHERE 1 = 0"),
	    "UPDATE {enrold_node} SET beat = beat WHERE 1 = 0",
	    "UPDATE {enrold_listing} SET told = told WHERE 1 = 0",
	    "UPDATE {enrold_base} SET run = run WHERE 1 = 0",
	    "UPDATE {enrold_plan} SET run = run WHERE 1 = 0",
	};
	for (size_t i = 0; is_there && i < sizeof tries / sizeof *tries; i++)
		if (!would_do(look, tries[i], &why))
			tell(look, FINDING_BAD, "ledger", "a right is missing: %s", why.text);
	db_begin_alone(look->db, DB_PATIENCE_S);
	why = db_end(look->db);
	if (is_there && is_error(&why))
		tell(look, FINDING_BAD, "ledger", "its lock cannot be had: %s", why.text);
	db_rollback(look->db);
}

static bool is_readable(const struct look *look, const char *table)
{
	return (db_rights(look->db, table) & (DB_MAY_READ | DB_IS_ABSENT)) == DB_MAY_READ;
}

static void site_look(const struct look *look, const struct config *config)
{
	bool has_settings = is_readable(look, "config") && is_readable(look, "config_plugins");
	if (is_readable(look, "config"))
		version_check(look);
	if (has_settings)
		products_check(look);
	bool are_there = tables_check(look);
	if (has_settings)
		plugins_check(look);
	if (has_settings && is_readable(look, "user"))
		actor_check(look);
	own_tables_check(look);
	caches_tell(look);
	if (are_there)
		check_reach(look, config);
	check_keep(look, config);
}

static deed_set deeds_of(const struct config *config)
{
	deed_set deeds = 0;
	for (size_t i = 0; i < config->feeds_count; i++)
		deeds |= deeds_of_policy(&config->feeds[i].policy);
	return deeds;
}

struct error site_check(const struct config *config, site_on_finding *on_finding, void *context)
{
	const struct lms_options *options = &config->lms;
	char person[128];
	struct look look = {.options = options,
	    .deeds = deeds_of(config),
	    .person = person,
	    .on_finding = on_finding,
	    .context = context,
	    .arena = arena_create()};
	struct error error = look.arena ? site_connect(options, DB_EXISTING, &look.db)
	                                : error_memory("looking at a site");
	if (!is_error(&error)) {
		db_person(look.db, person, sizeof person);
		tell(&look, FINDING_GOOD, "database", "%s: %s", db_name(look.db),
		    db_describe(look.db, look.arena));
		if (db_rights(look.db, "config") & DB_IS_ABSENT)
			tell(&look, FINDING_BAD, "tables",
			    "no Moodle with the prefix '%s': see lms.prefix", options->prefix);
		else
			site_look(&look, config);
		error = db_error(look.db);
		if (!is_error(&error) && arena_has_failed(look.arena))
			error = error_memory("looking at a site");
	}
	db_close(look.db);
	arena_free(look.arena);
	return error;
}
