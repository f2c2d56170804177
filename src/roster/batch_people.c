/*
 * batch_people: the people whom the LMS found by the keys of a batch, each once.
 */
#include "index.h"
#include "roster.h"

#include "enrold/value.h"

uint32_t batch_add_person(struct batch *batch, struct slice username)
{
	struct account_facts *people = array_reserve(
	    batch->arena, batch->people, batch->people_count, &batch->people_room, sizeof *people);
	if (!people)
		return 0;
	batch->people = people;
	people[batch->people_count] =
	    (struct account_facts){.id = ACCOUNT_PLANNED, .username = username};
	return (uint32_t)batch->people_count++;
}

static uint32_t person_meet(struct batch *batch, struct slice username, int64_t id)
{
	uint32_t known =
	    index_find(batch->person_index, (struct slice){(const char *)&id, sizeof id});
	if (known != INDEX_NONE)
		return known;
	int64_t *kept = arena_alloc(batch->arena, sizeof *kept);
	uint32_t person = batch_add_person(batch, username);
	if (!kept || arena_has_failed(batch->arena))
		return 0;
	*kept = id;
	batch->people[person].id = id;
	batch->people[person].is_protected = site_protects(batch->site, id);
	index_add(&batch->person_index, batch->arena, (struct slice){(const char *)kept, sizeof id},
	    person);
	return person;
}

/* Numbers of other systems may differ in nothing but letter case, and so may user names where the
 * feed takes them as they are. */
bool batch_is_meant(const struct batch *batch, const struct user_key *key, struct slice stored)
{
	if (slice_is(stored, key->text))
		return true;
	bool counts_case = key->by == KEY_IDNUMBER || batch->policy->usernames == USERNAMES_EXACT;
	if (!counts_case)
		return value_is_alike(stored, key->text, batch->arena);
	return slice_is(value_form(stored, batch->arena), value_form(key->text, batch->arena));
}

static struct slice name_of(const struct user_key *key, struct slice text)
{
	return key->by == KEY_USERNAME ? text : SLICE("");
}

/* Nobody is called so to the letter. An account that only looks so is meant, or at least has the
 * name. */
static void alikes_meet(struct batch *batch, size_t k)
{
	struct user_key *key = &batch->keys[k];
	uint32_t count = 0;
	for (uint32_t i = 0; i < key->alikes_count; i++) {
		const struct user_alike *is = &key->alikes[i];
		if (batch_is_meant(batch, key, is->text))
			batch->key_people[k][count++] =
			    person_meet(batch, name_of(key, is->text), is->id);
		else
			key->resembled = is->text;
	}
	if (count > 0)
		key->resembled = SLICE("");
	key->is_taken |= key->resembled.size > 0;
}

struct error batch_meet(struct batch *batch)
{
	for (size_t k = batch->keys_asked; k < batch->keys_count; k++) {
		struct user_key *key = &batch->keys[k];
		if (key->by == KEY_DELETED)
			continue; /* nobody is there */
		for (uint32_t i = 0; i < 2 && i < key->matches; i++)
			batch->key_people[k][i] =
			    person_meet(batch, name_of(key, key->text), key->ids[i]);
		if (key->matches == 0)
			alikes_meet(batch, k);
	}
	batch->keys_asked = batch->keys_count;
	return arena_has_failed(batch->arena) ? error_memory("looking up people") : OK;
}
