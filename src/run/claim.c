#include "disk.h"
#include "parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BOX "inbox"

static bool is_default(const char *feed)
{
	return strcmp(feed, "default") == 0;
}

/* ---- into work/ ---- */

static struct error leave(struct run_report *report, const char *why)
{
	report->end = RUN_LEFT;
	return error_retry("%s", why);
}

static struct error gone(struct run_report *report)
{
	report->end = RUN_GONE;
	return OK;
}

/* What cannot be opened stays where it is; that we have too many files open is our own affair. */
static struct error open_refused(const char *name, struct run_report *report)
{
	switch (errno) {
	case ENOENT:
		return gone(report);
	case ELOOP:
		return leave(report, "it is a symbolic link");
	case ENXIO:
	case ENODEV:
		return leave(report, "it is not a regular file");
	case EACCES:
	case EPERM:
		return leave(report, "enrold may not read it: give its user the right to");
	default:
		return error_errno("cannot open %s", name);
	}
}

static struct error judge(int file, struct stat *stat, struct run_report *report)
{
	if (fstat(file, stat) < 0)
		return error_errno("cannot look at the file");
	if (!S_ISREG(stat->st_mode))
		return leave(report, "it is not a regular file");
	if (stat->st_nlink != 1)
		return leave(report, "it has another name too (a hard link): move it in instead");
	return OK;
}

/* R, R/inbox and, for a feed of its own, R/inbox/<feed>. */
static struct error box_make(struct run *run)
{
	const struct spool *spool = run->runner->shared->spool;
	struct error error =
	    disk_open_directory(spool->work, run->id, MODE_PRIVATE, &run->directory);
	if (!is_error(&error))
		error = disk_open_directory(run->directory, BOX, MODE_PRIVATE, &run->box);
	if (is_error(&error) || is_default(run->feed))
		return error;
	int parent = run->box;
	run->box = -1;
	error = disk_open_directory(parent, run->feed, MODE_PRIVATE, &run->box);
	close(parent);
	return error;
}

/* The file may have been replaced between our look and our move. */
static bool is_same(const struct run *run, const char *name, const struct stat *seen)
{
	struct stat now;
	return fstatat(run->box, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_dev == seen->st_dev && now.st_ino == seen->st_ino;
}

static struct error move_in(struct run *run, int inbox, const char *name,
    const struct stat *seen, struct run_report *report)
{
	if (renameat2(inbox, name, run->box, name, RENAME_NOREPLACE) < 0)
		return errno == ENOENT ? gone(report) : error_errno("cannot claim %s", name);
	if (is_same(run, name, seen)) {
		snprintf(run->name, sizeof run->name, "%s", name);
		return OK;
	}
	struct error error = disk_move(run->box, name, inbox, name);
	return is_error(&error) ? error : gone(report);
}

static struct error take(struct run *run, int inbox, const char *name, struct run_report *report)
{
	int file =
	    openat(inbox, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0)
		return open_refused(name, report);
	struct stat seen;
	struct error error = judge(file, &seen, report);
	close(file);
	if (is_error(&error))
		return error;
	error = box_make(run);
	if (!is_error(&error))
		error = move_in(run, inbox, name, &seen, report);
	if (!*run->name && run->directory >= 0) {
		/* At worst an empty directory stays in work/; the next start takes it away. */
		struct error ignored = claim_close(run);
		(void)ignored;
	}
	return error;
}

static int inbox_open(const struct run *run)
{
	char path[SPOOL_PATH_SIZE];
	spool_inbox(path, run->feed);
	return openat(run->runner->shared->spool->root, path,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

struct error claim_file(struct run *run, const char *name, struct run_report *report)
{
	int inbox = inbox_open(run);
	if (inbox < 0)
		return errno == ENOENT ? gone(report) : error_errno("cannot open the inbox");
	struct error error = take(run, inbox, name, report);
	close(inbox);
	return error;
}

/* ---- what work/ says ---- */

/* The only entry of a directory, "" when there is none. */
static struct error entry_find(int at, char name[FILE_NAME_SIZE], bool *is_directory)
{
	*name = '\0';
	int copy = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = copy < 0 ? NULL : fdopendir(copy);
	if (!listing)
		return error_errno("cannot list a directory in work");
	const struct dirent *entry;
	while ((entry = readdir(listing)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			snprintf(name, FILE_NAME_SIZE, "%s", entry->d_name);
	closedir(listing);
	struct stat stat;
	*is_directory = *name && fstatat(at, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(stat.st_mode);
	return OK;
}

struct error claim_open(struct run *run)
{
	char name[FILE_NAME_SIZE];
	bool is_directory;
	run->box = openat(run->directory, BOX, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (run->box < 0)
		return errno == ENOENT ? OK : error_errno("cannot open work/%s/" BOX, run->id);
	snprintf(run->feed, sizeof run->feed, "default");
	struct error error = entry_find(run->box, name, &is_directory);
	if (!is_error(&error) && is_directory && strlen(name) <= FEED_NAME_MAX) {
		memcpy(run->feed, name, strlen(name) + 1);
		int feed = openat(run->box, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(run->box);
		run->box = feed;
		error = feed < 0 ? error_errno("cannot open work/%s/" BOX "/%s", run->id, name)
		                 : entry_find(run->box, name, &is_directory);
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
	const struct spool *spool = run->runner->shared->spool;
	struct error error = OK;
	if (!is_default(run->feed)) {
		char path[SPOOL_PATH_SIZE];
		snprintf(path, sizeof path, BOX "/%s", run->feed);
		error = remove_if_there(run->directory, path, AT_REMOVEDIR);
	}
	if (!is_error(&error))
		error = remove_if_there(run->directory, BOX, AT_REMOVEDIR);
	if (!is_error(&error))
		error = remove_if_there(spool->work, run->id, AT_REMOVEDIR);
	return error;
}

struct error claim_return(struct run *run)
{
	struct error error = remove_if_there(run->directory, RUN_INPUT_PART, 0);
	if (!is_error(&error))
		error = remove_if_there(run->directory, RUN_INPUT, 0);
	if (is_error(&error))
		return error;
	char path[SPOOL_PATH_SIZE];
	spool_inbox(path, run->feed);
	int inbox;
	/* The inbox itself may have been removed meanwhile; then this file makes it anew. */
	error = disk_open_directory(run->runner->shared->spool->root, path, MODE_SHARED, &inbox);
	if (is_error(&error))
		return error;
	error = disk_move(run->box, run->name, inbox, run->name);
	close(inbox);
	return is_error(&error) ? error : claim_close(run);
}

static bool is_untouched(const struct stat *original, const struct stat *copy)
{
	return original->st_size == copy->st_size &&
	    disk_time_ns(original->st_mtim) == disk_time_ns(copy->st_mtim);
}

/*
 * A writer that still had the file open may have gone on writing into it after we took our copy.
 * Then what it wrote is a second file, and a person's to judge.
 */
struct error claim_settle(struct run *run)
{
	struct stat original, copy;
	if (fstatat(run->directory, RUN_INPUT, &copy, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? OK : error_errno("cannot look at " RUN_INPUT);
	if (fstatat(run->box, run->name, &original, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !is_untouched(&original, &copy)) {
		struct error error =
		    disk_move(run->box, run->name, run->runner->shared->spool->held, run->name);
		if (is_error(&error))
			return error;
	}
	if (renameat(run->directory, RUN_INPUT, run->box, run->name) < 0)
		return error_errno("cannot put our copy in the place of %s", run->name);
	return OK;
}
