#include "sqlite_values.h"

#include <stdio.h>

struct table {
	sqlite3_vtab base;
	const struct sqlite_values *current;
};

struct cursor {
	sqlite3_vtab_cursor base;
	struct sqlite_values values;
	size_t row;
};

/* ---- the table ---- */

static int on_connect(sqlite3 *handle, void *current, int argc, const char *const *argv,
    sqlite3_vtab **result, char **message)
{
	char sql[16 + DB_COLUMNS_MAX * 5] = "CREATE TABLE x(c0";
	size_t size = strlen(sql);
	(void)argc, (void)argv, (void)message;
	for (int i = 1; i < DB_COLUMNS_MAX; i++)
		size += (size_t)snprintf(sql + size, sizeof sql - size, ",c%d", i);
	snprintf(sql + size, sizeof sql - size, ")");
	int code = sqlite3_declare_vtab(handle, sql);
	if (code != SQLITE_OK)
		return code;
	struct table *table = sqlite3_malloc(sizeof *table);
	if (!table)
		return SQLITE_NOMEM;
	*table = (struct table){.current = current};
	*result = &table->base;
	return SQLITE_OK;
}

static int on_disconnect(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

/* Rows come in the order of their ids, and all of them. */
static int on_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = 1000;
	info->estimatedRows = 1000;
	info->orderByConsumed =
	    info->nOrderBy == 1 && info->aOrderBy[0].iColumn == -1 && !info->aOrderBy[0].desc;
	return SQLITE_OK;
}

/* ---- a walk through it ---- */

static int on_open(sqlite3_vtab *table, sqlite3_vtab_cursor **result)
{
	(void)table;
	struct cursor *cursor = sqlite3_malloc(sizeof *cursor);
	if (!cursor)
		return SQLITE_NOMEM;
	*cursor = (struct cursor){0};
	*result = &cursor->base;
	return SQLITE_OK;
}

static int on_close(sqlite3_vtab_cursor *cursor)
{
	sqlite3_free(cursor);
	return SQLITE_OK;
}

static int on_filter(
    sqlite3_vtab_cursor *base, int index, const char *name, int argc, sqlite3_value **argv)
{
	struct cursor *cursor = (struct cursor *)base;
	(void)index, (void)name, (void)argc, (void)argv;
	cursor->values = *((const struct table *)base->pVtab)->current;
	cursor->row = 0;
	return SQLITE_OK;
}

static int on_next(sqlite3_vtab_cursor *base)
{
	((struct cursor *)base)->row++;
	return SQLITE_OK;
}

static int on_eof(sqlite3_vtab_cursor *base)
{
	const struct cursor *cursor = (const struct cursor *)base;
	return cursor->row >= cursor->values.count;
}

static int on_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
	const struct cursor *cursor = (const struct cursor *)base;
	const struct sqlite_values *all = &cursor->values;
	if ((size_t)column >= all->width)
		return SQLITE_OK; /* NULL */
	const struct db_value *value = &all->values[cursor->row * all->width + (size_t)column];
	if (value->type == DB_INTEGER)
		sqlite3_result_int64(context, value->integer);
	else if (value->type == DB_TEXT) /* NULL bytes would be SQL's NULL */
		sqlite3_result_text64(context, value->text.size > 0 ? value->text.bytes : "",
		    value->text.size, SQLITE_STATIC, SQLITE_UTF8);
	return SQLITE_OK;
}

static int on_row_id(sqlite3_vtab_cursor *base, sqlite3_int64 *id)
{
	*id = (sqlite3_int64)((const struct cursor *)base)->row + 1;
	return SQLITE_OK;
}

/* Without xCreate the table exists under its own name, and nobody has to make it. */
static const sqlite3_module module = {
    .iVersion = 1,
    .xConnect = on_connect,
    .xBestIndex = on_best_index,
    .xDisconnect = on_disconnect,
    .xOpen = on_open,
    .xClose = on_close,
    .xFilter = on_filter,
    .xNext = on_next,
    .xEof = on_eof,
    .xColumn = on_column,
    .xRowid = on_row_id,
};

int sqlite_values_register(sqlite3 *handle, struct sqlite_values *values)
{
	return sqlite3_create_module(handle, SQLITE_VALUES_TABLE, &module, values);
}
