/*
 * layer: keys over keys. Which they are does not matter here, but for `values`, whose entries are
 * words of columns that two layers may call differently: one as the file does, one as enrold.
 */
#include "layer.h"

#include "setting.h"

#include "enrold/columns.h"
#include "enrold/value.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMN, WORD, TARGET, CELL, PARTS = WORDS_PARTS };

/* A list being made of two. */
struct laying {
	struct arena *arena;
	const char **items;
	size_t count;
};

static bool laying_begin(struct laying *laying, size_t room, struct arena *arena)
{
	*laying = (struct laying){arena, arena_alloc(arena, (room + 1) * sizeof *laying->items), 0};
	return laying->items != NULL;
}

static struct error laying_end(
    const struct laying *laying, const struct config_key *key, struct policy *policy)
{
	const struct text_list list = {laying->items, laying->count, true};
	if (arena_has_failed(laying->arena))
		return error_memory("reading the configuration");
	if (list.count > key->max * key_parts(key))
		return error_config(
		    "%s: more than %d entries, with those of the preset", key->name, (int)key->max);
	memcpy((char *)policy + key->offset, &list, sizeof list);
	return OK;
}

/* ---- maps of texts ---- */

/* The texts of every so many places, as they are compared; in the arena, NULL: out of memory. */
static struct slice *fold_every(
    const struct text_list *list, size_t first, size_t step, struct arena *arena)
{
	struct slice *folded = arena_alloc(arena, (list->count + 1) * sizeof *folded);
	for (size_t i = first; folded && i < list->count; i += step)
		folded[i / step] = columns_fold(slice_of(list->items[i]), arena);
	return folded;
}

static bool has_slice(const struct slice *slices, size_t count, struct slice slice)
{
	for (size_t i = 0; i < count; i++)
		if (slice_is(slices[i], slice))
			return true;
	return false;
}

/* Where each value may be there once, an entry of the lower layer goes for its value, too. */
static struct error pairs_lay(const struct config_key *key, const struct text_list *upper,
    struct policy *policy, struct arena *arena)
{
	const struct text_list lower = *setting_list(key, policy);
	struct laying laying;
	struct slice *names = fold_every(upper, 0, 2, arena);
	struct slice *values = fold_every(upper, 1, 2, arena);
	if (!laying_begin(&laying, upper->count + lower.count, arena) || !names || !values)
		return error_memory("reading the configuration");
	for (size_t i = 0; i + 1 < lower.count; i += 2) {
		struct slice name = columns_fold(slice_of(lower.items[i]), arena);
		struct slice value = columns_fold(slice_of(lower.items[i + 1]), arena);
		if (has_slice(names, upper->count / 2, name) ||
		    (key->is_one_to_one && has_slice(values, upper->count / 2, value)))
			continue;
		laying.items[laying.count++] = lower.items[i];
		laying.items[laying.count++] = lower.items[i + 1];
	}
	for (size_t i = 0; i < upper->count; i++)
		laying.items[laying.count++] = upper->items[i];
	return laying_end(&laying, key, policy);
}

/* ---- words of cells ---- */

struct slice layer_column(const struct policy *policy, const char *column, struct arena *arena)
{
	struct slice folded = columns_fold(slice_of(column), arena);
	const struct text_list *columns = &policy->columns;
	for (size_t i = 0; i + 1 < columns->count; i += 2)
		if (slice_is(columns_fold(slice_of(columns->items[i]), arena), folded))
			return columns_fold(slice_of(columns->items[i + 1]), arena);
	return folded;
}

/* The words of a layer, and as they are compared. */
struct words_side {
	const struct text_list *list;
	struct slice *columns, *words; /* of each four */
	bool *is_taken;                /* the upper layer's, once it stands in the list */
};

