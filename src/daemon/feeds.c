#include "feeds.h"

#include "inbox.h"
#include "space.h"

#include "enrold/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	DELAY_FIRST_MS = 100,
	DELAY_MAX_MS = 30000,
	DELAY_CHANGED_MS = 1000, /* somebody is writing to the file */
	DELAY_ELSEWHERE_MS = 1000,
	MINUTE_MS = 60000,
	LEFT_LINES_MAX = 100,
	FILE_TRIES = 6, /* some six seconds: then a fault of one file alone ends it */
	SCAN_SHARE = 4, /* scans asked for by events take at most a fifth of the time */
};

/* Logged once, however often it is tried again, each time after twice the delay. */
struct trouble {
	int64_t since; /* INT64_MAX: none */
	int64_t delay_ms;
	char text[400];
};

struct feed_state {
	struct feeds *all;
	struct lane lane;
	struct inbox *inbox;
	char (*runs)[RUN_ID_SIZE + 1]; /* to go on with, oldest first */
	size_t runs_count, runs_room;
	int64_t scan_at, scan_not_before;
	int64_t scan_took_ms; /* so far, of the one that is under way */
	bool is_asked;        /* for a scan, which has not come yet */
	int64_t retry_at;     /* nothing is begun before */
	struct trouble running, scanning;
	int64_t left_until_ms; /* since a minute before so many files ... */
	unsigned left_count;   /* ... were told to stay in the inbox */
	unsigned file_tries;   /* how often the next file failed for reasons of its own */
	bool is_busy;
	enum job_weight weight; /* of what it is busy with */
	bool is_unwatched;      /* which has been said */
};

struct feeds {
	const struct config *config;
	const struct spool *spool;
	uint64_t answered, refused;
	bool is_stale; /* what was opened at the start is no longer there */
	size_t next;   /* whose turn it is */
	size_t count;
	struct feed_state states[];
};

/* ---- what is told ---- */

