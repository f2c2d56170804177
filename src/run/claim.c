#include "run_state.h"

#include "enrold/disk.h"
#include "enrold/log.h"
#include "enrold/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define BOX "inbox"
#define LAST_RUN_PART ".head.part" /* 0.1.0 may have left one */

/* R/inbox and, as the lane says, what is below it: made one by one, removed the other way round. */
enum { BOXES_MAX = 3 };

static size_t boxes_of(const struct lane *lane, const char *names[BOXES_MAX])
{
	size_t count = 0;
	names[count++] = BOX;
	if (strcmp(lane->feed, "default") != 0)
		names[count++] = lane->feed;
	if (lane->is_preview)
		names[count++] = "preview";
	return count;
}

/* ---- into work/ ---- */

static struct error skip(struct run_report *report, const char *why)
{
	report->end = RUN_SKIPPED;
	return error_retry("%s", why);
}

static struct error vanished(struct run_report *report)
{
	report->end = RUN_VANISHED;
	return OK;
}

/* A file that cannot be opened stays where it is; too many open files are our own affair. */
static struct error open_refused(const char *name, struct run_report *report)
{
	switch (errno) {
	case ENOENT: return vanished(report);
	case ELOOP: return skip(report, "it is a symbolic link");
	case ENXIO:
	case ENODEV: return skip(report, "it is not a regular file");
	case EAGAIN: return skip(report, "another program holds a lease on it: end that");
	case EACCES:
	case EPERM: return skip(report, "enrold may not read it: give its user the right to");
	default: return error_own(error_errno("cannot open %s", name), OWNER_FILE);
	}
}

static struct error classify(int file, struct stat *stat, struct run_report *report)
{
	if (fstat(file, stat) < 0)
		return error_own(error_errno("cannot look at the file"), OWNER_FILE);
	if (!S_ISREG(stat->st_mode))
		return skip(report, "it is not a regular file");
	if (stat->st_nlink != 1)
		return skip(report, "it has another name too (a hard link): move it in instead");
	return OK;
}

static struct error box_make(struct run *run)
{
	const struct spool *spool = run->runner->shared->spool;
	const char *names[BOXES_MAX];
	size_t count = boxes_of(&run->lane, names);
	struct error error =
	    disk_open_directory(spool->work, run->id, MODE_PRIVATE, &run->directory);
	int above = run->directory;
	for (size_t i = 0; i < count && !is_error(&error); i++) {
		int below = -1;
		error = disk_open_directory(above, names[i], MODE_PRIVATE, &below);
		if (run->box >= 0)
			close(run->box);
		above = run->box = below;
	}
	return error;
}

/* Innermost first. */
static void room_drop(int work, char *path)
{
	unlinkat(work, path, AT_REMOVEDIR);
	for (char *slash; (slash = strrchr(path, '/'));) {
		*slash = '\0';
		unlinkat(work, path, AT_REMOVEDIR);
	}
}

/* "R/inbox/feed"; depth: of so many directories, R among them. */
static void room_print(
    const struct lane *lane, const char *id, size_t depth, char path[SPOOL_PATH_SIZE])
{
	const char *names[BOXES_MAX] = {NULL};
	boxes_of(lane, names);
	int used = snprintf(path, SPOOL_PATH_SIZE, "%s", id);
	for (size_t i = 0; i + 1 < depth; i++)
		used += snprintf(path + used, SPOOL_PATH_SIZE - (size_t)used, "/%s", names[i]);
}

struct error claim_make_room(
    const struct spool *spool, const struct lane *lane, const char *id, struct flush *flush)
{
	const char *names[BOXES_MAX];
	char path[SPOOL_PATH_SIZE];
	size_t depth = boxes_of(lane, names) + 1;
	for (size_t i = 1; i <= depth; i++) {
		room_print(lane, id, i, path);
		if (mkdirat(spool->work, path, MODE_PRIVATE) < 0) {
			struct error error = error_errno("cannot make work/%s", path);
			room_drop(spool->work, path);
			return error;
		}
		if (i < depth)
			flush_add(flush, spool->work, path);
	}
	return OK;
}

void claim_drop_room(const struct spool *spool, const struct lane *lane, const char *id)
{
	const char *names[BOXES_MAX];
	char path[SPOOL_PATH_SIZE];
	room_print(lane, id, boxes_of(lane, names) + 1, path);
	room_drop(spool->work, path);
}

