#include "people.h"

#include "enrold/keyhash.h"
#include "enrold/value.h"

enum { NAME_COUNTED_MAX = 256 };

static uint32_t name_hash(const void *context, const void *item)
{
	(void)context;
	return (uint32_t) * (const uint64_t *)item;
}

void people_begin(struct people *people)
{
	*people = (struct people){
	    .names = {.hash = name_hash, .size = sizeof(uint64_t)}, .key = COLUMN_NONE};
}

void people_header(struct people *people, const struct header *header)
{
	people->key = header->is_of_groups ? COLUMN_NONE : header->key;
}

static bool is_known(const struct people *people, uint64_t hash)
{
	size_t at = (uint32_t)hash;
	for (uint32_t number; (number = hashlist_next(&people->names, &at)) != 0;)
		if (*(const uint64_t *)hashlist_at(&people->names, number) == hash)
			return true;
	return false;
}

static char lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter + 'a' - 'A') : letter;
}

void people_add(struct people *people, const struct csvin_record *record)
{
	char name[NAME_COUNTED_MAX];
	if (people->key == COLUMN_NONE || people->key >= record->cells_count || people->has_failed)
		return;
	struct slice cell = value_trim(record->cells[people->key]);
	size_t size = cell.size < sizeof name ? cell.size : sizeof name;
	for (size_t i = 0; i < size; i++)
		name[i] = lower(cell.bytes[i]);
	uint64_t hash = keyhash(name, size);
	if (size > 0 && !is_known(people, hash))
		people->has_failed = !hashlist_add(&people->names, &hash);
}

void people_done(struct people *people)
{
	hashlist_done(&people->names);
}
