#include "feed_state.h"

#include "enrold/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SCAN_SHARE = 4 }; /* scans asked for by events take at most a fifth of the time */

/* ---- making ---- */

/* Directories that belong in an inbox: the one for previews, and the other feeds' own. Nobody looks
 * into others, and whoever drops there waits for ever. */
static const char *directory_classify(void *context, const char *directory)
{
	const struct feed_state *state = context;
	bool is_usual = strcmp(state->lane.feed, "default") == 0;
	if (state->lane.is_preview)
		return "it is a directory, and previews have none below theirs";
	if (strcmp(directory, "preview") == 0)
		return NULL;
	if (!is_usual)
		return "it is a directory, and a feed has none below its own but preview";
	if (strcmp(directory, "default") == 0)
		return "it is a directory, and the files of the feed default go into inbox/ itself";
	return config_find_feed(state->all->config, directory)
	           ? NULL
	           : "it is a directory and no feed of that name is configured";
}

/* Whose grace may be over: of the lane of files, for previews do nothing. */
static bool tells_due(const struct feed *feed, const struct lane *lane)
{
	const struct policy_absence *absence = &feed->policy.absence;
	return !lane->is_preview && absence->action == ABSENCE_UNENROL && absence->grace_ms > 0;
}

struct error feeds_create(
    const struct config *config, const struct spool *spool, struct feeds **result)
{
	size_t count = config->feeds_count * 2; /* each with its lane for previews */
	struct feeds *feeds = calloc(1, sizeof *feeds + count * sizeof(struct feed_state));
	if (!feeds)
		return error_memory("starting");
	*feeds = (struct feeds){.config = config, .spool = spool, .count = count};
	for (size_t i = 0; i < count; i++) {
		struct feed_state *state = &feeds->states[i];
		*state = (struct feed_state){.all = feeds,
		    .lane.is_preview = i % 2,
		    .running.since = INT64_MAX,
		    .scanning.since = INT64_MAX};
		memcpy(state->lane.feed, config->feeds[i / 2].name, sizeof state->lane.feed);
		state->due_at = tells_due(&config->feeds[i / 2], &state->lane) ? 0 : INT64_MAX;
		state->keep_at =
		    policy_prunes(&config->feeds[i / 2].policy) && i % 2 == 0 ? 0 : INT64_MAX;
		state->inbox = inbox_create((struct inbox_rules){.settle_ms = config->settle_ms,
		    .beside = beside_rules_of(&config->feeds[i / 2].policy),
		    .classify_directory = directory_classify,
		    .on_skipped = feed_log_skipped,
		    .on_full = feed_log_full,
		    .context = state});
		if (!state->inbox) {
			feeds_free(feeds);
			return error_memory("starting");
		}
	}
	*result = feeds;
	return OK;
}

/* As they stand: by name, files before previews. */
static int lane_compare(const struct lane *a, const struct lane *b)
{
	int order = strcmp(a->feed, b->feed);
	return order != 0 ? order : a->is_preview - b->is_preview;
}

void feeds_inherit(struct feeds *feeds, const struct feeds *before)
{
	feeds->answered = before->answered;
	feeds->refused = before->refused;
	for (size_t i = 0, j = 0; i < feeds->count && j < before->count;) {
		int order = lane_compare(&feeds->states[i].lane, &before->states[j].lane);
		if (order == 0)
			feeds->states[i].told = before->states[j].told;
		feeds->states[i].due_told_day = before->states[j].due_told_day;
		i += order <= 0;
		j += order >= 0;
	}
}

void feeds_free(struct feeds *feeds)
{
	if (!feeds)
		return;
	for (size_t i = 0; i < feeds->count; i++) {
		feed_log_rest(&feeds->states[i]);
		inbox_free(feeds->states[i].inbox);
		free(feeds->states[i].runs.runs);
		free(feeds->states[i].stopped.runs);
	}
	orders_free(&feeds->orders);
	free(feeds);
}

