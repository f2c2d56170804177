#include "enrold/absences.h"

#include "history.h"

#include "enrold/absence.h"
#include "enrold/arrivals.h"
#include "enrold/cut.h"
#include "enrold/file_shape.h"
#include "enrold/leaver.h"
#include "enrold/listing.h"
#include "enrold/plans.h"
#include "enrold/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The newest full file is looked for in so many runs of all feeds, a page at a time. */
enum { PAGE_RUNS = 200, PAGES_MAX = 10 };

struct feed_absence {
	struct absence_standing public;
	int64_t looked_s;
	uint64_t ended; /* runs of the feed, as arrivals has counted them by then */
};

struct absences {
	struct feed_absence *feeds;
	size_t count;
};

/* Of one feed. */
struct absence_look {
	struct lms *lms;
	const struct feed *feed;
	struct arena *arena;
	int64_t now_s;
	struct absence_standing *found;
};

struct absences *absences_create(void)
{
	return calloc(1, sizeof(struct absences));
}

void absences_free(struct absences *absences)
{
	if (absences)
		free(absences->feeds);
	free(absences);
}

/* ---- the last accepted full file ---- */

/* One that was deleted since blocks nobody. */
static struct error blocked_take(const struct absence_look *look, const struct file_shape *base)
{
	struct absence_standing *found = look->found;
	int64_t *enrols = arena_alloc(look->arena, (base->blocked_count + 1) * sizeof *enrols);
	struct slice *names = arena_alloc(look->arena, (base->blocked_count + 1) * sizeof *names);
	if (!enrols || !names)
		return error_memory("looking at who is absent");
	for (size_t i = 0; i < base->blocked_count; i++)
		enrols[i] = base->blocked[i].enrol;
	struct error error =
	    lms_name_courses(look->lms, enrols, base->blocked_count, names, look->arena);
	for (size_t i = 0; i < base->blocked_count && !is_error(&error); i++) {
		const struct blocked_course *is = &base->blocked[i];
		if (is->files < ABSENCES_BLOCKED_FILES || names[i].size == 0)
			continue;
		size_t at = found->blocked_count++;
		if (at >= ABSENCES_BLOCKED_MAX)
			continue;
		struct blocked_standing *blocked = &found->blocked[at];
		blocked->files = is->files;
		blocked->line = is->line;
		snprintf(blocked->course, sizeof blocked->course, "%.*s",
		    (int)cut_length(names[i], sizeof blocked->course - 1), names[i].bytes);
	}
	return error;
}

/* What somebody else has written there is nobody's last file. */
static struct error base_look(const struct absence_look *look)
{
	struct slice text;
	struct file_shape base;
	struct error error =
	    listing_load_base(lms_db(look->lms), slice_of(look->feed->name), look->arena, &text);
	if (is_error(&error) || text.size == 0)
		return error;
	error = file_shape_parse(text, look->arena, &base);
	if (is_error(&error))
		return error.class == ERROR_CONFIG ? OK : error;
	snprintf(look->found->run, sizeof look->found->run, "%.*s", SLICE_ARG(base.run));
	snprintf(look->found->file, sizeof look->found->file, "%.*s", SLICE_ARG(base.name));
	return blocked_take(look, &base);
}

/* ---- the newest full file ---- */

static bool is_full_file(const struct absence_look *look, const struct ledger_run *run)
{
	char name[FILE_NAME_SIZE], file[FILE_NAME_SIZE], origin[FILE_NAME_SIZE];
	snprintf(name, sizeof name, "%.*s", SLICE_ARG(run->name));
	return run->state == RUN_APPLIED && slice_is(run->feed, slice_of(look->feed->name)) &&
	       absence_is_full_name(&look->feed->policy, run->name) && !name_is_made(name) &&
	       !name_find_origin(name, file, origin);
}

/* Not before the last accepted one; newest: that one, where there is none behind it. */
static struct error newest_find(const struct absence_look *look, char newest[RUN_ID_SIZE + 1])
{
	struct ledger_page page = {.is_newest_first = true, .limit = PAGE_RUNS};
	struct error error = OK;
	bool is_found = false, is_last = false;
	snprintf(page.after, sizeof page.after, "%s", look->found->run);
	snprintf(newest, RUN_ID_SIZE + 1, "%s", look->found->run);
	for (int i = 0; i < PAGES_MAX && !is_found && !is_last && !is_error(&error); i++) {
		struct ledger_run *runs;
		size_t count;
		error = ledger_list_briefly(lms_db(look->lms), &page, look->arena, &runs, &count);
		for (size_t k = 0; k < count && !is_found && !is_error(&error); k++) {
			is_found = is_full_file(look, &runs[k]);
			if (is_found)
				snprintf(newest, RUN_ID_SIZE + 1, "%.*s", SLICE_ARG(runs[k].run));
		}
		is_last = count < PAGE_RUNS;
		if (!is_last)
			snprintf(page.before, sizeof page.before, "%.*s",
			    SLICE_ARG(runs[count - 1].run));
	}
	return error;
}

/* "2 removals were withheld: the file has ...": what comes behind, without its full stop. */
static void why_take(struct absence_standing *found, const json_t *summary)
{
	size_t i;
	const json_t *remark;
	json_array_foreach(json_object_get(summary, "remarks"), i, remark)
	{
		const char *code = json_string_value(json_object_get(remark, "code"));
		const char *message = json_string_value(json_object_get(remark, "message"));
		if (*found->why || !code || !message ||
		    strcmp(code, remark_code_name(REMARK_REMOVALS_WITHHELD)) != 0)
			continue;
		const char *colon = strstr(message, ": ");
		struct slice why = slice_of(colon ? colon + 2 : message);
		if (why.size > 0 && why.bytes[why.size - 1] == '.')
			why.size--;
		snprintf(found->why, sizeof found->why, "%.*s",
		    (int)cut_length(why, sizeof found->why - 1), why.bytes);
	}
}

