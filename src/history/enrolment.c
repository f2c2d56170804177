/*
 * enrolment: a row of user_enrolments by its id, as one sees it in the LMS's database: whose it is,
 * and which row of which file made it. A run made it that was under way when it was made, and says
 * that it enrolled this person in that course.
 */
#include "history.h"

#include "enrold/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct error enrolment_find(
    struct history *history, struct arena *arena, struct asked_enrolment *asked)
{
	*asked = (struct asked_enrolment){.file = SLICE("")};
	if (is_error(&history->away))
		return history->away;
	struct error error =
	    lms_find_enrolment(history->lms, history->query->enrolment, arena, &asked->is);
	if (is_error(&error) || asked->is.known_by)
		return error;
	return error_reject("not_found", 0,
	    "the LMS has no enrolment %lld, and neither what the feeds have listed nor the log "
	    "knows of one that is gone",
	    (long long)history->query->enrolment);
}

/* Of its end, epoch seconds; as late as can be, when it has none yet. */
static int64_t finished_s(const struct past_run *run)
{
	struct tm tm = {.tm_isdst = 0};
	const char *text = json_string_value(json_object_get(run->summary, "finished"));
	return text && strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) : INT64_MAX;
}

static bool was_under_way(const struct past_run *run, int64_t at_s)
{
	return run->row.started_us / 1000000 <= at_s && at_s <= finished_s(run);
}

/* It was not there before, and was behind it. */
static bool is_making(const struct found_row *row)
{
	const struct slice *cells = row->cells;
	bool is_done = slice_is(cells[RESULT_OUTCOME], SLICE("done")) ||
	               slice_is(cells[RESULT_OUTCOME], SLICE("warning"));
	return is_done && (slice_is(cells[RESULT_CODE], SLICE("enrolled")) ||
	                      slice_is(cells[RESULT_CODE], SLICE("undone")));
}

void enrolment_note(struct asked_enrolment *asked, const struct past_run *run,
    const struct found_row *row, struct arena *arena)
{
	if (asked->is.created == 0 || !is_making(row) || !was_under_way(run, asked->is.created))
		return;
	snprintf(asked->run, sizeof asked->run, "%.*s", SLICE_ARG(run->row.run));
	snprintf(asked->feed, sizeof asked->feed, "%.*s", SLICE_ARG(run->row.feed));
	asked->file = arena_copy(arena, run->row.name);
	asked->line = told_line_of(run->summary, strtoull(row->cells[RESULT_LINE].bytes, NULL, 10));
	if (asked->line.at.name)
		asked->line.at.name = arena_copy(arena, slice_of(asked->line.at.name)).bytes;
}

struct error enrolment_give(const struct asked_enrolment *asked, struct history *history)
{
	const struct enrolment_known *is = &asked->is;
	json_t *made = *asked->run ? json_pack("{s:s, s:s, s:o}", "run", asked->run, "feed",
	                                 asked->feed, "file", history_text(asked->file))
	                           : json_null();
	if (*asked->run)
		told_line_set(made, &asked->line);
	return history_give(history,
	    json_pack("{s:s, s:I, s:b, s:s, s:I, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "kind",
	        "enrolment", "id", (json_int_t)is->id, "is_there", is->is_there, "known_by",
	        is->known_by, "userid", (json_int_t)is->user, "username",
	        history_text_or_null(is->username), "is_of_deleted", is->is_of_deleted, "course",
	        history_text_or_null(is->shortname), "method", history_text_or_null(is->method),
	        "created", history_time_or_null(is->created), "deleted",
	        history_time_or_null(is->deleted), "deleted_by",
	        history_text_or_null(is->deleted_by), "made_by", made));
}
