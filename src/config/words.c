/*
 * words: the key `values`: a map of columns, of each a map of words, of each a cell or a map of
 * cells of other columns. The list that it becomes is that of policy.h, four texts a cell.
 */
#include "words.h"

#include "reading.h"
#include "rules.h"
#include "setting.h"

#include "enrold/columns.h"
#include "enrold/value.h"

#include <string.h>

enum { COLUMN, WORD, TARGET, CELL, PARTS = WORDS_PARTS };

/* One setting being read. */
struct taking {
	struct reading *reading;
	const struct config_key *key;
	struct arena *arena;
	void *base;
	const char *column, *word; /* of the map or cell that is read now */
	size_t word_first;         /* where the list's cells of this word begin */
};

static const struct text_list *list_of(const struct taking *taking)
{
	return setting_list(taking->key, taking->base);
}

static bool is_alike(const struct taking *taking, const char *a, const char *b)
{
	return value_is_alike(slice_of(a), slice_of(b), taking->arena);
}

static struct error refuse(const struct taking *taking, struct error error)
{
	return reading_error(taking->reading, error);
}

static struct error cell_add(struct taking *taking, const char *target, const char *cell)
{
	const char *const parts[PARTS] = {taking->column, taking->word, target, cell};
	struct error error = OK;
	for (size_t i = 0; i < PARTS && !is_error(&error); i++)
		error = setting_add(taking->key, parts[i], taking->arena, taking->base);
	return is_error(&error) ? refuse(taking, error) : OK;
}

/* The scalar as a text of its own. YAML's words for nothing are words like others. */
static struct error name_take(struct taking *taking, const char *expected, const char **name)
{
	struct reading *reading = taking->reading;
	bool is_text = reading->event.type == YAML_SCALAR_EVENT;
	if (!is_text || !*reading_text(reading))
		return refuse(taking, error_config("expected %s, found %s", expected,
		                          is_text ? "nothing" : reading_found(reading)));
	struct slice copy = arena_copy(taking->arena, slice_of(reading_text(reading)));
	*name = value_compose(copy, taking->arena).bytes;
	return *name ? OK : error_memory("reading the configuration");
}

static bool is_cell(const struct reading *reading)
{
	return reading->event.type == YAML_SCALAR_EVENT && !reading_is_null(reading);
}

/* Also to the column itself: {suspended: {gone: {suspended: 1, cohort1: ALUMNI}}}. */
static struct error target_check(const struct taking *taking, const char *target)
{
	const struct text_list *list = list_of(taking);
	const char *expected =
	    is_alike(taking, target, taking->column) ? NULL : rule_column(target);
	if (expected)
		return refuse(taking, error_config("expected %s", expected));
	for (size_t i = taking->word_first; i < list->count; i += PARTS)
		if (is_alike(taking, list->items[i + TARGET], target))
			return refuse(taking, error_config("is given twice"));
	return OK;
}

static struct error target_take(struct taking *taking)
{
	const char *target = NULL;
	struct error error = name_take(taking, "the name of a column", &target);
	if (is_error(&error))
		return error;
	size_t place =
	    reading_enter(taking->reading, rule_is_shown(target) ? target : "(not shown)");
	error = target_check(taking, target);
	if (!is_error(&error))
		error = reading_next(taking->reading);
	if (!is_error(&error) && !is_cell(taking->reading))
		error = refuse(taking,
		    error_config("expected a cell, found %s", reading_found(taking->reading)));
	if (!is_error(&error))
		error = cell_add(taking, target, reading_text(taking->reading));
	reading_leave(taking->reading, place);
	return error;
}

/* The cells of other columns. */
static struct error targets_take(struct taking *taking)
{
	for (size_t count = 0;; count++) {
		struct error error = reading_next(taking->reading);
		if (is_error(&error))
			return error;
		if (taking->reading->event.type == YAML_MAPPING_END_EVENT)
			return count > 0 ? OK
			                 : refuse(taking, error_config("expected a map of columns "
			                                               "and cells, found none"));
		error = target_take(taking);
		if (is_error(&error))
			return error;
	}
}

static struct error rest_take(struct taking *taking)
{
	const char *text = is_cell(taking->reading) ? reading_text(taking->reading) : "";
	if (strcmp(text, "error") != 0 && strcmp(text, "keep") != 0)
		return refuse(taking,
		    error_config("expected error or keep: what becomes of all other words"));
	return cell_add(taking, taking->column, text);
}

