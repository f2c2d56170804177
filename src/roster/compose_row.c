/*
 * compose_row: a record of a member as rows of the composed text. A record that is bad stays as bad
 * as it is: a broken one goes as its raw text (up to field_max) and a word beside its line that
 * says so; one with too few cells keeps these as they stand, one with too many keeps the rest
 * behind; and a cell over field_max, of which nothing is known, becomes another over field_max.
 */
#include "compose_parts.h"

#include "enrold/csvout.h"
#include "enrold/value.h"

/* ---- a row ---- */

static void cell_write(struct writing *writing, struct slice cell)
{
	buffer_add_char(&writing->out, ',');
	if (cell.bytes) {
		csvout_cell(&writing->out, cell, ',');
		return;
	}
	for (uint64_t i = 0; i <= writing->field_max; i++)
		buffer_add_char(&writing->out, '-');
}

void heading_write(struct writing *writing)
{
	buffer_add_text(&writing->out, COMPOSE_LINE);
	for (size_t i = 0; i < writing->whole->count; i++)
		cell_write(writing, writing->whole->headings[i]);
	buffer_add_char(&writing->out, '\n');
}

static void row_begin(struct writing *writing, uint64_t line)
{
	buffer_add_int(&writing->out, (int64_t)line);
}

static void cells_write(struct writing *writing, const struct slice *cells, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cell_write(writing, cells[i]);
	buffer_add_char(&writing->out, '\n');
}

/* ---- a record ---- */

static struct slice cell_of(
    const struct source *source, const struct csvin_record *record, size_t column)
{
	struct slice cell = column < record->cells_count ? record->cells[column] : SLICE("");
	bool may_be_empty = source->empty && !source->columns[column].is_plain && cell.bytes;
	return may_be_empty && words_is_empty(source->empty, cell) ? SLICE("") : cell;
}

static void cells_place(
    struct writing *writing, const struct source *source, const struct csvin_record *record)
{
	for (size_t u = 0; u < writing->whole->count; u++)
		writing->cells[u] = SLICE("");
	for (size_t i = 0; i < source->columns_count; i++)
		writing->cells[source->columns[i].target] = cell_of(source, record, i);
	for (size_t i = 0; i < source->sets_count; i++)
		writing->cells[source->sets[i].target] = source->sets[i].cell;
}

/* What stands behind the last column goes behind the last of the whole. */
static void whole_write(struct writing *writing, const struct source *source,
    const struct csvin_record *record, uint64_t line)
{
	cells_place(writing, source, record);
	row_begin(writing, line);
	for (size_t u = 0; u < writing->whole->count; u++)
		cell_write(writing, writing->cells[u]);
	for (size_t i = source->columns_count; i < record->cells_count; i++)
		cell_write(writing, record->cells[i]);
	buffer_add_char(&writing->out, '\n');
}

/* Fewer cells than the whole has named columns, so that nobody takes them for a row. */
static void short_write(struct writing *writing, const struct csvin_record *record, uint64_t line)
{
	size_t most = writing->whole->named_count > 0 ? writing->whole->named_count - 1 : 0;
	row_begin(writing, line);
	cells_write(
	    writing, record->cells, record->cells_count < most ? record->cells_count : most);
}

static void broken_write(struct writing *writing, const struct csvin_record *record, uint64_t line)
{
	struct slice raw = record->cells[0];
	if (raw.size > writing->field_max)
		raw.size = (size_t)writing->field_max;
	row_begin(writing, line);
	buffer_add_text(&writing->out, " " COMPOSE_BROKEN);
	cells_write(writing, &raw, 1);
}

/* What was kept of it. */
static void long_write(struct writing *writing, const struct source *source,
    const struct csvin_record *record, uint64_t line)
{
	cells_place(writing, source, record);
	row_begin(writing, line);
	buffer_add_text(&writing->out, " " COMPOSE_LONG);
	cells_write(writing, writing->cells, writing->whole->count);
}

/* One of which cells were not kept has to stay out of a retry file. */
void undated_write(struct writing *writing, const struct source *source,
    const struct csvin_record *record, uint64_t line)
{
	if (record->fault == CSVIN_CUT) {
		long_write(writing, source, record, line);
		return;
	}
	cells_place(writing, source, record);
	row_begin(writing, line);
	buffer_add_text(&writing->out, " " COMPOSE_UNDATED " ");
	buffer_add_int(&writing->out, source->columns[source->date].target);
	cells_write(writing, writing->cells, writing->whole->count);
}

