#include "mirror_more.h"

#include "enrold/schema.h"

#include <string.h>

static bool is_of_every_site(struct slice name)
{
	for (size_t i = 0; i < schema_tables_count; i++)
		if (slice_is(name, slice_of(schema_tables[i].name)))
			return true;
	return false;
}

struct more_copied mirror_more_find(struct db *sqlite, struct arena *arena)
{
	struct more_copied more = {0};
	size_t room = 0;
	struct db_rows rows = db_select(sqlite,
	    "SELECT substr(name, 5), sql FROM sqlite_master WHERE type = 'table' AND "
	    "substr(name, 1, 4) = 'mdl_' ORDER BY name",
	    DB_NONE);
	while (db_next(&rows)) {
		struct slice name = db_column_text(&rows, 0);
		if (is_of_every_site(name))
			continue;
		if (more.count == room) {
			size_t wanted = room * 2 + 16;
			more.names =
			    arena_grow(arena, more.names, room, wanted, sizeof *more.names);
			more.statements = arena_grow(
			    arena, more.statements, room, wanted, sizeof *more.statements);
			room = wanted;
		}
		more.names[more.count] = arena_copy(arena, name);
		more.statements[more.count++] = arena_copy(arena, db_column_text(&rows, 1));
	}
	return more;
}

/* SQLite's words, and what a Moodle has for them on the server. */
static const struct word {
	const char *sqlite, *postgresql, *mariadb;
} words[] = {
    {"INTEGER PRIMARY KEY AUTOINCREMENT", "BIGSERIAL PRIMARY KEY",
        "BIGINT AUTO_INCREMENT PRIMARY KEY"},
    {"INTEGER", "BIGINT", "BIGINT"},
    {"NUMERIC", "NUMERIC(15,5)", "DECIMAL(15,5)"},
    {"TEXT", "TEXT", "LONGTEXT"},
};

static const struct word *word_at(struct slice text)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t size = strlen(words[i].sqlite);
		if (text.size >= size && memcmp(text.bytes, words[i].sqlite, size) == 0)
			return &words[i];
	}
	return NULL;
}

static void statement_write(struct buffer *out, struct slice sql, bool is_postgresql)
{
	while (sql.size > 0) {
		const struct word *word = word_at(sql);
		size_t size = word ? strlen(word->sqlite) : 1;
		if (word)
			buffer_add_text(out, is_postgresql ? word->postgresql : word->mariadb);
		else
			buffer_add_char(out, *sql.bytes);
		sql = (struct slice){sql.bytes + size, sql.size - size};
	}
	buffer_add_char(out, ';');
}

/* Of an earlier test in the same database. */
static void drops_write(struct db *server, bool is_postgresql, struct buffer *out)
{
	struct db_rows rows = db_select(server,
	    is_postgresql
	        ? "SELECT substr(tablename, 5) FROM pg_tables WHERE schemaname = 'public' "
	          "AND substr(tablename, 1, 4) = 'mdl_'"
	        : "SELECT substr(table_name, 5) FROM information_schema.tables WHERE "
	          "table_schema = database() AND substr(table_name, 1, 4) = 'mdl_'",
	    DB_NONE);
	while (db_next(&rows)) {
		struct slice name = db_column_text(&rows, 0);
		if (!is_of_every_site(name))
			buffer_print(out, "DROP TABLE mdl_%.*s;", SLICE_ARG(name));
	}
}

void mirror_more_write(
    struct db *server, bool is_postgresql, const struct more_copied *more, struct buffer *out)
{
	drops_write(server, is_postgresql, out);
	for (size_t i = 0; i < more->count; i++)
		statement_write(out, more->statements[i], is_postgresql);
}
