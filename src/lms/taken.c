#include "taken.h"

#include "enrold/hashlist.h"
#include "enrold/value.h"

#include <stdlib.h>

/* A value's letters, each with all its marks; the rest does not count. */
enum { APART_MAX = UNIQUE_CHARACTERS * 16 };
enum { HOLDERS_MAX = 2000000 }; /* times 24 bytes */

struct holder {
	uint64_t value; /* hash of field and text */
	int64_t user;
};

struct taken {
	struct hashlist holders;
	bool is_known, is_whole; /* is_whole: it can answer any question */
	bool has_failed;
};

static uint64_t value_hash(int64_t field, struct slice text)
{
	uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ (uint64_t)field;
	char room[APART_MAX];
	struct slice counted =
	    value_apart(value_beginning(text, UNIQUE_CHARACTERS), room, sizeof room);
	for (size_t i = 0; i < counted.size; i++)
		hash = (hash ^ (unsigned char)counted.bytes[i]) * UINT64_C(0x100000001B3);
	hash ^= hash >> 32;
	return hash * UINT64_C(0x9E3779B97F4A7C15);
}

static uint32_t spot_of(uint64_t value)
{
	return (uint32_t)(value >> 32);
}

static uint32_t holder_hash(const void *context, const void *item)
{
	const struct holder *holder = item;
	(void)context;
	return spot_of(holder->value);
}

static struct hashlist empty(void)
{
	return (struct hashlist){.hash = holder_hash, .size = sizeof(struct holder)};
}

struct taken *taken_create(void)
{
	struct taken *taken = calloc(1, sizeof *taken);
	if (taken)
		taken->holders = empty();
	return taken;
}

void taken_forget(struct taken *taken)
{
	if (!taken)
		return;
	hashlist_done(&taken->holders);
	*taken = (struct taken){.holders = empty()};
}

void taken_free(struct taken *taken)
{
	taken_forget(taken);
	free(taken);
}

static bool has_value(const struct hashlist *list, uint64_t value)
{
	size_t at = spot_of(value);
	for (uint32_t number; (number = hashlist_next(list, &at)) != 0;)
		if (((const struct holder *)hashlist_at(list, number))->value == value)
			return true;
	return false;
}

/* Loads all, or those of the wanted values; false: there are too many, or the database or memory
 * failed, which taken or the database knows. */
static bool holders_load(struct taken *taken, struct db *db, const struct hashlist *wanted)
{
	bool fits = true;
	struct db_rows rows = db_scan(db,
	    "SELECT d.fieldid, d.userid, d.data FROM {user_info_data} d JOIN {user_info_field} f "
	    "ON f.id = d.fieldid WHERE f.forceunique <> 0");
	while (fits && !taken->has_failed && db_next(&rows)) {
		const struct holder holder = {
		    value_hash(db_column_int(&rows, 0), db_column_text(&rows, 2)),
		    db_column_int(&rows, 1)};
		if (wanted && !has_value(wanted, holder.value))
			continue;
		taken->has_failed = !hashlist_append(&taken->holders, &holder);
		fits = wanted || taken->holders.count <= HOLDERS_MAX;
	}
	db_rows_close(&rows);
	if (fits && !taken->has_failed)
		taken->has_failed = !hashlist_index(&taken->holders);
	return fits && !taken->has_failed && !db_has_failed(db);
}

static uint64_t value_of(const struct site_facts *site, const struct user_key *key)
{
	return value_hash(site->profile_fields[key->field].id, key->text);
}

static void wanted_load(struct taken *taken, struct db *db, const struct site_facts *site,
    const struct user_key *keys, size_t count)
{
	struct hashlist wanted = empty();
	hashlist_done(&taken->holders);
	taken->holders = empty();
	for (size_t i = 0; i < count && !taken->has_failed; i++) {
		if (keys[i].by != KEY_PROFILE)
			continue;
		const struct holder asked = {.value = value_of(site, &keys[i])};
		taken->has_failed = !hashlist_add(&wanted, &asked);
	}
	if (!taken->has_failed)
		(void)holders_load(taken, db, &wanted);
	hashlist_done(&wanted);
}

static void answer(const struct taken *taken, uint64_t value, struct user_key *key)
{
	size_t at = spot_of(value);
	for (uint32_t number; (number = hashlist_next(&taken->holders, &at)) != 0;) {
		const struct holder *holder = hashlist_at(&taken->holders, number);
		if (holder->value != value || (key->matches > 0 && key->ids[0] == holder->user))
			continue;
		key->ids[1] = key->ids[0];
		key->ids[0] = holder->user;
		key->matches += key->matches < 2;
	}
}

void taken_find(struct taken *taken, struct db *db, const struct site_facts *site,
    struct user_key *keys, size_t count)
{
	bool is_asked = false;
	for (size_t i = 0; i < count && !is_asked; i++)
		is_asked = keys[i].by == KEY_PROFILE;
	if (!is_asked)
		return;
	if (!taken->is_known)
		taken->is_whole = holders_load(taken, db, NULL);
	taken->is_known = true;
	if (!taken->is_whole && !taken->has_failed && !db_has_failed(db))
		wanted_load(taken, db, site, keys, count);
	for (size_t i = 0; i < count && !taken->has_failed; i++)
		if (keys[i].by == KEY_PROFILE)
			answer(taken, value_of(site, &keys[i]), &keys[i]);
	if (taken->has_failed)
		db_fail(db, error_memory("looking for values that have to be unique"));
}

void taken_note(struct taken *taken, int64_t field, int64_t user, struct slice value)
{
	const struct holder holder = {value_hash(field, value), user};
	if (taken->is_known && taken->is_whole && !taken->has_failed)
		taken->has_failed = !hashlist_add(&taken->holders, &holder);
}
