/*
 * cells_reading: csvin's reading of a file once more (csvin.h), character by character: which of
 * them stay when the cells of one column are emptied.
 */
#include "cells_reading.h"

static bool is_emptied(const struct cells_reading *reading)
{
	return (reading->is_behind_header || reading->terms->is_headless) &&
	       reading->cell == reading->terms->column;
}

/* Nothing between two delimiters could be taken for the end of a record. */
static bool has_to_show(const struct cells_reading *reading)
{
	const char *end = reading->terms->record_end;
	return end && strchr(end, reading->terms->delimiter);
}

static bool is_blank(const struct cells_reading *reading, char c)
{
	return (c == ' ' || c == '\t') && c != reading->terms->delimiter;
}

void cells_record_end(struct cells_reading *reading)
{
	if (reading->state == RECORD_AHEAD)
		return; /* a blank line */
	reading->wants_quotes = reading->state != BROKEN && is_emptied(reading) &&
	                        (reading->cell == 0 || has_to_show(reading));
	reading->is_behind_header = true;
	reading->is_dropping = false;
	reading->state = RECORD_AHEAD;
	reading->cell = 0;
}

bool cells_are_ahead(const struct cells_reading *reading)
{
	return reading->line < reading->terms->first_line;
}

/* Of the lines in front. */
static bool line_end_pass(struct cells_reading *reading, char c)
{
	reading->line++;
	reading->is_after_cr = c == '\r';
	reading->is_leading = reading->line == (uint64_t)reading->terms->skip_lines + 1;
	reading->lead = 0;
	reading->state = RECORD_AHEAD;
	return true;
}

/* Whether it stays. */
static bool line_end_take(struct cells_reading *reading, char c)
{
	bool is_data = reading->state == QUOTED;
	bool is_of_cell = is_data && is_emptied(reading);
	reading->line++;
	reading->is_after_cr = c == '\r';
	reading->count += is_of_cell;
	if (!is_data)
		cells_record_end(reading);
	return !is_of_cell;
}

static bool cell_end(struct cells_reading *reading)
{
	reading->wants_quotes = is_emptied(reading) && has_to_show(reading);
	reading->state = CELL_AHEAD;
	reading->cell++;
	return true;
}

static bool cell_begin(struct cells_reading *reading, char c)
{
	if (c == reading->terms->delimiter)
		return cell_end(reading);
	if (is_blank(reading, c))
		return reading->state == RECORD_AHEAD || !is_emptied(reading);
	reading->state = c == '"' ? QUOTED : PLAIN;
	reading->count += is_emptied(reading) && c != '"';
	return !is_emptied(reading);
}

static bool record_break(struct cells_reading *reading)
{
	bool has_cell = reading->is_behind_header || reading->terms->is_headless;
	bool is_known = !has_cell || reading->cell > reading->terms->column;
	reading->state = BROKEN;
	if (is_known)
		return true;
	reading->is_dropping = true;
	reading->wants_quotes = is_emptied(reading);
	reading->wants_dot = true;
	reading->count++;
	return false;
}

static bool quote_follow(struct cells_reading *reading, char c)
{
	if (c == reading->terms->delimiter)
		return cell_end(reading);
	if (is_blank(reading, c)) {
		reading->is_after_blank = true;
		return !is_emptied(reading);
	}
	if (c != '"' || reading->is_after_blank)
		return record_break(reading);
	reading->state = QUOTED;
	reading->count += is_emptied(reading);
	return !is_emptied(reading);
}

static bool quoted_take(struct cells_reading *reading, char c)
{
	bool is_closed = c == '"';
	if (is_closed)
		reading->state = QUOTE_CLOSED;
	reading->is_after_blank = false;
	reading->count += is_emptied(reading) && !is_closed;
	return !is_emptied(reading);
}

static bool plain_take(struct cells_reading *reading, char c)
{
	return c == reading->terms->delimiter ? cell_end(reading) : !is_emptied(reading);
}

/* Marks at the beginning are blank, all of them; the start of none is data. */
static bool is_of_mark(struct cells_reading *reading, char c)
{
	reading->is_leading = c == CELLS_MARK[reading->lead];
	if (!reading->is_leading && reading->lead > 0)
		reading->state = PLAIN;
	reading->lead = (reading->lead + 1) % CELLS_MARK_SIZE;
	return reading->is_leading;
}

static bool letter_take(struct cells_reading *reading, char c)
{
	switch (reading->state) {
	case RECORD_AHEAD:
	case CELL_AHEAD: return cell_begin(reading, c);
	case PLAIN: return plain_take(reading, c);
	case QUOTED: return quoted_take(reading, c);
	case QUOTE_CLOSED: return quote_follow(reading, c);
	case BROKEN: break;
	}
	return !reading->is_dropping;
}

/* Where records have ends of their own it is as good as a blank. */
static bool blank_take(struct cells_reading *reading, char c)
{
	reading->line++;
	reading->is_after_cr = c == '\r';
	return letter_take(reading, ' ');
}

bool cells_take(struct cells_reading *reading, char c)
{
	bool was_cr = reading->is_after_cr, has_ends = reading->terms->record_end;
	reading->is_after_cr = false;
	if (c == '\n' && was_cr) /* of the same line end, whatever that was */
		return has_ends && !cells_are_ahead(reading)
		           ? letter_take(reading, ' ')
		           : reading->state != QUOTED || !is_emptied(reading);
	if (reading->is_leading && is_of_mark(reading, c))
		return true;
	if (cells_are_ahead(reading))
		return c != '\n' && c != '\r' ? true : line_end_pass(reading, c);
	if (c == '\n' || c == '\r')
		return has_ends ? blank_take(reading, c) : line_end_take(reading, c);
	return letter_take(reading, c);
}

bool cells_take_data(struct cells_reading *reading)
{
	reading->count += is_emptied(reading);
	return !is_emptied(reading);
}
