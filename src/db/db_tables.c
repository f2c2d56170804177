/*
 * db_tables: what there is and what we may do to it: questions about tables, each engine's own.
 */
#include "engine.h"

#include <assert.h>
#include <string.h>

/* The table's name in quotes, as the engines' questions about tables take it. */
static struct buffer table_quote(struct db *db, const char *name)
{
	struct buffer quoted = {0};
	struct db_text_job job = {.db = db, .out = &quoted};
	db_write_table(&job, slice_of(name));
	if (quoted.failed)
		db_fail(db, error_memory("looking for a table"));
	return quoted;
}

/* The first number that a question about a table is answered with. */
static int64_t table_ask(struct db *db, const char *sql, const char *name)
{
	struct buffer quoted = table_quote(db, name);
	int64_t answer = db_find(db, sql, 0, DB_VALUES(db_text(buffer_slice(&quoted))));
	buffer_done(&quoted);
	return answer;
}

bool db_has_table(struct db *db, const char *name)
{
	return table_ask(db, db->engine->has_table, name) != 0;
}

bool db_may_number(struct db *db, const char *table)
{
	return !db->engine->may_number || table_ask(db, db->engine->may_number, table) != 0;
}

/* The name is in this column of the answer. */
static void column_add(
    const struct db_rows *rows, int place, struct buffer *all, struct buffer *required)
{
	struct slice name = db_column_text(rows, place);
	buffer_print(all, "%.*s,", SLICE_ARG(name));
	if (db_column_int(rows, place + 1) != 0)
		buffer_print(required, "%.*s,", SLICE_ARG(name));
}

void db_find_columns(struct db *db, const char *table, struct buffer *all, struct buffer *required)
{
	struct buffer quoted = table_quote(db, table);
	const struct db_value value = db_text(buffer_slice(&quoted));
	struct db_rows rows = db_select(db, db->engine->table_columns, &value, 1);
	while (db_next(&rows))
		column_add(&rows, 0, all, required);
	buffer_done(&quoted);
}

static void columns_ask(struct db *db, const char *const *tables, size_t count, struct buffer *all,
    struct buffer *required)
{
	struct arena *arena = arena_create();
	if (!arena) {
		db_fail(db, error_memory("looking at tables"));
		return;
	}
	struct db_questions questions = db_questions_begin(arena);
	for (size_t i = 0; i < count; i++) {
		struct buffer quoted = table_quote(db, tables[i]);
		db_question(
		    &questions, i, DB_VALUES(db_text(arena_copy(arena, buffer_slice(&quoted)))));
		buffer_done(&quoted);
	}
	struct db_rows rows = db_ask(db, db->engine->table_columns, &questions);
	while (db_next(&rows))
		column_add(&rows, 0, &all[rows.tag], &required[rows.tag]);
	arena_free(arena);
}

/* The question about the table that is value `place`. */
static void part_add(struct buffer *sql, const char *question, size_t place)
{
	const char *mark = strstr(question, "?1");
	buffer_print(sql, "%s(SELECT %zu, q.* FROM (%.*s?%zu%s) AS q)",
	    place > 1 ? " UNION ALL " : "", place - 1, (int)(mark - question), question, place,
	    mark + 2);
}

/* MariaDB finds a table in its catalogue by a constant, and through a join reads all of it: so each
 * is a question, and all are one statement. */
static void columns_unite(struct db *db, const char *const *tables, size_t count,
    struct buffer *all, struct buffer *required)
{
	struct db_value values[DB_COLUMNS_MAX];
	struct buffer sql = {0}, names[DB_COLUMNS_MAX];
	assert(count <= DB_COLUMNS_MAX);
	for (size_t i = 0; i < count; i++) {
		part_add(&sql, db->engine->table_columns, i + 1);
		names[i] = table_quote(db, tables[i]);
		values[i] = db_text(buffer_slice(&names[i]));
	}
	buffer_add_char(&sql, '\0');
	if (sql.failed)
		db_fail(db, error_memory("looking at tables"));
	struct db_rows rows = db_select(db, sql.bytes, values, count);
	while (db_next(&rows)) {
		size_t i = (size_t)db_column_int(&rows, 0);
		column_add(&rows, 1, &all[i], &required[i]);
	}
	for (size_t i = 0; i < count; i++)
		buffer_done(&names[i]);
	buffer_done(&sql);
}

void db_find_columns_all(struct db *db, const char *const *tables, size_t count, struct buffer *all,
    struct buffer *required)
{
	if (db->engine->has_catalogue)
		columns_ask(db, tables, count, all, required);
	else if (db_is_server(db))
		columns_unite(db, tables, count, all, required);
	else
		for (size_t i = 0; i < count; i++)
			db_find_columns(db, tables[i], &all[i], &required[i]);
}

/* Of an engine that knows no rights. One walk through the schema, however many tables are asked
 * for.
 */
static void tables_walk(struct db *db, const char *const *names, size_t count, uint32_t *rights)
{
	struct db_rows rows =
	    db_select(db, "SELECT name FROM sqlite_schema WHERE type = 'table'", NULL, 0);
	for (size_t i = 0; i < count; i++)
		rights[i] = DB_IS_ABSENT;
	while (db_next(&rows)) {
		struct slice name = db_column_text(&rows, 0);
		for (size_t i = 0; i < count; i++)
			if (strlen(names[i]) == name.size + 2 &&
			    memcmp(names[i] + 1, name.bytes, name.size) == 0)
				rights[i] = DB_MAY_ALL;
	}
	db_rows_close(&rows);
}

void db_rights_all(struct db *db, const char *const *tables, size_t count, uint32_t *rights)
{
	struct buffer quoted[DB_RIGHTS_MAX];
	const char *names[DB_RIGHTS_MAX] = {NULL};
	assert(count <= DB_RIGHTS_MAX);
	for (size_t i = 0; i < count; i++)
		rights[i] = 0;
	for (size_t i = 0; i < count; i++) {
		quoted[i] = table_quote(db, tables[i]);
		buffer_add_char(&quoted[i], '\0');
		if (quoted[i].failed)
			db_fail(db, error_memory("looking for a table"));
		names[i] = quoted[i].bytes;
	}
	if (!is_error(&db->error) && db->engine->rights)
		db->engine->rights(db, names, count, rights);
	else if (!is_error(&db->error))
		tables_walk(db, names, count, rights);
	for (size_t i = 0; i < count; i++)
		buffer_done(&quoted[i]);
}

uint32_t db_rights(struct db *db, const char *table)
{
	uint32_t rights;
	db_rights_all(db, &table, 1, &rights);
	return rights;
}