static int64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static json_t *about(const char *run, const struct lane *lane, const char *file)
{
	json_t *fields = json_object();
	if (*run)
		json_object_set_new(fields, "run", json_string(run));
	json_object_set_new(fields, "feed", json_string(lane->feed));
	if (lane->is_preview)
		json_object_set_new(fields, "mode", json_string("preview"));
	if (*file)
		json_object_set_new(fields, "file", log_text(file));
	return fields;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void refusal_tell(const struct run_report *report, json_t *fields)
{
	json_object_set_new(fields, "code", json_string(report->code));
	json_object_set_new(fields, "reason", log_text(report->reason));
	log_event(LOG_WARNING, "run_refused", fields,
	    "%s was refused as a whole and lies in quarantine: %s", report->file,
	    *report->reason ? report->reason : "the reason is beside it");
}

/* Whoever looks for warnings wants to see a file of which no row was right. */
static bool all_failed(const struct tally *tally)
{
	return tally->rows > 0 && tally->rows_in_error == tally->rows;
}

static void log_answer(const struct run_report *report)
{
	static const char *const outcomes[OUTCOME_KINDS] = {
	    "done", "unchanged", "warning", "error", "skipped"};
	json_t *fields = about(report->run, &report->lane, report->file);
	json_object_set_new(fields, "rows", json_integer((json_int_t)report->tally.rows));
	json_object_set_new(
	    fields, "rows_in_error", json_integer((json_int_t)report->tally.rows_in_error));
	for (int i = 0; i < OUTCOME_KINDS; i++)
		json_object_set_new(
		    fields, outcomes[i], json_integer((json_int_t)report->tally.outcomes[i]));
	json_object_set_new(fields, "chain", json_string(report->chain));
	if (report->is_refused)
		refusal_tell(report, fields);
	else
		log_event(all_failed(&report->tally) ? LOG_WARNING : LOG_INFO, "run_done", fields,
		    "%s: %" PRIu64 " row%s, %" PRIu64 " of them with an error; %" PRIu64
		    " request%s %s",
		    report->file, report->tally.rows, plural(report->tally.rows),
		    report->tally.rows_in_error, report->tally.outcomes[OUTCOME_DONE],
		    plural(report->tally.outcomes[OUTCOME_DONE]),
		    report->lane.is_preview ? "would be done" : "done");
}

static void log_rest_skipped(struct feed_state *state)
{
	if (state->left_count > LEFT_LINES_MAX)
		log_event(LOG_WARNING, "files_left", about("", &state->lane, ""),
		    "%u more time%s a file stayed in the inbox", state->left_count - LEFT_LINES_MAX,
		    plural(state->left_count - LEFT_LINES_MAX));
	state->left_count = 0;
}

/*
 * A file that changes all the time would be logged each time: so many lines a minute are enough,
 * and then their number.
 */
static bool may_log_skipped(struct feed_state *state)
{
	int64_t now_ms = clock_ms();
	if (now_ms >= state->left_until_ms) {
		log_rest_skipped(state);
		state->left_until_ms = now_ms + MINUTE_MS;
	}
	return ++state->left_count <= LEFT_LINES_MAX;
}

static void on_skipped(void *context, const char *name, const char *why)
{
	struct feed_state *state = context;
	if (!may_log_skipped(state))
		return;
	log_event(LOG_WARNING, "file_left", about("", &state->lane, name),
	    "%s stays in the inbox: %s", name, why);
}

static void on_full(void *context)
{
	const struct feed_state *state = context;
	char path[SPOOL_PATH_SIZE];
	spool_inbox(path, &state->lane);
	log_event(LOG_WARNING, "inbox_full", about("", &state->lane, ""),
	    "%s holds too many entries: more than %d files, or than %d that cannot be taken as "
	    "they are; what lies beyond waits until some are gone: clear it",
	    path, INBOX_FILES_MAX, INBOX_LEFT_MAX);
}

static bool is_in_trouble(const struct trouble *trouble)
{
	return trouble->since != INT64_MAX;
}

/* True when it is new, or another one. */
static bool trouble_note(struct trouble *trouble, const struct error *error, int64_t now_ms)
{
	bool is_new = !is_in_trouble(trouble) || strcmp(trouble->text, error->text) != 0;
	if (!is_in_trouble(trouble))
		trouble->since = now_ms;
	snprintf(trouble->text, sizeof trouble->text, "%s", error->text);
	return is_new;
}

static int64_t trouble_delay(struct trouble *trouble)
{
	trouble->delay_ms = trouble->delay_ms ? trouble->delay_ms * 2 : DELAY_FIRST_MS;
	if (trouble->delay_ms > DELAY_MAX_MS)
		trouble->delay_ms = DELAY_MAX_MS;
	return trouble->delay_ms;
}

/* True when there was one. */
static bool trouble_end(struct trouble *trouble)
{
	bool is_over = is_in_trouble(trouble);
	trouble->since = INT64_MAX;
	trouble->delay_ms = 0;
	return is_over;
}

static void run_waits(struct feed_state *state, const struct run_report *report, int64_t now_ms)
{
	char space[SPACE_TEXT_SIZE];
	if (!trouble_note(&state->running, &report->error, now_ms))
		return;
	space_describe(state->all->config, &report->error, space);
	log_event(report->error.class == ERROR_CONFIG ? LOG_ERROR : LOG_WARNING, "run_waits",
	    about(report->run, &state->lane, report->file),
	    "%s%s; the file is kept and tried again", report->error.text, space);
}

static void run_goes_on(struct feed_state *state)
{
	if (trouble_end(&state->running))
		log_event(LOG_INFO, "run_goes_on", about("", &state->lane, ""),
		    "what feed %s waited for is over", state->lane.feed);
}

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
		state->inbox = inbox_create((struct inbox_rules){.settle_ms = config->settle_ms,
		    .marker = config->feeds[i / 2].policy.marker,
		    .classify_directory = directory_classify,
		    .on_skipped = on_skipped,
		    .on_full = on_full,
		    .context = state});
		if (!state->inbox) {
			feeds_free(feeds);
			return error_memory("starting");
		}
	}
	*result = feeds;
	return OK;
}

