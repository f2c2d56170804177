/* Makes the places as they ought to be. */
#include "enrold/places_look.h"

#include "enrold/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { FOLDER = O_RDONLY | O_DIRECTORY, A_FILE = O_RDONLY | O_NONBLOCK, MODE_NEW = 0700 };

/* What is being mended, and whether it has only just been made. */
struct opened {
	int file;
	bool is_made;
};

static void tell(const struct place_mending *mending, bool is_mended, const struct place *place,
    const char *text)
{
	mending->on_mended(mending->context, is_mended, place->path, text);
}

static void fail(const struct place_mending *mending, const struct place *place, const char *what)
{
	char text[PLACE_TEXT_SIZE];
	snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
	tell(mending, false, place, text);
}

/* The owner first: with the mode that it had, nobody else has got more by that. */
static bool access_set(int file, const struct access *seen, const struct access *mended)
{
	char list[ACCESS_LIST_MAX];
	if ((seen->user != mended->user || seen->group != mended->group) &&
	    fchown(file, mended->user, mended->group) < 0)
		return false;
	if (mended->named_count > 0 &&
	    fsetxattr(file, ACCESS_LIST_NAME, list, access_format_list(mended, list), 0) < 0)
		return false;
	return fchmod(file, mended->mode) == 0;
}

/* ---- a folder that somebody else has put there ---- */

static bool is_strangers(
    const struct place_mending *mending, const struct place *place, const struct access *seen)
{
	return place->is_exposed && seen->user != 0 && seen->user != mending->owner.user;
}

static bool is_empty(int directory)
{
	const struct dirent *entry;
	bool is_empty = true;
	DIR *listing = disk_list(directory);
	if (!listing)
		return false;
	while (is_empty && (entry = readdir(listing)))
		is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(listing);
	return is_empty;
}

/* Whom its maker has named would have it again with the next mode, and what is dropped there, too.
 */
static bool lists_remove(int file)
{
	static const char *const names[] = {ACCESS_LIST_NAME, ACCESS_LIST_OF_NEW_NAME};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (fremovexattr(file, names[i]) < 0 && errno != ENODATA && errno != ENOTSUP)
			return false;
	return true;
}

/* What lies in it would be taken for files of the feed. It is closed before it is looked into, so
 * that nothing comes in behind our back; and is what it was when it is not empty. */
static bool stranger_admit(int file, struct access *seen)
{
	if (fchown(file, 0, (gid_t)-1) < 0 || fchmod(file, MODE_NEW) < 0)
		return false;
	bool is_free = is_empty(file);
	if (is_free && lists_remove(file) && fchmod(file, MODE_NEW) == 0) {
		*seen = access_of(0, seen->group, MODE_NEW);
		return true;
	}
	int why = is_free ? errno : ENOTEMPTY;
	int ignored = fchown(file, seen->user, seen->group) | fchmod(file, seen->mode);
	(void)ignored;
	errno = why;
	return false;
}

/* ---- one place ---- */

static struct opened step_open(int root, const struct place *place)
{
	char above[PLACE_PATH_SIZE];
	const char *slash = strrchr(place->path, '/'), *name = slash ? slash + 1 : place->path;
	struct opened opened = {
	    .file = places_open(root, place->path, place->is_file ? A_FILE : FOLDER)};
	if (opened.file >= 0 || errno != ENOENT || place->is_file || place->is_optional)
		return opened;
	snprintf(above, sizeof above, "%.*s", slash ? (int)(slash - place->path) : 0, place->path);
	int directory = places_open(root, above, FOLDER);
	if (directory < 0)
		return opened;
	opened.is_made = mkdirat(directory, name, MODE_NEW) == 0;
	if (opened.is_made)
		opened.file = openat(directory, name, FOLDER | O_NOFOLLOW | O_CLOEXEC);
	int why = errno;
	close(directory);
	errno = why;
	return opened;
}

/* A new one has the mode that it is made with, and any other what is not wrong with it. */
static struct access start_of(
    const struct place *place, const struct opened *opened, const struct access *seen, gid_t own)
{
	struct access start = *seen;
	if (!opened->is_made)
		return start;
	access_set_mode(&start, place->mode);
	if (place->group != PLACE_DROP_GROUP)
		start.group = own;
	return start;
}

static void opened_mend(const struct place_mending *mending, const struct place *place,
    const struct opened *opened, struct access *seen)
{
	struct access mended, before = *seen;
	char text[PLACE_TEXT_SIZE];
	struct access start = start_of(place, opened, seen, mending->owner.group);
	unsigned faults = place_judge(place, mending->places, &mending->owner, &start);
	if (!opened->is_made && faults == 0)
		return;
	if (is_strangers(mending, place, seen) && !stranger_admit(opened->file, seen)) {
		tell(mending, false, place,
		    errno == ENOTEMPTY
		        ? "it is somebody else's, and there is something in it: look "
		          "at that, then move the folder away"
		        : "cannot be taken over");
		return;
	}
	start = start_of(place, opened, seen, mending->owner.group);
	if (!place_mend(place, mending->places, &mending->owner, &start, &mended)) {
		tell(mending, false, place, "its access control list is full");
		return;
	}
	if (!access_set(opened->file, seen, &mended)) {
		fail(mending, place, "cannot be changed");
		return;
	}
	place_describe(faults, &before, &mended, text);
	tell(mending, true, place, opened->is_made ? "was missing, and is made" : text);
}

static bool is_fit(const struct place *place, const struct stat *stat, dev_t spool)
{
	bool is_kind =
	    place->is_file ? S_ISREG(stat->st_mode) && stat->st_nlink == 1 : S_ISDIR(stat->st_mode);
	return is_kind && stat->st_dev == spool;
}

static void place_visit(
    const struct place_mending *mending, int root, dev_t spool, const struct place *place)
{
	struct access seen;
	struct stat stat;
	struct opened opened = step_open(root, place);
	if (opened.file < 0) {
		if (errno != ENOENT) /* a link, most of all; the check says what it is */
			fail(mending, place, "is left as it is");
		return;
	}
	if (fstat(opened.file, &stat) < 0 || !places_stat(opened.file, &seen))
		fail(mending, place, "cannot be looked at");
	else if (!is_fit(place, &stat, spool))
		tell(mending, false, place, "is left as it is: it is not what it ought to be");
	else
		opened_mend(mending, place, &opened, &seen);
	close(opened.file);
}

void places_mend(const struct place_mending *mending)
{
	struct stat stat;
	const struct place *whole = mending->places->list;
	bool is_made = mkdir(mending->config->spool, MODE_NEW) == 0;
	int root = open(mending->config->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || fstat(root, &stat) < 0) {
		fail(mending, whole, "the spool cannot be opened");
		if (root >= 0)
			close(root);
		return;
	}
	struct opened opened = {root, is_made};
	struct access seen;
	if (places_stat(root, &seen))
		opened_mend(mending, whole, &opened, &seen);
	for (size_t i = 1; i < mending->places->count; i++)
		place_visit(mending, root, stat.st_dev, &mending->places->list[i]);
	close(root);
}
