/*
 * explain: all that feeds ever did to or said of a person, oldest first; then how things are today.
 * Of previews and of files that are held no rows are told, since nothing happened; that they name
 * the person is.
 */
#include "history.h"

#include "enrold/summary.h"
#include "enrold/today.h"
#include "enrold/value.h"

#include <ctype.h>
#include <stdlib.h>

struct explaining {
	struct history *history;
	struct arena *arena; /* of the whole answer */
	struct arena *run;   /* of one run */
	struct names names;
	struct today *today;
	struct person_today person;
	bool is_told;                     /* that it is about this person */
	struct asked_enrolment enrolment; /* when that is what is asked */
	struct course_called course;      /* of which alone is asked */
};

/* ---- who ---- */

/* By the name that the person has now, if it is not the one that was asked for. */
static struct error person_find(struct explaining *explaining)
{
	struct history *history = explaining->history;
	struct slice asked = slice_of(history->query->user), current = asked;
	struct person_today *person = &explaining->person;
	struct error error = OK;
	if (!is_error(&history->away))
		error = lms_find_person(history->lms, asked, explaining->arena, person);
	bool is_known = person->account.id != 0;
	if (!is_error(&error))
		error = names_find(history, is_known ? person->account.username : asked, is_known,
		    explaining->arena, &explaining->names);
	if (is_error(&error))
		return error;
	if (explaining->names.count > 0)
		current = explaining->names.items[0].text;
	if (!is_known && !is_error(&history->away) && !slice_is(current, asked))
		error = lms_find_person(history->lms, current, explaining->arena, person);
	if (!is_error(&error) && person->account.id != 0)
		names_add_account(&explaining->names, &person->account, explaining->arena);
	return error;
}

/* In front of whatever is told first. */
static struct error person_give(struct explaining *explaining)
{
	if (explaining->is_told)
		return OK;
	explaining->is_told = true;
	static const char *const kinds[] = {
	    [NAME_USERNAME] = "username", [NAME_EMAIL] = "email", [NAME_IDNUMBER] = "idnumber"};
	json_t *names = json_array();
	for (size_t i = 0; i < explaining->names.count; i++) {
		const struct name *name = &explaining->names.items[i];
		json_array_append_new(
		    names, json_pack("{s:s, s:o, s:s?, s:s?}", "by", kinds[name->kind], "name",
		               history_text(name->text), "from", *name->from ? name->from : NULL,
		               "until", *name->until ? name->until : NULL));
	}
	return history_give(explaining->history,
	    json_pack("{s:s, s:s, s:o, s:o}", "kind", "person", "source",
	        explaining->history->lms ? "ledger" : "outbox", "asked",
	        history_text(slice_of(explaining->history->query->user)), "names", names));
}

/* ---- which rows: of one course ---- */

/* Some feeds call it by its short name, others by its idnumber. */
static struct error course_find(struct explaining *explaining)
{
	struct history *history = explaining->history;
	const struct enrolment_known *is = &explaining->enrolment.is;
	if (history->query->enrolment != 0)
		explaining->course = (struct course_called){true, is->shortname, is->idnumber};
	else if (history->query->course && !is_error(&history->away))
		return lms_find_course_called(history->lms, slice_of(history->query->course),
		    explaining->arena, &explaining->course);
	return OK;
}

static struct slice number_of(struct slice column)
{
	size_t start = column.size;
	while (start > 0 && isdigit((unsigned char)column.bytes[start - 1]))
		start--;
	return (struct slice){column.bytes + start, column.size - start};
}

static bool names_course(const struct explaining *explaining, const struct found_row *row)
{
	struct slice target = row->cells[RESULT_TARGET];
	const struct course_called *course = &explaining->course;
	const char *asked = explaining->history->query->course;
	return target.size > 0 && (value_is_alike(target, slice_of(asked), explaining->run) ||
	                              value_is_alike(target, course->shortname, explaining->run) ||
	                              value_is_alike(target, course->idnumber, explaining->run));
}

