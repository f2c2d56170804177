/*
 * compose_line: the composed text as its reader sees it: each record with the line that it had.
 */
#include "compose_parts.h"

#include "enrold/value.h"

struct policy composed_policy(const struct policy *policy)
{
	struct policy composed = *policy;
	composed.encoding = NULL;
	composed.delimiter = "comma";
	composed.skip_lines = composed.skip_rows = 0;
	composed.header = HEADING_FIRST;
	composed.positions = (struct text_list){0};
	composed.record_end = NULL;
	composed.escape = ESCAPE_DOUBLED;
	composed.split = composed.set = (struct text_list){0};
	composed.newest_by = NULL;
	return composed;
}

/* "undated 3" */
static bool undated_read(struct slice word, struct csvin_record *was)
{
	int64_t cell;
	struct slice rest = word;
	if (!slice_is(slice_take(&rest, ' '), SLICE(COMPOSE_UNDATED)) ||
	    !value_parse_whole(rest, &cell) || cell < 0 || (uint64_t)cell >= was->cells_count)
		return false;
	was->fault = CSVIN_UNDATED;
	was->fault_cell = (uint32_t)cell;
	return true;
}

static bool fault_read(struct slice word, enum csvin_fault *fault)
{
	bool is_broken = slice_is(word, SLICE(COMPOSE_BROKEN));
	bool is_long = slice_is(word, SLICE(COMPOSE_LONG));
	if (is_broken || is_long)
		*fault = is_broken ? CSVIN_BROKEN : CSVIN_TOO_LONG;
	return word.size == 0 || is_broken || is_long;
}

bool composed_record(const struct csvin_record *record, struct csvin_record *was)
{
	int64_t line;
	if (record->cells_count == 0 || !record->cells[0].bytes)
		return false;
	struct slice word = record->cells[0], number = slice_take(&word, ' ');
	*was = *record;
	was->cells++;
	was->cells_count--;
	if (!value_parse_whole(number, &line) ||
	    !(fault_read(word, &was->fault) || undated_read(word, was)))
		return false;
	was->line = (uint64_t)line;
	return true;
}
