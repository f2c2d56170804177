/*
 * feed_status: how one feed stands: what it runs, what waits and for what, and what a person has to
 * do about it. The first of these that is so names its state:
 *
 *     running         a worker is at one of its files
 *     out_of_service  its folders cannot be used
 *     blocked         what it needs is away: the database, the disk
 *     stopped         a run was stopped by a person, and waits for another word
 *     paused          it takes no files, as told
 *     elsewhere       another daemon serves it
 *     queued          files wait for their turn
 *     waits           files wait for what has to lie beside them
 *     held            a plan waits for a person, and nothing else is to do, or nothing else is done
 *     idle
 */
#include "feed_state.h"
#include "status.h"

#include "enrold/log.h"

#include <stdio.h>
#include <string.h>

/* Its two lanes: files, previews. */
struct pair {
	const struct feed_state *lanes[2];
};

static int64_t wall_of(const struct status_moment *moment, int64_t monotonic_ms)
{
	return moment->now_s - (moment->now_ms - monotonic_ms) / 1000;
}

static json_t *run_began(const char *run)
{
	int64_t epoch_us;
	return run_id_parse(run, &epoch_us) ? status_time(epoch_us / 1000000) : json_null();
}

/* ---- what runs ---- */

static const char *const phases[] = {[PHASE_IDLE] = "beginning",
    [PHASE_COPYING] = "copying",
    [PHASE_APPLYING] = "applying",
    [PHASE_PUBLISHING] = "publishing"};

static json_t *running_make(
    const struct feeds *feeds, size_t place, const struct status_moment *moment)
{
	const struct feed_state *state = &feeds->states[place];
	struct progress_view view = {.phase = PHASE_IDLE};
	workers_find_progress(moment->workers, place, &view);
	int64_t left = progress_seconds_left(&view);
	json_t *running = json_pack("{s:s, s:s, s:o, s:s, s:I, s:I, s:I, s:I, s:I}", "run",
	    *view.run ? view.run : state->job.run, "mode",
	    state->lane.is_preview ? "preview" : "apply", "file", log_text(state->now.file),
	    "phase", phases[view.phase], "rows", (json_int_t)view.rows, "rows_done",
	    (json_int_t)view.rows_done, "bytes", (json_int_t)view.bytes, "bytes_done",
	    (json_int_t)view.bytes_done, "rows_per_second", (json_int_t)progress_rate(&view));
	json_object_set_new(running, "seconds_left", left < 0 ? json_null() : json_integer(left));
	json_object_set_new(running, "since", run_began(*view.run ? view.run : state->job.run));
	return running;
}

static json_t *all_running_make(
    const struct feeds *feeds, size_t first, const struct status_moment *moment)
{
	json_t *list = json_array();
	for (size_t i = first; i < first + 2; i++)
		if (feeds->states[i].is_busy)
			json_array_append_new(list, running_make(feeds, i, moment));
	return list;
}

/* What is to be gone on with: in its turn, or when trouble is over. */
static json_t *begun_make(const struct pair *pair)
{
	json_t *list = json_array();
	for (int lane = 0; lane < 2; lane++) {
		const struct run_list *runs = &pair->lanes[lane]->runs;
		for (size_t i = 0; i < runs->count; i++) {
			const struct kept_run *run = &runs->runs[i];
			json_array_append_new(list,
			    json_pack("{s:s, s:o, s:I, s:I, s:o}", "run", run->id, "file",
			        log_text(run->file), "rows", (json_int_t)run->rows, "rows_done",
			        (json_int_t)run->rows_done, "since", run_began(run->id)));
		}
	}
	return list;
}

/* ---- what waits ---- */

static json_t *oldest_make(const struct pair *pair)
{
	char name[FILE_NAME_SIZE], found[FILE_NAME_SIZE] = "";
	int64_t arrived_s, oldest_s = INT64_MAX;
	for (int i = 0; i < 2; i++) {
		if (!inbox_oldest(pair->lanes[i]->inbox, name, &arrived_s) || arrived_s >= oldest_s)
			continue;
		oldest_s = arrived_s;
		memcpy(found, name, sizeof found);
	}
	return status_file(found, oldest_s);
}

