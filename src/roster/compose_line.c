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

struct csvin_record composed_record(const struct csvin_record *record)
{
	struct csvin_record was = *record;
	int64_t line;
	if (was.cells_count == 0)
		return was;
	struct slice word = was.cells[0], number = slice_take(&word, ' ');
	was.cells++;
	was.cells_count--;
	if (value_parse_whole(number, &line))
		was.line = (uint64_t)line;
	if (slice_is(word, SLICE(COMPOSE_BROKEN)))
		was.fault = CSVIN_BROKEN;
	if (slice_is(word, SLICE(COMPOSE_LONG)))
		was.fault = CSVIN_TOO_LONG;
	return was;
}