void feeds_inherit(struct feeds *feeds, const struct feeds *before)
{
	feeds->answered = before->answered;
	feeds->refused = before->refused;
}

void feeds_free(struct feeds *feeds)
{
	if (!feeds)
		return;
	for (size_t i = 0; i < feeds->count; i++) {
		log_rest_skipped(&feeds->states[i]);
		inbox_free(feeds->states[i].inbox);
		free(feeds->states[i].runs);
	}
	free(feeds);
}

static bool is_same_lane(const struct lane *a, const struct lane *b)
{
	return a->is_preview == b->is_preview && strcmp(a->feed, b->feed) == 0;
}

static struct feed_state *state_of_run(struct feeds *feeds, const struct lane *lane)
{
	static const struct lane usual = {.feed = "default"};
	struct feed_state *fallback = NULL;
	for (size_t i = 0; i < feeds->count; i++) {
		if (is_same_lane(&feeds->states[i].lane, lane))
			return &feeds->states[i];
		/* Its feed is no longer configured; somebody has to go on with it. */
		if (is_same_lane(&feeds->states[i].lane, &usual))
			fallback = &feeds->states[i];
	}
	return fallback;
}

static int by_run(const void *a, const void *b)
{
	return strcmp(a, b);
}

static struct error run_keep(struct feed_state *state, const char *run)
{
	if (state->runs_count == state->runs_room) {
		size_t room = state->runs_room * 2 + 4;
		void *runs = reallocarray(state->runs, room, sizeof *state->runs);
		if (!runs)
			return error_memory("remembering a run");
		state->runs = runs;
		state->runs_room = room;
	}
	snprintf(state->runs[state->runs_count++], sizeof *state->runs, "%s", run);
	qsort(state->runs, state->runs_count, sizeof *state->runs, by_run);
	return OK;
}

struct error feeds_add_run(struct feeds *feeds, const char *run, const char *which)
{
	struct lane lane;
	char file[FILE_NAME_SIZE];
	run_find_lane(feeds->spool, run, &lane, file);
	log_event(LOG_INFO, "run_recovered", about(run, &lane, file), "going on with %s, %s",
	    *file ? file : "a run", which);
	return run_keep(state_of_run(feeds, &lane), run);
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
		if (place >= feeds->count || is_in_trouble(&feeds->states[i].scanning))
			scan_ask(&feeds->states[i], now_ms);
}

static void watch_try(struct feed_state *state, struct watch *watch, size_t place, int directory)
{
	struct error error = watch ? watch_place(watch, place, directory) : OK;
	if (is_error(&error) && !state->is_unwatched)
		log_event(LOG_WARNING, "inbox_unwatched", about("", &state->lane, ""),
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
			log_event(LOG_WARNING, "feed_out_of_service", about("", &state->lane, ""),
			    "%s; %s out of service until that is mended", named.text, what);
	} else if (trouble_end(&state->scanning)) {
		log_event(LOG_INFO, "feed_in_service", about("", &state->lane, ""),
		    "feed %s: %s in service again", feed, what);
	}
}

