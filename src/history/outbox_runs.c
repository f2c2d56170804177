/*
 * outbox_runs: what the outbox alone tells of runs, when the database is away: their summaries. Who
 * reads answers may have taken some away, and others may lie there; nothing of it is more than a
 * hint, and the answer says where it comes from.
 */
#include "history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Ours are some KiB. */
enum { SUMMARY_MAX = 4 << 20 };

struct listed {
	struct outbox_run *runs;
	size_t count, room;
	bool has_failed;
};

static void add(struct listed *listed, const char *feed, const char *name)
{
	struct outbox_run run;
	if (!name_find_answer(name, ".summary.json", run.run))
		return;
	if (listed->count == listed->room) {
		size_t room = listed->room > 0 ? listed->room * 2 : 256;
		struct outbox_run *grown = reallocarray(listed->runs, room, sizeof *grown);
		if (!grown) {
			listed->has_failed = true;
			return;
		}
		listed->runs = grown;
		listed->room = room;
	}
	snprintf(run.feed, sizeof run.feed, "%s", feed);
	run.name = strdup(name);
	listed->has_failed |= !run.name;
	if (run.name)
		listed->runs[listed->count++] = run;
}

/* feed NULL: the outbox itself, which is that of the feed default and has the others' in it. */
static void list(struct listed *listed, int outbox, const char *feed)
{
	DIR *listing = disk_list(outbox);
	for (const struct dirent *entry; listing && (entry = readdir(listing));) {
		const char *name = entry->d_name;
		int below = -1;
		if (*name == '.' || (!feed && strcmp(name, "checkpoints") == 0))
			continue; /* no feed has that name */
		if (!feed && entry->d_type != DT_REG && strlen(name) <= FEED_NAME_MAX)
			below =
			    openat(outbox, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0) {
			list(listed, below, name);
			close(below);
		} else {
			add(listed, feed ? feed : "default", name);
		}
	}
	if (listing)
		closedir(listing);
}

static int by_run(const void *a, const void *b)
{
	const struct outbox_run *x = a, *y = b;
	return strcmp(x->run, y->run);
}

struct error outbox_list(struct history *history, struct outbox_run **runs, size_t *count)
{
	struct listed listed = {0};
	int outbox =
	    openat(history->root, "outbox", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (outbox < 0 && errno != ENOENT)
		return error_errno("cannot open the outbox");
	if (outbox >= 0) {
		list(&listed, outbox, NULL);
		close(outbox);
	}
	if (listed.count > 1)
		qsort(listed.runs, listed.count, sizeof *listed.runs, by_run);
	*runs = listed.runs;
	*count = listed.count;
	return listed.has_failed ? error_memory("listing the outbox") : OK;
}

void outbox_free(struct outbox_run *runs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(runs[i].name);
	free(runs);
}

/* ---- one summary ---- */

static struct slice text_of(const json_t *object, const char *name, struct arena *arena)
{
	const char *text = json_string_value(json_object_get(object, name));
	return arena_copy(arena, slice_of(text ? text : ""));
}

static void files_take(struct ledger_run *row, const json_t *files, struct arena *arena)
{
	size_t i;
	json_t *file;
	json_array_foreach(files, i, file)
	{
		const char *name = json_string_value(json_object_get(file, "name"));
		for (enum artefact a = 0; name && a < ARTEFACTS; a++) {
			size_t size = strlen(name), tail = strlen(artefact_kinds[a].suffix);
			if (size < tail ||
			    strcmp(name + size - tail, artefact_kinds[a].suffix) != 0)
				continue;
			row->sizes.of[a] =
			    (uint64_t)json_integer_value(json_object_get(file, "bytes"));
			row->hashes[a] = text_of(file, "sha256", arena);
		}
	}
}

static enum run_state state_of(const struct past_run *run, struct slice status)
{
	static const struct {
		struct slice name;
		enum run_state state;
	} ends[] = {{{SLICE_INIT("refused")}, RUN_REFUSED},
	    {{SLICE_INIT("discarded")}, RUN_DISCARDED}, {{SLICE_INIT("held")}, RUN_HELD}};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (slice_is(status, ends[i].name))
			return ends[i].state;
	return run->is_preview ? RUN_PREVIEWED : RUN_APPLIED;
}

static void summary_take(
    struct past_run *run, json_t *summary, const struct outbox_run *of, struct arena *arena)
{
	int64_t time = 0;
	const json_t *input = json_object_get(summary, "input");
	struct ledger_run *row = &run->row;
	run->summary = summary;
	run->is_preview = slice_is(text_of(summary, "mode", arena), SLICE("preview"));
	const json_t *codes = json_object_get(summary, "codes");
	run->has_renames =
	    json_object_get(codes, "account_renamed") || json_object_get(codes, "undone");
	(void)run_id_parse(of->run, &time);
	row->state = state_of(run, text_of(summary, "status", arena));
	row->run = arena_copy(arena, slice_of(of->run));
	row->feed = arena_copy(arena, slice_of(of->feed));
	row->name = text_of(input, "name", arena);
	row->node = text_of(summary, "node", arena);
	row->sha256 = text_of(input, "sha256", arena);
	row->bytes = (uint64_t)json_integer_value(json_object_get(input, "bytes"));
	const json_t *archived = json_object_get(input, "archived");
	row->archived_sha256 = text_of(archived, "sha256", arena);
	row->archived_bytes = (uint64_t)json_integer_value(json_object_get(archived, "bytes"));
	row->records = (uint64_t)json_integer_value(json_object_get(summary, "rows"));
	row->started_us = time;
	files_take(row, json_object_get(summary, "files"), arena);
}

static int summary_open(const struct history *history, const struct outbox_run *of)
{
	char path[PLACE_SIZE], folder[SPOOL_PATH_SIZE];
	spool_folder(SPOOL_OUTBOX, slice_of(of->feed), of->run, folder);
	snprintf(path, sizeof path, "%s/%s", folder, of->name);
	return openat(history->root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

struct error outbox_load(
    struct history *history, const struct outbox_run *of, struct arena *arena, struct past_run *run)
{
	struct stat stat;
	int file = summary_open(history, of);
	if (file < 0)
		return OK;
	bool is_ours =
	    fstat(file, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size <= SUMMARY_MAX;
	char *bytes = is_ours ? arena_alloc(arena, (size_t)stat.st_size + 1) : NULL;
	ssize_t size = bytes ? pread(file, bytes, (size_t)stat.st_size, 0) : -1;
	close(file);
	if (is_ours && !bytes)
		return error_memory("reading a summary");
	json_t *summary = size > 0 ? json_loadb(bytes, (size_t)size, 0, NULL) : NULL;
	const char *id = json_string_value(json_object_get(summary, "run"));
	if (id && strcmp(id, of->run) == 0)
		summary_take(run, summary, of, arena);
	else
		json_decref(summary);
	return arena_has_failed(arena) ? error_memory("reading a summary") : OK;
}
