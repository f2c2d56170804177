/*
 * passwords: the input as it is archived, where its passwords are cut out of it. It is made while
 * the input is copied, because its hash is part of the answer, and takes the input's place when
 * nobody needs the passwords any more: a plan that waits for a person is planned again from the
 * input as it was dropped. Until then it lies in held/<feed>/ as staff.R.cut.csv.
 */
#include "run_state.h"

#include "enrold/columns.h"
#include "enrold/disk.h"
#include "enrold/held.h"
#include "enrold/naming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- made ---- */

struct cutting {
	struct run *run;
	struct cells_cut *cells;
	struct hash *hash;
	struct buffer out;
	int to;
	uint64_t bytes;
};

static bool is_written(const struct header *header)
{
	uint32_t column = header->single[COLUMN_PASSWORD];
	return column != COLUMN_NONE && column < header->written_count;
}

bool cutting_find(const struct run *run, const struct header *header, struct records_shape shape,
    struct cells_cut_terms *terms)
{
	uint32_t column = header->single[COLUMN_PASSWORD];
	*terms = (struct cells_cut_terms){.encoding = run->policy.encoding,
	    .delimiter = shape.delimiter,
	    .record_end = shape.record_end,
	    .is_backslashed = shape.is_backslashed,
	    .is_headless = shape.is_headless,
	    .skip_lines = shape.skip_lines,
	    .first_line = shape.first_line,
	    .column = column};
	return run->policy.passwords == PASSWORDS_CUT && is_written(header);
}

/* What is encrypted is archived so. */
void passwords_remark(const struct run *run, const struct header *header, struct remarks *remarks)
{
	if (run->policy.passwords != PASSWORDS_CUT || !is_written(header) ||
	    run->content.file < 0 || !run->content.is_open || passwords_are_cut(run) ||
	    run_is_made(run))
		return;
	remark_add(remarks, REMARK_PASSWORDS_ARCHIVED, NULL,
	    SLICE("The file has a column of passwords, and is archived as it was dropped: they "
	          "cannot be cut out of such a file. Encrypt it, or send none."));
}

static struct error out_write(struct cutting *cutting)
{
	struct slice out = buffer_slice(&cutting->out);
	hash_add(cutting->hash, out.bytes, out.size);
	cutting->bytes += out.size;
	return disk_extend(cutting->to, RUN_CUT_PART, cutting->bytes, out);
}

struct error cutting_add(struct cutting *cutting, const char *bytes, size_t size)
{
	buffer_clear(&cutting->out);
	struct error error = cells_cut_feed(cutting->cells, bytes, size, &cutting->out);
	return is_error(&error) ? error : out_write(cutting);
}

