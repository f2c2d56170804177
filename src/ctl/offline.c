#include "offline.h"
#include "owner.h"

#include "enrold/absences.h"
#include "enrold/arrivals.h"
#include "enrold/checkpoints.h"
#include "enrold/disk.h"
#include "enrold/lms.h"
#include "enrold/log.h"
#include "enrold/names.h"
#include "enrold/notice.h"
#include "enrold/orders.h"
#include "enrold/run.h"
#include "enrold/secret.h"
#include "enrold/sidecar_kind.h"
#include "enrold/spool.h"
#include "enrold/status_part.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

struct look {
	const struct config *config;
	struct spool spool; /* only root and orders are open */
	struct orders orders;
	struct held_plans plans;
	struct arrival *arrived; /* by the ledger, as far as it can be asked */
	size_t arrived_count;
	struct absence_standing *absent; /* the same */
	size_t absent_count;
	json_t *needs;
};

/* ---- the database ---- */

/* A ledger that no daemon has brought up to date yet knows nothing of it. */
static void absences_find(struct look *look, struct lms *lms, const struct arrivals *arrivals)
{
	struct absences *absences = absences_create();
	struct error error =
	    absences ? absences_look(absences, lms, look->config, arrivals, (int64_t)time(NULL))
	             : error_memory("looking at who is absent");
	if (!is_error(&error))
		error = absences_list(absences, &look->absent, &look->absent_count);
	absences_free(absences);
}

static struct error arrivals_find(struct look *look, struct lms *lms)
{
	struct arrivals *arrivals = arrivals_create();
	struct error error = arrivals ? arrivals_look(arrivals, lms_db(lms), (int64_t)time(NULL))
	                              : error_memory("reading the ledger");
	if (!is_error(&error))
		error = arrivals_list(arrivals, &look->arrived, &look->arrived_count);
	if (!is_error(&error))
		absences_find(look, lms, arrivals);
	arrivals_free(arrivals);
	return error;
}

static json_t *database_make(struct look *look)
{
	const struct lms_options *options = &look->config->lms;
	struct buffer url = {0};
	struct lms *lms = NULL;
	struct error error = lms_open(options, &lms);
	if (!is_error(&error))
		error = arrivals_find(look, lms);
	lms_close(lms);
	secret_show_url(options->url, &url);
	buffer_add_char(&url, '\0');
	json_t *database = json_pack("{s:s#, s:s, s:b, s:o, s:n}", "engine", options->url,
	    (int)strcspn(options->url, ":"), "url", url.failed ? "" : url.bytes, "up",
	    !is_error(&error), "why", log_text(error.text), "since");
	buffer_done(&url);
	if (is_error(&error))
		status_need(look->needs, NULL, "critical", error.text,
		    "see to the database: no daemon can start without it");
	return database;
}

/* ---- the feeds ---- */