static struct feed_state *state_of_run(struct feeds *feeds, const struct lane *lane)
{
	static const struct lane usual = {.feed = "default"};
	struct feed_state *fallback = NULL;
	for (size_t i = 0; i < feeds->count; i++) {
		if (lane_compare(&feeds->states[i].lane, lane) == 0)
			return &feeds->states[i];
		/* Its feed is no longer configured; somebody has to go on with it. */
		if (lane_compare(&feeds->states[i].lane, &usual) == 0)
			fallback = &feeds->states[i];
	}
	return fallback;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct kept_run *)a)->id, ((const struct kept_run *)b)->id);
}

static struct error run_list_add(struct run_list *list, const struct kept_run *run)
{
	if (list->count == list->room) {
		size_t room = list->room * 2 + 4;
		void *runs = reallocarray(list->runs, room, sizeof *list->runs);
		if (!runs)
			return error_memory("remembering a run");
		list->runs = runs;
		list->room = room;
	}
	list->runs[list->count++] = *run;
	qsort(list->runs, list->count, sizeof *list->runs, by_id);
	return OK;
}

bool run_list_has(const struct run_list *list, const char *run)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->runs[i].id, run) == 0)
			return true;
	return false;
}

void run_list_remove(struct run_list *list, size_t index)
{
	list->count--;
	memmove(
	    list->runs + index, list->runs + index + 1, (list->count - index) * sizeof *list->runs);
}

/* Told to wait, and not told to end. */
static bool is_to_wait(const struct feeds *feeds, const char *run)
{
	return orders_find(&feeds->orders, ORDER_STOP, run) &&
	       !orders_find(&feeds->orders, ORDER_DISCARD, run);
}

struct error feed_keep_run(struct feed_state *state, const struct kept_run *run)
{
	bool waits = is_to_wait(state->all, run->id);
	return run_list_add(waits ? &state->stopped : &state->runs, run);
}

/* What is of the other kind now; a run that finds no room stays where it is until the next time. */
static void runs_sort(struct feed_state *state, struct run_list *from, struct run_list *to)
{
	bool is_waiting = from == &state->stopped;
	for (size_t i = from->count; i > 0; i--) {
		const struct kept_run *kept = &from->runs[i - 1];
		if (is_to_wait(state->all, kept->id) == is_waiting)
			continue;
		struct error error = run_list_add(to, kept);
		if (!is_error(&error))
			run_list_remove(from, i - 1);
	}
}

void feeds_take_orders(struct feeds *feeds, struct orders *orders)
{
	orders_free(&feeds->orders);
	feeds->orders = *orders;
	*orders = (struct orders){0};
	for (size_t i = 0; i < feeds->count; i++) {
		struct feed_state *state = &feeds->states[i];
		state->is_paused = orders_find(&feeds->orders, ORDER_PAUSE, state->lane.feed);
		runs_sort(state, &state->runs, &state->stopped);
		runs_sort(state, &state->stopped, &state->runs);
	}
}

const struct orders *feeds_orders(const struct feeds *feeds)
{
	return &feeds->orders;
}

bool feeds_has_run(const struct feeds *feeds, const char *run)
{
	for (size_t i = 0; i < feeds->count; i++)
		if (run_list_has(&feeds->states[i].runs, run) ||
		    run_list_has(&feeds->states[i].stopped, run))
			return true;
	return false;
}

struct error feeds_add_run(struct feeds *feeds, const char *run, const char *which)
{
	struct lane lane;
	char file[FILE_NAME_SIZE];
	run_find_lane(feeds->spool, run, &lane, file);
	log_event(LOG_INFO, "run_recovered", feed_about(run, &lane, file), "going on with %s, %s",
	    *file ? file : "a run", which);
	struct kept_run kept = {.rows = 0};
	snprintf(kept.id, sizeof kept.id, "%s", run);
	memcpy(kept.file, file, sizeof kept.file);
	return feed_keep_run(state_of_run(feeds, &lane), &kept);
}

/* ---- looking ---- */

size_t feeds_places(const struct feeds *feeds)
{
	return feeds->count + 1; /* the last is the spool itself, where an inbox is made anew */
}

static void scan_ask(struct feed_state *state, int64_t now_ms)
{
	int64_t at = now_ms > state->scan_not_before ? now_ms : state->scan_not_before;
	if (at < state->scan_at)
		state->scan_at = at;
	state->is_asked = true;
}

