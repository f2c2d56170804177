/*
 * undo_apply: the rows of a result are taken back, some at a time, from the last to the first. They
 * count as records, so that a checkpoint says how many are done, and a run that goes on later goes
 * on with the row before these.
 */
#include "undo.h"

#include "enrold/listing.h"

#include <time.h>

struct undoing_run {
	struct apply_loop *loop;
	struct undo_source source;
	struct arena *arena; /* of a piece */
	enum course_key_by by;
	bool has_listings;
};

/* How R called courses. */
static struct error by_find(struct undoing_run *undoing)
{
	struct policy policy;
	struct run *run = undoing->loop->run;
	struct error error = policy_parse(run->ordered.source.policy.bytes, run->arena, &policy);
	undoing->by = policy.course_by;
	return error;
}

/* ---- some rows ---- */

static struct error facts_look(
    struct undoing_run *undoing, struct undo_row *const *rows, size_t count)
{
	struct batch *batch = &undoing->loop->batch;
	struct lms *lms = undoing->loop->lms;
	batch_reset(batch);
	undo_begin(batch);
	for (size_t i = 0; i < count; i++)
		undo_add(batch, undoing->by, rows[i]);
	struct error error = arena_has_failed(batch->arena) ? error_memory("undoing a run")
	                                                    : look_places(lms, batch);
	if (!is_error(&error))
		error = look_people(lms, batch);
	if (!is_error(&error))
		undo_pair(batch, rows, count);
	return is_error(&error) ? error : look_enrolments(lms, batch);
}

static struct error claim_move(struct undoing_run *undoing, const struct undo_row *row)
{
	struct db *db = lms_db(undoing->loop->lms);
	struct slice feed = undoing->loop->run->row.feed;
	const struct listing listing = {
	    .user = row->user, .enrolment = row->listed, .told = CODE_KEPT_MANUAL + 1};
	if (row->listing == UNDO_LISTING_GOES)
		return listing_drop(db, feed, &listing);
	return listing_tell(db, feed, &listing);
}

static struct error claims_move(
    struct undoing_run *undoing, struct undo_row *const *rows, size_t count)
{
	struct error error = OK;
	if (!undoing->has_listings || undoing->loop->mode->is_undone)
		return OK;
	for (size_t i = 0; i < count && !is_error(&error); i++)
		if (rows[i]->listing != UNDO_LISTING_STAYS)
			error = claim_move(undoing, rows[i]);
	return error;
}

static struct error some_undo(
    struct undoing_run *undoing, struct undo_row *const *rows, size_t count)
{
	struct plan plan;
	struct apply_loop *loop = undoing->loop;
	int64_t now = (int64_t)time(NULL);
	struct error error = facts_look(undoing, rows, count);
	if (!is_error(&error))
		error = plan_undo(&loop->batch, rows, count, now, &plan);
	if (!is_error(&error))
		error = plan_write(loop, &loop->batch, &plan, now);
	return is_error(&error) ? error : claims_move(undoing, rows, count);
}

/* ---- pieces ---- */

/* A checkpoint where this transaction has had enough. */
static struct error breathe(struct undoing_run *undoing)
{
	struct apply_loop *loop = undoing->loop;
	if (!loop->mode->has_checkpoints || !transaction_is_full(loop))
		return OK;
	struct error error = transaction_end(loop);
	if (!is_error(&error) && apply_is_stopping(loop)) {
		loop->run->is_stopped = true;
		return error_retry("stopping between two batches");
	}
	return is_error(&error) ? error : transaction_enter(loop);
}

/* skipped: of its last rows, which are done. */
static struct error piece_undo(struct undoing_run *undoing, size_t piece, size_t skipped)
{
	struct undo_piece rows;
	struct apply_loop *loop = undoing->loop;
	size_t count = 0;
	arena_reset(undoing->arena);
	struct error error = undo_source_read(&undoing->source, piece, undoing->arena, &rows);
	for (size_t done = skipped; done < rows.count && !is_error(&error); done += count) {
		bool is_parted = undo_part(rows.rows + done, rows.count - done, &count);
		error = is_parted ? some_undo(undoing, rows.rows + done, count)
		                  : error_memory("undoing a run");
		atomic_fetch_add(loop->run->runner->shared->progress, 1);
	}
	if (is_error(&error))
		return error;
	loop->tally.removals += rows.count - skipped;
	return breathe(undoing);
}

/* Behind the checkpoint; a piece is done as a whole. */
static struct error pieces_undo(struct undoing_run *undoing)
{
	const struct undo_source *source = &undoing->source;
	struct error error = OK;
	uint64_t done = undoing->loop->tally.removals;
	uint64_t left = done < source->rows ? source->rows - done : 0;
	for (size_t i = source->pieces_count; i > 0 && !is_error(&error); i--) {
		const struct undo_mark *mark = &source->pieces[i - 1];
		uint64_t until = i < source->pieces_count ? source->pieces[i].before : source->rows;
		if (mark->before < left)
			error =
			    piece_undo(undoing, i - 1, until > left ? (size_t)(until - left) : 0);
	}
	return error;
}

struct error undo_apply(struct apply_loop *loop)
{
	struct undoing_run undoing = {
	    .loop = loop, .source = {.file = -1}, .arena = arena_create()};
	loop->tally.rows = loop->reader.records;
	loop->is_behind_rows = true;
	struct error error = undoing.arena ? by_find(&undoing) : error_memory("undoing a run");
	if (!is_error(&error))
		error = listing_are_there(lms_db(loop->lms), &undoing.has_listings);
	if (!is_error(&error))
		error = run_lacks(loop->run, undo_source_open(loop->run, &undoing.source));
	if (!is_error(&error))
		error = pieces_undo(&undoing);
	undo_source_close(&undoing.source);
	arena_free(undoing.arena);
	return error;
}
