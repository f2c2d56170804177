/*
 * stray: invisible characters in cells that name somebody or something. A key with one finds
 * nothing, and what it makes looks like another.
 */
#include "pass.h"

#include "enrold/value.h"

/* Texts of any kind may have line breaks and no-break spaces in them. */
static bool is_key(const struct header_column *column)
{
	static const bool are_texts[COLUMN_IDS + 1] = {
	    [COLUMN_PASSWORD] = true,
	    [COLUMN_PROFILE] = true,
	    [COLUMN_GROUPDESCRIPTION] = true,
	    [COLUMN_ENROLMENTKEY] = true,
	    [COLUMN_INTERESTS] = true,
	    [COLUMN_VOID] = true,
	    [COLUMN_WORD] = true,
	    [COLUMN_UNKNOWN] = true,
	};
	if (column->id == COLUMN_DETAIL)
		return columns_detail(column->index)->detail.kind == DETAIL_ADDRESS ||
		       column->index == DETAIL_IDNUMBER;
	return !are_texts[column->id] && !column_is_remark(column->id);
}

static bool cell_has_stray(const struct record *record, uint32_t column)
{
	uint32_t c;
	return value_find_stray(record_cell(record, column), &c);
}

static struct slice message_with(struct arena *arena, struct slice message, uint32_t c)
{
	return arena_print(arena,
	    "%.*s The cell has U+%04X in it (%s), which is not to be seen: take it out.",
	    SLICE_ARG(message), c, value_name_stray(c));
}

void strays_tell(struct pass *pass, size_t from)
{
	const struct batch *batch = pass->batch;
	for (size_t i = from; i < pass->outcomes_count; i++) {
		struct outcome *outcome = &pass->outcomes[i];
		const struct record *record = &batch->records[outcome->record];
		uint32_t c;
		bool is_told = outcome->kind == OUTCOME_ERROR || outcome->kind == OUTCOME_WARNING;
		if (!is_told || record->has_fault || outcome->column == COLUMN_NONE ||
		    !is_key(&batch->header->columns[outcome->column]) ||
		    !value_find_stray(record_cell(record, outcome->column), &c))
			continue;
		outcome->message = message_with(batch->arena, outcome->message, c);
	}
}

bool request_has_stray(struct pass *pass, const struct request *request, uint32_t column)
{
	const struct record *record = &pass->batch->records[request->record];
	if (!cell_has_stray(record, column))
		return false;
	struct slice cell = record_cell(record, column);
	request_answer(pass, request, column, OUTCOME_ERROR, CODE_INVALID_VALUE, cell,
	    arena_print(pass->batch->arena, "There is no '%.*s', and none is made of it.",
	        SLICE_ARG(value_brief(cell, VALUE_SHOWN_MAX, pass->batch->arena))));
	return true;
}