static int lane_open(const struct look *look, const struct lane *lane)
{
	char path[SPOOL_PATH_SIZE];
	spool_inbox(path, lane);
	return openat(look->spool.root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* What lies in the inboxes of one feed. */
struct waiting {
	const struct policy *policy;
	size_t files, incomplete;
	int64_t oldest_s;
	char oldest[FILE_NAME_SIZE];
	char missing[FILE_NAME_SIZE + 64]; /* beside one of them; "": nothing is */
	int64_t missing_s;
};

static bool is_missing(struct waiting *waiting, int directory, const char *name, const char *end)
{
	char beside[FILE_NAME_SIZE + 64];
	snprintf(beside, sizeof beside, "%s%s", name, end);
	if (disk_has(directory, beside))
		return false;
	memcpy(waiting->missing, beside, sizeof beside);
	return true;
}

static bool is_incomplete(struct waiting *waiting, int directory, const char *name)
{
	const struct policy *policy = waiting->policy;
	bool is = policy->marker && is_missing(waiting, directory, name, policy->marker);
	for (enum sidecar_kind kind = 0; kind < SIDECAR_KINDS && !is; kind++)
		is = policy_requires(policy, kind) &&
		     is_missing(waiting, directory, name, sidecar_ending(kind));
	return is;
}

static void file_count(struct waiting *waiting, int directory, const char *name)
{
	struct stat stat;
	const char *marker = waiting->policy->marker;
	size_t length = strlen(name), tail = marker ? strlen(marker) : 0;
	bool is_marker = tail > 0 && length > tail && strcmp(name + length - tail, marker) == 0;
	if (name_classify(name) != NAME_INPUT || is_marker ||
	    fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(stat.st_mode))
		return;
	waiting->files++;
	if (is_incomplete(waiting, directory, name)) {
		waiting->incomplete++;
		waiting->missing_s = stat.st_ctim.tv_sec;
	}
	if (stat.st_ctim.tv_sec >= waiting->oldest_s)
		return;
	waiting->oldest_s = stat.st_ctim.tv_sec;
	snprintf(waiting->oldest, sizeof waiting->oldest, "%s", name);
}

static void lane_count(const struct look *look, const struct lane *lane, struct waiting *waiting)
{
	const struct dirent *entry;
	int directory = lane_open(look, lane);
	DIR *listing = directory < 0 ? NULL : disk_list(directory);
	while (listing && (entry = readdir(listing)))
		file_count(waiting, directory, entry->d_name);
	if (listing)
		closedir(listing);
	if (directory >= 0)
		close(directory);
}

static json_t *waiting_make(const struct look *look, const struct feed *feed, const char **state)
{
	struct waiting waiting = {.policy = &feed->policy, .oldest_s = INT64_MAX};
	for (int preview = 0; preview < 2; preview++) {
		struct lane lane = {.is_preview = preview};
		snprintf(lane.feed, sizeof lane.feed, "%s", feed->name);
		lane_count(look, &lane, &waiting);
	}
	bool all_wait = waiting.files > 0 && waiting.files == waiting.incomplete;
	*state = all_wait ? "waits" : waiting.files > 0 ? "queued" : "idle";
	return json_pack("{s:I, s:I, s:o, s:o}", "files", (json_int_t)waiting.files, "incomplete",
	    (json_int_t)waiting.incomplete, "oldest", status_file(waiting.oldest, waiting.oldest_s),
	    "for", status_file(waiting.missing, waiting.missing_s));
}

/* The file and feed of a run in work/ of whichever daemon; false: there is no such run. */
static bool run_find(
    const struct look *look, const char *run, struct lane *lane, char file[FILE_NAME_SIZE])
{
	bool is_found = false;
	const struct dirent *node;
	int work = openat(look->spool.root, "work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *nodes = work < 0 ? NULL : disk_list(work);
	while (nodes && !is_found && (node = readdir(nodes))) {
		struct spool spool = SPOOL_CLOSED;
		spool.work =
		    openat(work, node->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		is_found = node->d_name[0] != '.' && spool.work >= 0 && disk_has(spool.work, run);
		if (is_found)
			run_find_lane(&spool, run, lane, file);
		if (spool.work >= 0)
			close(spool.work);
	}
	if (nodes)
		closedir(nodes);
	if (work >= 0)
		close(work);
	return is_found;
}

static json_t *stopped_make(struct look *look, const char *feed)
{
	json_t *list = json_array();
	for (size_t i = 0; i < look->orders.count; i++) {
		struct lane lane;
		char file[FILE_NAME_SIZE];
		const struct order *order = &look->orders.items[i];
		if (order->kind == ORDER_STOP && run_find(look, order->subject, &lane, file) &&
		    strcmp(lane.feed, feed) == 0)
			json_array_append_new(
			    list, status_stopped(feed, order->subject, file, order, look->needs));
	}
	return list;
}

static json_t *accepted_make(const struct look *look, const char *feed)
{
	const struct arrival *arrival = arrival_find(look->arrived, look->arrived_count, feed);
	if (!arrival || !*arrival->run)
		return json_null();
	return json_pack("{s:s, s:o, s:I, s:o}", "run", arrival->run, "file",
	    log_text(arrival->file), "rows", (json_int_t)arrival->rows, "finished",
	    status_time(arrival->accepted_s));
}

/* As the daemon tells it: with nothing else to do, or where files wait until that is said. */
static void held_mark(const struct look *look, const struct feed *feed, json_t *made)
{
	const struct held_plan *first;
	const char *state = json_string_value(json_object_get(made, "state"));
	bool is_at_rest =
	    strcmp(state, "idle") == 0 || (strcmp(state, "queued") == 0 && feed->policy.review);
	if (status_plans_count(feed->name, &look->plans, &first) == 0 || !is_at_rest)
		return;
	json_object_set_new(made, "state", json_string("held"));
	json_object_set_new(made, "why", log_text(first->reason));
	json_object_set_new(made, "since", status_time(first->since_s));
}

static json_t *feed_make(struct look *look, const struct feed *feed)
{
	const char *state;
	const char *name = feed->name;
	const struct order *pause = orders_find(&look->orders, ORDER_PAUSE, name);
	json_t *waiting = waiting_make(look, feed, &state);
	json_t *stopped = stopped_make(look, name);
	if (pause)
		state = "paused";
	if (json_array_size(stopped) > 0)
		state = "stopped";
	json_t *made =
	    json_pack("{s:s, s:s, s:s, s:n, s:s, s:[], s:o, s:o}", "feed", name, "state", state,
	        "why", "", "since", "node", "", "running", "waiting", waiting, "stopped", stopped);
	held_mark(look, feed, made);
	json_object_set_new(
	    made, "plans", status_plans(name, &look->plans, &look->orders, look->needs));
	json_object_set_new(made, "paused", status_order(pause));
	json_object_set_new(made, "accepted", accepted_make(look, name));
	json_object_set_new(made, "absence",
	    status_absence(absence_standing_find(look->absent, look->absent_count, name),
	        &look->plans, look->needs));
	return made;
}

static json_t *feeds_make(struct look *look)
{
	json_t *feeds = json_array();
	for (size_t i = 0; i < look->config->feeds_count; i++)
		json_array_append_new(feeds, feed_make(look, &look->config->feeds[i]));
	return feeds;
}

/* ---- the disk ---- */

static json_int_t files_count(const struct look *look, const char *place)
{
	int directory =
	    openat(look->spool.root, place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	size_t count = directory < 0 ? 0 : spool_count_files(directory);
	if (directory >= 0)
		close(directory);
	return (json_int_t)count;
}

static json_t *disks_make(const struct look *look)
{
	struct statvfs status;
	if (look->spool.root < 0 || fstatvfs(look->spool.root, &status) < 0)
		return json_array();
	return json_pack("[{s:s, s:I, s:I}]", "of", "spool", "free_bytes",
	    (json_int_t)status.f_bavail * (json_int_t)status.f_frsize, "size_bytes",
	    (json_int_t)status.f_blocks * (json_int_t)status.f_frsize);
}

/* ---- checkpoints ---- */

static json_t *checkpoints_make(const struct look *look)
{
	uint64_t number = 0;
	int64_t made_s = 0;
	if (!look->config->checkpoints.key)
		return json_null();
	int outbox =
	    openat(look->spool.root, "outbox", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct error error = outbox < 0 ? OK : checkpoints_find_newest(outbox, &number, &made_s);
	if (outbox >= 0)
		close(outbox);
	if (is_error(&error))
		status_need(look->needs, NULL, "warning", error.text, "look at its permissions");
	return json_pack("{s:I, s:o, s:s, s:n, s:n, s:n}", "number", (json_int_t)number, "made",
	    number > 0 ? status_time(made_s) : json_null(), "origin",
	    look->config->checkpoints.origin, "failed", "given", "not_given");
}

/* ---- what people are told ---- */

static json_t *notices_make(const struct look *look)
{
	size_t count = 0;
	int64_t oldest_s = 0;
	struct error error =
	    look->spool.root < 0 ? OK : notice_count(look->spool.root, &count, &oldest_s);
	if (is_error(&error))
		status_need(look->needs, NULL, "warning", error.text, "look at its permissions");
	return status_notices(count, oldest_s, (int64_t)time(NULL), look->needs);
}

/* ---- the whole ---- */

static const char *state_find(struct look *look)
{
	if (spool_is_taken(look->config)) {
		status_need(look->needs, NULL, "critical",
		    "a daemon has the spool and does not answer: it is starting, or waits for the "
		    "database or the disk",
		    "see its log: journalctl -u enrold");
		return "not answering";
	}
	status_need(look->needs, NULL, "critical", "no daemon runs",
	    "systemctl start enrold; systemctl status enrold says why it ended");
	return "not running";
}

static json_t *status_make(struct look *look)
{
	const struct config *config = look->config;
	const char *state = state_find(look);
	json_t *status = json_pack("{s:s, s:s, s:s, s:n, s:s, s:n, s:o}", "enrold", ENROLD_VERSION,
	    "node", config->node, "spool", config->spool, "pid", "state", state, "since", "now",
	    status_time((int64_t)time(NULL)));
	json_object_set_new(status, "database", database_make(look));
	json_object_set_new(status, "nodes", json_array());
	json_object_set_new(status, "disks", disks_make(look));
	json_object_set_new(status, "checkpoints", checkpoints_make(look));
	json_object_set_new(status, "held_files", json_integer(files_count(look, "held")));
	json_object_set_new(
	    status, "quarantine_files", json_integer(files_count(look, "quarantine")));
	json_object_set_new(status, "notices", notices_make(look));
	json_object_set_new(status, "feeds", feeds_make(look));
	json_object_set_new(status, "needs", look->needs);
	return status;
}

/* As the spool's owner: what SQLite makes beside its file has to be the daemon's. */
json_t *offline_status(const struct config *config)
{
	struct look look = {.config = config, .spool = SPOOL_CLOSED, .needs = json_array()};
	struct error error = owner_become(config->spool);
	if (is_error(&error))
		status_need(look.needs, NULL, "warning", error.text, "run it as root");
	look.spool.root = open(config->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	look.spool.orders = look.spool.root < 0 ? -1
	                                        : openat(look.spool.root, "orders",
	                                              O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (look.spool.root < 0)
		status_need(look.needs, NULL, "critical", "the spool cannot be opened",
		    "it is made by the first start; else look at its permissions");
	else if (look.spool.orders >= 0)
		error = orders_load(look.spool.orders, &look.orders);
	if (look.spool.root >= 0)
		error = held_load(look.spool.root, NULL, &look.plans);
	json_t *status = status_make(&look);
	orders_free(&look.orders);
	held_free(&look.plans);
	free(look.arrived);
	free(look.absent);
	spool_close(&look.spool);
	return status;
}
