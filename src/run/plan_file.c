/*
 * plan_file: the plan of a run that has withheld something, or is held as a whole (plan_sheet.h):
 * made at its end, in the transaction that ends it, so that ledger, answer and plan agree; then
 * copied to held/<feed>/, where it waits with its card. What becomes of it the ledger says
 * (plans.h); whichever run of the feed is published next puts away what is closed by then. Each
 * step can be repeated: the card goes last.
 */
#include "run_state.h"

#include "enrold/disk.h"
#include "enrold/held.h"
#include "enrold/naming.h"
#include "enrold/plan_details.h"
#include "enrold/plan_sheet.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* ---- made ---- */

static struct error on_ask(
    void *context, struct plan_detail *details, size_t count, struct arena *arena)
{
	const struct run *run = context;
	for (size_t i = 0; i < count; i++)
		details[i].by = run->policy.course_by;
	return lms_load_plan_details(run->runner->lms, run->row.feed, details, count, arena);
}

/* A plan that is the same as one that nobody wanted needs nobody to say so again. */
static struct error plan_store(struct run *run, struct run_result *result,
    const struct plan_sheet *sheet, struct remarks *remarks)
{
	struct db *db = lms_db(run->runner->lms);
	const struct stored_plan *of = &run->ordered.plan;
	struct stored_plan before, plan = {.run = run->row.run,
	                               .feed = run->row.feed,
	                               .sha256 = arena_copy(run->arena, slice_of(sheet->sha256)),
	                               .content = arena_copy(run->arena, slice_of(sheet->content)),
	                               .is_whole = result->is_held || of->is_whole,
	                               .is_of_full = run->is_full || of->is_of_full,
	                               .state = PLAN_OPEN,
	                               .source = of->source.size > 0 ? of->source : run->row.run,
	                               .base = of->base.size > 0 ? of->base : run->shape};
	if (arena_has_failed(run->arena))
		return error_memory("making a plan");
	struct error error = plans_find_discarded(db, plan.feed, plan.content, run->arena, &before);
	if (!is_error(&error) && before.state == PLAN_DISCARDED && sheet->rows > 0) {
		plan.state = PLAN_DISCARDED;
		plan.closed_by = run->row.run;
		plan.why = before.why;
		remark_add(remarks, REMARK_PLAN_CLOSED, NULL,
		    arena_print(remarks->arena,
		        "The plan is the same as that of run %.*s, which was discarded: %.*s.",
		        SLICE_ARG(before.run), SLICE_ARG(before.why)));
		result->is_discarded = result->is_held;
		result->is_held = false;
	}
	if (!is_error(&error) && run_is_made(run) && plan.state == PLAN_OPEN)
		remark_add(remarks, REMARK_NEW_PLAN, NULL,
		    arena_print(remarks->arena,
		        "%llu row%s beyond what was approved: %s a plan of %s own, that of this "
		        "run.",
		        (unsigned long long)sheet->rows, sheet->rows == 1 ? " goes" : "s go",
		        sheet->rows == 1 ? "it is" : "they are",
		        sheet->rows == 1 ? "its" : "their"));
	return is_error(&error) ? error : plans_add(db, &plan);
}

struct error plan_file_make(struct run *run, struct run_result *result, struct remarks *remarks)
{
	struct plan_sheet sheet = {0};
	const struct plan_sheet_terms terms = {
	    .is_whole = result->is_held, .ask = on_ask, .context = run};
	struct error error =
	    plan_sheet_make(run->directory, result->sizes.of[ARTEFACT_RESULT], &terms, &sheet);
	if (is_error(&error) || (sheet.rows == 0 && !result->is_held))
		return error;
	error = disk_sync(run->directory, "."); /* its name */
	if (is_error(&error))
		return error;
	result->sizes.of[ARTEFACT_PLAN] = sheet.bytes;
	memcpy(result->hashes.of[ARTEFACT_PLAN], sheet.sha256, sizeof sheet.sha256);
	result->plan_rows = sheet.rows;
	result->plan_people = sheet.people;
	return plan_store(run, result, &sheet, remarks);
}

/* ---- put into held/ ---- */

static void file_name(const struct run *run, const char *end, char name[FILE_NAME_SIZE])
{
	name_make(name, run->row.name.bytes, run->id, end);
}

