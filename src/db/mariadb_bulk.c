#include "mariadb_bulk.h"

#include <stdlib.h>

bool mariadb_bulk_is_there(MYSQL *handle)
{
	unsigned long more = 0;
	mariadb_get_infov(handle, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &more);
	return more & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32);
}

/* A column of the rows as the library wants it: arrays of numbers, or of texts and their lengths.
 */
struct column {
	union {
		long long *numbers;
		const char **texts;
	};
	unsigned long *lengths;
	char *indicators;
};

static bool column_make(struct column *column, MYSQL_BIND *bind, size_t count)
{
	column->numbers = calloc(count, sizeof *column->numbers);
	column->lengths = calloc(count, sizeof *column->lengths);
	column->indicators = calloc(count, sizeof *column->indicators);
	*bind = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG,
	    .buffer = column->numbers,
	    .length = column->lengths,
	    .u.indicator = column->indicators};
	return column->numbers && column->lengths && column->indicators;
}

static void column_set(
    struct column *column, MYSQL_BIND *bind, size_t row, const struct db_value *value)
{
	switch (value->type) {
	case DB_INTEGER: column->numbers[row] = value->integer; break;
	case DB_TEXT:
		bind->buffer_type = MYSQL_TYPE_STRING;
		column->texts[row] = value->text.size > 0 ? value->text.bytes : "";
		column->lengths[row] = value->text.size;
		break;
	case DB_NULL: column->indicators[row] = STMT_INDICATOR_NULL; break;
	}
}

static bool columns_make(struct column *columns, MYSQL_BIND *binds, const struct db_value *values,
    size_t width, size_t count)
{
	bool is_made = true;
	for (size_t i = 0; i < width; i++)
		is_made &= column_make(&columns[i], &binds[i], count);
	for (size_t row = 0; row < count && is_made; row++)
		for (size_t i = 0; i < width; i++)
			column_set(&columns[i], &binds[i], row, &values[row * width + i]);
	return is_made;
}

static void columns_free(struct column *columns, size_t width)
{
	for (size_t i = 0; i < width; i++) {
		free(columns[i].numbers);
		free(columns[i].lengths);
		free(columns[i].indicators);
	}
}

static bool statement_run(MYSQL_STMT *statement, struct slice sql, MYSQL_BIND *binds, size_t count)
{
	unsigned rows = (unsigned)count;
	return mysql_stmt_prepare(statement, sql.bytes, sql.size) == 0 &&
	       !mysql_stmt_attr_set(statement, STMT_ATTR_ARRAY_SIZE, &rows) &&
	       !mysql_stmt_bind_param(statement, binds) && mysql_stmt_execute(statement) == 0;
}

bool mariadb_bulk_run(MYSQL_STMT *statement, struct slice sql, const struct db_value *values,
    size_t width, size_t count)
{
	struct column columns[DB_COLUMNS_MAX];
	MYSQL_BIND binds[DB_COLUMNS_MAX];
	bool is_done = columns_make(columns, binds, values, width, count) &&
	               statement_run(statement, sql, binds, count);
	columns_free(columns, width);
	return is_done;
}
