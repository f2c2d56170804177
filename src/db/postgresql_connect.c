/*
 * postgresql_connect: from a URL to a session: whom to trust, what to wait for, and how to say what
 * went wrong without a password in it.
 */
#include "postgresql.h"
#include "server.h"

#include <stdio.h>
#include <stdlib.h>

void postgresql_close(struct db *base)
{
	struct postgresql *db = postgresql_of(base);
	PQfinish(db->handle);
	buffer_done(&db->text);
	free(db->ahead_ids);
	free(db);
}

static const char *option_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options && options->keyword; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

/* Whether nobody can listen, so that no certificate is asked for. A list of hosts is not local, and
 * whoever names a CA wants it checked. */
static bool is_local(const PQconninfoOption *options)
{
	if (option_of(options, "sslrootcert"))
		return false;
	const char *host = option_of(options, "host");
	const char *address = option_of(options, "hostaddr");
	return server_is_local(host) && server_is_local(address) && !(host && strchr(host, ','));
}

/* Libpq gives a line for each host and address that it has tried; what it indents only explains. */
static struct error connect_error(const struct postgresql *db)
{
	char lines[sizeof(struct error)] = "";
	size_t used = 0;
	for (const char *line = PQerrorMessage(db->handle); *line;) {
		size_t size = strcspn(line, "\n");
		if (*line != '\t' && used < sizeof lines)
			used += (size_t)snprintf(lines + used, sizeof lines - used, "%s%.*s",
			    used > 0 ? "; " : "", (int)size, line);
		line += size + (line[size] == '\n');
	}
	return error_retry("%s: %s", db->db.name, lines);
}

/* Libpq would print notices between the lines of the log; what matters shows in a result. */
static void on_notice(void *context, const char *text)
{
	(void)context, (void)text;
}

static void connect_with(struct postgresql *db, const PQconninfoOption *options)
{
	char password[PASSWORD_SIZE];
	struct error error = password_credential(password);
	if (is_error(&error)) {
		db_fail(&db->db, error);
		return;
	}
	/* The URL overrides what stands before dbname, but not what stands after it. The URL's own
	 * password and passfile come before the credential. */
	const char *const keywords[] = {"connect_timeout", "keepalives_idle", "keepalives_interval",
	    "keepalives_count", "tcp_user_timeout", "target_session_attrs",
	    "fallback_application_name", "sslmode", "dbname", "client_encoding",
	    *password ? "password" : NULL, NULL};
	bool asks_credential = !option_of(options, "password") && !option_of(options, "passfile");
	const char *const values[] = {"10", "30", "10", "3", "30000", "read-write", "enrold",
	    is_local(options) ? "prefer" : "verify-full", db->db.options->url, "UTF8",
	    asks_credential ? password : NULL, NULL};
	db->handle = PQconnectdbParams(keywords, values, 1);
	memset(password, 0, sizeof password);
	PQsetNoticeProcessor(db->handle, on_notice, NULL); /* NULL: nothing */
	if (!db->handle)
		db_fail(&db->db, error_memory("opening the LMS database"));
	else if (PQstatus(db->handle) != CONNECTION_OK && PQconnectionNeedsPassword(db->handle))
		db_fail(&db->db, error_config("%s wants a password: see lms.url", db->db.name));
	else if (PQstatus(db->handle) != CONNECTION_OK)
		db_fail(&db->db, connect_error(db));
}

/* The name says server and database, and nothing secret. */
static void name_make(struct postgresql *db, const PQconninfoOption *options)
{
	const char *host = option_of(options, "host"), *base = option_of(options, "dbname");
	snprintf(
	    db->name, sizeof db->name, "postgresql://%s/%s", host ? host : "", base ? base : "");
	db->db.name = db->name;
}

struct error postgresql_open(const struct engine *engine, const struct lms_options *options,
    enum db_mode mode, struct db **result)
{
	(void)mode;
	struct postgresql *db = calloc(1, sizeof *db);
	if (!db)
		return error_memory("opening the LMS database");
	PQconninfoOption *parsed = PQconninfoParse(options->url, NULL);
	if (!parsed) {
		free(db);
		return error_config("lms.url is not a URL that libpq understands");
	}
	db->db = (struct db){.engine = engine, .options = options, .error = OK};
	name_make(db, parsed);
	connect_with(db, parsed);
	PQconninfoFree(parsed);
	struct error error = db->db.error;
	if (is_error(&error))
		postgresql_close(&db->db);
	else
		*result = &db->db;
	return error;
}

/*
 * By the catalogue, not by the name's resolution, which fails where the schema may not be used. A
 * right to some columns counts: what is missing then shows when it is needed.
 */
void postgresql_rights(struct db *base, const char *const *tables, size_t count, uint32_t *rights)
{
	static const char question[] =
	    "SELECT CASE WHEN NOT has_schema_privilege(t.schema, 'USAGE') THEN 0 "
	    "WHEN t.depth = 1 AND NOT pg_table_is_visible(t.oid) THEN 32 "
	    "ELSE has_any_column_privilege(t.oid, 'SELECT')::int + "
	    "2 * has_any_column_privilege(t.oid, 'INSERT')::int + "
	    "4 * has_any_column_privilege(t.oid, 'UPDATE')::int + "
	    "8 * has_table_privilege(t.oid, 'DELETE')::int + "
	    "16 * coalesce((SELECT bool_and(has_sequence_privilege(s.oid, 'USAGE')) FROM pg_depend "
	    "d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' WHERE d.refclassid = "
	    "'pg_class'::regclass AND d.refobjid = t.oid AND "
	    "d.classid = 'pg_class'::regclass AND d.deptype = 'a'), true)::int END "
	    "FROM (SELECT c.oid, c.relnamespace AS schema, array_length(i.words, 1) AS depth FROM "
	    "(SELECT parse_ident(?1) AS words) i JOIN pg_class c ON c.relname = "
	    "i.words[array_length(i.words, 1)] AND c.relkind IN ('r', 'p', 'v', 'f') JOIN "
	    "pg_namespace n ON n.oid = c.relnamespace WHERE array_length(i.words, 1) = 1 OR "
	    "n.nspname = i.words[1] ORDER BY pg_table_is_visible(c.oid) DESC LIMIT 1) t";
	struct arena *arena = arena_create();
	if (!arena) {
		db_fail(base, error_memory("looking at rights"));
		return;
	}
	struct db_questions questions = db_questions_begin(arena);
	for (size_t i = 0; i < count; i++) {
		rights[i] = DB_IS_ABSENT;
		db_question(&questions, i, DB_VALUES(db_string(tables[i])));
	}
	struct db_rows rows = db_ask(base, question, &questions);
	while (db_next(&rows))
		rights[rows.tag] = (uint32_t)db_column_int(&rows, 0);
	arena_free(arena);
}
