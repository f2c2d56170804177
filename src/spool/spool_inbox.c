/*
 * spool_inbox: the way to a lane's inbox, one step at a time.
 *
 * Who drops files may write into inboxes, so what stands on the way may be theirs, put there to
 * pass for another feed: a link to elsewhere, or a folder of their own in the place of payroll's.
 * No step is used that is a link, belongs to somebody else than enrold or root, or that others
 * could swap because they may write into the folder above it and that folder is not sticky.
 *
 * Below a feed's own folder only the owner counts: who may write there is that feed anyway.
 *
 * An error of one lane is its folder's (OWNER_FOLDER): it takes this feed out of service, and none
 * but this. On any thread.
 */
#include "enrold/spool.h"

#include "enrold/disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define INBOX "inbox"
#define DEFAULT_FEED "default"

enum {
	STEPS_MAX = 3,
	STEPS_EXPOSED = 2,   /* inbox/ and the feeds' folders in it */
	MODE_INBOX = 01770,  /* who drops may write, and touch nothing but their own */
	MODE_SETGID = 02000, /* what is dropped has the folder's group, which enrold is in */
	MODE_FEED = 0750,    /* whose group may drop here is the operator's to say */
};

/* A claim that a power cut has left without its box names no feed. */
static size_t steps_of(const struct lane *lane, const char *names[STEPS_MAX])
{
	size_t count = 0;
	names[count++] = INBOX;
	if (*lane->feed && strcmp(lane->feed, DEFAULT_FEED) != 0)
		names[count++] = lane->feed;
	if (lane->is_preview)
		names[count++] = "preview";
	return count;
}

void spool_inbox(char path[SPOOL_PATH_SIZE], const struct lane *lane)
{
	const char *names[STEPS_MAX];
	size_t count = steps_of(lane, names), used = 0;
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(
		    path + used, SPOOL_PATH_SIZE - used, "%s%s", i > 0 ? "/" : "", names[i]);
}

static struct error of_folder(struct error error)
{
	error.owner = OWNER_FOLDER;
	error.is_lasting = true;
	return error;
}

static bool is_trusted(uid_t user)
{
	return user == 0 || user == geteuid();
}

static bool may_be_swapped(const struct stat *above)
{
	return (above->st_mode & (S_IWGRP | S_IWOTH)) && !(above->st_mode & S_ISVTX);
}

static struct error step_judge(int above, int below, size_t step, const char *path)
{
	struct stat over, stat;
	if (fstat(above, &over) < 0 || fstat(below, &stat) < 0)
		return error_errno("cannot look at %s", path);
	if (!is_trusted(stat.st_uid))
		return of_folder(error_retry("%s belongs to user %u and not to enrold (user %u) or "
		                             "root, so anybody could have "
		                             "put it there: look at what is in it and chown it",
		    path, (unsigned)stat.st_uid, (unsigned)geteuid()));
	if (step < STEPS_EXPOSED && may_be_swapped(&over))
		return of_folder(error_retry(
		    "%s stands in a folder in which others could put another in its place: make "
		    "that sticky (chmod +t)",
		    path));
	if (over.st_dev != stat.st_dev)
		return of_folder(
		    error_retry("%s lies on another file system than the spool: a file must be "
		                "moved between them in one step",
		        path));
	return OK;
}

/* Who may drop into a feed may rehearse there, too. */
static mode_t mode_of(int above, const char *name)
{
	struct stat stat;
	if (strcmp(name, INBOX) == 0)
		return MODE_INBOX;
	bool is_preview = strcmp(name, "preview") == 0;
	return is_preview && fstat(above, &stat) == 0 ? stat.st_mode & 01777 : MODE_FEED;
}

static struct error step_make(int above, const char *name, size_t step)
{
	int made = -1;
	struct stat stat;
	if (fstatat(above, name, &stat, AT_SYMLINK_NOFOLLOW) == 0)
		return OK;
	struct error error = disk_open_directory(above, name, mode_of(above, name), &made);
	if (is_error(&error))
		return error;
	/* systemd's RestrictSUIDSGID does not let us; its tmpfiles make this folder before us. */
	int ignored = step == 0 ? fchmod(made, MODE_INBOX | MODE_SETGID) : 0;
	(void)ignored;
	close(made);
	return OK;
}

static struct error step_open(int above, const char *name, int *below)
{
	struct stat stat;
	*below = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*below >= 0)
		return OK;
	struct error error = error_errno("cannot open it");
	bool is_link =
	    fstatat(above, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(stat.st_mode);
	return is_link
	           ? of_folder(error_retry("it is a symbolic link: put the folder itself there"))
	           : error;
}

static struct error walk(
    const struct spool *spool, const struct lane *lane, bool makes, int *directory)
{
	const char *names[STEPS_MAX];
	char path[SPOOL_PATH_SIZE];
	size_t count = steps_of(lane, names), used = 0;
	int above = spool->root;
	struct error error = OK;
	*directory = -1;
	for (size_t step = 0; step < count && !is_error(&error); step++) {
		int below = -1;
		used += (size_t)snprintf(
		    path + used, sizeof path - used, "%s%s", step > 0 ? "/" : "", names[step]);
		error = makes ? step_make(above, names[step], step) : OK;
		if (!is_error(&error))
			error = step_open(above, names[step], &below);
		if (is_error(&error))
			error = error_wrap(error, "%s", path);
		else
			error = step_judge(above, below, step, path);
		if (above != spool->root)
			close(above);
		above = below;
	}
	if (!is_error(&error))
		*directory = above;
	else if (above >= 0)
		close(above);
	return error_own(error, OWNER_FOLDER);
}

struct error spool_open_inbox(const struct spool *spool, const struct lane *lane, int *directory)
{
	return walk(spool, lane, false, directory);
}

struct error spool_make_inbox(const struct spool *spool, const struct lane *lane, int *directory)
{
	return walk(spool, lane, true, directory);
}

/* An inbox of ours that others may write into becomes sticky, so that feeds in it cannot be
 * swapped. */
void spool_guard_inbox(int inbox)
{
	struct stat stat;
	if (fstat(inbox, &stat) < 0 || stat.st_uid != geteuid() || !may_be_swapped(&stat))
		return;
	int ignored = fchmod(inbox, (stat.st_mode & 07777) | S_ISVTX);
	(void)ignored; /* then its feeds are out of service, and that is said */
}
