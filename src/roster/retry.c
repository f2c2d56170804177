/*
 * retry: rows that come out of a retry file, as their own columns tell. A row that was refused for
 * its shape looks well in such a file: it stays refused until somebody has changed it.
 */
#include "enrold/retry.h"

#include "roster.h"

#include "enrold/value.h"

#include <stdlib.h>

static struct slice remark_of(
    const struct batch *batch, const struct record *record, enum column_id id)
{
	return record_cell(record, batch->header->single[id]);
}

enum code record_retried(const struct batch *batch, const struct record *record)
{
	int64_t line;
	if (!value_parse_whole(remark_of(batch, record, COLUMN_ERROR_LINE), &line))
		return CODES;
	return outcome_code_parse(remark_of(batch, record, COLUMN_ERROR_CODE));
}

/* ---- shape ---- */

/* The file's own cells, and those in columns without a name. */
static bool is_own_cell(const struct header *header, uint32_t column)
{
	return column >= header->written_count || !column_is_remark(header->columns[column].id);
}

/* FNV-1a, because it stays in files. Empty cells count when cells with a value follow. */
uint32_t record_mark(const struct header *header, const struct record *record)
{
	uint32_t mark = 2166136261, number = 0;
	for (uint32_t i = 0; i < record->written_count; i++) {
		struct slice cell = record_written(record, i);
		number += is_own_cell(header, i);
		if (!is_own_cell(header, i) || cell.size == 0)
			continue;
		mark = (mark ^ number) * 16777619;
		for (size_t c = 0; c < cell.size; c++)
			mark = (mark ^ (unsigned char)cell.bytes[c]) * 16777619;
	}
	return mark;
}

/* "... (row 1a2b3c4d)" */
static bool mark_read(const struct batch *batch, const struct record *record, uint32_t *mark)
{
	enum { DIGITS = 8 };
	static const char before[] = "(row ";
	struct slice text = remark_of(batch, record, COLUMN_REMARK);
	size_t size = sizeof before - 1 + DIGITS + 1;
	if (text.size < size)
		return false;
	const char *end = text.bytes + text.size - size;
	char digits[DIGITS + 1] = "";
	if (memcmp(end, before, sizeof before - 1) != 0 || text.bytes[text.size - 1] != ')')
		return false;
	memcpy(digits, end + sizeof before - 1, DIGITS);
	*mark = (uint32_t)strtoul(digits, NULL, 16);
	return strspn(digits, "0123456789abcdef") == DIGITS;
}

/* "The row has 2 fields and ..." */
static bool fields_read(const struct batch *batch, const struct record *record, int64_t *fields)
{
	struct slice text = remark_of(batch, record, COLUMN_REMARK);
	while (text.size > 0 && (text.bytes[0] < '0' || text.bytes[0] > '9'))
		text = (struct slice){text.bytes + 1, text.size - 1};
	size_t digits = 0;
	while (digits < text.size && text.bytes[digits] >= '0' && text.bytes[digits] <= '9')
		digits++;
	return value_parse_whole((struct slice){text.bytes, digits}, fields);
}

/* Cells with something in them from this one on. */
static bool has_cells(const struct batch *batch, const struct record *record, size_t from)
{
	size_t at = 0;
	for (uint32_t i = 0; i < record->written_count; i++)
		if (is_own_cell(batch->header, i) && at++ >= from &&
		    record_written(record, i).size > 0)
			return true;
	return false;
}

static size_t own_columns(const struct header *header)
{
	size_t count = 0;
	for (size_t i = 0; i < header->written_count; i++)
		count +=
		    !column_is_remark(header->columns[i].id) && header->columns[i].name.size > 0;
	return count;
}

/* Judges a row without a mark by its words alone; in doubt it is as it was. */
static bool count_is_as_it_was(const struct batch *batch, const struct record *record)
{
	int64_t fields;
	if (!fields_read(batch, record, &fields))
		return true;
	size_t columns = own_columns(batch->header);
	return (size_t)fields < columns ? !has_cells(batch, record, (size_t)fields)
	                                : has_cells(batch, record, columns);
}

/* All of the line in the first cell. */
static bool quotes_are_as_they_were(const struct batch *batch, const struct record *record)
{
	uint32_t first = 0;
	while (first < record->written_count && record_written(record, first).size == 0)
		first++;
	struct slice text = record_written(record, first);
	return text.size > 0 && memchr(text.bytes, '"', text.size) && !has_cells(batch, record, 1);
}

bool record_is_as_refused(const struct batch *batch, const struct record *record, enum code *fault)
{
	uint32_t mark;
	*fault = record_retried(batch, record);
	if (*fault != CODE_WRONG_FIELD_COUNT && *fault != CODE_BROKEN_QUOTES)
		return false;
	if (mark_read(batch, record, &mark))
		return mark == record_mark(batch->header, record);
	if (*fault == CODE_WRONG_FIELD_COUNT)
		return count_is_as_it_was(batch, record);
	return quotes_are_as_they_were(batch, record);
}

struct slice record_shape_message(const struct batch *batch, const struct record *record)
{
	int64_t fields;
	if (record->fault == CODE_BROKEN_QUOTES)
		return SLICE("The row is still the line whose quotes were broken: put its values "
		             "into their columns.");
	if (!fields_read(batch, record, &fields))
		return SLICE("The row had not as many fields as the header: look at it, and empty "
		             "its error_code once it is right.");
	return arena_print(batch->arena,
	    "The row had %lld field%s and is as it was: fill in or take out what is wrong, or "
	    "empty "
	    "its error_code once it is right.",
	    (long long)fields, fields == 1 ? "" : "s");
}