void feeds_hear(struct feeds *feeds, size_t place, const char *name, int64_t now_ms)
{
	if (place < feeds->count) {
		scan_ask(&feeds->states[place], now_ms);
		if (name)
			inbox_vouch(feeds->states[place].inbox, name);
	}
	/* A directory's making is heard in the one above it. */
	for (size_t i = 0; i < feeds->count; i++)
		if (place >= feeds->count || trouble_is_on(&feeds->states[i].scanning))
			scan_ask(&feeds->states[i], now_ms);
}

static void watch_try(struct feed_state *state, struct watch *watch, size_t place, int directory)
{
	struct error error = watch ? watch_place(watch, place, directory) : OK;
	if (is_error(&error) && !state->is_unwatched)
		log_event(LOG_WARNING, "inbox_unwatched", feed_about("", &state->lane, ""),
		    "%s: new files are only found every `rescan`", error.text);
	state->is_unwatched = is_error(&error);
}

static void scan_tell(struct feed_state *state, const struct error *error, int64_t now_ms)
{
	const char *feed = state->lane.feed;
	const char *what = state->lane.is_preview ? "its previews are" : "it is";
	if (is_error(error)) {
		struct error named = error_wrap(*error, "feed %s", feed);
		if (trouble_note(&state->scanning, &named, now_ms))
			log_event(LOG_WARNING, "feed_out_of_service",
			    feed_about("", &state->lane, ""),
			    "%s; %s out of service until that is mended", named.text, what);
	} else if (trouble_end(&state->scanning)) {
		log_event(LOG_INFO, "feed_in_service", feed_about("", &state->lane, ""),
		    "feed %s: %s in service again", feed, what);
	}
}

bool feed_has_work(const struct feed_state *state)
{
	bool has_files = inbox_ready(state->inbox) > 0 && !trouble_is_on(&state->scanning);
	return state->runs.count > 0 || feed_next_order(state) ||
	       (has_files && !state->is_paused && !state->is_in_review);
}

bool feed_has_due(const struct feed_state *state, int64_t now_ms)
{
	return state->due_at <= now_ms && !state->is_paused && !trouble_is_on(&state->scanning);
}

bool feed_has_keep(const struct feed_state *state, int64_t now_ms)
{
	return state->keep_at <= now_ms && !trouble_is_on(&state->scanning);
}

/* Opens both folders of the lane: no file is taken whose answer would have no place. */
static struct error folders_open(const struct feed_state *state, int *inbox)
{
	const struct spool *spool = state->all->spool;
	int outbox;
	struct error error = spool_open_outbox(spool, state->lane.feed, &outbox);
	if (is_error(&error))
		return error;
	close(outbox);
	return spool_open_inbox(spool, &state->lane, inbox);
}

/* Nobody hears other machines write. */
int64_t feeds_rescan_every_ms(const struct feeds *feeds)
{
	int64_t every_ms = feeds->config->rescan_ms;
	bool is_deaf = feeds->spool->network && every_ms > SPOOL_NETWORK_RESCAN_MS;
	return is_deaf ? SPOOL_NETWORK_RESCAN_MS : every_ms;
}