/* Who is absent from a course is told without a number; the account's own name stands for it. */
static bool is_absent_elsewhere(const struct found_row *row)
{
	return slice_is(row->cells[RESULT_COLUMN], SLICE("absent")) &&
	       !slice_is(row->cells[RESULT_TARGET], row->cells[RESULT_USERNAME]);
}

/* A row about the account as a whole bears upon every course, unless nothing came of it. */
static bool is_of_all(const struct found_row *row)
{
	return !is_absent_elsewhere(row) && number_of(row->cells[RESULT_COLUMN]).size == 0 &&
	       !slice_is(row->cells[RESULT_OUTCOME], SLICE("unchanged")) &&
	       !slice_is(row->cells[RESULT_CODE], SLICE("account_updated"));
}

/* Rows of one record follow each other: a group or role belongs to the course of its number. */
static bool is_wanted(
    const struct explaining *explaining, const struct found_rows *found, size_t index)
{
	const struct found_row *row = &found->rows[index];
	if (!explaining->history->query->course || names_course(explaining, row) || is_of_all(row))
		return true;
	struct slice line = row->cells[RESULT_LINE], number = number_of(row->cells[RESULT_COLUMN]);
	size_t first = index;
	while (first > 0 && slice_is(found->rows[first - 1].cells[RESULT_LINE], line))
		first--;
	for (size_t i = first;
	     i < found->count && slice_is(found->rows[i].cells[RESULT_LINE], line); i++)
		if (number.size > 0 &&
		    slice_is(number_of(found->rows[i].cells[RESULT_COLUMN]), number) &&
		    names_course(explaining, &found->rows[i]))
			return true;
	return false;
}

/* ---- the runs ---- */

static json_t *row_json(
    const struct history *history, const struct past_run *run, const struct found_row *row)
{
	char time[TIME_TEXT_SIZE];
	const struct slice *cells = row->cells;
	struct told_line line =
	    told_line_of(run->summary, strtoull(cells[RESULT_LINE].bytes, NULL, 10));
	summary_time(run->row.started_us, time);
	json_t *object =
	    json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	        "kind", "row", "run", history_text(run->row.run), "feed",
	        history_text(run->row.feed), "file", history_text(run->row.name), "time", time,
	        "status", run_status(history, run), "username",
	        history_text(cells[RESULT_USERNAME]), "column", history_text(cells[RESULT_COLUMN]),
	        "target", history_text(cells[RESULT_TARGET]), "outcome",
	        history_text(cells[RESULT_OUTCOME]), "code", history_text(cells[RESULT_CODE]),
	        "message", history_text(cells[RESULT_MESSAGE]), "before",
	        history_text(cells[RESULT_BEFORE]), "after", history_text(cells[RESULT_AFTER]));
	told_line_set(object, &line);
	return object;
}

static struct error gap_give(
    struct explaining *explaining, const struct past_run *run, const char *why)
{
	struct place place;
	struct error error = person_give(explaining);
	if (is_error(&error))
		return error;
	place_find(explaining->history, run, PLACE_RESULT, &place);
	struct slice by = place_pruned_by(run, PLACE_RESULT);
	return history_give(explaining->history,
	    json_pack("{s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "kind", "gap", "run",
	        history_text(run->row.run), "feed", history_text(run->row.feed), "file",
	        history_text(run->row.name), "path", history_path(explaining->history, &place),
	        "why", why, "pruned_by", history_text_or_null(by)));
}

/* Of a course only what bears upon that is wanted. */
static bool is_of_everything(const struct explaining *explaining)
{
	return !explaining->history->query->course;
}

static struct error run_explain(struct explaining *explaining, const struct past_run *run)
{
	struct found_rows found;
	arena_reset(explaining->run);
	struct error error =
	    search(explaining->history, run, &explaining->names, explaining->run, &found);
	for (size_t i = 0; i < found.count && !is_error(&error); i++) {
		if (past_is_rehearsal(run) || !is_wanted(explaining, &found, i))
			continue;
		today_note(explaining->today, run, &found.rows[i]);
		if (explaining->history->query->enrolment != 0 &&
		    names_course(explaining, &found.rows[i]))
			enrolment_note(
			    &explaining->enrolment, run, &found.rows[i], explaining->arena);
		error = person_give(explaining);
		if (!is_error(&error))
			error = history_give(explaining->history,
			    row_json(explaining->history, run, &found.rows[i]));
	}
	if (!is_error(&error) && found.count > 0 && is_of_everything(explaining))
		error = person_give(explaining);
	if (!is_error(&error) && is_of_everything(explaining))
		error = held_of_run(explaining->history, run, &found, explaining->run);
	if (!is_error(&error) && found.gap && !past_is_rehearsal(run))
		error = gap_give(explaining, run, found.gap);
	return error;
}