/* What one of its files waits for that has to lie beside it. */
static json_t *beside_make(const struct pair *pair, const struct status_moment *moment)
{
	char name[INBOX_BESIDE_SIZE];
	int64_t since_ms;
	for (int i = 0; i < 2; i++)
		if (inbox_waits_for(pair->lanes[i]->inbox, name, &since_ms))
			return status_file(name, wall_of(moment, since_ms));
	return json_null();
}

static json_t *waiting_make(const struct pair *pair, const struct status_moment *moment)
{
	size_t ready = 0, incomplete = 0;
	for (int i = 0; i < 2; i++) {
		ready += inbox_ready(pair->lanes[i]->inbox);
		incomplete += inbox_incomplete(pair->lanes[i]->inbox);
	}
	return json_pack("{s:I, s:I, s:o, s:o}", "files",
	    (json_int_t)ready + (json_int_t)incomplete, "incomplete", (json_int_t)incomplete,
	    "oldest", oldest_make(pair), "for", beside_make(pair, moment));
}

/* What will lie there for ever, unless somebody looks. */
static json_t *left_make(const struct pair *pair, json_t *needs)
{
	char name[FILE_NAME_SIZE] = "", what[FILE_NAME_SIZE + 120];
	size_t left = inbox_left(pair->lanes[0]->inbox, name);
	left += inbox_left(pair->lanes[1]->inbox, name);
	if (left > 0) {
		snprintf(what, sizeof what, "%zu entr%s of its inbox cannot be taken: %s", left,
		    left == 1 ? "y" : "ies", name);
		status_need(needs, pair->lanes[0]->lane.feed, "warning", what,
		    "the log says why (file_left); remove it, or put it right");
	}
	return json_integer((json_int_t)left);
}

/* ---- what a person has said ---- */

static json_t *stopped_make(const struct feeds *feeds, const struct pair *pair, json_t *needs)
{
	json_t *list = json_array();
	for (int lane = 0; lane < 2; lane++) {
		const struct run_list *stopped = &pair->lanes[lane]->stopped;
		for (size_t i = 0; i < stopped->count; i++) {
			const struct kept_run *run = &stopped->runs[i];
			const struct order *order =
			    orders_find(&feeds->orders, ORDER_STOP, run->id);
			json_array_append_new(list, status_stopped(pair->lanes[lane]->lane.feed,
			                                run->id, run->file, order, needs));
		}
	}
	return list;
}

/* ---- its state ---- */

struct verdict {
	const char *state;
	const char *why;  /* NULL: it goes without saying */
	int64_t since_ms; /* INT64_MAX: not known */
};

static const struct trouble *trouble_of(const struct pair *pair, bool is_scanning)
{
	for (int i = 0; i < 2; i++) {
		const struct feed_state *lane = pair->lanes[i];
		const struct trouble *trouble = is_scanning ? &lane->scanning : &lane->running;
		if (trouble_is_on(trouble))
			return trouble;
	}
	return NULL;
}

static bool any(const struct pair *pair, bool (*is)(const struct feed_state *lane))
{
	return is(pair->lanes[0]) || is(pair->lanes[1]);
}

static bool is_busy(const struct feed_state *lane)
{
	return lane->is_busy;
}

static bool is_elsewhere(const struct feed_state *lane)
{
	return lane->is_elsewhere;
}

static bool has_stopped(const struct feed_state *lane)
{
	return lane->stopped.count > 0;
}

static bool has_incomplete(const struct feed_state *lane)
{
	return inbox_incomplete(lane->inbox) > 0;
}

/* Trouble is not over before its run has got to an end: but one that gets on is not blocked. */
static bool gets_on(const struct feeds *feeds, size_t first, const struct status_moment *moment)
{
	for (size_t i = first; i < first + 2; i++) {
		struct progress_view view;
		if (feeds->states[i].is_busy && workers_find_progress(moment->workers, i, &view) &&
		    (view.phase == PHASE_PUBLISHING || view.rows_done > view.rows_resumed))
			return true;
	}
	return false;
}

