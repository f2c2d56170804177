#include "enrold/csvout.h"

#include "enrold/value.h"

static bool cell_needs_quotes(struct slice cell, char delimiter)
{
	if (cell.size == 0)
		return false;
	if (cell.bytes[0] == ' ' || cell.bytes[0] == '\t' || cell.bytes[cell.size - 1] == ' ' ||
	    cell.bytes[cell.size - 1] == '\t')
		return true;
	for (size_t i = 0; i < cell.size; i++) {
		char c = cell.bytes[i];
		if (c == delimiter || c == '"' || c == '\n' || c == '\r')
			return true;
	}
	return false;
}

static void cell_quote(struct buffer *out, struct slice cell, const char *first)
{
	buffer_add_char(out, '"');
	buffer_add_text(out, first);
	for (size_t i = 0; i < cell.size; i++) {
		if (cell.bytes[i] == '"')
			buffer_add_char(out, '"');
		buffer_add_char(out, cell.bytes[i]);
	}
	buffer_add_char(out, '"');
}

static void cell_write(struct buffer *out, struct slice cell, char delimiter, const char *first)
{
	if (cell_needs_quotes(cell, delimiter)) {
		cell_quote(out, cell, first);
		return;
	}
	buffer_add_text(out, first);
	buffer_add(out, cell.bytes, cell.size);
}

void csvout_cell(struct buffer *out, struct slice cell, char delimiter)
{
	cell_write(out, cell, delimiter, "");
}

static bool cell_is_formula(struct slice cell)
{
	size_t i = 0;
	while (i < cell.size && cell.bytes[i] == '\'')
		i++;
	return i < cell.size && memchr("=+-@\t\r", cell.bytes[i], 6);
}

static void guarded_write(struct buffer *out, struct slice cell, char delimiter)
{
	cell_write(out, cell, delimiter, cell_is_formula(cell) ? "'" : "");
}

/* Nothing in it that is to be quoted, guarded or shown otherwise: nearly always so. */
static bool is_plain(struct slice cell, char delimiter)
{
	if (cell.size == 0)
		return true;
	char first = cell.bytes[0], last = cell.bytes[cell.size - 1];
	bool is_plain = first != ' ' && last != ' ' && !memchr("'=+-@", first, 5);
	for (size_t i = 0; i < cell.size; i++) {
		char c = cell.bytes[i];
		is_plain &= c >= 0x20 && c < 0x7F && c != delimiter && c != '"';
	}
	return is_plain;
}

void csvout_guarded(struct buffer *out, struct slice cell, char delimiter)
{
	if (is_plain(cell, delimiter)) {
		buffer_add(out, cell.bytes, cell.size);
		return;
	}
	if (value_check(cell) == VALUE_CLEAN) {
		guarded_write(out, cell, delimiter);
		return;
	}
	struct buffer shown = {0};
	value_show(cell, &shown);
	guarded_write(out, buffer_slice(&shown), delimiter);
	out->failed |= shown.failed;
	buffer_done(&shown);
}
