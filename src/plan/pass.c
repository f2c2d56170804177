/*
 * pass: what every part of the plan adds to: outcomes, changes and remarks, and the answers about
 * requests that several of them give.
 */
#include "pass.h"

#include "enrold/described.h"

void *pass_grow(struct pass *pass, void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return items;
	size_t wanted = *room ? *room * 2 : 16;
	void *grown = arena_grow(pass->batch->arena, items, count, wanted, size);
	*room = grown ? wanted : *room;
	return grown;
}

struct outcome *outcome_add(
    struct pass *pass, uint32_t record, uint32_t column, enum outcome_kind kind, enum code code)
{
	struct outcome *outcomes = pass_grow(
	    pass, pass->outcomes, pass->outcomes_count, &pass->outcomes_room, sizeof *outcomes);
	if (!outcomes)
		return &pass->spare;
	pass->outcomes = outcomes;
	struct outcome *outcome = &outcomes[pass->outcomes_count++];
	*outcome = (struct outcome){.record = record, .column = column, .kind = kind, .code = code};
	return outcome;
}

void change_add(struct pass *pass, struct change change)
{
	struct change *changes = pass_grow(
	    pass, pass->changes, pass->changes_count, &pass->changes_room, sizeof *changes);
	if (!changes)
		return;
	pass->changes = changes;
	changes[pass->changes_count++] = change;
	if (!pass->is_attempt)
		change_settle(pass, &change);
}

void change_settle(struct pass *pass, const struct change *change)
{
	if (change->person == INDEX_NONE)
		return;
	pass->batch->people[change->person].is_touched = true;
	if (pass->batch->takes_away)
		round_note(pass->batch, change);
}

void row_remark(struct pass *pass, enum remark_code code)
{
	pass->remarks[code]++;
}

struct outcome *request_answer(struct pass *pass, const struct request *request, uint32_t column,
    enum outcome_kind kind, enum code code, struct slice target, struct slice message)
{
	struct outcome *outcome = outcome_add(pass, request->record, column, kind, code);
	outcome->target = target;
	outcome->message = message;
	return outcome;
}

enum deed deed_lacked(const struct pass *pass, deed_set deeds)
{
	deed_set lacked = pass->batch->site->lacks & deeds;
	enum deed deed = DEED_CREATE_ACCOUNT;
	while (deed < DEEDS && !(lacked & DEED_BIT(deed)))
		deed++;
	return deed;
}

struct slice deed_message(const struct pass *pass, enum deed deed)
{
	return arena_print(pass->batch->arena,
	    "In the database enrold lacks the right to %.*s: grant it; `enrolctl lms check` names "
	    "all.",
	    SLICE_ARG(pass->batch->site->missing[deed]));
}

bool request_lacks(struct pass *pass, const struct request *request, uint32_t column,
    struct slice target, deed_set deeds)
{
	enum deed deed = deed_lacked(pass, deeds);
	if (deed == DEEDS)
		return false;
	request_answer(
	    pass, request, column, OUTCOME_ERROR, CODE_NO_RIGHT, target, deed_message(pass, deed));
	return true;
}

void request_refuse(struct pass *pass, const struct request *request, uint32_t column,
    const char *setting, struct slice what)
{
	const struct batch *batch = pass->batch;
	request_answer(pass, request, column, OUTCOME_ERROR, CODE_NOT_ALLOWED,
	    request->kind == REQUEST_COURSE ? batch->course_keys[request->course].text
	                                    : record_cell(&batch->records[request->record], column),
	    arena_print(pass->batch->arena,
	        "%.*s (%s): correct the row, or widen that setting of the feed.", SLICE_ARG(what),
	        setting));
}

bool taking_is_refused(struct pass *pass, const struct request *request, uint32_t column)
{
	const struct batch *batch = pass->batch;
	if (batch->policy->allow_unenrol)
		return false;
	request_answer(pass, request, column, OUTCOME_ERROR, CODE_UNENROL_NOT_ALLOWED,
	    request->kind == REQUEST_COURSE && column != request->group_column
	        ? batch->course_keys[request->course].text
	        : record_cell(&batch->records[request->record], column),
	    SLICE("This feed takes nothing away: set allow_unenrol, or correct the cell."));
	return true;
}

struct slice missing_message(struct arena *arena, const char *what, struct slice name,
    struct slice nearest, const char *remedy)
{
	if (nearest.size > 0)
		return arena_print(arena, "There is no %s '%.*s': is '%.*s' meant?", what,
		    SLICE_ARG(name), SLICE_ARG(nearest));
	return arena_print(
	    arena, "There is no %s '%.*s': correct the name%s.", what, SLICE_ARG(name), remedy);
}

struct slice group_message(const struct pass *pass, struct slice done)
{
	return arena_print(pass->batch->arena, "%.*s%s", SLICE_ARG(done),
	    !pass->batch->site->is_moodle ? "."
	    : pass->batch->has_aftercare
	        ? "; aftercare tells Moodle's caches."
	        : "; pages restricted to groups follow when Moodle's caches "
	          "have been purged: do so, or switch on aftercare.");
}

struct slice member_state(const struct pass *pass, struct slice course)
{
	struct arena *arena = pass->batch->arena;
	return arena_print(
	    arena, "course=%.*s;member=1", SLICE_ARG(described_escape(course, arena)));
}
