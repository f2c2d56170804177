#include "spelt.h"

#include "census.h"

#include "enrold/hashlist.h"
#include "enrold/value.h"

#include <stdlib.h>

/* Names and addresses have no more. */
enum { TEXT_BYTES_MAX = 1024 };

/* How many people that are: two texts each. */
#define COUNT_USERS "SELECT count(*) FROM (SELECT 1 FROM {user} LIMIT ?1) AS t"

struct spelt {
	struct hashlist hashes; /* uint64_t */
	bool has_failed;        /* it says nothing any more */
};

/* The same for all texts that look the same. */
static uint64_t text_hash(enum spelt_kind kind, struct slice text)
{
	char room[TEXT_BYTES_MAX];
	struct slice folded = value_fold_apart(text, room, sizeof room);
	uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ (uint64_t)kind;
	for (size_t i = 0; i < folded.size; i++)
		hash = (hash ^ (unsigned char)folded.bytes[i]) * UINT64_C(0x100000001B3);
	hash ^= hash >> 32;
	return hash * UINT64_C(0x9E3779B97F4A7C15);
}

static uint32_t spot_of(const void *context, const void *item)
{
	(void)context;
	return (uint32_t)(*(const uint64_t *)item >> 32);
}

static void all_read(struct spelt *spelt, struct db *db)
{
	struct db_rows rows = db_scan(db, "SELECT username, email FROM {user}");
	while (!spelt->has_failed && db_next(&rows)) {
		const uint64_t hashes[] = {text_hash(SPELT_USERNAME, db_column_text(&rows, 0)),
		    text_hash(SPELT_EMAIL, db_column_text(&rows, 1))};
		spelt->has_failed = spelt->hashes.count > SPELT_MAX ||
		                    !hashlist_append(&spelt->hashes, &hashes[0]) ||
		                    !hashlist_append(&spelt->hashes, &hashes[1]);
	}
	db_rows_close(&rows);
	if (!spelt->has_failed)
		spelt->has_failed = !hashlist_index(&spelt->hashes);
}

struct spelt *spelt_take(struct db *db, uint64_t people)
{
	if (!census_is_worth(db, COUNT_USERS, people * 2))
		return NULL;
	struct spelt *spelt = calloc(1, sizeof *spelt);
	if (!spelt)
		return NULL;
	spelt->hashes = (struct hashlist){.hash = spot_of, .size = sizeof(uint64_t)};
	all_read(spelt, db);
	if (!spelt->has_failed && !db_has_failed(db))
		return spelt;
	spelt_free(spelt);
	return NULL;
}

void spelt_free(struct spelt *spelt)
{
	if (spelt)
		hashlist_done(&spelt->hashes);
	free(spelt);
}

/* The marks of other letters may stand in several orders. */
static bool is_plain(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.bytes[i] >= 0x80)
			return false;
	return true;
}

bool spelt_lacks(const struct spelt *spelt, enum spelt_kind kind, struct slice text)
{
	if (!spelt || spelt->has_failed || !is_plain(text))
		return false;
	uint64_t hash = text_hash(kind, text);
	size_t at = spot_of(NULL, &hash);
	for (uint32_t number; (number = hashlist_next(&spelt->hashes, &at)) != 0;)
		if (*(const uint64_t *)hashlist_at(&spelt->hashes, number) == hash)
			return false;
	return true;
}

void spelt_note(struct spelt *spelt, enum spelt_kind kind, struct slice text)
{
	if (!spelt || spelt->has_failed)
		return;
	uint64_t hash = text_hash(kind, text);
	spelt->has_failed = spelt->hashes.count > SPELT_MAX || !hashlist_add(&spelt->hashes, &hash);
}