static bool side_make(struct words_side *side, const struct text_list *list,
    const struct policy *policy, struct arena *arena)
{
	size_t fours = list->count / PARTS;
	*side = (struct words_side){.list = list,
	    .columns = arena_alloc(arena, (fours + 1) * sizeof *side->columns),
	    .words = arena_alloc(arena, (fours + 1) * sizeof *side->words),
	    .is_taken = arena_alloc(arena, (fours + 1) * sizeof *side->is_taken)};
	if (!side->columns || !side->words || !side->is_taken)
		return false;
	for (size_t i = 0; i < fours; i++) {
		const char *const *four = &list->items[i * PARTS];
		bool is_same = i > 0 && strcmp(four[COLUMN], four[COLUMN - PARTS]) == 0;
		side->columns[i] =
		    is_same ? side->columns[i - 1] : layer_column(policy, four[COLUMN], arena);
		side->words[i] = value_fold(slice_of(four[WORD]), arena);
	}
	return true;
}

/* As the column is called where its other words stand: they are read as one map only so. */
static void four_add(struct laying *laying, const char *const *four, const char *column)
{
	bool is_itself = strcmp(four[TARGET], four[COLUMN]) == 0;
	laying->items[laying->count++] = column;
	laying->items[laying->count++] = four[WORD];
	laying->items[laying->count++] = is_itself ? column : four[TARGET];
	laying->items[laying->count++] = four[CELL];
}

static bool says_word(const struct words_side *side, struct slice column, struct slice word)
{
	for (size_t i = 0; i < side->list->count / PARTS; i++)
		if (slice_is(side->columns[i], column) && slice_is(side->words[i], word))
			return true;
	return false;
}

/* The upper layer's words of a column, called so. */
static void upper_add(
    struct laying *laying, const struct words_side *upper, struct slice folded, const char *column)
{
	for (size_t i = 0; i < upper->list->count / PARTS; i++) {
		if (upper->is_taken[i] || !slice_is(upper->columns[i], folded))
			continue;
		four_add(laying, &upper->list->items[i * PARTS], column);
		upper->is_taken[i] = true;
	}
}

static struct error words_lay(const struct config_key *key, const struct text_list *list,
    struct policy *policy, struct arena *arena)
{
	const struct text_list under = *setting_list(key, policy);
	struct words_side upper, lower;
	struct laying laying;
	if (!side_make(&upper, list, policy, arena) || !side_make(&lower, &under, policy, arena) ||
	    !laying_begin(&laying, list->count + under.count, arena))
		return error_memory("reading the configuration");
	for (size_t i = 0; i < under.count / PARTS; i++) {
		const char *const *four = &under.items[i * PARTS];
		bool is_last = (i + 1) * PARTS == under.count ||
		               strcmp(four[COLUMN], four[COLUMN + PARTS]) != 0;
		if (!says_word(&upper, lower.columns[i], lower.words[i]))
			four_add(&laying, four, four[COLUMN]);
		if (is_last)
			upper_add(&laying, &upper, lower.columns[i], four[COLUMN]);
	}
	for (size_t i = 0; i < list->count / PARTS; i++)
		upper_add(&laying, &upper, upper.columns[i], list->items[i * PARTS + COLUMN]);
	return laying_end(&laying, key, policy);
}

/* ---- all keys ---- */

static struct error key_lay(const struct config_key *key, const struct policy *upper,
    struct policy *policy, struct arena *arena)
{
	if (key->kind == KEY_PAIRS)
		return pairs_lay(key, setting_list(key, upper), policy, arena);
	if (key->kind == KEY_WORDS)
		return words_lay(key, setting_list(key, upper), policy, arena);
	setting_copy(key, upper, policy);
	return OK;
}

/* `columns` stand before `values` in the table: whose words are of one column is known by then. */
struct error layer_lay(const struct layer *upper, struct arena *arena, struct layer *layer)
{
	size_t count;
	const struct config_key *keys = config_keys(&count);
	struct error error = OK;
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		if (!upper->given.has[i] || keys[i].kind == KEY_MAP)
			continue;
		error = key_lay(&keys[i], &upper->policy, &layer->policy, arena);
		layer->given.has[i] = true;
	}
	return error;
}

struct error layer_fill(const struct layer *layer, struct arena *arena, struct policy *policy)
{
	*policy = layer->policy;
	return setting_fill_defaults(SECTION_FEED, &layer->given, arena, policy);
}
