/*
 * undo_answer: what is said of a row that is taken back, or is not.
 */
#include "undo.h"

#include "enrold/may.h"
#include "enrold/value.h"

struct outcome *undo_answer(
    struct undoing *undoing, enum outcome_kind kind, enum code code, struct slice message)
{
	struct outcome *outcome =
	    outcome_add(undoing->pass, undoing->row->record, COLUMN_UNDONE, kind, code);
	outcome->target = undoing->row->target;
	outcome->message = message;
	return outcome;
}

struct outcome *undo_done(
    struct undoing *undoing, struct slice before, struct slice after, struct slice message)
{
	struct outcome *outcome = undo_answer(undoing, OUTCOME_DONE, CODE_UNDONE, message);
	outcome->before = before;
	outcome->after = after;
	return outcome;
}

void undo_keep(struct undoing *undoing, struct slice message)
{
	undo_answer(undoing, OUTCOME_SKIPPED, CODE_KEPT_CHANGED_SINCE, message);
}

void undo_never(struct undoing *undoing, struct slice message)
{
	undo_answer(undoing, OUTCOME_SKIPPED, CODE_NOT_UNDOABLE, message);
}

void undo_refuse(struct undoing *undoing, struct slice what, const char *setting)
{
	undo_answer(undoing, OUTCOME_ERROR, CODE_NOT_ALLOWED,
	    arena_print(undoing->arena,
	        "%.*s (%s): take it back in the LMS, or widen that setting of the feed.",
	        SLICE_ARG(what), setting));
}

bool undo_lacks(struct undoing *undoing, deed_set deeds)
{
	enum deed deed = deed_lacked(undoing->pass, deeds);
	if (deed == DEEDS)
		return false;
	undo_answer(undoing, OUTCOME_ERROR, CODE_NO_RIGHT, deed_message(undoing->pass, deed));
	return true;
}

bool undo_is_cut(struct slice value)
{
	static const struct slice dots = {SLICE_INIT("\xE2\x80\xA6")};
	return value.size >= dots.size && value_characters(value) >= VALUE_SHOWN_MAX &&
	       memcmp(value.bytes + value.size - dots.size, dots.bytes, dots.size) == 0;
}

/* ---- where ---- */

bool undo_course_is_open(struct undoing *undoing, uint32_t index)
{
	const struct batch *batch = undoing->batch;
	const struct course_facts *course = &batch->courses[index];
	struct slice name = batch->course_keys[index].text;
	const char *refused_by =
	    may_refuse_course(batch->policy, &batch->course_keys[index], course);
	if (refused_by) {
		undo_refuse(undoing,
		    arena_print(
		        undoing->arena, "This feed reaches no course '%.*s'", SLICE_ARG(name)),
		    refused_by);
		return false;
	}
	if (course->matches != 1 || course->context == 0)
		undo_keep(undoing,
		    arena_print(undoing->arena,
		        "Left as it is: there is no course '%.*s' any more.", SLICE_ARG(name)));
	return course->matches == 1 && course->context != 0;
}