static bool has_work(const struct feed_state *state)
{
	bool has_files = inbox_ready(state->inbox) > 0 && !is_in_trouble(&state->scanning);
	return state->runs_count > 0 || has_files;
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
static int64_t rescan_every_ms(const struct feeds *feeds)
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
	int64_t began = clock_ms();
	if (!inbox_is_scanning(state->inbox))
		state->is_asked = false; /* the next scan sees what is heard of meanwhile */
	struct error error = folders_open(state, &directory);
	if (!is_error(&error)) {
		watch_try(state, watch, index, directory);
		error = inbox_scan(state->inbox, directory, now_ms);
		close(directory);
	}
	state->scan_took_ms += clock_ms() - began;
	if (!is_error(&error) && inbox_is_scanning(state->inbox)) {
		state->scan_at = now_ms; /* others first */
		return;
	}
	feeds->is_stale |= error.is_stale;
	scan_tell(state, &error, now_ms);
	if (!is_error(&error) && !state->is_busy && !has_work(state))
		run_goes_on(
		    state); /* the owner of the file that we waited with has taken it back */
	int64_t settles_at = inbox_settles_at(state->inbox);
	int64_t rescan_at = now_ms + rescan_every_ms(feeds);
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
		struct error ignored = watch_place(watch, feeds->count, feeds->spool->root);
		(void)ignored;
	}
	for (size_t i = 0; i < feeds->count; i++)
		if (feeds->states[i].scan_at <= now_ms)
			scan(feeds, i, watch, now_ms);
}

/* ---- giving and taking back ---- */

static bool state_next(struct feed_state *state, struct job *job)
{
	job->is_last_try = state->file_tries >= FILE_TRIES;
	if (state->runs_count > 0) {
		memcpy(job->run, state->runs[0], sizeof job->run);
		state->runs_count--;
		memmove(state->runs, state->runs + 1, state->runs_count * sizeof *state->runs);
		return true;
	}
	const char *name = is_in_trouble(&state->scanning) ? NULL : inbox_next(state->inbox);
	if (name)
		snprintf(job->name, sizeof job->name, "%s", name);
	return name;
}

static enum job_weight state_weight(const struct feed_state *state)
{
	const struct feed *feed = config_find_feed(state->all->config, state->lane.feed);
	uint64_t size;
	if (state->runs_count == 0 && inbox_peek(state->inbox, &size) && size <= RUN_SHORT_BYTES)
		return JOB_SHORT;
	return state->lane.is_preview || (feed && feed->policy.atomic) ? JOB_WHOLE : JOB_YIELDING;
}

static bool is_ready(const struct feed_state *state, int64_t now_ms, enum job_weight heaviest)
{
	return !state->is_busy && state->retry_at <= now_ms && has_work(state) &&
	       state_weight(state) <= heaviest;
}

bool feeds_is_waiting(const struct feeds *feeds, int64_t now_ms, enum job_weight heaviest)
{
	for (size_t i = 0; i < feeds->count; i++)
		if (is_ready(&feeds->states[i], now_ms, heaviest))
			return true;
	return false;
}

/* With both its lanes the feed would hold all workers. */
static bool is_greedy(const struct feeds *feeds, size_t index)
{
	const struct feed_state *other = &feeds->states[index ^ 1];
	return feeds->config->workers <= 2 && other->is_busy && other->weight != JOB_SHORT &&
	       state_weight(&feeds->states[index]) != JOB_SHORT;
}

static bool next(struct feeds *feeds, int64_t now_ms, enum job_weight heaviest, bool may_be_greedy,
    struct job *job)
{
	for (size_t i = 0; i < feeds->count; i++) {
		size_t index = (feeds->next + i) % feeds->count;
		struct feed_state *state = &feeds->states[index];
		if (!is_ready(state, now_ms, heaviest))
			continue;
		if (!may_be_greedy && is_greedy(feeds, index))
			continue;
		*job = (struct job){
		    .place = index, .weight = state_weight(state), .lane = state->lane};
		if (!state_next(state, job))
			continue;
		state->is_busy = true;
		state->weight = job->weight;
		feeds->next = index + 1;
		return true;
	}
	return false;
}

bool feeds_next(struct feeds *feeds, int64_t now_ms, enum job_weight heaviest, struct job *job)
{
	return next(feeds, now_ms, heaviest, false, job) ||
	       next(feeds, now_ms, heaviest, true, job);
}

static void answered(struct feeds *feeds, struct feed_state *state, const struct run_report *report)
{
	state->file_tries = 0;
	run_goes_on(state);
	feeds->answered++;
	feeds->refused += report->is_refused;
	log_answer(report);
}

