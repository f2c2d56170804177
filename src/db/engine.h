/*
 * engine: what an engine does for db.h. All that engines differ in stands in sqlite*.c,
 * postgresql*.c and mariadb*.c and nowhere else.
 *
 * Calls come only while the connection is free of errors, but for close, rollback and leave.
 */
#ifndef DB_ENGINE_H
#define DB_ENGINE_H

#include "enrold/db.h"

/* What every engine's connection begins with. */
struct db {
	const struct engine *engine;
	const struct lms_options *options;
	const char *name;
	struct error error;
	int64_t token; /* of a transaction that is alone: see token_write; 0: none */
};

/* A statement being written out for an engine. */
struct db_text_job {
	struct db *db;
	struct buffer *out;
	const struct db_value *values; /* NULL: they go their own way */
	size_t count;
	bool is_asking;    /* of many questions */
	struct slice each; /* what {each} stands for */
};

struct engine {
	const char *scheme; /* "sqlite:" */
	bool is_server;
	/* Allocates a connection of this engine; on failure closes itself. */
	struct error (*open)(const struct engine *engine, const struct lms_options *options,
	    enum db_mode mode, struct db **db);
	void (*close)(struct db *db);
	void (*rest)(struct db *db);
	bool (*is_alive)(struct db *db); /* NULL: always */
	/* NULL: there is one way only */
	void (*compare_as)(struct db *db, const char *table, const char *column);
	void (*begin)(struct db *db, unsigned patience_s); /* 0: not alone */
	void (*commit)(struct db *db);
	void (*rollback)(struct db *db);
	void (*script)(struct db *db, const char *sql);
	void (*run)(struct db *db, const char *sql, const struct db_value *values, size_t count);
	void (*run_once)(
	    struct db *db, const char *sql, const struct db_value *values, size_t count);
	int64_t (*insert)(
	    struct db *db, const char *sql, const struct db_value *values, size_t count);
	void (*insert_all)(struct db *db, const struct db_table *table,
	    const struct db_value *values, size_t count, int64_t *ids);
	void (*insert_ahead)(
	    struct db *db, const struct db_table *table, size_t count); /* or NULL */
	/* NULL: one by one is as good */
	void (*delete_all)(
	    struct db *db, const char *sql, const struct db_value *ids, size_t count);
	bool (*next)(struct db_rows *rows);
	void (*leave)(struct db_rows *rows);
	int (*columns)(const struct db_rows *rows);
	int64_t (*column_int)(const struct db_rows *rows, int column);
	struct slice (*column_text)(const struct db_rows *rows, int column);
	void (*find_spellings)(struct db *db, const struct db_column *column,
	    const struct db_questions *questions, struct db_questions *spellings);
	/* Without a server: whether another process has the database open, as far as can be told;
	 * NULL: a server, which can be asked by ... */
	bool (*is_shared)(struct db *db);
	const char *session;   /* ... who we are, for ... */
	const char *waiting;   /* ... how many wait for a lock, of session ?1 if that can be told */
	const char *describe;  /* asks for engine, version and collation in words */
	const char *clock;     /* ... for the server's, in microseconds; NULL: there is none */
	const char *has_table; /* ... whether there is the table ?1, which is in quotes */
	/* ... for the table's columns: name, and whether a new row must be given a value for it. */
	const char *table_columns;
	bool has_catalogue; /* which is joined to many names as well as it is asked for one */
	/* ... whether the table's sequence may be used; NULL: there is none. */
	const char *may_number;
	/* What we may do to each of the tables, which are in quotes: of DB_MAY_ALL; NULL: all. Few
	 * round trips, however many there are. */
	void (*rights)(struct db *db, const char *const *tables, size_t count, uint32_t *rights);
	/* Dialect. */
	char quote;           /* around names */
	const char *ledger;   /* in front of our own tables */
	const char *conflict; /* what an INSERT says of rows that are there; NULL: as SQLite */
	bool is_exact;        /* texts are equal when their bytes are */
	bool takes_any_index; /* a column's own as soon as one that has it behind others */
	const char *lock;
	const char *schema;    /* makes the place of our own tables */
	const char *text_type; /* of any length */
	const char *table_end; /* behind a CREATE TABLE */
	/* Writes value `index` (0 is the first) */
	void (*value)(struct db_text_job *job, size_t index);
};

extern const struct engine sqlite_engine;
#ifdef ENROLD_POSTGRESQL
extern const struct engine postgresql_engine;
#endif
#ifdef ENROLD_MARIADB
extern const struct engine mariadb_engine;
#endif

/* The statement in the engine's own words, at the end of job->out. */
void db_write_out(struct db_text_job *job, const char *sql);
/* A table's name, with its prefix and in quotes. */
void db_write_table(struct db_text_job *job, struct slice name);

/* The statement "SELECT a FROM {each}t ... ORDER BY b" for all questions, whose table comes first
 * and numbers them: "select number, a FROM ... ORDER BY number, b". */
void db_write_question(
    struct db_text_job *job, const char *sql, const char *select, const char *number);

/* Whether the stored text is the asked one, letter case and blanks at the end aside. */
bool db_is_spelling(struct slice stored, struct slice asked);
/* "mnethostid = 1 AND ": of a column that stands second in its index; lies in the arena. */
struct slice db_condition(const struct db_column *column, const char *alias, struct arena *arena);

#endif
