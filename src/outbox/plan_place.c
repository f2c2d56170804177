#include "plan_place.h"

#include "enrold/columns.h"
#include "enrold/described.h"
#include "enrold/keyhash.h"
#include "enrold/outcome.h"

/* "course01" -> "course". */
static struct slice stem_of(struct slice column)
{
	while (column.size > 0 && column.bytes[column.size - 1] >= '0' &&
	       column.bytes[column.size - 1] <= '9')
		column.size--;
	return column;
}

/* COLUMN_UNKNOWN: the column has nothing to do with a course. */
static enum column_id id_of(struct slice stem)
{
	size_t count;
	const struct column *columns = columns_all(&count);
	for (size_t i = 0; i < count; i++)
		if (columns[i].is_numbered && columns[i].id >= COLUMN_COURSE &&
		    columns[i].id <= COLUMN_GROUP && slice_is(slice_of(columns[i].name), stem))
			return columns[i].id;
	return COLUMN_UNKNOWN;
}

static uint64_t slot_of(struct slice line, struct slice number)
{
	const uint64_t slot[] = {
	    keyhash(line.bytes, line.size), keyhash(number.bytes, number.size)};
	return keyhash(slot, sizeof slot);
}

/* An account whose person no course's file lists any more is its own target. */
static bool is_of_account(const struct slice cells[RESULT_CELLS])
{
	return slice_is(cells[RESULT_TARGET], cells[RESULT_USERNAME]);
}

struct plan_place plan_place_of(const struct slice cells[RESULT_CELLS], struct arena *arena)
{
	struct plan_place place = {.slot = 0};
	struct slice column = result_cell_read(cells[RESULT_COLUMN], arena), stem = stem_of(column);
	bool is_absent = slice_is(column, SLICE("absent"));
	bool is_numbered = !is_absent && stem.size < column.size;
	enum column_id id = is_numbered ? id_of(stem) : COLUMN_UNKNOWN;
	if (id != COLUMN_UNKNOWN)
		place.slot = slot_of(cells[RESULT_LINE],
		    (struct slice){column.bytes + stem.size, column.size - stem.size});
	place.names_course = is_absent ? !is_of_account(cells) : id == COLUMN_COURSE;
	if (place.names_course)
		place.course = result_cell_read(cells[RESULT_TARGET], arena);
	return place;
}

static uint64_t line_of(struct slice cell)
{
	uint64_t line = 0;
	for (size_t i = 0; i < cell.size && cell.bytes[i] >= '0' && cell.bytes[i] <= '9'; i++)
		line = line * 10 + (uint64_t)(cell.bytes[i] - '0');
	return line;
}

void plan_cell_add(
    struct approval *approval, const struct slice cells[RESULT_CELLS], struct arena *arena)
{
	approval_add(approval, line_of(cells[RESULT_LINE]),
	    result_cell_read(cells[RESULT_COLUMN], arena),
	    result_cell_read(cells[RESULT_USERNAME], arena),
	    result_cell_read(cells[RESULT_TARGET], arena));
}

static void details_show(struct approval *approval, uint64_t line, struct slice column,
    struct slice after, struct arena *arena)
{
	struct slice name, value;
	while (described_next(&after, &name, &value, arena))
		approval_show(approval, line, column, APPROVAL_DETAIL, name);
}

/* Of what was withheld no code says what it was. */
void plan_cell_show(
    struct approval *approval, const struct slice cells[RESULT_CELLS], struct arena *arena)
{
	uint64_t line = line_of(cells[RESULT_LINE]);
	enum code code = outcome_code_parse(cells[RESULT_CODE]);
	struct slice column = result_cell_read(cells[RESULT_COLUMN], arena);
	bool is_withheld = code == CODES || outcome_code_is_withheld(code);
	bool has_details = code == CODE_ACCOUNT_UPDATED || (is_withheld && is_of_account(cells));
	if (line == 0) /* who is absent: there is but one thing to be done */
		return;
	if (!is_withheld)
		approval_show(approval, line, column, APPROVAL_CODE, cells[RESULT_CODE]);
	if (has_details)
		details_show(
		    approval, line, column, result_cell_read(cells[RESULT_AFTER], arena), arena);
}
