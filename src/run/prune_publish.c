/*
 * prune_publish: the files that a list names are removed, and the day's folder that is empty now.
 * Should somebody be killed in the middle, all of it is done again: the list leaves work/ only when
 * the folders are durable.
 */
#include "prune_list.h"

#include "enrold/answer_index.h"
#include "enrold/disk.h"
#include "enrold/log.h"
#include "enrold/packed.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

/* The rows of a run lie in several: one of each is open. */
enum { FOLDERS = 4 };

struct folder {
	char path[PRUNE_PLACE_SIZE]; /* "": none was opened */
	int file;                    /* -1: it is gone */
};

struct removing {
	struct run *run;
	int root, index;
	struct folder folders[FOLDERS];
	size_t files, left;
	uint64_t bytes;
	char
	    first[sizeof((struct error *)NULL)->text]; /* why the first of those that are left is */
};

/* Somebody has made it immutable, say, or the disk is broken there: no reason for the feed to wait.
 * It is there as the ledger has it, so that the next list has it once more. */
static struct error leave(struct removing *removing, struct error error)
{
	if (!error.is_narrow)
		return error;
	if (removing->left++ == 0)
		snprintf(removing->first, sizeof removing->first, "%s", error.text);
	return OK;
}

/* ---- folders ---- */

/* "archive/2026/11/27": runs that end late lie in the last days' folders. */
static bool is_over(const struct removing *removing, const char *path)
{
	static const char form[] = "archive/2026/11/27";
	int64_t run_us = 0;
	char id[RUN_ID_SIZE + 1], day[9];
	if (strlen(path) != sizeof form - 1 || strncmp(path, form, 8) != 0 ||
	    !run_id_parse(removing->run->id, &run_us))
		return false;
	run_id_format(run_us - INT64_C(86400) * 2 * 1000000, id);
	snprintf(day, sizeof day, "%.4s%.2s%.2s", path + 8, path + 13, path + 16);
	return strncmp(day, id, 8) < 0;
}

/* And those above it. */
static void folder_drop(const struct removing *removing, const char *folder)
{
	char path[PRUNE_PLACE_SIZE];
	if (!is_over(removing, folder))
		return;
	snprintf(path, sizeof path, "%s", folder);
	while (strchr(path, '/') && unlinkat(removing->root, path, AT_REMOVEDIR) == 0) {
		*strrchr(path, '/') = '\0';
		struct error ignored = disk_sync(removing->root, path);
		(void)ignored; /* an empty folder that comes back does no harm */
	}
}

static struct error folder_close(const struct removing *removing, struct folder *folder)
{
	struct error error = OK;
	if (folder->file >= 0 && fsync(folder->file) < 0)
		error = error_errno("cannot flush %s", folder->path);
	if (folder->file >= 0)
		close(folder->file);
	if (!is_error(&error) && folder->file >= 0)
		folder_drop(removing, folder->path);
	*folder = (struct folder){.file = -1};
	return error;
}

/* One for each word that a place can begin with. */
static struct folder *slot_of(struct removing *removing, const char *path)
{
	switch (*path) {
	case 'a': return &removing->folders[0];
	case 'o': return &removing->folders[1];
	case 'q': return &removing->folders[2];
	default: return &removing->folders[3];
	}
}

static struct error folder_open(
    struct removing *removing, const char *path, const struct folder **found)
{
	struct folder *folder = slot_of(removing, path);
	*found = folder;
	if (strcmp(folder->path, path) == 0)
		return OK;
	struct error error = folder_close(removing, folder);
	if (is_error(&error))
		return error;
	folder->file =
	    openat(removing->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder->file < 0 && errno != ENOENT)
		error = leave(removing, error_errno("cannot open %s", path));
	if (!is_error(&error))
		snprintf(folder->path, sizeof folder->path, "%s", path);
	return error;
}

/* ---- files ---- */

static struct error name_drop(struct removing *removing, const struct folder *folder,
    const char *name, const struct prune_row *row)
{
	if (unlinkat(folder->file, name, 0) < 0)
		return errno == ENOENT ? OK
		                       : leave(removing, error_errno("cannot remove %s/%s",
		                                             folder->path, name));
	removing->files++;
	removing->bytes += row->bytes;
	return OK;
}

