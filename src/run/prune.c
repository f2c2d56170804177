/*
 * prune: what was kept as long as its feed says goes (prune.h), by a run of its own whose file is
 * the list of it. The ledger says so in that run's last transaction; files are removed behind it,
 * and again should somebody be killed in the middle.
 */
#include "prune_list.h"

#include "enrold/disk.h"
#include "enrold/kept.h"
#include "enrold/log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- the list ---- */

enum { TOGETHER = 64 << 10 };

struct listing_file {
	int file;
	struct buffer text;
	size_t count;
};

static struct error text_write(struct listing_file *list)
{
	struct error error = list->text.failed ? error_memory("listing what goes")
	                                       : disk_write(list->file, buffer_slice(&list->text),
	                                             "the list of what goes");
	buffer_clear(&list->text);
	return error;
}

static struct error on_found(void *context, const struct prune_row *row)
{
	struct listing_file *list = context;
	if (list->count++ == 0)
		buffer_add_text(&list->text, PRUNE_HEADER);
	prune_row_format(row, &list->text);
	return list->text.size >= TOGETHER ? text_write(list) : OK;
}

static void stays_log(const struct run *run, const struct prune_stays *stays)
{
	if (stays->altered == 0)
		return;
	bool is_one = stays->altered == 1;
	log_event(LOG_WARNING, "prune_left",
	    json_pack("{s:s, s:I, s:I}", "feed", run->lane.feed, "altered",
	        (json_int_t)stays->altered, "missing", (json_int_t)stays->missing),
	    "%zu file%s that %s older than keep says %s not as the ledger has %s, and stay%s: %s%s",
	    stays->altered, is_one ? "" : "s", is_one ? "is" : "are", is_one ? "is" : "are",
	    is_one ? "it" : "them", is_one ? "s" : "", stays->first, is_one ? "" : " is the first");
}

static struct error claims_drop(struct run *run)
{
	struct db *db = lms_db(run->runner->lms);
	bool has = false;
	struct error error = kept_has_claims(db, run->row.feed, &has);
	if (is_error(&error) || !has)
		return error;
	error = transaction_begin(run);
	if (!is_error(&error))
		error = kept_drop_claims(db, run->row.feed);
	if (!is_error(&error))
		error = transaction_commit(run->runner);
	transaction_rollback(run->runner);
	return error;
}

/* Nameless, where there is room for it. */
static struct error list_make(struct listing_file *list, const struct run *run)
{
	list->file = openat(
	    run->runner->shared->spool->work, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, MODE_INPUT);
	if (list->file >= 0)
		return OK;
	list->file = memfd_create("prune", MFD_CLOEXEC);
	return list->file < 0 ? error_errno("cannot make a list of what goes") : OK;
}

struct error prune_list(struct run *run, int *file)
{
	struct listing_file list = {.file = -1};
	const struct run_surroundings *shared = run->runner->shared;
	struct prune_stays stays = {.altered = 0};
	const struct prune_terms terms = {.root = shared->spool->root,
	    .db = lms_db(run->runner->lms),
	    .feed = run->lane.feed,
	    .policy = &run->policy,
	    .before_s = run->ordered.order.before_s,
	    .now_us = run_now_us(),
	    .progress = shared->progress,
	    .is_stopping = shared->is_stopping};
	struct error error = claims_drop(run);
	if (!is_error(&error))
		error = list_make(&list, run);
	if (!is_error(&error))
		error = prune_find(&terms, on_found, &list, &stays);
	if (!is_error(&error))
		error = text_write(&list);
	if (!is_error(&error) && lseek(list.file, 0, SEEK_SET) < 0)
		error = error_errno("cannot read the list of what goes");
	if (!is_error(&error))
		stays_log(run, &stays);
	buffer_done(&list.text);
	bool is_wanted = !is_error(&error) && list.count > 0;
	if (!is_wanted && list.file >= 0)
		close(list.file);
	*file = is_wanted ? list.file : -1;
	return error;
}

/* ---- the ledger ---- */

struct marking {
	struct run *run;
	struct arena *arena; /* of the ids since the last */
	struct kept_ids ids[KEPT_MARKS];
	char why[PRUNE_RULE_SIZE + 32];
};

/* So many ids are kept in memory. */
enum { IDS_TOGETHER = 10000 };

static enum kept_mark mark_of(const struct prune_row *row)
{
	switch (row->kind) {
	case PRUNE_INPUT: return KEPT_INPUT;
	case PRUNE_RESULT:
	case PRUNE_RETRY:
	case PRUNE_REPORT:
	case PRUNE_SUMMARY: return KEPT_ANSWER;
	case PRUNE_PLAN: return strncmp(row->place, "held/", 5) == 0 ? KEPT_MARKS : KEPT_ANSWER;
	case PRUNE_HISTORY: return KEPT_TEXTS;
	case PRUNE_HELD: return KEPT_PLAN;
	case PRUNE_REASON:
	case PRUNE_SIDECAR:
	case PRUNE_CARD:
	case PRUNE_KINDS: break;
	}
	return KEPT_MARKS;
}

/* Texts go first: why a plan is closed just now is no old one. */
static struct error marks_store(struct marking *marking)
{
	static const enum kept_mark order[] = {KEPT_TEXTS, KEPT_PLAN, KEPT_INPUT, KEPT_ANSWER};
	struct error error = OK;
	for (size_t i = 0; i < KEPT_MARKS && !is_error(&error); i++) {
		enum kept_mark mark = order[i];
		error = kept_store(lms_db(marking->run->runner->lms), mark, &marking->ids[mark],
		    slice_of(marking->run->id), slice_of(marking->why));
		marking->ids[mark] = (struct kept_ids){NULL, 0, 0};
	}
	arena_reset(marking->arena);
	return error;
}

/* The rows of a run stand together. */
static struct error on_marked(void *context, const struct prune_row *row)
{
	struct marking *marking = context;
	enum kept_mark mark = mark_of(row);
	struct kept_ids *ids = &marking->ids[mark];
	if (mark == KEPT_MARKS ||
	    (ids->count > 0 && strcmp(ids->items[ids->count - 1], row->run) == 0))
		return OK;
	if (mark == KEPT_PLAN)
		snprintf(marking->why, sizeof marking->why, "pruned by rule %s", row->rule);
	struct error error = ids->count >= IDS_TOGETHER ? marks_store(marking) : OK;
	return is_error(&error) ? error : kept_add(ids, marking->arena, slice_of(row->run));
}

struct error prune_store(struct run *run)
{
	struct marking marking = {.run = run, .arena = arena_create()};
	int file = prune_list_open(run);
	struct error error = !marking.arena ? error_memory("noting what is pruned")
	                     : file < 0     ? error_errno("cannot open the list of what goes")
	                                    : prune_read(file, on_marked, &marking);
	if (!is_error(&error))
		error = marks_store(&marking);
	if (!is_error(&error))
		error = kept_drop_claims(lms_db(run->runner->lms), run->row.feed);
	if (file >= 0)
		close(file);
	arena_free(marking.arena);
	return error;
}
