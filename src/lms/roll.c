#include "roll.h"

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/hashlist.h"
#include "enrold/value.h"

#include <stdlib.h>

/* What it may take beside the census and a batch. */
enum { ROLL_BYTES = 16 << 20 };

/* An entry; or the note that an owner's have been read, which counts nothing. */
struct item {
	int64_t owner, id;
	uint32_t name, name_size; /* in names */
	uint32_t kind, count;
};

struct roll {
	struct hashlist items;
	struct buffer names;
	struct arena *scratch;
};

/* What an entry is found by. */
struct place {
	uint32_t kind;
	int64_t owner;
	struct slice name;
};

static uint32_t place_hash(struct place place)
{
	uint32_t name = hashlist_hash_text(place.name);
	return hashlist_hash_pair((uint32_t)place.owner ^ place.kind << 28, name);
}

static struct slice item_name(const struct roll *roll, const struct item *item)
{
	return (struct slice){roll->names.bytes + item->name, item->name_size};
}

static uint32_t item_hash(const void *context, const void *item)
{
	const struct roll *roll = context;
	const struct item *entry = item;
	return place_hash((struct place){entry->kind, entry->owner, item_name(roll, entry)});
}

struct roll *roll_create(void)
{
	struct roll *roll = calloc(1, sizeof *roll);
	if (!roll)
		return NULL;
	roll->items =
	    (struct hashlist){.hash = item_hash, .context = roll, .size = sizeof(struct item)};
	roll->scratch = arena_create();
	if (roll->scratch)
		return roll;
	roll_free(roll);
	return NULL;
}

void roll_free(struct roll *roll)
{
	if (!roll)
		return;
	hashlist_done(&roll->items);
	buffer_done(&roll->names);
	arena_free(roll->scratch);
	free(roll);
}

bool roll_is_full(const struct roll *roll)
{
	return roll->items.count * (sizeof(struct item) + 2 * sizeof(uint32_t)) +
	           roll->names.size >=
	       ROLL_BYTES;
}

static struct item *item_find(const struct roll *roll, struct place place, bool is_mark)
{
	size_t at = place_hash(place);
	for (uint32_t number; (number = hashlist_next(&roll->items, &at)) != 0;) {
		struct item *item = hashlist_at(&roll->items, number);
		if (item->kind == place.kind && item->owner == place.owner &&
		    (item->count == 0) == is_mark && slice_is(item_name(roll, item), place.name))
			return item;
	}
	return NULL;
}

static bool item_add(struct roll *roll, struct place place, int64_t id, uint32_t count)
{
	if (roll->names.size + place.name.size > UINT32_MAX)
		return false;
	const struct item new = {place.owner, id, (uint32_t)roll->names.size,
	    (uint32_t)place.name.size, place.kind, count};
	buffer_add(&roll->names, place.name.bytes, place.name.size);
	return !roll->names.failed && hashlist_add(&roll->items, &new);
}

bool roll_has_read(const struct roll *roll, enum roll_kind kind, int64_t owner)
{
	return item_find(roll, (struct place){kind, owner, SLICE("")}, true);
}

bool roll_read(struct roll *roll, enum roll_kind kind, int64_t owner)
{
	return item_add(roll, (struct place){kind, owner, SLICE("")}, 0, 0);
}

/* The same name again makes no new entry: a table has no place for thousands of equals. */
static bool place_add(struct roll *roll, struct place place, int64_t id)
{
	struct item *known = item_find(roll, place, false);
	if (!known)
		return item_add(roll, place, id, 1);
	known->count++;
	known->id = id < known->id ? id : known->id;
	return true;
}

/* Names in the form in which a file's are looked for, where theirs is another. */
enum { ROLL_FORMS = 8 };

bool roll_add(struct roll *roll, enum roll_kind kind, int64_t owner, struct slice name, int64_t id)
{
	if (!place_add(roll, (struct place){kind, owner, name}, id))
		return false;
	if (kind == ROLL_GROUPS_IN)
		return true;
	arena_reset(roll->scratch);
	struct slice form = value_form(name, roll->scratch);
	return !arena_has_failed(roll->scratch) &&
	       (slice_is(form, name) ||
	           place_add(roll, (struct place){ROLL_FORMS + kind, owner, form}, id));
}

bool roll_note(struct roll *roll, enum roll_kind kind, int64_t owner, struct slice name, int64_t id)
{
	return !roll_has_read(roll, kind, owner) || roll_add(roll, kind, owner, name, id);
}

uint32_t roll_find(
    const struct roll *roll, enum roll_kind kind, int64_t owner, struct slice name, int64_t *id)
{
	const struct item *item = item_find(roll, (struct place){kind, owner, name}, false);
	if (!item && kind != ROLL_GROUPS_IN)
		item = item_find(roll, (struct place){ROLL_FORMS + kind, owner, name}, false);
	*id = item ? item->id : 0;
	return item ? item->count : 0;
}
