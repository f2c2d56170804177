/*
 * held_of: what else enrold holds of a person than the rows that explain tells: in which files rows
 * about the person lie, of previews too; what waits for somebody's word; what the feeds have
 * listed. With the rows that is all, but for files that were refused as a whole or wait, which
 * nobody has read yet, and hashes of names.
 */
#include "history.h"

#include "enrold/listing.h"
#include "enrold/plans.h"
#include "enrold/summary.h"

/* ---- files ---- */

static json_t *files_json(const struct history *history, const struct past_run *run)
{
	static const enum place_file files[] = {
	    PLACE_INPUT, PLACE_REASON, PLACE_RESULT, PLACE_RETRY, PLACE_PLAN, PLACE_REPORT};
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct place place;
		place_find(history, run, files[i], &place);
		if (place.is_there)
			json_array_append_new(list, history_path(history, &place));
	}
	return list;
}

static struct error files_give(
    struct history *history, const struct past_run *run, const struct found_rows *found)
{
	return history_give(
	    history, json_pack("{s:s, s:o, s:o, s:o, s:s, s:I, s:o}", "kind", "named", "run",
	                 history_text(run->row.run), "feed", history_text(run->row.feed), "file",
	                 history_text(run->row.name), "mode", run_mode(run), "rows",
	                 (json_int_t)found->count, "files", files_json(history, run)));
}

/* ---- what waits ---- */

static size_t waiting_count(const struct past_run *run, const struct found_rows *found)
{
	size_t count = 0;
	for (size_t i = 0; i < found->count; i++)
		count += run->row.state == RUN_HELD ||
		         slice_is(found->rows[i].cells[RESULT_CODE], SLICE("withheld"));
	return count;
}

static struct error waiting_give(struct history *history, const struct past_run *run,
    const struct found_rows *found, struct arena *arena)
{
	struct stored_plan plan;
	size_t count = waiting_count(run, found);
	if (count == 0 || !history->lms)
		return OK;
	struct error error = plans_find(lms_db(history->lms), run->row.run, arena, &plan);
	if (is_error(&error) || plan.state != PLAN_OPEN)
		return error;
	return history_give(history,
	    json_pack("{s:s, s:o, s:o, s:o, s:b, s:I}", "kind", "waiting", "run",
	        history_text(run->row.run), "feed", history_text(run->row.feed), "file",
	        history_text(run->row.name), "whole", plan.is_whole, "rows", (json_int_t)count));
}

struct error held_of_run(struct history *history, const struct past_run *run,
    const struct found_rows *found, struct arena *arena)
{
	if (found->count == 0)
		return OK;
	struct error error = files_give(history, run, found);
	return is_error(&error) || run->is_preview ? error
	                                           : waiting_give(history, run, found, arena);
}

/* ---- what the feeds have listed ---- */

static struct error listed_give(
    struct history *history, const struct listing_known *known, struct arena *arena)
{
	const struct listing *is = &known->is;
	bool is_account = is->enrolment == 0;
	struct enrolment_known enrolment = {.shortname = SLICE("")};
	struct error error = OK;
	if (!is_account)
		error = lms_find_enrolment_course(history->lms, is->enrol, arena, &enrolment);
	if (is_error(&error))
		return error;
	return history_give(history,
	    json_pack("{s:s, s:o, s:s, s:o, s:o, s:b, s:i, s:o, s:o, s:o, s:o, s:o}", "kind",
	        "listed", "feed", history_text(known->feed), "what",
	        is_account ? "account" : "enrolment", "enrolment",
	        is_account ? json_null() : json_integer((json_int_t)is->enrolment), "course",
	        history_text_or_null(enrolment.shortname), "made_by_feed", is->is_made, "absences",
	        is->absences, "absent", history_time_or_null(is->absent_at), "suspended",
	        history_time_or_null(is->suspended_at), "suspended_by",
	        history_text_or_null(known->suspended_by), "first_run",
	        history_text_or_null(known->first_run), "last_run",
	        history_text_or_null(known->last_run)));
}

struct error held_of_person(struct history *history, int64_t user, struct arena *arena)
{
	struct listing_known *known;
	size_t count = 0;
	if (is_error(&history->away) || user == 0)
		return OK;
	struct error error = listing_find_of(lms_db(history->lms), user, arena, &known, &count);
	for (size_t i = 0; i < count && !is_error(&error); i++)
		error = listed_give(history, &known[i], arena);
	return error;
}