/* What had come before it was known what the file is. */
static struct error catch_up(struct cutting *cutting, int from, uint64_t before)
{
	enum { PIECE = 16 << 10 };
	char piece[PIECE];
	struct error error = OK;
	for (uint64_t at = 0; at < before && !is_error(&error);) {
		size_t wanted = before - at < PIECE ? (size_t)(before - at) : PIECE;
		ssize_t got = pread(from, piece, wanted, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_own(error_errno("cannot read the file again"), OWNER_FILE);
		if (got == 0)
			break; /* it was cut short: it has changed */
		error = cutting_add(cutting, piece, (size_t)got);
		at += (uint64_t)got;
	}
	return error;
}

struct error cutting_begin(struct run *run, const struct cells_cut_terms *terms, int from,
    uint64_t before, struct cutting **result)
{
	struct cutting *cutting = calloc(1, sizeof *cutting);
	*result = cutting;
	if (!cutting)
		return error_memory("cutting passwords");
	cutting->run = run;
	cutting->hash = hash_create();
	cutting->to = openat(run->directory, RUN_CUT_PART,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, MODE_INPUT);
	if (cutting->to < 0)
		return error_errno("cannot make " RUN_CUT_PART);
	if (!cutting->hash)
		return error_memory("cutting passwords");
	struct error error = cells_cut_create(terms, &cutting->cells);
	return is_error(&error) ? error : catch_up(cutting, from, before);
}

static struct error cut_keep(struct cutting *cutting, const struct stat *original)
{
	struct run *run = cutting->run;
	char sha256[HASH_TEXT_SIZE + 1];
	const struct timespec times[] = {original->st_mtim, original->st_mtim};
	if (ftruncate(cutting->to, (off_t)cutting->bytes) < 0) /* it may end with a hole */
		return error_errno("cannot write " RUN_CUT_PART);
	if (futimens(cutting->to, times) < 0)
		return error_errno("cannot set the time of " RUN_CUT_PART);
	if (renameat(run->directory, RUN_CUT_PART, run->directory, RUN_CUT) < 0)
		return error_errno("cannot rename " RUN_CUT_PART);
	hash_finish(cutting->hash, sha256);
	run->row.archived_bytes = cutting->bytes;
	run->row.archived_sha256 = arena_copy(run->arena, slice_of(sha256));
	return arena_has_failed(run->arena) ? error_memory("cutting passwords") : OK;
}

struct error cutting_end(struct cutting *cutting, const struct stat *original)
{
	buffer_clear(&cutting->out);
	struct error error = cells_cut_finish(cutting->cells, &cutting->out);
	if (!is_error(&error))
		error = out_write(cutting);
	bool has_any = cells_cut_count(cutting->cells) > 0;
	return is_error(&error) || !has_any ? error : cut_keep(cutting, original);
}

void cutting_free(struct cutting *cutting)
{
	if (!cutting)
		return;
	if (cutting->to >= 0) {
		close(cutting->to);
		unlinkat(cutting->run->directory, RUN_CUT_PART, 0); /* else it has its name */
	}
	cells_cut_free(cutting->cells);
	hash_free(cutting->hash);
	buffer_done(&cutting->out);
	free(cutting);
}

/* ---- to its place ---- */

bool passwords_are_cut(const struct run *run)
{
	return run->row.archived_sha256.size > 0;
}

struct error passwords_wait(struct run *run, int held)
{
	char name[FILE_NAME_SIZE];
	name_make(name, run->row.name.bytes, run->id, HELD_CUT);
	if (!passwords_are_cut(run) || !disk_has(run->directory, RUN_CUT))
		return OK; /* an earlier attempt has moved it */
	if (renameat(run->directory, RUN_CUT, held, name) < 0)
		return error_errno("cannot move " RUN_CUT " to held/");
	return OK;
}

/* It takes the place of another file, in one step. */
static struct error replace(int from, const char *name, int to, const char *new_name)
{
	if (renameat(from, name, to, new_name) < 0)
		return error_errno("cannot put %s in the place of %s", name, new_name);
	struct error error = disk_sync(to, ".");
	return is_error(&error) ? error : disk_sync(from, ".");
}

/* A plan of it has been closed, or forgotten, before the input has left work/. */
static struct error swap_in_waiting(struct run *run)
{
	int held;
	char name[FILE_NAME_SIZE];
	struct error error =
	    held_open(run->runner->shared->spool->root, run->row.feed.bytes, &held);
	if (is_error(&error))
		return error;
	naming_find(
	    held, ".", &(struct naming){run->row.name.bytes, run->id, HELD_CUT, false}, name);
	if (disk_has(held, name))
		error = replace(held, name, run->box, run->name);
	close(held);
	return error;
}

struct error passwords_swap_in_cut(struct run *run)
{
	return disk_has(run->directory, RUN_CUT)
	           ? replace(run->directory, RUN_CUT, run->box, run->name)
	           : swap_in_waiting(run);
}

static struct error waiting_drop(int held, const char *cut)
{
	if (unlinkat(held, cut, 0) < 0 && errno != ENOENT)
		return error_errno("cannot remove %s in held/", cut);
	return disk_sync(held, ".");
}

static bool lies_in(int place, const struct ledger_run *of, char name[FILE_NAME_SIZE])
{
	naming_find(place, ".",
	    &(struct naming){of->name.bytes, of->run.bytes, "", .is_input = true}, name);
	return disk_has(place, name);
}

/* Where the input lies by now: in the archive, as it was dropped, or elsewhere, where it stays so.
 * Nowhere: it is in work/ still. */
static struct error archived_swap(
    struct run *run, int held, const char *cut, const struct ledger_run *of)
{
	int day;
	char name[FILE_NAME_SIZE];
	if (lies_in(run->runner->shared->spool->quarantine, of, name) || lies_in(held, of, name))
		return waiting_drop(held, cut);
	struct error error = archive_open(run, of->run.bytes, &day);
	if (is_error(&error))
		return error;
	if (lies_in(day, of, name))
		error = replace(held, cut, day, name);
	close(day);
	return error;
}

struct error passwords_put_away(struct run *run, int held, const struct stored_plan *plan)
{
	bool is_needed;
	struct ledger_run of;
	char cut[FILE_NAME_SIZE];
	struct db *db = lms_db(run->runner->lms);
	struct error error = ledger_find(db, plan->source, run->arena, &of);
	if (is_error(&error) || of.archived_sha256.size == 0)
		return error;
	naming_find(held, ".", &(struct naming){of.name.bytes, of.run.bytes, HELD_CUT, false}, cut);
	if (!disk_has(held, cut))
		return OK;
	error = plans_need_input(db, plan->source, &is_needed);
	return is_error(&error) || is_needed ? error : archived_swap(run, held, cut, &of);
}

struct error passwords_settle(struct run *run, struct slice of)
{
	int held;
	struct stored_plan plan;
	struct error error = plans_find(lms_db(run->runner->lms), of, run->arena, &plan);
	if (is_error(&error) || plan.source.size == 0)
		return error;
	error = held_open(run->runner->shared->spool->root, run->lane.feed, &held);
	if (is_error(&error))
		return error;
	error = passwords_put_away(run, held, &plan);
	close(held);
	return error;
}
