#include "enrold/columns.h"

#include "enrold/outcome.h"
#include "enrold/value.h"

static const struct column columns[] = {
    {"username", COLUMN_USERNAME, false, 100, "the person"},
    {"course", COLUMN_COURSE, true, 255, "enrol into the course of exactly this short name"},
    {"role", COLUMN_ROLE, true, 100, "short name or id of the role, else the course's own"},
    {"type", COLUMN_TYPE, true, 32, "1, 2, 3: the roles of type_roles, where no role is named"},
    {"enrolstatus", COLUMN_ENROLSTATUS, true, 32, "0 active, 1 suspended"},
    {"enroltimestart", COLUMN_ENROLTIMESTART, true, 64, "date from which the enrolment holds"},
    {"enrolperiod", COLUMN_ENROLPERIOD, true, 32, "whole days; 0: the course's own period"},
    {"error_line", COLUMN_REMARK, false, 0, "a retry file's own column, ignored"},
    {"error_code", COLUMN_REMARK, false, 0, "a retry file's own column, ignored"},
    {"error_message", COLUMN_REMARK, false, 0, "a retry file's own column, ignored"},
};

const struct column *columns_all(size_t *count)
{
	*count = sizeof columns / sizeof *columns;
	return columns;
}

/* Length of the digits at the end of a name. */
static size_t digits_at_end(struct slice name)
{
	size_t digits = 0;
	while (digits < name.size && name.bytes[name.size - 1 - digits] >= '0' &&
	       name.bytes[name.size - 1 - digits] <= '9')
		digits++;
	return digits;
}

static const struct column *column_find(struct slice name)
{
	size_t digits = digits_at_end(name);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		struct slice stem = name;
		stem.size -= columns[i].is_numbered ? digits : 0;
		if (columns[i].is_numbered == (digits > 0) &&
		    slice_is(stem, slice_of(columns[i].name)))
			return &columns[i];
	}
	return NULL;
}

static uint32_t slot_find(struct header *header, struct slice number)
{
	uint32_t s = 0;
	while (s < header->slots_count && !slice_is(header->slots[s].number, number))
		s++;
	if (s == header->slots_count) {
		header->slots[s].number = number;
		for (size_t id = 0; id < COLUMN_IDS; id++)
			header->slots[s].columns[id] = COLUMN_NONE;
		header->slots_count++;
	}
	return s;
}

static struct error column_add(
    struct header *header, struct header_column *column, const struct policy *policy, uint64_t line)
{
	const struct column *known = column_find(column->name);
	uint32_t index = (uint32_t)(column - header->columns);
	if (!known && policy->unknown_columns == UNKNOWN_REFUSE)
		return error_reject("header_unknown_column", line,
		    "column %u, '%.*s', is not a column enrold knows: correct its name or set "
		    "unknown_columns: ignore",
		    index + 1, SLICE_ARG(column->cell));
	column->id = known ? known->id : COLUMN_UNKNOWN;
	column->characters_max = known ? known->characters_max : 0;
	if (known && known->is_numbered) {
		struct slice number = column->name;
		number.size = digits_at_end(column->name);
		number.bytes += column->name.size - number.size;
		column->slot = slot_find(header, number);
		header->slots[column->slot].columns[known->id] = index;
	}
	if (column->id == COLUMN_USERNAME)
		header->username = index;
	return OK;
}

static struct error duplicates_check(const struct header *header, uint64_t line)
{
	for (uint32_t i = 1; i < header->columns_count; i++)
		for (uint32_t k = 0; k < i; k++)
			if (header->columns[i].id != COLUMN_UNKNOWN &&
			    slice_is(header->columns[i].name, header->columns[k].name))
				return error_reject("header_duplicate_column", line,
				    "columns %u and %u are both '%.*s': remove one", k + 1, i + 1,
				    SLICE_ARG(header->columns[i].cell));
	return OK;
}

static struct error cell_check(struct slice cell, uint32_t index, uint64_t line)
{
	enum value_fault fault = value_check(cell);
	if (fault == VALUE_CLEAN)
		return OK;
	return error_reject("header_broken", line, "column %u of the header %s", index + 1,
	    fault == VALUE_NOT_UTF8 ? "is not UTF-8: save the file as UTF-8"
	                            : "has a NUL or control character: remove it");
}

/* What the feed says that its files call it otherwise. */
static struct slice name_mapped(const struct policy *policy, struct slice name, struct arena *arena)
{
	for (size_t i = 0; i + 1 < policy->columns.count; i += 2) {
		struct slice from = value_lower(slice_of(policy->columns.items[i]), arena);
		if (slice_is(from, name))
			return value_lower(slice_of(policy->columns.items[i + 1]), arena);
	}
	return name;
}

static struct error header_read(struct header *header, const struct csvin_record *record,
    const struct policy *policy, struct arena *arena)
{
	for (uint32_t i = 0; i < record->cells_count; i++) {
		struct header_column *column = &header->columns[i];
		struct error error = cell_check(record->cells[i], i, record->line);
		if (is_error(&error))
			return error;
		column->cell = arena_copy(arena, record->cells[i]);
		column->name =
		    name_mapped(policy, value_lower(value_trim(column->cell), arena), arena);
		error = column_add(header, column, policy, record->line);
		if (is_error(&error))
			return error;
	}
	return OK;
}

struct error header_parse(const struct csvin_record *record, const struct policy *policy,
    struct arena *arena, struct header **result)
{
	size_t count = record->cells_count;
	if (record->fault != CSVIN_WHOLE)
		return error_reject("header_broken", record->line, "the header %s",
		    record->fault == CSVIN_BROKEN
		        ? "has text after a closing quote: correct its quotes"
		        : "is too long or has too many columns");
	if (count < 2)
		return error_reject("header_too_few_columns", record->line,
		    "the header has one column: name at least two, separated by commas");
	struct header *header = arena_alloc(arena, sizeof *header);
	struct header_column *named = arena_alloc(arena, count * sizeof *named);
	struct header_slot *slots = arena_alloc(arena, count * sizeof *slots);
	if (!header || !named || !slots)
		return error_memory("reading the header");
	*header = (struct header){
	    .columns_count = count, .columns = named, .slots = slots, .username = COLUMN_NONE};
	struct error error = header_read(header, record, policy, arena);
	if (!is_error(&error))
		error = duplicates_check(header, record->line);
	if (!is_error(&error) && header->username == COLUMN_NONE)
		error = error_reject("header_without_username", record->line,
		    "the header has no column 'username': add it");
	if (!is_error(&error) && arena_has_failed(arena))
		error = error_memory("reading the header");
	*result = header;
	return error;
}
