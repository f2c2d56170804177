#include "history.h"

#include "enrold/answer.h"
#include "enrold/naming.h"
#include "enrold/packed.h"

#include <fcntl.h>
#include <stdio.h>

static const struct {
	const char *name, *suffix, *working; /* working: below work/<node>/R; NULL: never there */
} files[PLACE_FILES] = {
    [PLACE_INPUT] = {"input", "", NULL},
    [PLACE_REASON] = {"reason", NAME_REASON, NULL},
    [PLACE_RESULT] = {"result", ".result.csv", "result.csv"},
    [PLACE_RETRY] = {"retry", ".retry.csv", "retry.csv"},
    [PLACE_PLAN] = {"plan", ".plan.csv", "plan.csv"},
    [PLACE_REPORT] = {"report", ".report.html", "report.html"},
    [PLACE_SUMMARY] = {"summary", ".summary.json", "summary.json"},
    [PLACE_CHORES] = {"aftercare", ".jsonl", ANSWER_CHORES},
};

const char *place_name(enum place_file file)
{
	return files[file].name;
}

struct slice place_pruned_by(const struct past_run *run, enum place_file file)
{
	bool is_input = file == PLACE_INPUT || file == PLACE_REASON;
	return is_input               ? run->row.input_pruned
	       : file == PLACE_CHORES ? SLICE("")
	                              : run->row.answer_pruned;
}

static bool look(const struct history *history, struct place *place)
{
	place->is_there =
	    fstatat(history->root, place->path, &place->stat, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(place->stat.st_mode);
	return place->is_there;
}

static bool may_be_packed(enum place_file file)
{
	return file == PLACE_RESULT || file == PLACE_RETRY || file == PLACE_PLAN;
}

static bool look_packed(const struct history *history, struct place *place)
{
	struct place packed = {.is_packed = true};
	int length = snprintf(packed.path, sizeof packed.path, "%s" PACKED_SUFFIX, place->path);
	if (length >= (int)sizeof packed.path || !look(history, &packed))
		return false;
	*place = packed;
	return true;
}

/* "hr/" of the feed hr, "" of the default's. */
static void feed_path(const struct past_run *run, char path[FEED_NAME_MAX + 2])
{
	bool is_default = slice_is(run->row.feed, SLICE("default"));
	snprintf(path, FEED_NAME_MAX + 2, "%.*s%s", is_default ? 0 : (int)run->row.feed.size,
	    run->row.feed.bytes, is_default ? "" : "/");
}

static enum spool_folder folder_of(const struct past_run *run, enum place_file file)
{
	if (may_be_packed(file) || file == PLACE_REPORT || file == PLACE_SUMMARY)
		return SPOOL_OUTBOX;
	bool is_put_aside = run->row.state == RUN_REFUSED || run->row.state == RUN_DISCARDED;
	return is_put_aside ? SPOOL_QUARANTINE : SPOOL_ARCHIVE;
}

static void path_make(const struct history *history, const struct past_run *run,
    enum spool_folder folder, enum place_file file, char path[PLACE_SIZE])
{
	char name[FILE_NAME_SIZE], in[SPOOL_PATH_SIZE], suffix[64];
	const struct naming of = {.input = run->row.name.bytes,
	    .run = run->row.run.bytes,
	    .suffix = suffix,
	    .is_input = file == PLACE_INPUT || file == PLACE_REASON};
	snprintf(suffix, sizeof suffix, "%s%s",
	    folder == SPOOL_OUTBOX && run->is_preview ? ".preview" : "", files[file].suffix);
	spool_folder(folder, run->row.feed, run->row.run.bytes, in);
	naming_find(history->root, in, &of, name);
	snprintf(path, PLACE_SIZE, "%s/%s", in, name);
}

static void final_path(const struct history *history, const struct past_run *run,
    enum place_file file, char path[PLACE_SIZE])
{
	if (file == PLACE_CHORES)
		snprintf(
		    path, PLACE_SIZE, "aftercare/%s%s", run->row.run.bytes, files[file].suffix);
	else
		path_make(history, run, folder_of(run, file), file, path);
}

static void working_path(const struct past_run *run, enum place_file file, char path[PLACE_SIZE])
{
	char feed[FEED_NAME_MAX + 2];
	feed_path(run, feed);
	if (files[file].working)
		snprintf(path, PLACE_SIZE, "work/%s/%s/%s", run->row.node.bytes, run->row.run.bytes,
		    files[file].working);
	else
		snprintf(path, PLACE_SIZE, "work/%s/%s/inbox/%s%s%s", run->row.node.bytes,
		    run->row.run.bytes, feed, run->is_preview ? "preview/" : "",
		    run->row.name.bytes);
}

/* What was held lies there until somebody has said what becomes of it. */
static bool held_find_input(
    const struct history *history, const struct past_run *run, struct place *place)
{
	path_make(history, run, SPOOL_HELD, PLACE_INPUT, place->path);
	if (look(history, place))
		return true;
	path_make(history, run, SPOOL_QUARANTINE, PLACE_INPUT, place->path);
	return look(history, place);
}

void place_find(const struct history *history, const struct past_run *run, enum place_file file,
    struct place *place)
{
	bool may_work = files[file].working || file == PLACE_INPUT;
	bool is_running = run->row.state == RUN_RUNNING;
	*place = (struct place){.is_there = false};
	if (run->row.state == RUN_HELD && file == PLACE_INPUT &&
	    held_find_input(history, run, place))
		return;
	if (!is_running || file == PLACE_REASON) {
		final_path(history, run, file, place->path);
		if (look(history, place) || (may_be_packed(file) && look_packed(history, place)) ||
		    !may_work)
			return;
	}
	struct place working = {.is_there = false};
	working_path(run, file, working.path);
	if (look(history, &working) || is_running)
		*place = working;
}

/* As it is called where it is not packed. */
static void plain_path(const struct place *place, char path[PLACE_SIZE])
{
	size_t size = strlen(place->path) - (place->is_packed ? strlen(PACKED_SUFFIX) : 0);
	snprintf(path, PLACE_SIZE, "%.*s", (int)size, place->path);
}

struct error place_open(
    const struct history *history, const struct place *place, uint64_t bytes_max, int *file)
{
	char path[PLACE_SIZE];
	plain_path(place, path);
	return packed_open(history->root, path, bytes_max, file);
}

struct error place_hash(const struct history *history, const struct place *place,
    uint64_t bytes_max, struct packed_found *found)
{
	char path[PLACE_SIZE];
	plain_path(place, path);
	return packed_hash(history->root, path, bytes_max, found);
}
