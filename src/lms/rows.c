/*
 * rows: new rows on their way into a table.
 */
#include "work.h"

struct new_rows new_rows_begin(struct work *work, const struct db_table *table, size_t room)
{
	struct new_rows rows = {.table = table, .room = room};
	rows.values = arena_alloc(work->arena, (room * table->width + 1) * sizeof *rows.values);
	rows.ids = arena_alloc(work->arena, (room + 1) * sizeof *rows.ids);
	if (!rows.values || !rows.ids)
		rows.room = 0;
	return rows;
}

void new_rows_add(struct new_rows *rows, const struct db_value *values, size_t count)
{
	if (rows->count < rows->room)
		memcpy(rows->values + count * rows->count++, values, count * sizeof *values);
}

void new_rows_write(struct work *work, struct new_rows *rows)
{
	db_insert_all(work->lms->db, rows->table, rows->values, rows->count, rows->ids);
}