static struct error runs_explain(struct explaining *explaining)
{
	struct past *past = NULL;
	const struct past_run *run = NULL;
	struct past_range all = {.is_newest_first = false};
	struct error error = past_open(explaining->history, &all, &past);
	while (!is_error(&error) && !explaining->history->is_over) {
		error = past_next(past, &run);
		if (is_error(&error) || !run)
			break;
		if (!run->is_preview || is_of_everything(explaining))
			error = run_explain(explaining, run);
	}
	past_close(past);
	return error;
}

/* ---- nobody ---- */

static struct error not_found(struct explaining *explaining)
{
	struct history *history = explaining->history;
	struct slice nearest = SLICE(""), asked = slice_of(history->query->user);
	if (!is_error(&history->away)) {
		struct error error =
		    lms_suggest_person(history->lms, asked, explaining->arena, &nearest);
		if (is_error(&error))
			return error;
	}
	if (nearest.size > 0)
		return error_reject("not_found", 0,
		    "nobody is or was called '%.100s', and no file said anything of such a person; "
		    "did you mean '%.*s'?",
		    history->query->user, SLICE_ARG(nearest));
	return error_reject("not_found", 0,
	    "nobody is or was called '%.100s'%s, and no %s said anything of such a person",
	    history->query->user,
	    is_error(&history->away) ? " as far as is known without the database" : "",
	    history->lms ? "file" : "answer in the outbox");
}

static struct error explain(struct explaining *explaining)
{
	struct error error = person_find(explaining);
	if (!is_error(&error))
		error = course_find(explaining);
	if (!is_error(&error))
		error = runs_explain(explaining);
	if (is_error(&error))
		return error;
	const struct person_today *person = &explaining->person;
	if (!explaining->is_told && person->account.id == 0 && !person->is_deleted)
		return not_found(explaining);
	error = person_give(explaining);
	if (!is_error(&error) && explaining->history->query->enrolment != 0)
		error = enrolment_give(&explaining->enrolment, explaining->history);
	if (!is_error(&error) && is_of_everything(explaining))
		error = held_of_person(explaining->history, person->account.id, explaining->arena);
	return is_error(&error) ? error
	                        : today_give(explaining->today, explaining->history,
	                              &person->account, person->is_deleted);
}

/* Whose account is gone is not called as it was when files named it: that is all there is to tell.
 */
static struct error enrolment_explain(struct explaining *explaining)
{
	struct history *history = explaining->history;
	const struct history_query *asked = history->query;
	struct enrolment_known *is = &explaining->enrolment.is;
	struct error error = enrolment_find(history, explaining->arena, &explaining->enrolment);
	if (is_error(&error))
		return error;
	if (is->is_of_deleted || is->username.size == 0 || is->shortname.size == 0)
		return enrolment_give(&explaining->enrolment, history);
	struct history_query query = *asked;
	query.user = is->username.bytes;
	query.course = is->shortname.bytes;
	history->query = &query;
	error = explain(explaining);
	history->query = asked;
	return error;
}

struct error history_explain(struct history *history)
{
	struct explaining explaining = {
	    .history = history, .arena = arena_create(), .run = arena_create()};
	if (explaining.arena)
		explaining.today = today_create(explaining.arena, &explaining.course);
	struct error error;
	if (!explaining.today || !explaining.run)
		error = error_memory("explaining");
	else if (history->query->enrolment != 0)
		error = enrolment_explain(&explaining);
	else
		error = explain(&explaining);
	arena_free(explaining.run);
	arena_free(explaining.arena);
	return error;
}
