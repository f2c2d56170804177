/*
 * plan_modifier: what is said of the cells that go with a course: bad ones, and those without
 * effect. What they do is plan_course's business.
 */
#include "pass.h"

#include "enrold/value.h"

enum { DAY_SECONDS = 24 * 60 * 60 };

static struct slice value_message(
    const struct pass *pass, const struct request *request, uint32_t column, const char *what)
{
	static const char *const expected[COLUMN_IDS] = {
	    [COLUMN_ENROLSTATUS] = "0 (active) or 1 (suspended)",
	    [COLUMN_ENROLTIMESTART] = "a date such as 2026-12-31",
	    [COLUMN_TYPE] = "1, 2 or 3",
	    [COLUMN_ENROLPERIOD] = "a whole number of days, at most 36500",
	    [COLUMN_ENROLTIMEEND] = "a date such as 2026-12-31, or 0 for no end",
	    [COLUMN_UNENROL] = "0 or 1",
	};
	const struct batch *batch = pass->batch;
	struct slice cell = record_cell(&batch->records[request->record], column);
	enum column_id id = batch->header->columns[column].id;
	if (id == COLUMN_ENROLTIMEEND && request->asks_period)
		return arena_print(batch->arena,
		    "'%.*s' and the enrolperiod of the row both say when the enrolment ends: %s.",
		    SLICE_ARG(value_brief(cell, VALUE_SHOWN_MAX, batch->arena)), what);
	return arena_print(batch->arena, "'%.*s' is not %s: %s.",
	    SLICE_ARG(value_brief(cell, VALUE_SHOWN_MAX, batch->arena)), expected[id], what);
}

bool modifier_error(struct pass *pass, const struct request *request)
{
	uint32_t column = request->fault_column;
	if (request->has_fault)
		request_answer(pass, request, column, OUTCOME_ERROR, CODE_INVALID_VALUE,
		    pass->batch->course_keys[request->course].text,
		    value_message(pass, request, column, "correct it"));
	return request->has_fault;
}

/* What was done in place of a bad value. */
static const char *ignored_what(
    const struct pass *pass, const struct request *request, enum column_id id)
{
	if (id != COLUMN_ENROLPERIOD)
		return "it was left out";
	if (request->period == 0)
		return "the enrolment has no end, as in Moodle";
	return arena_print(pass->batch->arena, "%lld were taken, as in Moodle",
	    (long long)request->period / DAY_SECONDS)
	    .bytes;
}

/* Tells of bad modifiers in a feed that ignores them. */
void ignored_tell(struct pass *pass, const struct request *request)
{
	const struct header *header = pass->batch->header;
	const struct header_slot *slot = &header->slots[header->columns[request->column].slot];
	for (enum column_id id = COLUMN_ENROLSTATUS; id <= COLUMN_ENROLTIMEEND; id++) {
		uint32_t column = header_slot_column(slot, id);
		if (request->ignored & (UINT32_C(1) << (id - COLUMN_NUMBERED_FIRST)))
			request_answer(pass, request, column, OUTCOME_WARNING, CODE_INVALID_VALUE,
			    pass->batch->course_keys[request->course].text,
			    value_message(pass, request, column, ignored_what(pass, request, id)));
	}
}

/* ---- modifiers that modify nothing ---- */

/* "'role1' and 'group1' have no effect": those with a value, from id to id. */
static struct slice modifiers_text(const struct pass *pass, const struct request *request,
    enum column_id first, enum column_id last, uint32_t *column)
{
	const struct header *header = pass->batch->header;
	const struct record *record = &pass->batch->records[request->record];
	const struct header_slot *slot = &header->slots[header->columns[request->column].slot];
	struct remark_names names = {.count = 0};
	*column = COLUMN_NONE;
	for (enum column_id id = first; id <= last; id++) {
		uint32_t place = header_slot_column(slot, id);
		bool is_itself = id == COLUMN_UNENROL && request->unenrols;
		if (is_itself || modifier_is_empty(record, id, place))
			continue;
		*column = *column == COLUMN_NONE ? place : *column;
		remark_name(&names, header->columns[place].name, SLICE(""), pass->batch->arena);
	}
	return arena_print(pass->batch->arena, "%.*s %s no effect",
	    SLICE_ARG(remark_list(&names, pass->batch->arena)), names.count == 1 ? "has" : "have");
}

void courseless_decide(struct pass *pass, const struct request *request)
{
	enum { NUMBER_SHOWN_MAX = 40 };
	uint32_t column;
	const struct header *header = pass->batch->header;
	struct slice number = header->slots[header->columns[request->column].slot].number;
	struct slice names = modifiers_text(pass, request, COLUMN_ROLE, COLUMN_GROUP, &column);
	request_answer(pass, request, column, OUTCOME_WARNING, CODE_NO_EFFECT,
	    record_cell(&pass->batch->records[request->record], column),
	    arena_print(pass->batch->arena, "%.*s: the row names no course in 'course%.*s'.",
	        SLICE_ARG(names),
	        SLICE_ARG(value_brief(number, NUMBER_SHOWN_MAX, pass->batch->arena))));
}

void idle_modifiers_tell(struct pass *pass, const struct request *request, enum column_id first,
    enum column_id last, const char *because)
{
	uint32_t column;
	struct slice names = modifiers_text(pass, request, first, last, &column);
	if (column != COLUMN_NONE)
		request_answer(pass, request, column, OUTCOME_WARNING, CODE_NO_EFFECT,
		    pass->batch->course_keys[request->course].text,
		    arena_print(pass->batch->arena, "%.*s: %s", SLICE_ARG(names), because));
}

/* The front page has roles and no enrolments. */
void front_page_tell(struct pass *pass, const struct request *request)
{
	idle_modifiers_tell(pass, request, COLUMN_ENROLSTATUS, COLUMN_ENROLTIMEEND,
	    "nobody is enrolled into the front page.");
}

/* A type counts where no role is named. */
void type_tell(struct pass *pass, const struct request *request)
{
	const struct header *header = pass->batch->header;
	const struct header_slot *slot = &header->slots[header->columns[request->column].slot];
	uint32_t column = header_slot_column(slot, COLUMN_TYPE);
	struct slice type = record_cell(&pass->batch->records[request->record], column);
	bool counts = type.size == 0 || slice_is(type, SLICE("0")) ||
	              request->role_column == column || request->role.size == 0;
	if (!counts)
		row_remark(pass, REMARK_TYPES_OVERRULED);
}
