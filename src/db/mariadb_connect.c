/*
 * mariadb_connect: from a URL to a session: whom to trust, which host to take, and what the session
 * is to be like.
 */
#include "mariadb.h"
#include "mariadb_bulk.h"
#include "server.h"

#include <mysqld_error.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static void library_init(void)
{
	mysql_library_init(0, NULL, NULL);
}

static bool wants_tls(const struct mariadb_url *url, const char *host)
{
	bool is_local = *url->socket != '\0' || server_is_local(host);
	bool by_default = !is_local || *url->ca != '\0';
	return url->tls == MARIADB_TLS_DEFAULT ? by_default : url->tls != MARIADB_TLS_DISABLE;
}

static void tls_set(MYSQL *handle, const struct mariadb_url *url, const char *host)
{
	const my_bool yes = 1;
	if (!wants_tls(url, host))
		return;
	mysql_optionsv(handle, MYSQL_OPT_SSL_ENFORCE, &yes);
	if (url->tls != MARIADB_TLS_REQUIRE)
		mysql_optionsv(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
	if (*url->ca)
		mysql_optionsv(handle, MYSQL_OPT_SSL_CA, url->ca);
	if (*url->cert)
		mysql_optionsv(handle, MYSQL_OPT_SSL_CERT, url->cert);
	if (*url->key)
		mysql_optionsv(handle, MYSQL_OPT_SSL_KEY, url->key);
}

static bool host_connect(
    struct mariadb *db, const struct mariadb_url *url, unsigned index, const char *password)
{
	const unsigned connect_s = 10, transfer_s = 100, no = 0, tcp = MYSQL_PROTOCOL_TCP;
	const char *host = url->hosts[index].name;
	if (db->handle)
		mysql_close(db->handle);
	db->handle = mysql_init(NULL);
	if (!db->handle) {
		db_fail(&db->db, error_memory("opening the LMS database"));
		return false;
	}
	mysql_optionsv(db->handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_optionsv(db->handle, MYSQL_OPT_READ_TIMEOUT, &transfer_s);
	mysql_optionsv(db->handle, MYSQL_OPT_WRITE_TIMEOUT, &transfer_s);
	mysql_optionsv(db->handle, MYSQL_OPT_LOCAL_INFILE, &no); /* no server reads our files */
	mysql_optionsv(db->handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	/* Else "localhost" would be the usual socket all the same. */
	if (url->hosts[index].port != 0 && *url->socket == '\0')
		mysql_optionsv(db->handle, MYSQL_OPT_PROTOCOL, &tcp);
	tls_set(db->handle, url, host);
	return mysql_real_connect(db->handle, *host ? host : NULL, url->user, password,
	    url->database, url->hosts[index].port, *url->socket ? url->socket : NULL,
	    CLIENT_MULTI_STATEMENTS);
}

/* The library goes on without TLS when a server offers none, whatever MYSQL_OPT_SSL_ENFORCE
 * says. */
static bool is_encrypted(struct mariadb *db, const struct mariadb_url *url, unsigned index)
{
	if (!wants_tls(url, url->hosts[index].name) || mysql_get_ssl_cipher(db->handle))
		return true;
	db_fail(&db->db,
	    error_config("%s offers no TLS, and lms.url asks for it: see sslmode", db->db.name));
	return false;
}

/* When an account wants TLS, the server says only that it denies access. */
static void connect_fail(struct mariadb *db, const struct mariadb_url *url, unsigned index)
{
	bool may_want_tls = mysql_errno(db->handle) == ER_ACCESS_DENIED_ERROR &&
	                    !wants_tls(url, url->hosts[index].name);
	if (may_want_tls)
		db_fail(&db->db, error_config("%s: %s; it was not encrypted, which the account may "
		                              "want: see sslmode",
		                     db->db.name, mysql_error(db->handle)));
	else
		mariadb_fail(db);
}

/* Only MariaDB takes this for more than a comment; a version may be a proxy's invention. */
static bool is_mariadb(struct mariadb *db)
{
	bool is = db_find(&db->db, "SELECT 0 /*M! + 1 */", 0, DB_NONE) == 1;
	if (!is)
		db_fail(&db->db, error_config("%s is MySQL, or another server that speaks like it: "
		                              "enrold needs MariaDB, not MySQL",
		                     db->db.name));
	return is;
}

enum { IS_READ_ONLY = 1, HAS_SNAPSHOTS = 2, IS_GALERA = 4 };

/* Asks in one question for all that has to be known. */
static int64_t features_find(struct mariadb *db)
{
	int64_t features = db_find(&db->db,
	    "SELECT @@global.read_only + coalesce(sum(CASE WHEN variable_name = "
	    "'INNODB_SNAPSHOT_ISOLATION' THEN 2 WHEN variable_value = 'ON' THEN 4 END), 0) FROM "
	    "information_schema.session_variables WHERE variable_name IN "
	    "('INNODB_SNAPSHOT_ISOLATION', 'WSREP_ON')",
	    0, DB_NONE);
	db->has_snapshots = features & HAS_SNAPSHOTS;
	db->is_galera = features & IS_GALERA;
	db->has_bulk = mariadb_bulk_is_there(db->handle) && !db->is_galera;
	return features;
}

/* It answers questions about itself, but shows no table. */
static bool is_apart(struct mariadb *db)
{
	return db->is_galera &&
	       db_find(&db->db,
	           "SELECT 1 FROM information_schema.global_status WHERE variable_name = "
	           "'WSREP_READY' AND variable_value = 'OFF'",
	           0, DB_NONE) == 1;
}

/* A replica takes no rows, nor does a node that has lost its cluster; the next host may. */
static bool is_writable(struct mariadb *db)
{
	if (features_find(db) & IS_READ_ONLY)
		db_fail(&db->db, error_retry("%s is read-only", db->db.name));
	else if (is_apart(db))
		db_fail(&db->db,
		    error_retry("%s is a node that has lost its Galera cluster", db->db.name));
	return !db_has_failed(&db->db);
}

static bool is_usable(struct mariadb *db)
{
	return is_mariadb(db) && is_writable(db);
}

static void name_make(struct mariadb *db, const struct mariadb_url *url, unsigned index)
{
	snprintf(
	    db->name, sizeof db->name, "mariadb://%s/%s", url->hosts[index].name, url->database);
	db->db.name = db->name;
}

static void connect_with(struct mariadb *db, const struct mariadb_url *url)
{
	char password[PASSWORD_SIZE] = "";
	struct error error = OK;
	if (*url->password)
		snprintf(password, sizeof password, "%s", url->password);
	else if (*url->passfile)
		error = password_read(url->passfile, password);
	else
		error = password_credential(password);
	if (is_error(&error))
		db_fail(&db->db, error);
	bool is_connected = is_error(&error);
	for (unsigned i = 0; i < url->hosts_count && !is_connected; i++) {
		db->db.error = OK;
		name_make(db, url, i);
		if (host_connect(db, url, i, password))
			is_connected = is_encrypted(db, url, i) && is_usable(db);
		else if (db->handle)
			connect_fail(db, url, i);
	}
	explicit_bzero(password, sizeof password);
}

void mariadb_compare_as(struct db *base, const char *table, const char *column)
{
	struct mariadb *db = mariadb_of(base);
	char sql[128], collation[65] = "";
	const size_t size =
	    (size_t)snprintf(sql, sizeof sql, "%s%s", db->db.options->prefix, table);
	struct db_rows rows = db_select(&db->db,
	    "SELECT collation_name FROM information_schema.columns WHERE table_schema = DATABASE() "
	    "AND table_name = ?1 AND column_name = ?2",
	    DB_VALUES(db_text((struct slice){sql, size}), db_string(column)));
	if (db_next(&rows))
		snprintf(collation, sizeof collation, "%.*s", SLICE_ARG(db_column_text(&rows, 0)));
	db_rows_close(&rows);
	if (*collation == '\0')
		return; /* no site yet */
	if (strncmp(collation, "utf8mb4_", 8) != 0) {
		db_fail(&db->db, error_config("%s keeps texts as %s: Moodle 4.5 wants utf8mb4",
		                     db->db.name, collation));
		return;
	}
	db->knows_case = strcmp(collation + strlen(collation) - 3, "_ci") != 0;
	snprintf(sql, sizeof sql, "SET NAMES utf8mb4 COLLATE %s", collation);
	db_script(&db->db, sql);
}

static void session_set(struct mariadb *db)
{
	db_script(&db->db, "SET SESSION sql_mode = 'STRICT_ALL_TABLES,PIPES_AS_CONCAT', "
	                   "SESSION innodb_lock_wait_timeout = 10, "
	                   "SESSION idle_transaction_timeout = 20");
	db_script(&db->db, db->has_snapshots
	                       ? "SET SESSION innodb_snapshot_isolation = ON; "
	                         "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"
	                       : "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE");
	/* We must see what another node has committed before. */
	if (db->is_galera)
		db_script(&db->db, "SET SESSION wsrep_sync_wait = 1");
}

struct error mariadb_open(const struct engine *engine, const struct lms_options *options,
    enum db_mode mode, struct db **result)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct mariadb_url url;
	(void)mode;
	struct error error = mariadb_url_parse(options->url, &url);
	if (is_error(&error))
		return error;
	struct mariadb *db = calloc(1, sizeof *db);
	if (!db)
		return error_memory("opening the LMS database");
	pthread_once(&once, library_init);
	db->db = (struct db){.engine = engine, .options = options, .error = OK};
	name_make(db, &url, 0);
	connect_with(db, &url);
	explicit_bzero(&url, sizeof url);
	if (!db_has_failed(&db->db))
		session_set(db);
	error = db->db.error;
	if (is_error(&error))
		mariadb_close(&db->db);
	else
		*result = &db->db;
	return error;
}

/*
 * By trying, in statements that touch no row: rights come from tables, databases, patterns of their
 * names, roles and PUBLIC, and no table of information_schema adds them up. All in one round trip:
 * the handlers note what was denied (1142, 1143, 1370) and what is not there (1146), which the
 * server says only to those with some right to it; other errors come after the check.
 */
/* Adds the table's bits, as a number, to what the script has found so far. */
static void rights_try(struct buffer *sql, const char *table)
{
	static const char *const tries[] = {
	    "SET @enrold_try = (SELECT max(id) FROM %s WHERE 1 = 0)",
	    "INSERT INTO %s (id) SELECT 1 FROM dual WHERE 1 = 0",
	    "UPDATE %s SET id = id WHERE 1 = 0", "DELETE FROM %s WHERE 1 = 0"};
	buffer_add_text(sql, "SET @enrold_may = 31; ");
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		const char *hole = strstr(tries[i], "%s");
		buffer_print(sql, "SET @enrold_bit = %u; ", 1u << i);
		buffer_add(sql, tries[i], (size_t)(hole - tries[i]));
		buffer_print(sql, "%s%s; ", table, hole + 2);
	}
	buffer_add_text(sql, "SET @enrold_all = CONCAT(@enrold_all, @enrold_may, ' '); ");
}

static void rights_read(struct db *base, size_t count, uint32_t *rights)
{
	struct db_rows rows = db_select(base, "SELECT @enrold_all", DB_NONE);
	if (!db_next(&rows))
		return;
	char text[8 * DB_RIGHTS_MAX], *rest = text;
	struct slice all = db_column_text(&rows, 0);
	snprintf(text, sizeof text, "%.*s", SLICE_ARG(all));
	for (size_t i = 0; i < count; i++)
		rights[i] = (uint32_t)strtoul(rest, &rest, 10);
	db_rows_close(&rows);
}

void mariadb_rights(struct db *base, const char *const *tables, size_t count, uint32_t *rights)
{
	struct buffer sql = {0};
	buffer_add_text(&sql, "BEGIN NOT ATOMIC "
	                      "DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; "
	                      "DECLARE CONTINUE HANDLER FOR 1142, 1143, 1370 SET @enrold_may = "
	                      "@enrold_may & ~@enrold_bit; "
	                      "DECLARE CONTINUE HANDLER FOR 1146 SET @enrold_may = 32; "
	                      "SET @enrold_all = ''; ");
	for (size_t i = 0; i < count; i++)
		rights_try(&sql, tables[i]);
	buffer_add_text(&sql, "END");
	buffer_add_char(&sql, '\0');
	if (sql.failed)
		db_fail(base, error_memory("looking at rights"));
	else if (!db_has_failed(base))
		base->engine->script(base, sql.bytes);
	buffer_done(&sql);
	rights_read(base, count, rights);
}