static struct error withheld_look(const struct absence_look *look)
{
	struct absence_standing *found = look->found;
	char newest[RUN_ID_SIZE + 1];
	struct ledger_run run = {.state = RUN_UNKNOWN};
	struct error error = newest_find(look, newest);
	if (!is_error(&error) && *newest)
		error = ledger_find(lms_db(look->lms), slice_of(newest), look->arena, &run);
	struct stored_plan plan = {.state = PLAN_UNKNOWN};
	if (!is_error(&error) && *newest)
		error = plans_find(lms_db(look->lms), slice_of(newest), look->arena, &plan);
	/* Once somebody has said what becomes of it nobody has to. */
	bool is_settled = plan.state != PLAN_UNKNOWN && plan.state != PLAN_OPEN;
	if (is_error(&error) || is_settled || run.state == RUN_UNKNOWN || run.summary.size == 0)
		return error;
	json_t *summary = json_loadb(run.summary.bytes, run.summary.size, 0, NULL);
	found->withheld = removals_count(json_object_get(summary, "codes")).withheld;
	if (found->withheld > 0) {
		memcpy(found->withheld_run, newest, sizeof newest);
		snprintf(
		    found->withheld_file, sizeof found->withheld_file, "%.*s", SLICE_ARG(run.name));
		why_take(found, summary);
	}
	json_decref(summary);
	return OK;
}

/* ---- who is due ---- */

/* The last second of the day so many days from now. */
static int64_t day_end(int64_t now_s, int days)
{
	time_t now = (time_t)now_s;
	struct tm tm;
	localtime_r(&now, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday += days + 1;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) - 1;
}

static struct error due_look(const struct absence_look *look)
{
	const struct policy_absence *absence = &look->feed->policy.absence;
	int64_t grace_s = (int64_t)(absence->grace_ms / 1000);
	struct listing_waiting waiting;
	if (absence->action != ABSENCE_UNENROL || grace_s == 0)
		return OK;
	struct error error = listing_count_waiting(lms_db(look->lms), slice_of(look->feed->name),
	    day_end(look->now_s, ABSENCES_DUE_DAYS) - grace_s, &waiting);
	if (is_error(&error))
		return error;
	look->found->due_people = waiting.people;
	look->found->due_s = absence_due(absence, waiting.earliest_at);
	return OK;
}

/* ---- all of it ---- */

static struct error feed_look(const struct absence_look *look)
{
	snprintf(look->found->feed, sizeof look->found->feed, "%s", look->feed->name);
	struct error error = base_look(look);
	if (!is_error(&error))
		error = withheld_look(look);
	return is_error(&error) ? error : due_look(look);
}

static const struct feed_absence *feed_of(const struct absences *absences, const char *name)
{
	for (size_t i = 0; i < absences->count; i++)
		if (strcmp(absences->feeds[i].public.feed, name) == 0)
			return &absences->feeds[i];
	return NULL;
}

static bool is_fresh(const struct feed_absence *feed, uint64_t ended, int64_t now_s)
{
	return feed && feed->ended == ended && now_s >= feed->looked_s &&
	       now_s - feed->looked_s < ABSENCES_EVERY_S;
}

static struct error all_look(struct absences *absences, struct lms *lms,
    const struct config *config, const struct arrivals *arrivals, struct absences *fresh,
    int64_t now_s)
{
	struct arena *arena = arena_create();
	struct error error = arena ? OK : error_memory("looking at who is absent");
	for (size_t i = 0; i < config->feeds_count && !is_error(&error); i++) {
		const struct feed *feed = &config->feeds[i];
		uint64_t ended = arrivals_count_ended(arrivals, feed->name);
		const struct feed_absence *before = feed_of(absences, feed->name);
		if (!policy_tells_absence(&feed->policy))
			continue;
		struct feed_absence *now = &fresh->feeds[fresh->count++];
		if (is_fresh(before, ended, now_s)) {
			*now = *before;
			continue;
		}
		*now = (struct feed_absence){.looked_s = now_s, .ended = ended};
		error = feed_look(
		    &(struct absence_look){lms, feed, arena, now_s, .found = &now->public});
		arena_reset(arena);
	}
	arena_free(arena);
	return error;
}

struct error absences_look(struct absences *absences, struct lms *lms, const struct config *config,
    const struct arrivals *arrivals, int64_t now_s)
{
	struct absences fresh = {.feeds = calloc(config->feeds_count + 1, sizeof *fresh.feeds)};
	if (!fresh.feeds)
		return error_memory("looking at who is absent");
	struct error error = all_look(absences, lms, config, arrivals, &fresh, now_s);
	if (is_error(&error)) {
		free(fresh.feeds);
		return error;
	}
	free(absences->feeds);
	*absences = fresh;
	return OK;
}

struct error absences_list(
    const struct absences *absences, struct absence_standing **list, size_t *count)
{
	*count = absences->count;
	*list = calloc(absences->count + 1, sizeof **list);
	if (!*list)
		return error_memory("looking at who is absent");
	for (size_t i = 0; i < absences->count; i++)
		(*list)[i] = absences->feeds[i].public;
	return OK;
}

const struct absence_standing *absence_standing_find(
    const struct absence_standing *list, size_t count, const char *feed)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].feed, feed) == 0)
			return &list[i];
	return NULL;
}
