/*
 * account_step: what the parts of an account's step have in common: its answer, and before and
 * after.
 */
#include "account.h"

#include "enrold/described.h"
#include "enrold/value.h"

void step_init(struct step *step, struct pass *pass, uint32_t index)
{
	struct batch *batch = pass->batch;
	*step = (struct step){.pass = pass,
	    .batch = batch,
	    .header = batch->header,
	    .policy = batch->policy,
	    .update_details = batch->policy->update_details,
	    .arena = batch->arena,
	    .record = &batch->records[index],
	    .index = index,
	    .person = INDEX_NONE};
}

struct account_facts *step_person(const struct step *step)
{
	return &step->batch->people[step->person];
}

struct slice step_cell(const struct step *step, enum column_id id)
{
	return record_cell(step->record, step->header->single[id]);
}

/* The column to name in an answer: the one given, else the one that says who is meant. */
uint32_t step_column(const struct step *step, uint32_t column)
{
	return column != COLUMN_NONE ? column : step->header->key;
}

struct outcome *step_answer(struct step *step, uint32_t column, enum outcome_kind kind,
    enum code code, struct slice target, struct slice message)
{
	struct outcome *outcome = outcome_add(step->pass, step->index, column, kind, code);
	outcome->target = target;
	outcome->message = message;
	return outcome;
}

/* A column without a cell is as good as none, where it is made or its row need not have it. */
static uint32_t column_said(const struct step *step, uint32_t column)
{
	const struct header *header = step->header;
	bool is_silent = column != COLUMN_NONE &&
	                 (header->has_gaps || header->columns[column].is_made) &&
	                 record_cell(step->record, column).size == 0;
	return is_silent ? COLUMN_NONE : column;
}

uint32_t step_detail_column(const struct step *step, uint32_t detail)
{
	return column_said(step, step->header->details[detail]);
}

uint32_t step_profile_column(const struct step *step, uint32_t field)
{
	for (uint32_t i = 0; i < step->header->columns_count; i++)
		if (step->header->columns[i].id == COLUMN_PROFILE &&
		    step->header->columns[i].index == field)
			return column_said(step, i);
	return COLUMN_NONE;
}

bool step_drop(struct step *step, uint32_t column, enum code code, struct slice message)
{
	column = step_column(step, column);
	step_answer(step, column, OUTCOME_ERROR, code, record_cell(step->record, column), message);
	step->is_dropped = true;
	return false;
}

bool step_lacks(struct step *step, uint32_t column, enum deed deed)
{
	if (deed_lacked(step->pass, DEED_BIT(deed)) == DEEDS)
		return false;
	column = step_column(step, column);
	step_answer(step, column, OUTCOME_ERROR, CODE_NO_RIGHT, record_cell(step->record, column),
	    deed_message(step->pass, deed));
	return true;
}

void step_keep(struct step *step, uint32_t column, enum remark_code code)
{
	/* Said once per row, whatever was kept. */
	if (!step->has_kept || code != REMARK_DETAILS_KEPT)
		row_remark(step->pass, code);
	step->has_kept |= code == REMARK_DETAILS_KEPT;
	if (step->record->kept_column == COLUMN_NONE)
		step->record->kept_column = column;
}

struct slice step_escape(const struct step *step, struct slice value)
{
	return described_escape(value, step->arena);
}

void step_note(const struct step *step, struct buffer *out, const char *name, struct slice value)
{
	struct slice shown = step_escape(step, value_brief(value, VALUE_SHOWN_MAX, step->arena));
	buffer_print(out, "%s%s=%.*s", out->size > 0 ? ";" : "", name, SLICE_ARG(shown));
}

/* A value that moves from one to another; new accounts tell only what they have. */
void step_note_move(struct step *step, const char *name, struct slice before, struct slice after)
{
	if (!step->is_new)
		step_note(step, &step->before, name, before);
	if (!step->is_new || after.size > 0)
		step_note(step, &step->after, name, after);
}

bool step_alloc(struct step *step)
{
	size_t fields = step->batch->site->profile_fields_count;
	step->change.values =
	    arena_alloc(step->arena, columns_details_count() * sizeof *step->change.values);
	step->change.profile =
	    arena_alloc(step->arena, (fields + 1) * sizeof *step->change.profile);
	return step->change.values && step->change.profile;
}

struct account_change *step_keep_change(struct step *step)
{
	struct account_change *kept = arena_alloc(step->arena, sizeof *kept);
	if (kept)
		*kept = step->change;
	return kept;
}

struct slice step_keep_text(const struct step *step, const struct buffer *text)
{
	if (text->failed)
		arena_fail(step->arena);
	return arena_copy(step->arena, buffer_slice(text));
}

void step_done(struct step *step)
{
	buffer_done(&step->before);
	buffer_done(&step->after);
	buffer_done(&step->withheld_before);
	buffer_done(&step->withheld_after);
}
