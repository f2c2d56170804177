/*
 * db_tables: what there is and what we may do to it: questions about tables, each engine's own.
 */
#include "engine.h"

#include <assert.h>

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

void db_find_columns(struct db *db, const char *table, struct buffer *all, struct buffer *required)
{
	struct buffer quoted = table_quote(db, table);
	const struct db_value value = db_text(buffer_slice(&quoted));
	struct db_rows rows = db_select(db, db->engine->table_columns, &value, 1);
	while (db_next(&rows)) {
		struct slice name = db_column_text(&rows, 0);
		buffer_print(all, "%.*s,", SLICE_ARG(name));
		if (db_column_int(&rows, 1) != 0)
			buffer_print(required, "%.*s,", SLICE_ARG(name));
	}
	buffer_done(&quoted);
}

void db_rights_all(struct db *db, const char *const *tables, size_t count, uint32_t *rights)
{
	struct buffer quoted[DB_RIGHTS_MAX];
	const char *names[DB_RIGHTS_MAX];
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
	if (!db->engine->rights) {
		for (size_t i = 0; i < count; i++)
			rights[i] = db_has_table(db, tables[i]) ? DB_MAY_ALL : DB_IS_ABSENT;
	} else if (!is_error(&db->error)) {
		db->engine->rights(db, names, count, rights);
	}
	for (size_t i = 0; i < count; i++)
		buffer_done(&quoted[i]);
}

uint32_t db_rights(struct db *db, const char *table)
{
	uint32_t rights;
	db_rights_all(db, &table, 1, &rights);
	return rights;
}
