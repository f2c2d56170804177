#include "enrold/result.h"

#include "enrold/csvout.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- one row ---- */

/* Quotes of a row come in pairs, those inside a cell too: it ends with the first line end behind an
 * even number of them. */
static size_t quotes_count(const char *bytes, const char *end)
{
	size_t count = 0;
	for (; (bytes = memchr(bytes, '"', (size_t)(end - bytes))); bytes++)
		count++;
	return count;
}

size_t result_row_size(struct slice text)
{
	const char *at = text.bytes, *end = text.bytes + text.size;
	for (size_t quotes = 0; at < end;) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		if (!line_end)
			return 0;
		quotes += quotes_count(at, line_end);
		at = line_end + 1;
		if (quotes % 2 == 0)
			return (size_t)(at - text.bytes);
	}
	return 0;
}

/* Up to the comma, or to the end. */
static size_t cell_size(struct slice row)
{
	const char *at = row.bytes, *end = row.bytes + row.size;
	while (at < end && *at == '"') {
		const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));
		at = close ? close + 1 : end;
	}
	const char *comma = at < end ? memchr(at, ',', (size_t)(end - at)) : NULL;
	return (size_t)((comma ? comma : end) - row.bytes);
}

void result_row_split(struct slice row, enum result_cell last, struct slice cells[RESULT_CELLS])
{
	if (row.size > 0 && row.bytes[row.size - 1] == '\n')
		row.size--;
	for (enum result_cell i = 0; i <= last; i++) {
		size_t size = cell_size(row);
		size_t next = size < row.size ? size + 1 : size;
		cells[i] = (struct slice){row.bytes, size};
		row = (struct slice){row.bytes + next, row.size - next};
	}
}

static struct slice unquoted(struct slice cell, struct arena *arena)
{
	if (cell.size < 2 || cell.bytes[0] != '"')
		return cell;
	cell = (struct slice){cell.bytes + 1, cell.size - 2};
	if (!slice_has(cell, '"'))
		return cell;
	char *bytes = arena_alloc(arena, cell.size);
	size_t size = 0;
	for (size_t i = 0; bytes && i < cell.size; i++) {
		bytes[size++] = cell.bytes[i];
		i += cell.bytes[i] == '"'; /* doubled */
	}
	return bytes ? (struct slice){bytes, size} : SLICE("");
}

struct slice result_cell_read(struct slice cell, struct arena *arena)
{
	return csvout_unguarded(unquoted(cell, arena), arena);
}

/* ---- a file ---- */

/* A longer row is no row of ours: a record has not so many bytes. */
enum { PIECE = 256 << 10, PIECE_MAX = 64 << 20 };

struct reading {
	const struct result_span *span;
	char *bytes;
	size_t used, room;
	uint64_t offset; /* of bytes in the file */
};

static struct error altered(void)
{
	return error_reject("altered", 0, "it is not as enrold wrote it");
}

static struct error more(struct reading *reading)
{
	if (reading->used == reading->room) {
		size_t room = reading->room > 0 ? reading->room * 2 : PIECE;
		char *grown = room <= PIECE_MAX ? realloc(reading->bytes, room) : NULL;
		if (!grown)
			return room <= PIECE_MAX ? error_memory("reading an answer") : altered();
		reading->bytes = grown;
		reading->room = room;
	}
	uint64_t at = reading->offset + reading->used, left = reading->span->until - at;
	size_t room = reading->room - reading->used;
	ssize_t size;
	do
		size = pread(reading->span->file, reading->bytes + reading->used,
		    room < left ? room : left, (off_t)at);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return error_errno("cannot read an answer");
	if (size == 0)
		return altered();
	if (reading->span->hash)
		hash_add(reading->span->hash, reading->bytes + reading->used, (size_t)size);
	reading->used += (size_t)size;
	return OK;
}

/* All rows that have come whole; *size of them. */
static bool rows_give(struct reading *reading, result_on_row *on_row, void *context, size_t *size)
{
	bool is_wanted = true;
	*size = 0;
	while (is_wanted) {
		struct slice text = {reading->bytes + *size, reading->used - *size};
		size_t row = result_row_size(text);
		if (row == 0)
			break;
		is_wanted =
		    on_row(context, reading->offset + *size, (struct slice){text.bytes, row});
		*size += row;
	}
	return is_wanted;
}

static void rows_drop(struct reading *reading, size_t size)
{
	if (reading->bytes)
		memmove(reading->bytes, reading->bytes + size, reading->used - size);
	reading->used -= size;
	reading->offset += size;
}

static bool is_cancelled(const struct result_span *span)
{
	return span->is_cancelled && atomic_load(span->is_cancelled);
}

struct error result_read(const struct result_span *span, result_on_row *on_row, void *context)
{
	struct reading reading = {.span = span, .offset = span->from};
	struct error error = OK;
	bool is_wanted = true;
	while (!is_error(&error) && is_wanted && reading.offset < span->until) {
		size_t size = 0;
		error = is_cancelled(span) ? error_retry("nobody waits for it any more") : OK;
		if (!is_error(&error))
			error = reading.offset + reading.used < span->until ? more(&reading)
			                                                    : altered();
		if (is_error(&error))
			break;
		is_wanted = rows_give(&reading, on_row, context, &size);
		rows_drop(&reading, size);
	}
	free(reading.bytes);
	return error;
}
