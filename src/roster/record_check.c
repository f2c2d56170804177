/*
 * record_check: the first fault of a record as a whole, or of its cells.
 */
#include "roster.h"

#include "enrold/retry.h"
#include "enrold/value.h"

static void record_fault(struct record *record, enum code fault, uint32_t column)
{
	record->has_fault = true;
	record->fault = fault;
	record->fault_column = column;
}

/* Passwords are counted in bytes (lms/README 1.1), all else in characters. */
static bool is_too_long(const struct header_column *column, struct slice cell)
{
	size_t most = column->characters_max;
	if (most == 0 || cell.size <= most)
		return false;
	cell = value_trim(cell);
	if (column_takes_minus(column->id) && cell.size > 0 && cell.bytes[0] == '-')
		cell = (struct slice){cell.bytes + 1, cell.size - 1};
	return (column->id == COLUMN_PASSWORD ? cell.size : value_characters(cell)) > most;
}

static void cell_fault(
    const struct header_column *column, struct record *record, enum code fault, uint32_t index)
{
	if (!column->is_of_new) {
		record_fault(record, fault, index);
	} else if (record->new_fault_column == COLUMN_NONE) {
		record->new_fault = fault;
		record->new_fault_column = index;
	}
}

static void cells_check(const struct batch *batch, struct record *record)
{
	for (uint32_t i = 0; i < record->cells_count && !record->has_fault; i++) {
		const struct header_column *column = &batch->header->columns[i];
		if (!column_is_used(column))
			continue;
		enum value_fault fault = value_check(record->cells[i]);
		if (fault != VALUE_CLEAN)
			cell_fault(column, record,
			    fault == VALUE_CONTROL ? CODE_CONTROL_CHARACTER : CODE_NOT_UTF8, i);
		else if (is_too_long(column, record->cells[i]))
			cell_fault(column, record, CODE_VALUE_TOO_LONG, i);
	}
}

/* Something over max_field stands in a column that is used. */
static bool is_cut(const struct batch *batch, const struct csvin_record *source)
{
	const struct header *header = batch->header;
	for (size_t i = 0; source->fault == CSVIN_CUT && i < source->cells_count; i++)
		if (!source->cells[i].bytes &&
		    (i >= header->written_count || column_is_used(&header->columns[i])))
			return true;
	return false;
}

void record_fault_find(
    const struct batch *batch, struct record *record, const struct csvin_record *source)
{
	enum code fault;
	if (source->fault == CSVIN_BROKEN)
		record_fault(record, CODE_BROKEN_QUOTES, COLUMN_NONE);
	else if (source->fault == CSVIN_TOO_LONG || is_cut(batch, source))
		record_fault(record, CODE_VALUE_TOO_LONG, COLUMN_NONE);
	else if (source->fault == CSVIN_UNDATED)
		record_fault(record, CODE_INVALID_VALUE, source->fault_cell);
	else if (header_is_ragged(batch->header, record->written_count))
		record_fault(record, CODE_WRONG_FIELD_COUNT, COLUMN_NONE);
	else if (record_is_as_refused(batch, record, &fault))
		record_fault(record, fault, COLUMN_NONE);
	else
		cells_check(batch, record);
}
