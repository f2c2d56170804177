/*
 * interests: the tags of a person, as a cell lists them (lms/README 5.6): the whole set, in its
 * order. An empty cell asks nothing, so that tags cannot be cleared. What a tag may be is Moodle's
 * PARAM_TAG.
 */
#include "account.h"

#include "enrold/list.h"
#include "enrold/value.h"

enum { TAG_CHARACTERS = 50 };

/* The tag without < > ` and controls, with single blanks, and cut; empty or "0": none. */
static struct slice tag_clean(struct slice word, struct arena *arena)
{
	char *bytes = arena_alloc(arena, word.size + 1);
	size_t size = 0;
	word = value_trim(word);
	for (size_t i = 0; bytes && i < word.size; i++) {
		unsigned char c = (unsigned char)word.bytes[i];
		bool is_blank = c == ' ' && size > 0 && bytes[size - 1] == ' ';
		if (c >= ' ' && c != 0x7F && !strchr("<>`", c) && !is_blank)
			bytes[size++] = (char)c;
	}
	struct slice tag = value_trim((struct slice){bytes, size});
	tag = value_trim(value_beginning(tag, TAG_CHARACTERS));
	return slice_is(tag, SLICE("0")) ? SLICE("") : tag;
}

/* The last spelling of a name counts, at the place of the first. */
static void tag_add(struct interests_change *interests, struct slice raw, struct arena *arena)
{
	struct slice name = value_lower(raw, arena);
	for (uint32_t i = 0; i < interests->count; i++)
		if (slice_is(interests->names[i], name)) {
			interests->raws[i] = raw;
			return;
		}
	interests->names[interests->count] = name;
	interests->raws[interests->count++] = raw;
}

/* NULL: no memory. */
static struct interests_change *interests_read(struct step *step, struct slice cell)
{
	struct interests_change *interests = arena_alloc(step->arena, sizeof *interests);
	struct slice rest = cell, word;
	size_t room = 1;
	for (size_t i = 0; i < cell.size; i++)
		room += cell.bytes[i] == ',';
	if (room > INTERESTS_MAX)
		room = INTERESTS_MAX;
	if (!interests)
		return NULL;
	interests->names = arena_alloc(step->arena, room * sizeof *interests->names);
	interests->raws = arena_alloc(step->arena, room * sizeof *interests->raws);
	while (interests->names && interests->raws && interests->count < room &&
	       list_next(&rest, &word)) {
		struct slice raw = tag_clean(word, step->arena);
		if (raw.size > 0)
			tag_add(interests, raw, step->arena);
	}
	return arena_has_failed(step->arena) ? NULL : interests;
}

static struct slice names_text(const struct step *step, const struct slice *names, uint32_t count)
{
	struct buffer text = {0}, all = {0};
	for (uint32_t i = 0; i < count; i++)
		buffer_print(&all, "%s%.*s", i > 0 ? "," : "", SLICE_ARG(names[i]));
	if (count > 0 && !all.failed)
		step_note(step, &text, "interests", buffer_slice(&all));
	struct slice kept = step_keep_text(step, &text);
	buffer_done(&all);
	buffer_done(&text);
	return kept;
}

static bool is_so(const struct account_facts *person, const struct interests_change *interests)
{
	bool is_same = person->interests_count == interests->count;
	for (uint32_t i = 0; i < interests->count && is_same; i++)
		is_same = slice_is(person->interests[i], interests->names[i]);
	return is_same;
}

static void interests_set(
    struct step *step, uint32_t column, const struct interests_change *interests)
{
	struct account_facts *person = step_person(step);
	bool changes = !is_so(person, interests);
	struct slice before = names_text(step, person->interests, person->interests_count);
	if (changes && step_lacks(step, column, DEED_SET_INTERESTS))
		return;
	struct attempt attempt = attempt_begin(step->pass, step->pass->outcomes_count);
	fact_keep(step->pass, person, sizeof *person);
	if (changes)
		change_add(step->pass, (struct change){.kind = CHANGE_SET_INTERESTS,
		                           .person = step->person,
		                           .interests = interests});
	person->interests = interests->names;
	person->interests_count = interests->count;
	struct outcome *outcome = step_answer(step, column,
	    changes ? OUTCOME_DONE : OUTCOME_UNCHANGED,
	    changes ? CODE_INTERESTS_SET : CODE_ALREADY_INTERESTED,
	    step_cell(step, COLUMN_INTERESTS),
	    changes ? SLICE("The interests were set.") : SLICE("The interests were so already."));
	outcome->before = before;
	outcome->after = names_text(step, interests->names, interests->count);
	attempt_end(step->pass, &attempt, outcome, LIMITED_NOT);
}

void interests_decide(struct step *step)
{
	uint32_t column = step->header->single[COLUMN_INTERESTS];
	struct slice cell = step_cell(step, COLUMN_INTERESTS);
	if (cell.size == 0)
		return;
	if (!step->batch->site->has_tags) {
		step_answer(step, column, OUTCOME_WARNING, CODE_NOT_ON_THIS_SITE, cell,
		    SLICE("Interests are tags, which this site does not have: left out."));
		return;
	}
	const struct interests_change *interests = interests_read(step, cell);
	if (!interests)
		return;
	if (interests->count > 0)
		interests_set(step, column, interests);
	else if (!slice_is(cell, SLICE("0")))
		step_answer(step, column, OUTCOME_WARNING, CODE_INVALID_VALUE, cell,
		    SLICE("This names no tag that there could be: left out; correct the cell."));
}
