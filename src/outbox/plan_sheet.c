/*
 * The rows are fetched from the answer once more, by course, some hundred at a time, and what the
 * LMS says of them is asked for as many at once: memory does not grow with the length of rows.
 */
#include "enrold/plan_sheet.h"

#include "plan_rows.h"

#include "enrold/csvout.h"
#include "enrold/disk.h"
#include "enrold/room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Rows of a piece, fewer when they are large. */
enum { PIECE_ROWS = 256, PIECE_BYTES = 1 << 20 };

struct piece {
	size_t count;
	struct slice rows[PIECE_ROWS];
	struct plan_detail wanted[PIECE_ROWS];  /* of each row */
	uint32_t sorted[PIECE_ROWS];            /* rows by what is wanted */
	struct plan_detail details[PIECE_ROWS]; /* the same, each once */
	size_t details_count;
	uint32_t answers[PIECE_ROWS]; /* of each row: which of them */
};

struct making {
	const struct plan_sheet_terms *terms;
	struct plan_sheet *sheet;
	int result, file; /* -1: not open */
	struct plan_rows rows;
	struct piece piece;
	struct arena *arena; /* of a piece */
	struct buffer text;
	struct hash *hash;
};

/* ---- some hundred rows ---- */

static struct error row_fetch(
    struct making *making, uint64_t offset, size_t size, struct slice *row)
{
	char *bytes = arena_alloc(making->arena, size);
	if (!bytes)
		return error_memory("making a plan");
	for (size_t done = 0; done < size;) {
		ssize_t got =
		    pread(making->result, bytes + done, size - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno("cannot read result.csv");
		if (got == 0)
			return error_retry("result.csv is shorter than it was");
		done += (size_t)got;
	}
	*row = (struct slice){bytes, size};
	return OK;
}

static struct plan_detail detail_wanted(
    const struct making *making, struct slice row, uint32_t course)
{
	struct slice cells[RESULT_CELLS];
	result_row_split(row, RESULT_COLUMN, cells);
	return (struct plan_detail){.is_absent = slice_is(cells[RESULT_COLUMN], SLICE("absent")),
	    .username = result_cell_read(cells[RESULT_USERNAME], making->arena),
	    .course = plan_rows_course(&making->rows, course)};
}

/* As many as a piece takes, from this place of the order on. */
static struct error piece_fetch(struct making *making, size_t from)
{
	struct piece *piece = &making->piece;
	struct error error = OK;
	arena_reset(making->arena);
	piece->count = 0;
	for (size_t i = from; i < making->rows.items.count && piece->count < PIECE_ROWS &&
	                      arena_used(making->arena) < PIECE_BYTES && !is_error(&error);
	     i++) {
		const struct plan_row *item = plan_rows_at(&making->rows, i);
		struct slice *row = &piece->rows[piece->count];
		error = row_fetch(making, item->offset, item->size, row);
		if (!is_error(&error))
			piece->wanted[piece->count++] = detail_wanted(making, *row, item->course);
	}
	return error;
}

static int slices_compare(struct slice a, struct slice b)
{
	int sizes = (a.size > b.size) - (a.size < b.size);
	return sizes != 0 || a.size == 0 ? sizes : memcmp(a.bytes, b.bytes, a.size);
}

static int wanted_compare(const void *a, const void *b, void *context)
{
	const struct piece *piece = context;
	const struct plan_detail *left = &piece->wanted[*(const uint32_t *)a];
	const struct plan_detail *right = &piece->wanted[*(const uint32_t *)b];
	int courses = slices_compare(left->course, right->course);
	int names = courses != 0 ? courses : slices_compare(left->username, right->username);
	return names != 0 ? names : left->is_absent - right->is_absent;
}

/* Several rows may be about the same person in the same course. */
static void piece_unite(struct piece *piece)
{
	piece->details_count = 0;
	for (size_t i = 0; i < piece->count; i++)
		piece->sorted[i] = (uint32_t)i;
	qsort_r(piece->sorted, piece->count, sizeof *piece->sorted, wanted_compare, piece);
	for (size_t i = 0; i < piece->count; i++) {
		const uint32_t *row = &piece->sorted[i];
		if (i == 0 || wanted_compare(row - 1, row, piece) != 0)
			piece->details[piece->details_count++] = piece->wanted[*row];
		piece->answers[*row] = (uint32_t)piece->details_count - 1;
	}
}

static struct error piece_ask(struct making *making)
{
	struct piece *piece = &making->piece;
	piece_unite(piece);
	struct error error = making->terms->ask(
	    making->terms->context, piece->details, piece->details_count, making->arena);
	if (is_error(&error))
		return error;
	return arena_has_failed(making->arena) ? error_memory("making a plan") : OK;
}

/* ---- the file ---- */

static struct error text_write(struct making *making)
{
	const char *name = artefact_kinds[ARTEFACT_PLAN].name;
	struct buffer *text = &making->text;
	if (text->failed)
		return error_memory("making a plan");
	struct error error = room_ask(making->file, name, making->sheet->bytes, text->size);
	if (!is_error(&error))
		error = disk_write(making->file, buffer_slice(text), name);
	if (is_error(&error))
		return error;
	hash_add(making->hash, text->bytes, text->size);
	making->sheet->bytes += text->size;
	buffer_clear(text);
	return OK;
}

static void day_add(struct buffer *out, int64_t epoch_s)
{
	char text[32] = "";
	struct tm tm;
	time_t time = (time_t)epoch_s;
	if (epoch_s > 0 && localtime_r(&time, &tm))
		strftime(text, sizeof text, "%Y-%m-%d", &tm);
	buffer_add_text(out, text);
}

static void row_write(struct buffer *out, struct slice row, const struct plan_detail *detail)
{
	bool is_in_course = detail->username.size > 0 && detail->course.size > 0;
	buffer_add(out, row.bytes, row.size - 1); /* without its line end */
	buffer_add_char(out, ',');
	csvout_guarded(out, detail->fullname);
	buffer_add_char(out, ',');
	csvout_guarded(out, detail->course_fullname);
	buffer_add_char(out, ',');
	day_add(out, detail->last_listed_at);
	buffer_add_text(out, !is_in_course ? ",\n" : detail->has_grades ? ",yes\n" : ",no\n");
}

static struct error header_write(struct making *making)
{
	struct slice row = SLICE("");
	struct error error = row_fetch(making, 0, making->rows.first, &row);
	if (is_error(&error))
		return error;
	buffer_add(&making->text, row.bytes, row.size - 1);
	buffer_add_text(&making->text, ",fullname,course_fullname,last_listed,has_grades\n");
	return text_write(making);
}

static struct error rows_write(struct making *making)
{
	const struct piece *piece = &making->piece;
	struct error error = OK;
	for (size_t done = 0; done < making->rows.items.count && !is_error(&error);
	     done += piece->count) {
		error = piece_fetch(making, done);
		if (!is_error(&error))
			error = piece_ask(making);
		for (size_t i = 0; i < piece->count && !is_error(&error); i++)
			row_write(
			    &making->text, piece->rows[i], &piece->details[piece->answers[i]]);
		if (!is_error(&error))
			error = text_write(making);
	}
	return error;
}

static struct error file_open(struct making *making, int directory)
{
	const struct artefact_kind *kind = &artefact_kinds[ARTEFACT_PLAN];
	making->file = openat(
	    directory, kind->name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, kind->mode);
	return making->file < 0 ? error_errno("cannot make %s", kind->name) : OK;
}

static struct error file_write(struct making *making, int directory)
{
	struct error error = file_open(making, directory);
	if (!is_error(&error))
		error = header_write(making);
	if (!is_error(&error))
		error = rows_write(making);
	if (!is_error(&error) && fsync(making->file) < 0)
		error = error_errno("cannot flush plan.csv");
	if (!is_error(&error))
		hash_finish(making->hash, making->sheet->sha256);
	return error;
}

/* Of an earlier attempt, or of this one that has failed: others need the room. */
static struct error file_remove(int directory)
{
	const char *name = artefact_kinds[ARTEFACT_PLAN].name;
	return unlinkat(directory, name, 0) < 0 && errno != ENOENT
	           ? error_errno("cannot remove an unfinished %s", name)
	           : OK;
}

/* ---- all ---- */

/* The answer is our own: that it is not as it was is nobody's mistake in a file. */
static struct error rows_find(struct making *making, int directory, uint64_t bytes)
{
	const char *name = artefact_kinds[ARTEFACT_RESULT].name;
	making->result = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (making->result < 0)
		return error_errno("cannot open %s", name);
	struct error error =
	    plan_rows_find(&making->rows, making->terms->is_whole, making->result, bytes);
	return error.class == ERROR_REJECT ? error_retry("%s: %s", name, error.text) : error;
}

static struct error sheet_make(struct making *making, int directory, uint64_t result_bytes)
{
	struct error error = rows_find(making, directory, result_bytes);
	if (is_error(&error))
		return error;
	making->sheet->rows = making->rows.items.count;
	making->sheet->people = making->rows.people.count;
	if (making->sheet->rows == 0 && !making->terms->is_whole)
		return file_remove(directory);
	error = plan_rows_content(&making->rows, making->sheet->content);
	return is_error(&error) ? error : file_write(making, directory);
}

static void making_free(struct making *making)
{
	if (!making)
		return;
	if (making->result >= 0)
		close(making->result);
	if (making->file >= 0)
		close(making->file);
	plan_rows_done(&making->rows);
	arena_free(making->arena);
	buffer_done(&making->text);
	hash_free(making->hash);
	free(making);
}

static struct making *making_create(const struct plan_sheet_terms *terms, struct plan_sheet *sheet)
{
	struct making *making = calloc(1, sizeof *making);
	if (!making)
		return NULL;
	making->terms = terms;
	making->sheet = sheet;
	making->result = making->file = -1;
	making->arena = arena_create();
	making->hash = hash_create();
	if (making->arena && making->hash)
		return making;
	making_free(making);
	return NULL;
}

struct error plan_sheet_make(int directory, uint64_t result_bytes,
    const struct plan_sheet_terms *terms, struct plan_sheet *sheet)
{
	*sheet = (struct plan_sheet){0};
	struct making *making = making_create(terms, sheet);
	struct error error =
	    making ? sheet_make(making, directory, result_bytes) : error_memory("making a plan");
	making_free(making);
	if (is_error(&error)) {
		*sheet = (struct plan_sheet){0};
		unlinkat(directory, artefact_kinds[ARTEFACT_PLAN].name, 0);
	}
	return error;
}
