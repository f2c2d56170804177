/*
 * plan_word: words that the feed's values do not know. Each costs what its cell belongs to: a
 * request, or the person's row.
 */
#include "account.h"

#include "enrold/value.h"

static struct slice word_message(
    const struct batch *batch, const struct record *record, uint32_t column)
{
	struct slice word = record_cell(record, column);
	return arena_print(batch->arena,
	    "'%.*s' is not among the words of '%.*s' that the feed's values know: add it there, or "
	    "correct the cell.",
	    SLICE_ARG(value_brief(word, VALUE_SHOWN_MAX, batch->arena)),
	    SLICE_ARG(
	        value_brief(batch->header->columns[column].name, VALUE_SHOWN_MAX, batch->arena)));
}

/* Columns of the request's number that go with it. A group is a request of its own. */
static bool goes_with(enum request_kind kind, enum column_id id)
{
	switch (kind) {
	case REQUEST_COURSE: return id >= COLUMN_COURSE && id < COLUMN_GROUP;
	case REQUEST_COHORT: return id == COLUMN_COHORT;
	case REQUEST_SYSTEM_ROLE: return id == COLUMN_SYSROLE;
	case REQUEST_CATEGORY_ROLE: return id == COLUMN_CATEGORY || id == COLUMN_CATEGORYROLE;
	case REQUEST_COURSELESS:
	case REQUEST_GROUP: break;
	}
	return false;
}

static bool word_is_unknown(struct pass *pass, const struct request *request, uint32_t column)
{
	const struct record *record = &pass->batch->records[request->record];
	if (column == COLUMN_NONE || !record->unknown_words || !record->unknown_words[column])
		return false;
	request_answer(pass, request, column, OUTCOME_ERROR, CODE_WORD_NOT_MAPPED,
	    record_cell(record, column), word_message(pass->batch, record, column));
	return true;
}

bool request_word_is_unknown(struct pass *pass, const struct request *request)
{
	const struct header *header = pass->batch->header;
	const struct header_slot *slot = &header->slots[header->columns[request->column].slot];
	if (!pass->batch->records[request->record].unknown_words)
		return false;
	for (enum column_id id = COLUMN_COURSE; id <= COLUMN_CATEGORYROLE; id++)
		if (goes_with(request->kind, id) &&
		    word_is_unknown(pass, request, header_slot_column(slot, id)))
			return true;
	return false;
}

bool group_word_is_unknown(struct pass *pass, const struct request *request)
{
	return word_is_unknown(pass, request, request->group_column);
}

bool record_word_is_unknown(struct step *step)
{
	uint32_t column =
	    record_unknown_word(step->header, step->record, step->person == INDEX_NONE);
	if (column == COLUMN_NONE)
		return false;
	step_answer(step, column, OUTCOME_ERROR, CODE_WORD_NOT_MAPPED,
	    record_cell(step->record, column), word_message(step->batch, step->record, column));
	step->is_dropped = true;
	return true;
}

bool group_row_word_is_unknown(struct pass *pass, uint32_t index)
{
	struct step step;
	step_init(&step, pass, index);
	return record_word_is_unknown(&step);
}