static void vanished(struct feed_state *state, const struct run_report *report, int64_t now_ms)
{
	state->file_tries = 0;
	run_goes_on(state);
	if (!*report->file)
		return; /* its owner has taken it back */
	log_event(LOG_INFO, "file_changed", about("", &report->lane, report->file),
	    "%s was written to while it was read, and went back to the inbox", report->file);
	state->retry_at = now_ms + DELAY_CHANGED_MS;
	state->scan_at = state->retry_at;
}

static void skipped(struct feed_state *state, const struct job *job, int64_t now_ms)
{
	int64_t until_ms = now_ms + state->all->config->rescan_ms;
	state->file_tries = 0;
	run_goes_on(state);
	if (inbox_leave(state->inbox, job->name, until_ms))
		on_skipped(state, job->name, job->report.error.text);
}

static void run_remember(struct feed_state *state, const struct run_report *report)
{
	struct error error = run_keep(state, report->run);
	if (is_error(&error))
		log_event(LOG_ERROR, "run_forgotten", about(report->run, &report->lane, ""),
		    "%s; the run stays in work/ until the next start", error.text);
}

static void postponed(struct feed_state *state, const struct job *job, int64_t now_ms)
{
	const struct run_report *report = &job->report;
	bool is_of_file = report->error.owner == OWNER_FILE;
	state->file_tries = is_of_file ? state->file_tries + 1 : 0;
	if (is_of_file && job->is_last_try && !*report->run) {
		skipped(state, job, now_ms); /* it has not even been claimed */
		return;
	}
	if (is_error(&report->error))
		run_waits(state, report, now_ms);
	state->retry_at = now_ms + trouble_delay(&state->running);
	state->scan_at = state->retry_at; /* what was not claimed is listed again */
	if (!*report->run)
		return;
	run_remember(state, report);
}

/* It goes on first in its feed, after the other feeds. */
static void yielded(struct feed_state *state, const struct run_report *report)
{
	state->file_tries = 0;
	run_goes_on(state);
	run_remember(state, report);
}

/* Looks again and again: the other daemon may be done with the feed, or dead. */
static void elsewhere(struct feed_state *state, const struct job *job, int64_t now_ms)
{
	state->retry_at = now_ms + DELAY_ELSEWHERE_MS;
	state->scan_at = state->retry_at;
	if (!*job->run)
		return;
	struct error error = run_keep(state, job->run);
	if (is_error(&error))
		log_event(LOG_ERROR, "run_forgotten", about(job->run, &state->lane, ""),
		    "%s; the run stays in work/ until the next start", error.text);
}

void feeds_done(struct feeds *feeds, const struct job *job, int64_t now_ms)
{
	struct feed_state *state = &feeds->states[job->place];
	const struct run_report *report = &job->report;
	state->is_busy = false;
	feeds->is_stale |= report->error.is_stale;
	switch (report->end) {
	case RUN_ANSWERED: answered(feeds, state, report); break;
	case RUN_VANISHED: vanished(state, report, now_ms); break;
	case RUN_SKIPPED: skipped(state, job, now_ms); break;
	case RUN_ELSEWHERE: elsewhere(state, job, now_ms); break;
	case RUN_YIELDED: yielded(state, report); break;
	case RUN_POSTPONED: postponed(state, job, now_ms); break;
	}
}

/* ---- asking ---- */

int64_t feeds_wake_at(const struct feeds *feeds, int64_t now_ms)
{
	int64_t at = INT64_MAX;
	for (size_t i = 0; i < feeds->count; i++) {
		const struct feed_state *state = &feeds->states[i];
		if (state->scan_at < at)
			at = state->scan_at;
		if (!state->is_busy && has_work(state) && state->retry_at > now_ms &&
		    state->retry_at < at)
			at = state->retry_at;
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
		status->ready += inbox_ready(state->inbox);
		status->runs += state->runs_count;
		status->busy += state->is_busy;
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