/* The file may have been replaced between our look and our move. */
static bool is_same(const struct run *run, const char *name, const struct stat *seen)
{
	struct stat now;
	return fstatat(run->box, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	       now.st_dev == seen->st_dev && now.st_ino == seen->st_ino;
}

static struct error move_in(struct run *run, int inbox, const char *name, const struct stat *seen,
    struct run_report *report)
{
	/* The file is here already when a file server's answer was lost and the question
	 * repeated. */
	bool is_in = disk_claim(inbox, name, run->box) == 0;
	bool is_gone = !is_in && (errno == ENOENT || errno == ENOTDIR); /* a directory by now */
	if (!is_in && !is_gone)
		return error_own(error_errno("cannot claim %s", name), OWNER_FILE);
	if (!is_in && !is_same(run, name, seen))
		return vanished(report);
	if (is_same(run, name, seen)) {
		snprintf(run->name, sizeof run->name, "%s", name);
		return OK;
	}
	struct error error = disk_move(run->box, name, inbox, name, run->id);
	return is_error(&error) ? error : vanished(report);
}

/* What lay beside a file goes back when their file did not come. If they cannot, a later try of the
 * run returns them. */
static struct error claim_undo(struct run *run, int inbox)
{
	struct error error = sidecar_return(run, inbox);
	if (!is_error(&error))
		error = claim_close(run);
	if (is_error(&error))
		return error;
	close(run->directory);
	run->directory = -1;
	return OK;
}

static struct error take(struct run *run, int inbox, const char *name, struct run_report *report)
{
	int file = openat(inbox, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0)
		return open_refused(name, report);
	struct stat seen;
	struct error error = classify(file, &seen, report);
	close(file);
	if (is_error(&error))
		return error;
	error = sidecar_classify(inbox, name);
	if (is_error(&error)) {
		report->end = RUN_SKIPPED;
		return error;
	}
	bool is_whole = true;
	error = box_make(run);
	if (!is_error(&error))
		error = sidecar_claim(run, inbox, name, &is_whole);
	if (!is_error(&error))
		error = is_whole ? move_in(run, inbox, name, &seen, report) : vanished(report);
	if (*run->name || run->directory < 0)
		return error;
	struct error undone = claim_undo(run, inbox);
	return is_error(&undone) ? undone : error;
}

struct error claim_file(struct run *run, const char *name, struct run_report *report)
{
	int inbox;
	struct error error = spool_open_inbox(run->runner->shared->spool, &run->lane, &inbox);
	if (error.owner == OWNER_FOLDER)
		return vanished(report); /* the next scan says what is wrong with it */
	if (!is_error(&error)) {
		error = take(run, inbox, name, report);
		close(inbox);
	}
	return error;
}

/* ---- what work/ says ---- */

/* The only entry of a directory, "" when there is none. */
static struct error entry_find(int at, char name[FILE_NAME_SIZE], bool *is_directory)
{
	*name = '\0';
	DIR *listing = disk_list(at);
	if (!listing)
		return error_errno("cannot list a directory in work");
	const struct dirent *entry;
	while ((entry = readdir(listing)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    !disk_drop_placeholder(at, entry->d_name))
			snprintf(name, FILE_NAME_SIZE, "%s", entry->d_name);
	closedir(listing);
	struct stat stat;
	*is_directory =
	    *name && fstatat(at, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(stat.st_mode);
	return OK;
}

/* One step down, to a directory of the lane. */
static struct error box_enter(struct run *run, const char *name)
{
	struct stat own, stat;
	int below = openat(run->box, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	close(run->box);
	run->box = below;
	if (below < 0 || fstat(below, &stat) < 0 || fstat(run->directory, &own) < 0)
		return error_errno("cannot open %s in work/%s", name, run->id);
	if (stat.st_uid != own.st_uid)
		return error_retry("work/%s holds a directory %s of user %u, which enrold did not "
		                   "make: take it out",
		    run->id, name, (unsigned)stat.st_uid);
	if (strcmp(name, "preview") == 0)
		run->lane.is_preview = true;
	else
		snprintf(run->lane.feed, sizeof run->lane.feed, "%.*s", FEED_NAME_MAX, name);
	return OK;
}

struct error claim_open(struct run *run)
{
	char name[FILE_NAME_SIZE];
	bool is_directory = true;
	struct error error = OK;
	run->box = openat(run->directory, BOX, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (run->box < 0)
		return errno == ENOENT ? OK : error_errno("cannot open work/%s/" BOX, run->id);
	snprintf(run->lane.feed, sizeof run->lane.feed, "default");
	for (int depth = 0; depth < BOXES_MAX && is_directory && !is_error(&error); depth++) {
		error = entry_find(run->box, name, &is_directory);
		if (!is_error(&error) && is_directory)
			error = box_enter(run, name);
	}
	if (!is_error(&error) && !is_directory)
		memcpy(run->name, name, sizeof name);
	return error;
}

/* ---- out of work/ ---- */

static struct error remove_if_there(int at, const char *name, int flags)
{
	if (unlinkat(at, name, flags) < 0 && errno != ENOENT)
		return error_errno("cannot remove %s in work", name);
	return OK;
}

struct error claim_close(struct run *run)
{
	/* Attempts that came to nothing left these; what counts has been moved away. */
	static const char *const leftovers[] = {RUN_INPUT_PART, RUN_CUT, RUN_CUT_PART, RUN_CONTENT,
	    RUN_TURN, RUN_SIDECARS_PART, RUN_SUMMARY, RUN_ROWS, RUN_REASON, RUN_MENTIONS,
	    RUN_VERDICT, RUN_WEIGHED, RUN_NOTICE, RUN_DUE, RUN_MADE, RUN_ORDER, ANSWER_CHORES,
	    ANSWER_INDEX, LAST_RUN_PART, DISK_NAMELESS};
	const char *names[BOXES_MAX];
	char path[SPOOL_PATH_SIZE] = "";
	struct error error = OK;
	tries_end(run);
	for (enum artefact a = 0; a < ARTEFACTS && !is_error(&error); a++)
		error = remove_if_there(run->directory, artefact_kinds[a].name, 0);
	for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers && !is_error(&error); i++)
		error = remove_if_there(run->directory, leftovers[i], 0);
	for (size_t count = boxes_of(&run->lane, names); count > 0 && !is_error(&error); count--) {
		size_t used = 0;
		for (size_t i = 0; i < count; i++)
			used += (size_t)snprintf(
			    path + used, sizeof path - used, "%s%s", i > 0 ? "/" : "", names[i]);
		error = remove_if_there(run->directory, path, AT_REMOVEDIR);
	}
	if (!is_error(&error))
		error = remove_if_there(run->directory, RUN_SIDECARS, AT_REMOVEDIR);
	return is_error(&error)
	           ? error
	           : remove_if_there(run->runner->shared->spool->work, run->id, AT_REMOVEDIR);
}

/* The mark first: without it nobody may take the file for one that was dropped. */
struct error claim_make(struct run *run, const struct made_file *made)
{
	int file = -1;
	struct error error = box_make(run);
	if (!is_error(&error))
		error = disk_create(run->directory, made->mark, MODE_INPUT, made->mark_text);
	if (!is_error(&error))
		error = disk_sync(run->directory, ".");
	if (!is_error(&error))
		error = disk_create(run->box, made->name, MODE_INPUT, made->text);
	if (!is_error(&error) && made->from >= 0) {
		file = openat(run->box, made->name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
		error = file < 0 ? error_errno("cannot write %s in work", made->name)
		                 : disk_copy(made->from, file, run->runner->chunk, RUN_CHUNK);
	}
	if (file >= 0)
		close(file);
	snprintf(run->name, sizeof run->name, "%s", made->name);
	return error;
}

struct error claim_drop(struct run *run)
{
	struct error error = remove_if_there(run->directory, RUN_INPUT_PART, 0);
	if (!is_error(&error))
		error = remove_if_there(run->directory, RUN_INPUT, 0);
	if (!is_error(&error) && run->box >= 0 && *run->name)
		error = remove_if_there(run->box, run->name, 0);
	return is_error(&error) ? error : claim_close(run);
}

struct error claim_return(struct run *run)
{
	if (run_is_made(run))
		return claim_drop(run);
	struct error error = remove_if_there(run->directory, RUN_INPUT_PART, 0);
	if (!is_error(&error))
		error = remove_if_there(run->directory, RUN_INPUT, 0);
	if (is_error(&error))
		return error;
	if (run->box < 0)
		return claim_close(run); /* nothing has come into it yet, or all has left it */
	int inbox;
	/* The inbox itself may have been removed meanwhile; then this file makes it anew. */
	error = spool_make_inbox(run->runner->shared->spool, &run->lane, &inbox);
	if (is_error(&error))
		return error;
	/* A claim that was cut short may have brought only what lay beside the file. */
	if (*run->name)
		error = disk_move(run->box, run->name, inbox, run->name, run->id);
	if (!is_error(&error))
		error = sidecar_return(run, inbox);
	close(inbox);
	return is_error(&error) ? error : claim_close(run);
}

static bool is_untouched(const struct stat *original, const struct stat *copy)
{
	return original->st_size == copy->st_size &&
	       disk_time_ns(original->st_mtim) == disk_time_ns(copy->st_mtim);
}

/* All feeds' late writers share that folder: the run tells their files apart. */
static struct error hold(const struct run *run)
{
	char held[FILE_NAME_SIZE];
	name_make_input(held, run->name, run->id, "");
	struct error error =
	    disk_move(run->box, run->name, run->runner->shared->spool->late, held, run->id);
	if (!is_error(&error))
		log_event(LOG_WARNING, "file_held",
		    json_pack("{s:s, s:s, s:s*, s:o}", "run", run->id, "feed", run->lane.feed,
		        "mode", run->lane.is_preview ? "preview" : NULL, "file",
		        log_text(run->name)),
		    "%s was written to after it had been taken: the answer is of what it held "
		    "before; what it holds now is held/%s, look at it",
		    run->name, held);
	return error;
}

/*
 * A writer that still had the file open may have written after we took our copy. That is a second
 * file then, for a person to judge.
 */
struct error claim_swap_in_copy(struct run *run)
{
	struct stat original, copy;
	bool is_settled = fstatat(run->directory, RUN_INPUT, &copy, AT_SYMLINK_NOFOLLOW) < 0;
	if (is_settled)
		return errno == ENOENT ? OK : error_errno("cannot look at " RUN_INPUT);
	if (fstatat(run->box, run->name, &original, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !is_untouched(&original, &copy)) {
		struct error error = hold(run);
		if (is_error(&error))
			return error;
	}
	return renameat(run->directory, RUN_INPUT, run->box, run->name) < 0
	           ? error_errno("cannot put our copy in the place of %s", run->name)
	           : OK;
}
