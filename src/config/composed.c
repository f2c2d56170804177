/*
 * composed: of several kinds' policies one. The rule that is not obvious: upload_type and
 * update_details may differ, for a file of enrolments says `update` of people whom a file of users
 * makes, and the archive as a whole does what the one that does more says.
 */
#include "composed.h"

#include "layer.h"
#include "rules.h"
#include "setting.h"

#include "enrold/columns.h"

#include <stdio.h>
#include <string.h>

enum { COLUMN, WORD, TARGET, CELL, PARTS = WORDS_PARTS };

struct composing {
	const struct preset_source *source;
	const struct preset *preset;
	struct arena *arena;
	struct layer layer; /* what is made */
	size_t kind;        /* whose turn it is */
};

static const struct preset_kind *kind_of(const struct composing *composing)
{
	return &composing->preset->kinds[composing->kind];
}

static bool is_key(const struct config_key *key, const char *name)
{
	return key->section == SECTION_FEED && strcmp(key->name, name) == 0;
}

/* How one file is written: done with when its text stands among the others. */
static bool is_of_file(const struct config_key *key)
{
	static const char *const names[] = {
	    "columns", "values", "split", "set", "newest_by", "meaning"};
	bool is_of = key->section == SECTION_CSV;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		is_of |= is_key(key, names[i]);
	return is_of;
}

/* ---- what has to be the same ---- */