/* ---- cells with several values ---- */

struct values {
	struct slice *items;
	size_t count;
};

struct division {
	const struct source *source;
	const struct csvin_record *record;
	struct values *values; /* by column of the member; of those that are split */
	size_t rows;
};

static struct values values_read(
    const struct source *source, struct slice cell, struct slice separator, struct arena *arena)
{
	struct values values = {0};
	size_t room = 0;
	while (cell.size > 0 && values.count <= COMPOSE_VALUES_MAX) {
		const char *at = memmem(cell.bytes, cell.size, separator.bytes, separator.size);
		size_t size = at ? (size_t)(at - cell.bytes) : cell.size;
		size_t step = at ? size + separator.size : size;
		struct slice value = value_trim((struct slice){cell.bytes, size});
		cell = (struct slice){cell.bytes + step, cell.size - step};
		if (value.size == 0 || (source->empty && words_is_empty(source->empty, value)))
			continue;
		struct slice *items =
		    array_reserve(arena, values.items, values.count, &room, sizeof *values.items);
		if (!items)
			return values;
		values.items = items;
		values.items[values.count++] = value;
	}
	return values;
}

static bool division_make(struct division *division, struct arena *arena)
{
	const struct source *source = division->source;
	division->values = arena_alloc(arena, source->columns_count * sizeof *division->values);
	division->rows = 1;
	for (size_t i = 0; division->values && i < source->columns_count; i++) {
		struct slice separator = source->columns[i].split;
		struct slice cell = cell_of(source, division->record, i);
		if (separator.size == 0 || !cell.bytes)
			continue;
		division->values[i] = values_read(source, cell, separator, arena);
		if (division->values[i].count > division->rows)
			division->rows = division->values[i].count;
	}
	return division->values != NULL;
}

/* A split column of that number has a value in that row. */
static bool number_goes(const struct division *division, struct slice number, size_t row)
{
	const struct source *source = division->source;
	for (size_t i = 0; number.size > 0 && i < source->columns_count; i++)
		if (source->columns[i].split.size > 0 && division->values[i].count > row &&
		    slice_is(source->columns[i].number, number))
			return true;
	return false;
}

static struct slice divided_cell(const struct division *division, size_t column, size_t row)
{
	const struct source_column *of = &division->source->columns[column];
	const struct values *values = &division->values[column];
	if (of->split.size > 0 && row < values->count)
		return values->items[row];
	bool goes = row == 0 || of->is_key || number_goes(division, of->number, row);
	if (of->split.size > 0)
		return goes && values->count == 1 ? values->items[0] : SLICE("");
	return goes ? cell_of(division->source, division->record, column) : SLICE("");
}

static void row_place(struct writing *writing, const struct division *division, size_t row)
{
	const struct source *source = division->source;
	for (size_t u = 0; u < writing->whole->count; u++)
		writing->cells[u] = SLICE("");
	for (size_t i = 0; i < source->columns_count; i++)
		writing->cells[source->columns[i].target] = divided_cell(division, i, row);
	for (size_t i = 0; i < source->sets_count; i++)
		if (row == 0 || number_goes(division, source->sets[i].number, row))
			writing->cells[source->sets[i].target] = source->sets[i].cell;
}

static void divided_write(struct writing *writing, const struct source *source,
    const struct csvin_record *record, uint64_t line)
{
	struct division division = {.source = source, .record = record};
	arena_reset(writing->scratch);
	if (!division_make(&division, writing->scratch)) {
		writing->out.failed = true;
		return;
	}
	if (division.rows > COMPOSE_VALUES_MAX)
		long_write(writing, source, record, line);
	for (size_t row = 0; division.rows <= COMPOSE_VALUES_MAX && row < division.rows; row++) {
		row_place(writing, &division, row);
		row_begin(writing, line);
		cells_write(writing, writing->cells, writing->whole->count);
	}
	writing->out.failed |= arena_has_failed(writing->scratch);
}

void record_write(struct writing *writing, const struct source *source,
    const struct csvin_record *record, uint64_t line)
{
	bool is_even = source_is_even(source, record);
	if (record->fault == CSVIN_BROKEN)
		broken_write(writing, record, line);
	else if (record->fault == CSVIN_TOO_LONG)
		long_write(writing, source, record, line);
	else if (is_even && source->has_split)
		divided_write(writing, source, record, line);
	else if (is_even || record->cells_count > source->columns_count)
		whole_write(writing, source, record, line);
	else
		short_write(writing, record, line);
}