/* Watch first, then look: what comes between is seen twice rather than never. */
static void scan(struct feeds *feeds, size_t index, struct watch *watch, int64_t now_ms)
{
	struct feed_state *state = &feeds->states[index];
	int directory;
	int64_t began = feed_clock_ms();
	if (!inbox_is_scanning(state->inbox))
		state->is_asked = false; /* the next scan sees what is heard of meanwhile */
	struct error error = folders_open(state, &directory);
	state->is_in_review = feed_is_in_review(state);
	if (!is_error(&error)) {
		watch_try(state, watch, index, directory);
		error = inbox_scan(state->inbox, directory, now_ms);
		close(directory);
	}
	state->scan_took_ms += feed_clock_ms() - began;
	if (!is_error(&error) && inbox_is_scanning(state->inbox)) {
		state->scan_at = now_ms; /* others first */
		return;
	}
	feeds->is_stale |= error.is_stale;
	scan_tell(state, &error, now_ms);
	if (!is_error(&error) && !state->is_busy && !feed_has_work(state))
		feed_goes_on(
		    state); /* the owner of the file that we waited with has taken it back */
	int64_t settles_at = inbox_settles_at(state->inbox);
	int64_t rescan_at = now_ms + feeds_rescan_every_ms(feeds);
	int64_t tells_at = inbox_tells_at(state->inbox);
	rescan_at = tells_at < rescan_at ? tells_at : rescan_at;
	state->scan_at = settles_at < rescan_at ? settles_at : rescan_at;
	if (is_error(&error)) {
		int64_t retry_at = now_ms + trouble_delay(&state->scanning);
		state->scan_at = retry_at < state->scan_at ? retry_at : state->scan_at;
	}
	state->scan_not_before = now_ms + state->scan_took_ms * (SCAN_SHARE + 1);
	state->scan_took_ms = 0;
	if (state->is_asked && state->scan_not_before < state->scan_at)
		state->scan_at = state->scan_not_before;
}

void feeds_scan(struct feeds *feeds, struct watch *watch, int64_t now_ms)
{
	if (watch) {
		/* Should it fail, an inbox made anew is found by the rescan. */
		struct error ignored =
		    watch_place_of_folders(watch, feeds->count, feeds->spool->root);
		(void)ignored;
	}
	for (size_t i = 0; i < feeds->count; i++)
		if (feeds->states[i].scan_at <= now_ms)
			scan(feeds, i, watch, now_ms);
}

/* ---- asking ---- */

int64_t feeds_wake_at(const struct feeds *feeds, int64_t now_ms)
{
	int64_t at = INT64_MAX;
	for (size_t i = 0; i < feeds->count; i++) {
		const struct feed_state *state = &feeds->states[i];
		if (state->scan_at < at)
			at = state->scan_at;
		if (!state->is_busy && feed_has_work(state) && state->retry_at > now_ms &&
		    state->retry_at < at)
			at = state->retry_at;
		if (!state->is_busy && !state->is_paused && state->due_at < at)
			at = state->due_at > state->retry_at ? state->due_at : state->retry_at;
		if (!state->is_busy && !trouble_is_on(&state->scanning) && state->keep_at < at)
			at = state->keep_at > state->retry_at ? state->keep_at : state->retry_at;
	}
	return at;
}

/* The oldest is told. */
static void trouble_status(const struct trouble *trouble, struct feeds_status *status)
{
	if (trouble->since >= status->trouble_since)
		return;
	status->trouble_since = trouble->since;
	memcpy(status->trouble, trouble->text, sizeof status->trouble);
}

void feeds_status_find(const struct feeds *feeds, struct feeds_status *status)
{
	*status = (struct feeds_status){.feeds = feeds->config->feeds_count,
	    .answered = feeds->answered,
	    .refused = feeds->refused,
	    .is_stale = feeds->is_stale,
	    .trouble_since = INT64_MAX};
	for (size_t i = 0; i < feeds->count; i++) {
		const struct feed_state *state = &feeds->states[i];
		bool waits = state->is_paused || state->is_in_review;
		status->ready += waits ? 0 : inbox_ready(state->inbox);
		status->runs += state->runs.count;
		status->busy += state->is_busy;
		status->unsettled += state->due_at == 0 && !state->is_paused;
		status->unsettled += state->keep_at == 0;
		status->unsettled += feed_next_order(state) != NULL;
		status->unsettled += inbox_settles_at(state->inbox) != INT64_MAX ||
		                     state->is_asked || inbox_is_scanning(state->inbox);
		trouble_status(&state->running, status);
		trouble_status(&state->scanning, status);
	}
}

void feeds_log_waiting(struct feeds *feeds)
{
	for (size_t i = 0; i < feeds->count; i++) {
		int directory;
		struct error error =
		    spool_open_inbox(feeds->spool, &feeds->states[i].lane, &directory);
		if (is_error(&error))
			continue; /* it has been told */
		inbox_log_waiting(feeds->states[i].inbox, directory);
		close(directory);
	}
}
