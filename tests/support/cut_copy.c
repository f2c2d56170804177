#include "cut_copy.h"

#include <string.h>
#include <strings.h>

/* A file as tests drop them: in UTF-8, its first line the header, unless that has one cell and the
 * second is; no broken records. */
struct cursor {
	const char *bytes;
	size_t size, at;
	char delimiter;
};

static bool is_at_end(const struct cursor *cursor)
{
	char c = cursor->at < cursor->size ? cursor->bytes[cursor->at] : '\n';
	return c == '\n' || c == '\r';
}

static size_t blanks(const struct cursor *cursor)
{
	size_t count = 0;
	while (cursor->at + count < cursor->size && cursor->delimiter != ' ' &&
	       cursor->bytes[cursor->at + count] == ' ')
		count++;
	return count;
}

/* Behind the quoted part of a cell, if it has one. */
static void quoted_pass(struct cursor *cursor)
{
	cursor->at += blanks(cursor);
	if (cursor->at >= cursor->size || cursor->bytes[cursor->at] != '"')
		return;
	for (cursor->at++; cursor->at < cursor->size; cursor->at++) {
		if (cursor->bytes[cursor->at] != '"')
			continue;
		bool is_doubled =
		    cursor->at + 1 < cursor->size && cursor->bytes[cursor->at + 1] == '"';
		cursor->at++;
		if (!is_doubled)
			return;
	}
}

static struct slice cell_next(struct cursor *cursor)
{
	size_t from = cursor->at;
	quoted_pass(cursor);
	while (!is_at_end(cursor) && cursor->bytes[cursor->at] != cursor->delimiter)
		cursor->at++;
	return (struct slice){cursor->bytes + from, cursor->at - from};
}

static void ends_copy(struct cursor *cursor, struct buffer *out)
{
	while (cursor->at < cursor->size && is_at_end(cursor))
		buffer_add_char(out, cursor->bytes[cursor->at++]);
}

static bool is_called(struct slice cell, const char *heading)
{
	while (cell.size > 0 && strchr(" \"\xEF\xBB\xBF", cell.bytes[0]))
		cell = (struct slice){cell.bytes + 1, cell.size - 1};
	size_t size = strlen(heading);
	bool is_longer = cell.size > size && !strchr(" \"", cell.bytes[size]);
	return cell.size >= size && !is_longer && strncasecmp(cell.bytes, heading, size) == 0;
}

static bool says_nothing(struct slice cell)
{
	for (size_t i = 0; i < cell.size; i++)
		if (!strchr(" \"", cell.bytes[i]))
			return false;
	return true;
}

/* One record; of the header: which column it is. */
static bool record_copy(
    struct cursor *cursor, const char *heading, size_t *column, struct buffer *out)
{
	bool has_any = false;
	for (size_t i = 0;; i++) {
		struct slice cell = cell_next(cursor);
		if (heading && is_called(cell, heading))
			*column = i;
		bool goes = !heading && i == *column;
		has_any |= goes && !says_nothing(cell);
		if (!goes)
			buffer_add(out, cell.bytes, cell.size);
		else if (i == 0 && is_at_end(cursor))
			buffer_add_text(out, "\"\"");
		if (is_at_end(cursor))
			return has_any;
		buffer_add_char(out, cursor->bytes[cursor->at++]);
	}
}

static char delimiter_of(const char *bytes, size_t size)
{
	const char *end = memchr(bytes, '\n', size);
	size_t line = end ? (size_t)(end - bytes) : size;
	for (const char *delimiter = ";\t|^"; *delimiter; delimiter++)
		if (memchr(bytes, *delimiter, line))
			return *delimiter;
	return ',';
}

bool cut_copy(const char *bytes, size_t size, const char *heading, struct buffer *out)
{
	size_t column = SIZE_MAX;
	bool has_any = false;
	struct cursor cursor = {bytes, size, 0, delimiter_of(bytes, size)};
	const char *line_end = memchr(bytes, '\n', size);
	size_t first = line_end ? (size_t)(line_end - bytes) : size;
	record_copy(&cursor, heading, &column, out);
	if (column == SIZE_MAX && !memchr(bytes, cursor.delimiter, first)) {
		ends_copy(&cursor, out);
		record_copy(&cursor, heading, &column, out);
	}
	while (column != SIZE_MAX && cursor.at < size) {
		ends_copy(&cursor, out);
		if (cursor.at < size)
			has_any |= record_copy(&cursor, NULL, &column, out);
	}
	return has_any;
}