/* An answer may have been packed since it was listed; what was encrypted of it goes with it, and
 * first: by itself nothing would name it any more. */
static struct error answer_drop(struct removing *removing, const struct folder *folder,
    const char *name, const struct prune_row *row)
{
	static const char *const suffixes[] = {ARTEFACT_SEALED, "", PACKED_SUFFIX};
	char other[PRUNE_PLACE_SIZE + sizeof PACKED_SUFFIX];
	size_t length = strlen(name), end = strlen(PACKED_SUFFIX);
	struct error error = OK;
	if (length > end && strcmp(name + length - end, PACKED_SUFFIX) == 0)
		length -= end;
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && !is_error(&error); i++) {
		snprintf(other, sizeof other, "%.*s%s", (int)length, name, suffixes[i]);
		error = name_drop(removing, folder, other, row);
	}
	return error;
}

static bool is_answer(const struct prune_row *row)
{
	return strncmp(row->place, "outbox/", 7) == 0;
}

static struct error on_row(void *context, const struct prune_row *row)
{
	struct removing *removing = context;
	const struct folder *folder;
	char path[PRUNE_PLACE_SIZE];
	if (row->kind == PRUNE_HELD)
		return passwords_settle(removing->run, slice_of(row->run));
	snprintf(path, sizeof path, "%s", row->place);
	char *name = strrchr(path, '/');
	if (!name)
		return OK;
	*name++ = '\0';
	if (row->kind == PRUNE_RESULT && removing->index >= 0)
		answer_index_remove(removing->index, row->run);
	atomic_fetch_add(removing->run->runner->shared->progress, 1);
	struct error error = folder_open(removing, path, &folder);
	if (is_error(&error) || folder->file < 0)
		return error;
	return is_answer(row) ? answer_drop(removing, folder, name, row)
	                      : name_drop(removing, folder, name, row);
}

static struct error folders_close(struct removing *removing)
{
	struct error error = OK;
	for (size_t i = 0; i < FOLDERS; i++) {
		struct error closed = folder_close(removing, &removing->folders[i]);
		error = is_error(&error) ? error : closed;
	}
	return error;
}

static void removed_log(const struct removing *removing)
{
	const struct run *run = removing->run;
	log_event(LOG_INFO, "pruned",
	    json_pack("{s:s, s:s, s:I, s:I}", "run", run->id, "feed", run->lane.feed, "files",
	        (json_int_t)removing->files, "bytes", (json_int_t)removing->bytes),
	    "what was kept long enough has gone: %zu file%s, %llu byte%s; %s in archive/ lists %s",
	    removing->files, removing->files == 1 ? "" : "s", (unsigned long long)removing->bytes,
	    removing->bytes == 1 ? "" : "s", run->name, removing->files == 1 ? "it" : "them");
	if (removing->left > 0)
		log_event(LOG_WARNING, "prune_left",
		    json_pack("{s:s, s:s, s:I}", "run", run->id, "feed", run->lane.feed, "left",
		        (json_int_t)removing->left),
		    "%s; of what was to go, %zu %s left: the next list has %s again",
		    removing->first, removing->left, removing->left == 1 ? "is" : "are",
		    removing->left == 1 ? "it" : "them");
}

/* What is no list any more, or has left, has been carried out. */
struct error prune_publish(struct run *run)
{
	const struct spool *spool = run->runner->shared->spool;
	struct removing removing = {.run = run, .root = spool->root, .index = -1};
	int file = prune_list_open(run);
	if (file < 0)
		return errno == ENOENT ? OK : error_errno("cannot open the list of what goes");
	for (size_t i = 0; i < FOLDERS; i++)
		removing.folders[i].file = -1;
	struct error error = spool_open_index(spool, &removing.index);
	if (!is_error(&error))
		error = prune_read(file, on_row, &removing);
	struct error closed = folders_close(&removing);
	error = is_error(&error) ? error : closed;
	if (!is_error(&error) && removing.index >= 0 && fsync(removing.index) < 0)
		error = error_errno("cannot flush index/");
	if (removing.index >= 0)
		close(removing.index);
	close(file);
	if (!is_error(&error))
		removed_log(&removing);
	return error;
}
