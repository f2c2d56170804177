#include "offline.h"
#include "owner.h"

#include "enrold/disk.h"
#include "enrold/lms.h"
#include "enrold/names.h"
#include "enrold/orders.h"
#include "enrold/secret.h"
#include "enrold/spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

struct look {
	const struct config *config;
	struct spool spool; /* only root and orders are open */
	struct orders orders;
	json_t *needs;
};

static json_t *time_make(int64_t epoch_s)
{
	char text[40];
	struct tm tm;
	time_t at = (time_t)epoch_s;
	gmtime_r(&at, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static void need_add(
    struct look *look, const char *feed, const char *level, const char *what, const char *to_do)
{
	json_array_append_new(look->needs, json_pack("{s:s?, s:s, s:s, s:s}", "feed", feed, "level",
	                                       level, "what", what, "do", to_do));
}

/* ---- the database ---- */

static json_t *database_make(struct look *look)
{
	const struct lms_options *options = &look->config->lms;
	struct buffer url = {0};
	struct lms *lms = NULL;
	struct error error = lms_open(options, &lms);
	lms_close(lms);
	secret_show_url(options->url, &url);
	buffer_add_char(&url, '\0');
	json_t *database = json_pack("{s:s#, s:s, s:b, s:s, s:n}", "engine", options->url,
	    (int)strcspn(options->url, ":"), "url", url.failed ? "" : url.bytes, "up",
	    !is_error(&error), "why", error.text, "since");
	buffer_done(&url);
	if (is_error(&error))
		need_add(look, NULL, "critical", error.text,
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

static void lane_count(const struct look *look, const struct lane *lane, size_t *files,
    char oldest[FILE_NAME_SIZE], int64_t *oldest_s)
{
	struct stat stat;
	const struct dirent *entry;
	int directory = lane_open(look, lane);
	DIR *listing = directory < 0 ? NULL : disk_list(directory);
	while (listing && (entry = readdir(listing))) {
		if (name_classify(entry->d_name) != NAME_INPUT ||
		    fstatat(directory, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(stat.st_mode))
			continue;
		++*files;
		if (stat.st_ctim.tv_sec >= *oldest_s)
			continue;
		*oldest_s = stat.st_ctim.tv_sec;
		snprintf(oldest, FILE_NAME_SIZE, "%s", entry->d_name);
	}
	if (listing)
		closedir(listing);
	if (directory >= 0)
		close(directory);
}

static json_t *waiting_make(const struct look *look, const char *feed)
{
	size_t files = 0;
	int64_t oldest_s = INT64_MAX;
	char oldest[FILE_NAME_SIZE] = "";
	for (int preview = 0; preview < 2; preview++) {
		struct lane lane = {.is_preview = preview};
		snprintf(lane.feed, sizeof lane.feed, "%s", feed);
		lane_count(look, &lane, &files, oldest, &oldest_s);
	}
	json_t *oldest_of =
	    files == 0 ? json_null()
	               : json_pack("{s:s, s:o}", "file", oldest, "since", time_make(oldest_s));
	return json_pack("{s:I, s:i, s:i, s:o?, s:n}", "files", (json_int_t)files, "incomplete", 0,
	    "begun", 0, "oldest", oldest_of, "for");
}

static json_t *feed_make(struct look *look, const char *name)
{
	const struct order *pause = orders_find(&look->orders, ORDER_PAUSE, name);
	json_t *waiting = waiting_make(look, name);
	bool has_files = json_integer_value(json_object_get(waiting, "files")) > 0;
	const char *idle = has_files ? "queued" : "idle";
	json_t *feed = json_pack("{s:s, s:s, s:s, s:n, s:s, s:[], s:o, s:[]}", "feed", name,
	    "state", pause ? "paused" : idle, "why", "", "since", "node", "", "running", "waiting",
	    waiting, "stopped");
	json_object_set_new(feed, "paused",
	    pause ? json_pack("{s:s, s:s, s:o}", "by", pause->by, "why", pause->why, "since",
	                time_make(pause->at_s))
	          : json_null());
	return feed;
}

static json_t *feeds_make(struct look *look)
{
	json_t *feeds = json_array();
	for (size_t i = 0; i < look->config->feeds_count; i++)
		json_array_append_new(feeds, feed_make(look, look->config->feeds[i].name));
	return feeds;
}

/* ---- the disk ---- */

static size_t files_count(const struct look *look, const char *place)
{
	size_t count = 0;
	const struct dirent *entry;
	int directory =
	    openat(look->spool.root, place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *listing = directory < 0 ? NULL : disk_list(directory);
	while (listing && (entry = readdir(listing)))
		count += name_classify(entry->d_name) == NAME_INPUT &&
		         !strstr(entry->d_name, ".reason.txt");
	if (listing)
		closedir(listing);
	if (directory >= 0)
		close(directory);
	return count;
}

static json_t *disks_make(const struct look *look)
{
	struct statvfs status;
	if (look->spool.root < 0 || fstatvfs(look->spool.root, &status) < 0)
		return json_array();
	return json_pack("[{s:s, s:I, s:I}]", "of", "spool", "free_bytes",
	    (json_int_t)(status.f_bavail * status.f_frsize), "size_bytes",
	    (json_int_t)(status.f_blocks * status.f_frsize));
}

/* ---- the whole ---- */

static const char *state_find(struct look *look)
{
	if (spool_is_taken(look->config)) {
		need_add(look, NULL, "critical",
		    "a daemon has the spool and does not answer: it is starting, or waits for the "
		    "database or the disk",
		    "see its log: journalctl -u enrold");
		return "not answering";
	}
	need_add(look, NULL, "critical", "no daemon runs",
	    "systemctl start enrold; systemctl status enrold says why it ended");
	return "not running";
}

static json_t *status_make(struct look *look)
{
	const struct config *config = look->config;
	const char *state = state_find(look);
	json_t *status = json_pack("{s:s, s:s, s:s, s:n, s:s, s:n, s:o}", "enrold", ENROLD_VERSION,
	    "node", config->node, "spool", config->spool, "pid", "state", state, "since", "now",
	    time_make((int64_t)time(NULL)));
	json_object_set_new(status, "database", database_make(look));
	json_object_set_new(status, "nodes", json_array());
	json_object_set_new(status, "disks", disks_make(look));
	json_object_set_new(
	    status, "held_files", json_integer((json_int_t)files_count(look, "held")));
	json_object_set_new(
	    status, "quarantine_files", json_integer((json_int_t)files_count(look, "quarantine")));
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
		need_add(&look, NULL, "warning", error.text, "run it as root");
	look.spool.root = open(config->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	look.spool.orders = look.spool.root < 0 ? -1
	                                        : openat(look.spool.root, "orders",
	                                              O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (look.spool.root < 0)
		need_add(&look, NULL, "critical", "the spool cannot be opened",
		    "it is made by the first start; else look at its permissions");
	else if (look.spool.orders >= 0)
		error = orders_load(look.spool.orders, &look.orders);
	json_t *status = status_make(&look);
	orders_free(&look.orders);
	spool_close(&look.spool);
	return status;
}