static struct verdict judge(const struct pair *pair, bool gets_on_by_now)
{
	const struct trouble *scanning = trouble_of(pair, true);
	const struct trouble *running = trouble_of(pair, false);
	const int64_t never = INT64_MAX;
	if (scanning)
		return (struct verdict){"out_of_service", scanning->text, scanning->since};
	if (running && !gets_on_by_now)
		return (struct verdict){"blocked", running->text, running->since};
	if (any(pair, is_busy))
		return (struct verdict){"running", NULL, never};
	if (any(pair, has_stopped))
		return (struct verdict){"stopped", NULL, never};
	if (pair->lanes[0]->is_paused)
		return (struct verdict){"paused", NULL, never};
	if (any(pair, is_elsewhere))
		return (struct verdict){"elsewhere", NULL, never};
	if (any(pair, feed_has_work))
		return (struct verdict){"queued", NULL, never};
	if (any(pair, has_incomplete))
		return (struct verdict){"waits", NULL, never};
	return (struct verdict){"idle", NULL, never};
}

/* Files that wait for that to be said are no work. */
static void plans_judge(
    struct verdict *verdict, const char *feed, const struct status_moment *moment)
{
	const struct held_plan *first;
	if (strcmp(verdict->state, "idle") == 0 &&
	    status_plans_count(feed, &moment->overview->plans, &first) > 0)
		*verdict = (struct verdict){"held", first->reason,
		    moment->now_ms - (moment->now_s - first->since_s) * 1000};
}

static void trouble_need(const char *feed, const struct verdict *verdict,
    const struct status_moment *moment, json_t *needs)
{
	const char *level = status_level((moment->now_ms - verdict->since_ms) / 1000);
	if (strcmp(verdict->state, "out_of_service") == 0)
		status_need(needs, feed, level, verdict->why,
		    "mend its folders, as enrold(8) has them; it goes on by itself");
	else if (strcmp(verdict->state, "blocked") == 0)
		status_need(needs, feed, level, verdict->why,
		    "nothing is lost: it goes on by itself when that is over");
}

static json_t *feed_make(
    const struct feeds *feeds, size_t first, const struct status_moment *moment, json_t *needs)
{
	const struct pair pair = {{&feeds->states[first], &feeds->states[first + 1]}};
	const char *name = pair.lanes[0]->lane.feed;
	const struct order *pause = orders_find(&feeds->orders, ORDER_PAUSE, name);
	struct verdict verdict = judge(&pair, gets_on(feeds, first, moment));
	plans_judge(&verdict, name, moment);
	json_t *feed = json_pack("{s:s, s:s}", "feed", name, "state", verdict.state);
	json_object_set_new(feed, "why", verdict.why ? log_text(verdict.why) : json_string(""));
	json_object_set_new(feed, "since",
	    verdict.since_ms == INT64_MAX ? json_null()
	                                  : status_time(wall_of(moment, verdict.since_ms)));
	json_object_set_new(feed, "node", json_string(overview_holder(moment->overview, name)));
	json_object_set_new(feed, "running", all_running_make(feeds, first, moment));
	json_object_set_new(feed, "begun", begun_make(&pair));
	json_object_set_new(feed, "waiting", waiting_make(&pair, moment));
	json_object_set_new(feed, "paused", status_order(pause));
	json_object_set_new(feed, "stopped", stopped_make(feeds, &pair, needs));
	json_object_set_new(
	    feed, "plans", status_plans(name, &moment->overview->plans, &feeds->orders, needs));
	trouble_need(name, &verdict, moment, needs);
	json_object_set_new(feed, "left_files", left_make(&pair, needs));
	feed_expect_status(pair.lanes[0], moment->overview, feed, needs);
	json_object_set_new(feed, "absence",
	    status_absence(
	        overview_absence(moment->overview, name), &moment->overview->plans, needs));
	return feed;
}

json_t *feeds_status_make(
    const struct feeds *feeds, const struct status_moment *moment, json_t *needs)
{
	json_t *list = json_array();
	for (size_t i = 0; i < feeds->count; i += 2)
		json_array_append_new(list, feed_make(feeds, i, moment, needs));
	return list;
}