/* The words of the column so far stand behind each other at the list's end. */
static bool is_known_word(const struct taking *taking)
{
	const struct text_list *list = list_of(taking);
	for (size_t i = list->count; i > 0; i -= PARTS) {
		const char *const *parts = &list->items[i - PARTS];
		if (strcmp(parts[COLUMN], taking->column) != 0)
			return false;
		if (is_alike(taking, parts[WORD], taking->word))
			return true;
	}
	return false;
}

static struct error word_take(struct taking *taking)
{
	struct reading *reading = taking->reading;
	taking->word_first = list_of(taking)->count;
	struct error error = name_take(taking, "a word", &taking->word);
	if (is_error(&error))
		return error;
	size_t place =
	    reading_enter(reading, rule_is_shown(taking->word) ? taking->word : "(not shown)");
	if (is_known_word(taking))
		error = refuse(taking, error_config("is given twice; letter case does not count"));
	if (!is_error(&error))
		error = reading_next(reading);
	if (is_error(&error))
		return error;
	if (strcmp(taking->word, "*") == 0)
		error = rest_take(taking);
	else if (reading->event.type == YAML_MAPPING_START_EVENT)
		error = targets_take(taking);
	else if (is_cell(reading))
		error = cell_add(taking, taking->column, reading_text(reading));
	else
		error = refuse(
		    taking, error_config("expected a cell, or a map of columns and cells, found %s",
		                reading_found(reading)));
	reading_leave(reading, place);
	return error;
}

static bool is_known_column(const struct taking *taking)
{
	const struct text_list *list = list_of(taking);
	for (size_t i = 0; i < list->count; i += PARTS)
		if (is_alike(taking, list->items[i + COLUMN], taking->column))
			return true;
	return false;
}

static struct error column_take(struct taking *taking)
{
	struct reading *reading = taking->reading;
	struct error error = name_take(taking, "the name of a column", &taking->column);
	if (is_error(&error))
		return error;
	size_t place =
	    reading_enter(reading, rule_is_shown(taking->column) ? taking->column : "(not shown)");
	if (is_known_column(taking))
		error = refuse(taking, error_config("is given twice"));
	if (!is_error(&error))
		error = reading_next(reading);
	if (!is_error(&error) && reading->event.type != YAML_MAPPING_START_EVENT)
		error = refuse(taking,
		    error_config("expected a map of words, found %s", reading_found(reading)));
	for (size_t count = 0; !is_error(&error); count++) {
		error = reading_next(reading);
		if (is_error(&error))
			break;
		if (reading->event.type == YAML_MAPPING_END_EVENT) {
			if (count == 0)
				error = refuse(
				    taking, error_config("expected a map of words, found none"));
			break;
		}
		error = word_take(taking);
	}
	reading_leave(reading, place);
	return error;
}

struct error words_take(
    struct reading *reading, const struct config_key *key, struct arena *arena, void *base)
{
	struct taking taking = {
	    .reading = reading, .key = key, .arena = arena, .base = base, .column = "", .word = ""};
	if (reading->event.type != YAML_MAPPING_START_EVENT)
		return reading_error(reading, setting_refuse(key, reading_found(reading)));
	setting_begin_list(key, base);
	for (;;) {
		struct error error = reading_next(reading);
		if (!is_error(&error) && reading->event.type == YAML_MAPPING_END_EVENT)
			break;
		if (!is_error(&error))
			error = column_take(&taking);
		if (is_error(&error))
			return error;
	}
	struct error error = setting_check_list(key, base);
	return is_error(&error) ? reading_error(reading, error) : OK;
}

/* ---- beside the feed's other keys ---- */

/* "role" is every column of that name, with whatever number. */
static bool is_column(const struct policy *policy, const char *name)
{
	char numbered[80];
	int size = snprintf(numbered, sizeof numbered, "%s1", name);
	return columns_is_known(policy, slice_of(name)) ||
	       (size < (int)sizeof numbered && columns_is_known(policy, slice_of(numbered)));
}

struct error words_check(const struct text_list *values, const struct text_list *columns)
{
	const struct policy named = {.columns = *columns};
	for (size_t i = 0; i + CELL < values->count; i += PARTS) {
		const char *const *parts = &values->items[i];
		const char *column = rule_is_shown(parts[COLUMN]) ? parts[COLUMN] : "(not shown)";
		/* No cell at all: the word means nothing, as "create" where rows say what is so. */
		bool is_own = strcmp(parts[COLUMN], parts[TARGET]) == 0 && *parts[CELL] &&
		              strcmp(parts[WORD], "*") != 0;
		if (is_own && !is_column(&named, parts[COLUMN]))
			return error_config("values.%s: no column that enrold knows: say of which "
			                    "columns its words are cells, as { gone: { suspended: "
			                    "1 } }",
			    column);
	}
	return OK;
}
