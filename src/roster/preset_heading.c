/*
 * preset_heading: what a composed text calls the columns of a file. Where the words of its cells
 * have a meaning, the name has the kind in front, because in another file of the archive the same
 * heading may stand over other words; so it has where enrold does not know the heading. All else is
 * called as enrold calls it, and is then one column, whichever file it comes from.
 */
#include "roster.h"

#include "enrold/preset.h"
#include "enrold/value.h"

/* The list's entries have so many parts, of which the first is a heading: of the one that is this,
 * folded, the part that is asked for; NULL: there is none. */
static const char *entry_find(const struct text_list *list, size_t parts, size_t answer,
    struct slice folded, struct arena *arena)
{
	for (size_t i = 0; i + parts <= list->count; i += parts)
		if (slice_is(columns_fold(slice_of(list->items[i]), arena), folded))
			return list->items[i + answer];
	return NULL;
}

/* The entry of the kind's `values` that has the words of that column: by its name, as it is written
 * in the file, or without its number. */
static const char *words_entry(
    const struct policy *policy, struct slice name, struct slice folded, struct arena *arena)
{
	const char *entry = entry_find(&policy->values, 4, 0, name, arena);
	if (!entry)
		entry = entry_find(&policy->values, 4, 0, folded, arena);
	if (entry)
		return entry;
	const struct column *known = column_find(name, false);
	struct slice stem = {name.bytes, name.size - column_digits(name)};
	bool is_numbered = known && known->is_numbered;
	return is_numbered ? entry_find(&policy->values, 4, 0, stem, arena) : NULL;
}

struct slice heading_name(const struct policy *policy, struct slice heading, struct arena *arena)
{
	struct slice folded = columns_fold(value_trim(heading), arena);
	const char *mapped = entry_find(&policy->columns, 2, 1, folded, arena);
	return mapped ? value_lower(slice_of(mapped), arena) : folded;
}

bool heading_is(
    const struct policy *policy, struct slice heading, const char *named, struct arena *arena)
{
	struct slice folded = columns_fold(slice_of(named), arena);
	return slice_is(columns_fold(value_trim(heading), arena), folded) ||
	       slice_is(heading_name(policy, heading, arena), folded);
}

static bool is_known(struct slice name)
{
	return column_find(name, false) || column_find(name, true) ||
	       columns_profile_name(name).size > 0;
}

static struct slice with_kind(
    const struct preset_kind *kind, struct slice heading, struct arena *arena)
{
	return arena_print(arena, "%s.%.*s", kind->name, SLICE_ARG(heading));
}

struct slice preset_heading(
    const struct preset_kind *kind, struct slice heading, struct arena *arena)
{
	const struct policy *policy = &kind->policy;
	struct slice written = value_trim(heading), folded = columns_fold(written, arena);
	const char *mapped = entry_find(&policy->columns, 2, 1, folded, arena);
	struct slice name = mapped ? value_lower(slice_of(mapped), arena) : folded;
	if (written.size == 0)
		return written;
	const char *words = words_entry(policy, name, folded, arena);
	if (words)
		return with_kind(kind, slice_of(words), arena);
	if (!mapped && !is_known(name))
		return with_kind(kind, written, arena);
	/* A profile field is found as it is written, first. */
	return columns_profile_name(written).size > 0 ? written : name;
}