static struct error plan_copy(struct run *run, int held)
{
	char name[FILE_NAME_SIZE], part[FILE_NAME_SIZE];
	file_name(run, HELD_PLAN, name);
	snprintf(part, sizeof part, ".%s.part", run->id);
	unlinkat(held, part, 0); /* of an attempt that was cut short */
	int from = openat(
	    run->directory, artefact_kinds[ARTEFACT_PLAN].name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int to =
	    openat(held, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE_INPUT);
	struct error error = from < 0 || to < 0
	                         ? error_errno("cannot copy a plan to held/")
	                         : disk_copy(from, to, run->runner->chunk, RUN_CHUNK);
	if (!is_error(&error) && fsync(to) < 0)
		error = error_errno("cannot flush a plan in held/");
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	if (!is_error(&error) && renameat(held, part, held, name) < 0)
		error = error_errno("cannot rename a plan in held/");
	return error;
}

static void card_fill(const struct run *run, struct held_plan *card)
{
	*card = (struct held_plan){.is_whole = run->row.state == RUN_HELD,
	    .owner_uid = (int64_t)run->row.owner - 1,
	    .since_s = run_now_us() / 1000000};
	memcpy(card->run, run->id, sizeof card->run);
	snprintf(card->feed, sizeof card->feed, "%s", run->row.feed.bytes);
	snprintf(card->file, sizeof card->file, "%s", run->row.name.bytes);
	snprintf(
	    card->sha256, sizeof card->sha256, "%.*s", SLICE_ARG(run->row.hashes[ARTEFACT_PLAN]));
	summary_find_plan(run->row.summary, &card->rows, &card->people);
	if (card->is_whole)
		summary_find_refusal(run->row.summary, card->code, sizeof card->code, card->reason,
		    sizeof card->reason);
	else
		summary_find_withheld(run->row.summary, card->code, sizeof card->code, card->reason,
		    sizeof card->reason);
}

static struct error card_write(struct run *run, int held)
{
	struct held_plan card;
	card_fill(run, &card);
	struct error error = plan_copy(run, held);
	if (!is_error(&error))
		error = held_write_card(held, &card);
	return is_error(&error) ? error : disk_sync(held, ".");
}

struct error plan_file_publish(struct run *run)
{
	int held;
	struct stored_plan plan;
	if (run->row.hashes[ARTEFACT_PLAN].size == 0 || run->lane.is_preview ||
	    !disk_has(run->directory, artefact_kinds[ARTEFACT_PLAN].name))
		return OK; /* there is none, or it has been done */
	struct error error = plans_find(lms_db(run->runner->lms), run->row.run, run->arena, &plan);
	if (is_error(&error) || plan.state != PLAN_OPEN)
		return error;
	error = held_open(run->runner->shared->spool->root, run->row.feed.bytes, &held);
	if (is_error(&error))
		return error;
	error = passwords_wait(run, held);
	if (!is_error(&error))
		error = card_write(run, held);
	close(held);
	return error;
}

/* ---- put away ---- */

static struct error reason_write(
    const struct run *run, const struct held_plan *card, const struct stored_plan *plan)
{
	const struct spool *spool = run->runner->shared->spool;
	char name[FILE_NAME_SIZE];
	struct buffer text = {0};
	name_make_input(name, card->file, card->run, NAME_REASON);
	if (disk_has(spool->quarantine, name))
		return disk_sync(spool->quarantine, ".");
	buffer_print(&text,
	    "%s was held as a whole (%s), and nothing of it was applied.\n\n"
	    "Reason: %s\nEnd:    %s by run %.*s%s%.*s\nRun:    %s, feed %s\n",
	    card->file, card->code, card->reason, plan_state_name(plan->state),
	    SLICE_ARG(plan->closed_by), plan->why.size > 0 ? ": " : "", SLICE_ARG(plan->why),
	    card->run, card->feed);
	struct error error =
	    text.failed ? error_memory("writing a reason")
	                : disk_create(spool->quarantine, name, MODE_ANSWER, buffer_slice(&text));
	buffer_done(&text);
	return is_error(&error) ? error : disk_sync(spool->quarantine, ".");
}

/* What lay beside the file has its name, with something behind it: a marker's is the feed's. */
static struct error beside_move(int held, const struct held_plan *card, int place)
{
	char run[RUN_ID_SIZE + 1];
	const struct dirent *entry;
	struct error error = OK;
	DIR *listing = disk_list(held);
	if (!listing)
		return error_errno("cannot list held/%s", card->feed);
	while (!is_error(&error) && (errno = 0, entry = readdir(listing)))
		if (name_find_beside(entry->d_name, run) && strcmp(run, card->run) == 0)
			error = disk_move(held, entry->d_name, place, entry->d_name, card->run);
	if (!is_error(&error) && errno != 0)
		error = error_errno("cannot list held/%s", card->feed);
	closedir(listing);
	return error;
}

/* What an earlier attempt has moved is there no more. */
static struct error input_move(int held, const struct held_plan *card, int place)
{
	char name[FILE_NAME_SIZE];
	struct error error = beside_move(held, card, place);
	naming_find(held, ".", &(struct naming){card->file, card->run, "", .is_input = true}, name);
	if (!is_error(&error) && disk_has(held, name))
		error = disk_move(held, name, place, name, card->run);
	return is_error(&error) ? error : disk_sync(place, ".");
}

/* What was done under an approval is archived, what was not wanted is put aside. */
static struct error input_put_away(
    struct run *run, int held, const struct held_plan *card, const struct stored_plan *plan)
{
	bool is_done = plan->state == PLAN_RELEASED || plan->state == PLAN_NOTHING_LEFT;
	int day = -1;
	if (!card->is_whole)
		return OK;
	struct error error = is_done ? archive_open(run, card->run, &day) : OK;
	if (!is_error(&error))
		error =
		    input_move(held, card, is_done ? day : run->runner->shared->spool->quarantine);
	if (day >= 0)
		close(day);
	return is_error(&error) || is_done ? error : reason_write(run, card, plan);
}

static struct error name_drop(int held, const struct held_plan *card, const char *end)
{
	char name[FILE_NAME_SIZE];
	naming_find(held, ".", &(struct naming){card->file, card->run, end, false}, name);
	return unlinkat(held, name, 0) < 0 && errno != ENOENT
	           ? error_errno("cannot remove %s in held/", name)
	           : OK;
}

/* Somebody has looked: the database was put back to before the plan, and goes on without it. */
static void forgotten_close(const struct run *run, struct stored_plan *plan)
{
	plan->state = PLAN_DISCARDED;
	plan->closed_by = slice_of(run->id);
	plan->why = SLICE("the database was put back to before it was made");
}

static struct error card_put_away(struct run *run, int held, const struct held_plan *card)
{
	struct stored_plan plan;
	struct error error =
	    plans_find(lms_db(run->runner->lms), slice_of(card->run), run->arena, &plan);
	if (!is_error(&error) && plan.state == PLAN_UNKNOWN && run_is_order(run, ORDER_ACCEPT))
		forgotten_close(run, &plan);
	/* Unknown: the database was put back to before it; a person has to look. */
	if (is_error(&error) || plan.state == PLAN_OPEN || plan.state == PLAN_UNKNOWN)
		return error;
	error = input_put_away(run, held, card, &plan);
	if (!is_error(&error))
		error = passwords_put_away(run, held, &plan);
	if (!is_error(&error))
		error = name_drop(held, card, HELD_PLAN);
	/* A power cut must not keep what goes last, and lose what went before. */
	if (!is_error(&error))
		error = disk_sync(held, ".");
	if (!is_error(&error))
		error = name_drop(held, card, HELD_CARD);
	return is_error(&error) ? error : disk_sync(held, ".");
}

static struct error card_see(struct run *run, const struct held_plan *card)
{
	int held;
	struct error error = held_open(run->runner->shared->spool->root, card->feed, &held);
	if (is_error(&error))
		return error;
	error = card_put_away(run, held, card);
	close(held);
	return error;
}

struct error plan_files_tidy(struct run *run)
{
	struct held_plans cards;
	bool is_of_all = run_is_order(run, ORDER_ACCEPT);
	struct error error = held_load(
	    run->runner->shared->spool->root, is_of_all ? NULL : run->row.feed.bytes, &cards);
	for (size_t i = 0; i < cards.count && !is_error(&error); i++)
		error = card_see(run, &cards.items[i]);
	held_free(&cards);
	return error;
}
