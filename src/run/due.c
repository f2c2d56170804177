/*
 * due: those whom absence has suspended are unenrolled when their grace is over, in a run of its
 * own each day: due-20261227.csv, whose file enrold makes itself, a list of who is due, so that it
 * has its place in the archive, its answer and its link of the chain like any other. What is done
 * is decided anew, by today's settings and what the LMS says; the file is for people to read.
 */
#include "absence.h"

#include "enrold/csvout.h"
#include "enrold/disk.h"

#include <stdio.h>
#include <time.h>

/* ---- who ---- */

static bool is_due(const struct absence *absence, const struct listing *listing)
{
	int64_t due = absence_due(&absence->terms.policy->absence, listing->suspended_at);
	return listing->enrolment != 0 && due != 0 && due <= absence->terms.now &&
	       listing->absences >= LISTING_ABSENCES_MAX && listing->told == 0;
}

static bool on_listing(void *context, const struct listing *listing)
{
	struct absence *absence = context;
	if (is_due(absence, listing))
		absence->has_failed |= !absent_add(absence, listing);
	return !absence->has_failed;
}

/* Days are the site's: who is due at some time of today is due. */
static int64_t end_of_day(void)
{
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday++;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) - 1;
}

static struct error some_judge(
    struct absence *absence, struct absent_item *items, size_t count, struct absentee **absentees)
{
	struct error error = absence_load(absence, items, count, absentees);
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		const struct absent_verdict verdict = due_judge(&(*absentees)[i], &absence->terms);
		items[i].fate = verdict.fate;
		items[i].code = verdict.code;
	}
	return error;
}

typedef void on_some(
    void *context, const struct absentee *absentees, const struct absent_item *items, size_t count);

/* on: NULL: nobody wants to see them. */
static struct error due_find(struct absence *absence, on_some *on, void *context)
{
	struct error error = listing_scan(
	    lms_db(absence->lms), slice_of(absence->run->lane.feed), on_listing, absence);
	if (!is_error(&error) && absence->has_failed)
		error = error_memory("finding whose grace is over");
	if (!is_error(&error))
		error = absence_look_elsewhere(absence);
	/* Nobody knows whom another feed lists: tomorrow is another day. */
	if (absence->ban.code != CODES)
		absence->absent_count = 0;
	for (size_t i = 0, some; i < absence->absent_count && !is_error(&error); i += some) {
		struct absentee *absentees;
		size_t left = absence->absent_count - i;
		some = left < ABSENT_TOGETHER ? left : ABSENT_TOGETHER;
		error = some_judge(absence, &absence->absent[i], some, &absentees);
		if (on && !is_error(&error))
			on(context, absentees, &absence->absent[i], some);
		arena_reset(absence->chunk);
	}
	return error;
}

/* ---- the file ---- */

void due_policy(struct policy *policy)
{
	static const struct text_list none = {NULL, 0, false};
	policy->match_by = MATCH_USERNAME;
	policy->course_by = COURSE_BY_SHORTNAME;
	policy->columns = policy->values = policy->empty = policy->defaults = none;
	policy->delimiter = policy->encoding = policy->marker = policy->course = NULL;
	policy->username_template = NULL;
	policy->require = none;
	policy->positions = policy->split = policy->set = none;
	policy->skip_lines = policy->skip_rows = 0;
	policy->header = HEADING_FIRST;
	policy->escape = ESCAPE_DOUBLED;
	policy->record_end = policy->newest_by = NULL;
	policy->meaning = MEANING_FULL;
}

struct due_list {
	struct buffer text;
	size_t count;
};

static void on_listed(
    void *context, const struct absentee *absentees, const struct absent_item *items, size_t count)
{
	struct due_list *list = context;
	for (size_t i = 0; i < count; i++) {
		if (items[i].fate == ABSENT_IGNORED)
			continue;
		csvout_cell(&list->text, absentees[i].is.username, ',');
		buffer_add_char(&list->text, ',');
		csvout_cell(&list->text, absentees[i].is.shortname, ',');
		buffer_add_char(&list->text, '\n');
		list->count++;
	}
}

static void name_make_due(char name[FILE_NAME_SIZE], char since[RUN_ID_SIZE + 1])
{
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	strftime(name, FILE_NAME_SIZE, "due-%Y%m%d.csv", &tm);
	run_id_format(
	    ((int64_t)now - INT64_C(2) * 86400) * 1000000, since); /* zones are a day apart */
}

static struct error list_make(struct run *run, struct due_list *list)
{
	struct apply_loop loop = {.run = run, .lms = run->runner->lms};
	struct absence absence;
	struct error error = absence_init(&absence, &loop);
	absence.is_due = true;
	absence.terms.now = end_of_day();
	buffer_add_text(&list->text, "username,course1\n");
	if (!is_error(&error))
		error = due_find(&absence, on_listed, list);
	if (!is_error(&error) && list->text.failed)
		error = error_memory("listing whose grace is over");
	absence_done(&absence);
	return error;
}

/* Since 1970, in the site's time zone. */
static int64_t day_today(void)
{
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	return (int64_t)timegm(&tm) / 86400;
}

static bool unenrols_later(const struct feed *feed)
{
	const struct policy_absence *absence = &feed->policy.absence;
	return absence->action == ABSENCE_UNENROL && absence->grace_ms > 0;
}

struct error due_claim(struct run *run)
{
	char name[FILE_NAME_SIZE], since[RUN_ID_SIZE + 1];
	bool has_run = false;
	struct due_list list = {.count = 0};
	const struct feed *feed = run_feed(run);
	if (!feed || !unenrols_later(feed))
		return OK;
	if (absence_is_paused(&feed->policy.absence, day_today()))
		return OK;
	run->policy = feed->policy;
	run->row.feed = slice_of(run->lane.feed);
	name_make_due(name, since);
	struct error error = ledger_has_name(
	    lms_db(run->runner->lms), slice_of(run->lane.feed), name, since, &has_run);
	if (!is_error(&error))
		error = lms_load_site(run->runner->lms, &run->site);
	if (!is_error(&error) && !has_run)
		error = list_make(run, &list);
	if (!is_error(&error) && list.count > 0) {
		run_ids_next(run->runner->shared->ids, run_now_us(), run->id);
		error = claim_make(run,
		    &(struct made_file){RUN_DUE, SLICE(""), name, buffer_slice(&list.text), -1});
	}
	buffer_done(&list.text);
	return error;
}

/* ---- the run ---- */

struct error due_apply(struct apply_loop *loop)
{
	struct absence absence;
	struct error error = absence_init(&absence, loop);
	loop->tally.rows = loop->reader.records;
	absence.is_due = true;
	absence.terms.now = end_of_day();
	if (!is_error(&error))
		error = due_find(&absence, NULL, NULL);
	if (!is_error(&error))
		error = absence_write_items(&absence, true);
	if (!is_error(&error))
		error = absence_write_items(&absence, false);
	absence_done(&absence);
	return error;
}
