/*
 * undo_name: a user name, and a person's tags, become what they were.
 */
#include "undo.h"

#include "account.h"

#include "enrold/list.h"

/* ---- names ---- */

void undo_name(struct undoing *undoing)
{
	struct slice name;
	struct batch *batch = undoing->batch;
	struct account_facts *person = &undoing->batch->people[undoing->person];
	if (!undo_account_is_as_left(undoing) ||
	    !described_find(undoing->row->before, "username", undoing->arena, &name))
		return;
	if (undo_is_cut(name)) {
		undo_never(undoing, SLICE("The answer does not have the former name as a whole."));
		return;
	}
	if (!account_is_free(batch, batch_key(batch, KEY_USERNAME, name))) {
		undo_answer(undoing, OUTCOME_ERROR, CODE_USERNAME_TAKEN,
		    arena_print(undoing->arena, "There is another account '%.*s' by now.",
		        SLICE_ARG(name)));
		return;
	}
	if (undo_account_outranks(undoing) || undo_lacks(undoing, DEED_BIT(DEED_UPDATE_ACCOUNT)))
		return;
	struct account_change *change = arena_alloc(undoing->arena, sizeof *change);
	if (!change)
		return;
	change->username = name;
	change_add(undoing->pass,
	    (struct change){
	        .kind = CHANGE_RENAME_ACCOUNT, .person = undoing->person, .account = change});
	undo_done(undoing, undoing->row->after, undoing->row->before,
	    SLICE("Taken back: the account has its former name."));
	batch->records[undoing->row->record].resolved_name = name;
	person->username = name;
	account_learn(batch, KEY_USERNAME, name, undoing->person);
}

/* ---- interests ---- */

static struct slice interests_of(const struct undoing *undoing, struct slice state)
{
	struct slice value = SLICE("");
	described_find(state, "interests", undoing->arena, &value);
	return value;
}

static bool has_interests(const struct account_facts *person, struct slice names)
{
	struct slice word;
	uint32_t count = 0;
	while (list_next(&names, &word)) {
		bool is_same =
		    count < person->interests_count && slice_is(person->interests[count], word);
		if (!is_same)
			return false;
		count++;
	}
	return count == person->interests_count;
}

static struct interests_change *interests_read(struct undoing *undoing, struct slice names)
{
	struct interests_change *interests = arena_alloc(undoing->arena, sizeof *interests);
	struct slice rest = names, word;
	uint32_t room = 1;
	while (list_next(&rest, &word))
		room++;
	struct slice *all = arena_alloc(undoing->arena, room * sizeof *all);
	if (!interests || !all)
		return NULL;
	interests->names = interests->raws = all;
	while (list_next(&names, &word))
		all[interests->count++] = word;
	return interests;
}

void undo_interests(struct undoing *undoing)
{
	struct account_facts *person = &undoing->batch->people[undoing->person];
	struct slice was = interests_of(undoing, undoing->row->before);
	struct slice is = interests_of(undoing, undoing->row->after);
	if (undo_is_cut(was) || undo_is_cut(is)) {
		undo_never(undoing, SLICE("The answer does not have all of the interests."));
		return;
	}
	if (!has_interests(person, is)) {
		undo_keep(undoing, SLICE("Left as it is: the interests are others now."));
		return;
	}
	const struct interests_change *interests = interests_read(undoing, was);
	if (!interests || undo_lacks(undoing, DEED_BIT(DEED_SET_INTERESTS)))
		return;
	change_add(undoing->pass,
	    (struct change){
	        .kind = CHANGE_SET_INTERESTS, .person = undoing->person, .interests = interests});
	person->interests = interests->names;
	person->interests_count = interests->count;
	undo_done(undoing, undoing->row->after, undoing->row->before,
	    SLICE("Taken back: the interests are as before."));
}
