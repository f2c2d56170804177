/*
 * undo: what a run R did is taken back, in a run of its own (order.c): its file, a list for people
 * to read of what is going to be taken back, the newest first. What is done is read from R's
 * result, which has to be the one that the ledger knows.
 */
#include "undo.h"

#include "enrold/csvout.h"
#include "enrold/disk.h"

#include <fcntl.h>
#include <unistd.h>

void undo_policy(struct policy *policy)
{
	enum course_key_by by = policy->course_by;
	due_policy(policy);
	policy->course_by = by;
	policy->unknown_columns = UNKNOWN_IGNORE;
	policy->final_newline = NEWLINE_IGNORE;
}

/* ---- the list ---- */

static void line_add(struct buffer *out, const struct undo_row *row)
{
	const struct slice cells[] = {row->column, row->target,
	    slice_of(outcome_code_name(row->code)), row->before, row->after};
	csvout_guarded(out, row->username);
	buffer_print(out, ",%llu", (unsigned long long)row->line);
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		buffer_add_char(out, ',');
		csvout_guarded(out, cells[i]);
	}
	buffer_add_char(out, '\n');
}

static struct error piece_list(
    const struct undo_source *source, size_t piece, struct arena *arena, int file)
{
	struct undo_piece rows;
	struct buffer text = {0};
	struct error error = undo_source_read(source, piece, arena, &rows);
	for (size_t i = 0; i < rows.count && !is_error(&error); i++)
		line_add(&text, rows.rows[i]);
	if (!is_error(&error) && text.failed)
		error = error_memory("listing what is taken back");
	if (!is_error(&error))
		error = disk_write(file, buffer_slice(&text), "a list in work");
	buffer_done(&text);
	return error;
}

static struct error list_write(struct run *run, int file)
{
	struct undo_source source = {.file = -1};
	struct arena *arena = arena_create();
	struct error error = arena ? undo_source_open(run, &source) : error_memory("listing");
	for (size_t i = source.pieces_count; i > 0 && !is_error(&error); i--) {
		error = piece_list(&source, i - 1, arena, file);
		arena_reset(arena);
		atomic_fetch_add(run->runner->shared->progress, 1);
	}
	undo_source_close(&source);
	arena_free(arena);
	return error;
}

/* What cannot be read is refused when the run has begun. */
struct error undo_list(struct run *run)
{
	int file = openat(run->box, run->name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0)
		return error_errno("cannot write %s in work", run->name);
	struct error error = list_write(run, file);
	close(file);
	return error.class == ERROR_REJECT ? OK : error;
}

struct error undo_check(struct run *run)
{
	return undo_source_check(run);
}
