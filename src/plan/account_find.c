/*
 * account_find: who is called what, while the batch itself makes, renames and deletes. The
 * database's answers are checked against what the plan has decided since.
 */
#include "account.h"

#include "enrold/value.h"

/* ---- who it is ---- */

/* Whether the person is still called so: an earlier record of the batch may have changed that. */
static bool key_holds(const struct batch *batch, const struct user_key *key, uint32_t person)
{
	if (person == INDEX_NONE)
		return false;
	const struct account_facts *is = &batch->people[person];
	if (is->is_gone)
		return false;
	switch (key->by) {
	case KEY_USERNAME: return batch_is_meant(batch, key, is->username);
	case KEY_EMAIL: return value_is_alike(is->details[DETAIL_EMAIL], key->text, batch->arena);
	case KEY_PROFILE:
		return slice_is(
		    value_beginning(is->profile[key->field], UNIQUE_CHARACTERS), key->text);
	case KEY_DELETED: return false;
	case KEY_IDNUMBER: break;
	}
	return batch_is_meant(batch, key, is->details[DETAIL_IDNUMBER]);
}

/* How many are called so, two at most. */
uint32_t account_find_all(const struct batch *batch, uint32_t key, uint32_t people[2])
{
	uint32_t count = 0;
	for (uint32_t i = 0; key != INDEX_NONE && i < 2; i++)
		if (key_holds(batch, &batch->keys[key], batch->key_people[key][i]))
			people[count++] = batch->key_people[key][i];
	return count;
}

uint32_t account_find(const struct batch *batch, uint32_t key)
{
	uint32_t people[2];
	return account_find_all(batch, key, people) > 0 ? people[0] : INDEX_NONE;
}

/* A key nobody asked about yet will be answered by the database. */
static void key_learn(struct batch *batch, uint32_t key, uint32_t person)
{
	uint32_t *people = batch->key_people[key];
	if (arena_has_failed(batch->arena) || key >= batch->keys_asked)
		return;
	if (people[0] == person || people[1] == person)
		return;
	people[key_holds(batch, &batch->keys[key], people[0])] = person;
}

/* From now on the person is called so too. */
void account_learn(struct batch *batch, enum user_key_by by, struct slice text, uint32_t person)
{
	if (text.size > 0)
		key_learn(batch, batch_key(batch, by, text), person);
}

static uint32_t field_find(const struct site_facts *site, int64_t id)
{
	uint32_t field = 0;
	while (site->profile_fields[field].id != id)
		field++;
	return field;
}

void account_learn_profile(
    struct batch *batch, const struct account_change *change, uint32_t person)
{
	for (uint32_t p = 0; batch->asks_unique && p < change->profile_count; p++) {
		const struct profile_value *value = &change->profile[p];
		if (!value->is_unique || (value->data.size == 0 && !batch->drops_rows))
			continue;
		uint32_t field = field_find(batch->site, value->field);
		key_learn(batch, batch_profile_key(batch, field, value->data), person);
	}
}

bool account_was_deleted(const struct batch *batch, const struct record *record)
{
	for (uint32_t i = 0; record->key != INDEX_NONE && i < 2; i++) {
		uint32_t person = batch->key_people[record->key][i];
		if (person != INDEX_NONE && batch->people[person].is_gone)
			return true;
	}
	return record->gone_key != INDEX_NONE && batch->keys[record->gone_key].matches > 0;
}

bool account_is_free(const struct batch *batch, uint32_t key)
{
	return account_find(batch, key) == INDEX_NONE && !batch->keys[key].is_taken;
}

/* ---- new names: "user" becomes "user2", "user09" becomes "user10" (lms/README 2.1) ---- */

static struct slice name_next(struct slice name, struct arena *arena)
{
	size_t stem = name.size;
	while (stem > 0 && name.bytes[stem - 1] >= '0' && name.bytes[stem - 1] <= '9')
		stem--;
	int64_t number = 1;
	struct slice digits = {name.bytes + stem, name.size - stem};
	if (digits.size > 0 && !value_parse_whole(digits, &number))
		stem = name.size; /* more digits than a number has */
	return arena_print(arena, "%.*s%lld", (int)stem, name.bytes, (long long)number + 1);
}

enum { NAMES_AT_ONCE = 64 };

/*
 * The first free name; false: ask the database about more of them first. A feed that counts names
 * on never gives one back, so the search goes on where the last one for that name stopped.
 */
bool account_find_free_name(struct batch *batch, uint32_t key, struct slice *name)
{
	const uint32_t first = key;
	if (batch->keys[first].taken_until > 0) {
		key = batch->keys[first].taken_until - 1;
		*name = batch->keys[key].text;
	}
	while (key < batch->keys_asked && !account_is_free(batch, key)) {
		batch->keys[first].taken_until = key + 1;
		*name = name_next(*name, batch->arena);
		key = batch_key(batch, KEY_USERNAME, *name);
		if (arena_has_failed(batch->arena))
			return true;
	}
	if (key < batch->keys_asked)
		return true;
	struct slice more = *name;
	for (int i = 1; i < NAMES_AT_ONCE; i++) {
		more = name_next(more, batch->arena);
		batch_key(batch, KEY_USERNAME, more);
	}
	return false;
}