static bool is_same_list(const struct text_list *a, const struct text_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

static bool is_same(
    const struct config_key *key, const struct policy *one, const struct policy *other)
{
	struct buffer a = {0}, b = {0};
	if (key_parts(key) > 0)
		return is_same_list(setting_list(key, one), setting_list(key, other));
	if (setting_is_absent(key, one) || setting_is_absent(key, other))
		return setting_is_absent(key, one) && setting_is_absent(key, other);
	setting_format(key, one, &a);
	setting_format(key, other, &b);
	bool same = slice_is(buffer_slice(&a), buffer_slice(&b));
	buffer_done(&a);
	buffer_done(&b);
	return same;
}

/* The first is what a kind says that does not make people, or changes nothing of them: whoever
 * else says more says it for the archive. */
static bool widens(const struct config_key *key, struct policy *policy, const struct policy *kind)
{
	if (is_key(key, "upload_type") && policy->upload_type == UPLOAD_UPDATE)
		return policy->upload_type = kind->upload_type, true;
	if (is_key(key, "update_details") && policy->update_details == DETAILS_NONE)
		return policy->update_details = kind->update_details, true;
	return (is_key(key, "upload_type") && kind->upload_type == UPLOAD_UPDATE) ||
	       (is_key(key, "update_details") && kind->update_details == DETAILS_NONE);
}

/* Those of a kind are for its columns, which others have not. */
static struct error defaults_join(struct composing *composing, const struct policy *kind)
{
	struct layer more = {.policy.defaults = kind->defaults};
	size_t before = composing->layer.policy.defaults.count;
	more.given.has[keys_index(keys_find(SECTION_FEED, "defaults"))] = kind->defaults.count > 0;
	for (size_t i = 0; i + 1 < kind->defaults.count; i += 2)
		for (size_t j = 0; j + 1 < before; j += 2)
			if (strcasecmp(kind->defaults.items[i],
			        composing->layer.policy.defaults.items[j]) == 0 &&
			    strcmp(kind->defaults.items[i + 1],
			        composing->layer.policy.defaults.items[j + 1]) != 0)
				return error_config("defaults.%s is not the same in all kinds",
				    kind->defaults.items[i]);
	return layer_lay(&more, composing->arena, &composing->layer);
}

static struct error key_join(struct composing *composing, const struct config_key *key)
{
	const struct policy *kind = &kind_of(composing)->policy;
	struct policy *policy = &composing->layer.policy;
	if (!key->in_preset || key->kind == KEY_MAP || is_of_file(key))
		return OK;
	if (is_key(key, "defaults"))
		return defaults_join(composing, kind);
	if (is_same(key, policy, kind) || widens(key, policy, kind))
		return OK;
	return error_config("%s is not the same in all kinds, but the files of an archive are "
	                    "applied as one: say it in the preset's own feed",
	    key->name);
}

/* ---- words and columns ---- */

static struct error item_add(struct composing *composing, const char *name, const char *text)
{
	const struct config_key *key = keys_find(SECTION_FEED, name);
	if (!text)
		return error_memory("reading a preset");
	struct error error = setting_add(key, text, composing->arena, &composing->layer.policy);
	return is_error(&error) ? error_wrap(error, "%s", name) : OK;
}

static struct error four_add(struct composing *composing, const char *const four[PARTS])
{
	struct error error = OK;
	for (size_t i = 0; i < PARTS && !is_error(&error); i++)
		error = item_add(composing, "values", four[i]);
	return error;
}

/* Of every so many texts one is that column, as enrold calls it. */
static bool names_column(const struct composing *composing, const struct policy *policy,
    const struct text_list *list, size_t step, struct slice column)
{
	for (size_t i = 0; i < list->count; i += step)
		if (slice_is(layer_column(policy, list->items[i], composing->arena), column))
			return true;
	return false;
}

/* Files of a kind have it, as far as the settings tell. Words that are for files of all kinds do
 * not tell which. */
static bool has_column(const struct composing *composing, size_t index, struct slice column)
{
	const struct preset_kind *kind = &composing->preset->kinds[index];
	const struct policy *policy = &kind->policy;
	const struct {
		const struct text_list *list;
		size_t step;
	} named[] = {
	    {&policy->columns, 2},
	    {&policy->set, 2},
	    {&policy->positions, 1},
	    {&kind->has, 1},
	    {&composing->source->kinds[index].layer.policy.values, PARTS},
	};
	for (size_t i = 0; i < sizeof named / sizeof *named && !kind->unused; i++)
		if (names_column(composing, policy, named[i].list, named[i].step, column))
			return true;
	return false;
}

/* How many kinds have the column. */
static size_t holders(const struct composing *composing, struct slice column)
{
	size_t count = 0;
	for (size_t i = 0; i < composing->preset->kinds_count; i++)
		count += has_column(composing, i, column);
	return count;
}

/* One column's words: from `at` to `end`. */
struct entry {
	const struct text_list *list;
	size_t at, end;
	const char *column; /* as the values name it */
	const char *own;    /* what enrold calls it; NULL: nothing */
	const char *heading;
};

static bool refuses_others(const struct entry *entry)
{
	for (size_t i = entry->at; i < entry->end; i += PARTS)
		if (strcmp(entry->list->items[i + WORD], "*") == 0)
			return strcmp(entry->list->items[i + CELL], "error") == 0;
	return false;
}

static struct error entry_words(
    struct composing *composing, const struct entry *entry, const char *itself)
{
	struct error error = OK;
	for (size_t i = entry->at; i < entry->end && !is_error(&error); i += PARTS) {
		const char *const *from = &entry->list->items[i];
		bool is_rest = strcmp(from[WORD], "*") == 0;
		bool is_itself = strcmp(from[TARGET], from[COLUMN]) == 0;
		const char *const four[PARTS] = {entry->heading, from[WORD],
		    is_rest     ? entry->heading
		    : is_itself ? itself
		                : from[TARGET],
		    from[CELL]};
		error = four_add(composing, four);
	}
	return error;
}

/* The column is enrold's own under its longer heading where one kind alone has it, and then all
 * that is said of words holds. Where several have it, the words of each give it its cells, and a
 * word that is none of them cannot stay as it is: nobody would see it. */
static struct error entry_add(struct composing *composing, const struct entry *entry)
{
	if (!entry->own)
		return entry_words(composing, entry, entry->heading);
	size_t count = holders(composing, slice_of(entry->own));
	if (count > 0 && !has_column(composing, composing->kind, slice_of(entry->own)))
		return OK; /* words for files of all kinds, and this is none of them */
	if (count == 1) {
		struct error error = item_add(composing, "columns", entry->heading);
		if (!is_error(&error))
			error = item_add(composing, "columns", entry->own);
		return is_error(&error) ? error : entry_words(composing, entry, entry->heading);
	}
	if (!refuses_others(entry))
		return error_config("values.%s: %s: say \"*\": error among its words",
		    rule_is_shown(entry->column) ? entry->column : "(not shown)",
		    count == 0 ? "nothing says which kind of files has that column"
		               : "other kinds have that column, too");
	return entry_words(composing, entry, entry->own);
}

/* "role" is role1, role2 and so on, which cannot all have one heading. */
static bool is_stem(struct slice name, struct arena *arena)
{
	const char *numbered = arena_print(arena, "%.*s1", SLICE_ARG(name)).bytes;
	return numbered && rule_column(numbered) == NULL;
}

static struct error entry_make(struct composing *composing, struct entry *entry)
{
	const struct preset_kind *kind = kind_of(composing);
	struct slice own = layer_column(&kind->policy, entry->column, composing->arena);
	const char *shown = rule_is_shown(entry->column) ? entry->column : "(not shown)";
	entry->own = arena_copy(composing->arena, own).bytes;
	entry->heading = arena_print(composing->arena, "%s.%s", kind->name, entry->column).bytes;
	if (!entry->own || !entry->heading)
		return error_memory("reading a preset");
	if (rule_column(entry->own)) {
		if (is_stem(own, composing->arena))
			return error_config(
			    "values.%s: in a preset a column is named with its number, as %s1",
			    shown, shown);
		entry->own = NULL;
	}
	return entry_add(composing, entry);
}

static struct error words_join(struct composing *composing)
{
	const struct text_list *list = &kind_of(composing)->policy.values;
	struct error error = OK;
	for (size_t at = 0, end; at < list->count && !is_error(&error); at = end) {
		for (end = at + PARTS; end < list->count; end += PARTS)
			if (strcmp(list->items[end], list->items[at]) != 0)
				break;
		struct entry entry = {list, at, end, list->items[at], NULL, NULL};
		error = entry_make(composing, &entry);
	}
	return error;
}

/* ---- the whole ---- */

/* The first kind's, without what is of its files; all is given, so that no default is another. */
static void begin(struct composing *composing, const struct policy *first)
{
	const struct policy nothing = {0};
	size_t count;
	const struct config_key *keys = config_keys(&count);
	composing->layer.policy = *first;
	for (size_t i = 0; i < count; i++) {
		composing->layer.given.has[i] = !is_of_file(&keys[i]);
		if (is_of_file(&keys[i]))
			setting_copy(&keys[i], &nothing, &composing->layer.policy);
	}
	composing->layer.policy.delimiter = "comma";
}

static struct error kind_join(struct composing *composing)
{
	size_t count;
	const struct config_key *keys = config_keys(&count);
	struct error error = OK;
	for (size_t i = 0; i < count && !is_error(&error); i++)
		error = key_join(composing, &keys[i]);
	return is_error(&error) ? error : words_join(composing);
}

struct error composed_make(
    const struct preset_source *source, struct preset *preset, struct arena *arena, size_t *kind)
{
	struct composing composing = {.source = source, .preset = preset, .arena = arena};
	struct error error = OK;
	bool has_begun = false;
	for (size_t i = 0; i < preset->kinds_count && !is_error(&error); i++) {
		if (preset->kinds[i].unused)
			continue;
		if (!has_begun)
			begin(&composing, &preset->kinds[i].policy);
		has_begun = true;
		composing.kind = *kind = i;
		error = kind_join(&composing);
		if (is_error(&error) && error.class == ERROR_CONFIG)
			error = error_wrap(error, "%s", preset->kinds[i].name);
	}
	return is_error(&error) ? error : layer_fill(&composing.layer, arena, &preset->composed);
}
