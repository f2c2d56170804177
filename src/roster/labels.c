#include "labels.h"

#include "enrold/value.h"

#include <stdlib.h>

/* The policy's values are fours: a column, a word in it, and what cell that is in which column. */
enum { COLUMN, WORD, PARTS = 4 };

struct labels {
	const struct policy *policy;
	struct arena *arena;
	struct slice *headings;
	size_t count;
};

struct labels *labels_create(const struct policy *policy, const struct csvin_record *headings)
{
	struct labels *labels = calloc(1, sizeof *labels);
	if (!labels)
		return NULL;
	labels->policy = policy;
	labels->arena = arena_create();
	labels->headings = labels->arena ? arena_alloc(labels->arena,
	                                       (headings->cells_count + 1) * sizeof(struct slice))
	                                 : NULL;
	if (!labels->headings) {
		labels_free(labels);
		return NULL;
	}
	for (; labels->count < headings->cells_count; labels->count++)
		labels->headings[labels->count] =
		    arena_copy(labels->arena, value_trim(headings->cells[labels->count]));
	return labels;
}

void labels_free(struct labels *labels)
{
	if (!labels)
		return;
	arena_free(labels->arena);
	free(labels);
}

/* By the name that it has in the file, or by what it becomes. */
static bool is_called(struct labels *labels, size_t column, const char *name)
{
	const struct text_list *columns = &labels->policy->columns;
	struct slice heading = labels->headings[column];
	if (value_is_alike(heading, slice_of(name), labels->arena))
		return true;
	for (size_t i = 0; i + 1 < columns->count; i += 2)
		if (value_is_alike(heading, slice_of(columns->items[i]), labels->arena))
			return value_is_alike(
			    slice_of(columns->items[i + 1]), slice_of(name), labels->arena);
	return false;
}

bool labels_is_row(struct labels *labels, const struct csvin_record *record)
{
	const struct text_list *values = &labels->policy->values;
	for (size_t i = 0; i < labels->count && i < record->cells_count; i++) {
		struct slice cell = value_trim(record->cells[i]);
		for (size_t at = 0; cell.size > 0 && at + PARTS <= values->count; at += PARTS)
			if (value_is_alike(
			        cell, slice_of(values->items[at + WORD]), labels->arena) &&
			    is_called(labels, i, values->items[at + COLUMN]))
				return true;
	}
	return false;
}
