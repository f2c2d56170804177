/*
 * archive: where inputs of runs that have been done lie.
 */
#include "run_state.h"

#include "enrold/disk.h"
#include "enrold/naming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* archive/YYYY/MM/DD of the run's id. One that is there may have been made by a process that was
 * killed before it had flushed it. */
struct error archive_open(struct run *run, const char *id, int *day)
{
	const struct spool *spool = run->runner->shared->spool;
	bool is_known = strncmp(run->runner->day, id, 8) == 0;
	char path[16];
	snprintf(path, sizeof path, "%.4s", id);
	struct error error = disk_open_directory(spool->archive, path, MODE_SHARED, day);
	if (!is_error(&error) && !is_known)
		error = disk_sync(spool->archive, ".");
	for (const char *part = id + 4; part < id + 8 && !is_error(&error); part += 2) {
		int above = *day;
		snprintf(path, sizeof path, "%.2s", part);
		error = disk_open_directory(above, path, MODE_SHARED, day);
		if (!is_error(&error) && !is_known)
			error = disk_sync(above, ".");
		close(above);
	}
	if (!is_error(&error))
		snprintf(run->runner->day, sizeof run->runner->day, "%.8s", id);
	return error;
}

/* ---- the input of another run ---- */

static int source_find(const struct run *run, const struct ledger_run *of)
{
	static const enum spool_folder folders[] = {SPOOL_HELD, SPOOL_ARCHIVE};
	char name[FILE_NAME_SIZE], folder[SPOOL_PATH_SIZE], path[FILE_NAME_SIZE + SPOOL_PATH_SIZE];
	const struct naming naming = {of->name.bytes, of->run.bytes, "", .is_input = true};
	int root = run->runner->shared->spool->root, file = -1;
	for (size_t i = 0; i < sizeof folders / sizeof *folders && file < 0; i++) {
		spool_folder(folders[i], slice_of(run->lane.feed), of->run.bytes, folder);
		naming_find(root, folder, &naming, name);
		snprintf(path, sizeof path, "%s/%s", folder, name);
		file = openat(root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	}
	return file;
}

struct error archive_hash(const struct run *run, int file, char sha256[HASH_TEXT_SIZE + 1])
{
	struct runner *runner = run->runner;
	struct hash *hash = hash_create();
	ssize_t size = 0;
	if (!hash)
		return error_memory("reading the file again");
	while ((size = read(file, runner->chunk, RUN_CHUNK)) > 0 || (size < 0 && errno == EINTR))
		if (size > 0) {
			hash_add(hash, runner->chunk, (size_t)size);
			atomic_fetch_add(runner->shared->progress, 1);
		}
	struct error error = size < 0 || lseek(file, 0, SEEK_SET) < 0
	                         ? error_errno("cannot read the file again")
	                         : OK;
	hash_finish(hash, sha256);
	hash_free(hash);
	return error;
}

static bool is_it(const struct ledger_run *of, bool is_dropped, const char *sha256)
{
	return is_dropped ? slice_is(of->sha256, slice_of(sha256))
	                  : ledger_is_input(of, slice_of(sha256));
}

struct error archive_open_input(
    const struct run *run, const struct ledger_run *of, bool is_dropped, int *file)
{
	char sha256[HASH_TEXT_SIZE + 1] = "";
	*file = source_find(run, of);
	if (*file < 0 && errno != ENOENT)
		return error_errno("cannot open the input of run %.*s", SLICE_ARG(of->run));
	struct error error = *file < 0 ? OK : archive_hash(run, *file, sha256);
	if (is_error(&error) || is_it(of, is_dropped, sha256))
		return error;
	bool is_gone = *file < 0;
	if (!is_gone)
		close(*file);
	*file = -1;
	/* As after the database was put back to before its plan was decided upon. */
	bool is_cut = !is_gone && ledger_is_input(of, slice_of(sha256));
	return error_reject(is_gone ? "input_missing" : "input_altered", 0,
	    "the input of run %.*s, %.*s, %s: nothing can be made of it any more",
	    SLICE_ARG(of->run), SLICE_ARG(of->name),
	    is_cut                      ? "is archived without its passwords, which are needed"
	    : !is_gone                  ? "is not what it was"
	    : of->input_pruned.size > 0 ? "was kept long enough, and has been pruned"
	                                : "is neither in held/ nor in archive/");
}
