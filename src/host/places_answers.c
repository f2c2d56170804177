/* Answers that were made before their folder was its readers', and files of secrets. */
#include "enrold/places_look.h"

#include "enrold/artefact.h"
#include "enrold/disk.h"
#include "enrold/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE_ANSWER = 0640, MODE_READERS = 0040 };

#define DEFAULT_FEED "default"

/* "staff.R.result.csv", and the same packed, or encrypted. */
static bool is_answer(const char *name)
{
	static const char *const ends[] = {".gz", ARTEFACT_SEALED};
	char plain[FILE_NAME_SIZE], run[RUN_ID_SIZE + 1];
	size_t length = strlen(name);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (length > strlen(ends[i]) &&
		    strcmp(name + strlen(name) - strlen(ends[i]), ends[i]) == 0)
			length -= strlen(ends[i]);
	snprintf(plain, sizeof plain, "%.*s", (int)length, name);
	for (enum artefact a = 0; a < ARTEFACTS; a++)
		if (name_find_answer(plain, artefact_kinds[a].suffix, run))
			return true;
	return name_find_answer(plain, ".summary.json", run);
}

/* A feed's page is its readers'; that of all feeds lies in outbox/ and is nobody's. */
static bool is_for_readers(const struct place *place, const char *name)
{
	bool is_page = strcmp(name, "index.html") == 0 && strcmp(place->feed, DEFAULT_FEED) != 0;
	return is_page || is_answer(name);
}

/* One of ours, which the group cannot read. -1: it is none. */
static int unread_open(
    int directory, const char *name, const struct place *place, const struct place_owner *owner)
{
	struct stat stat;
	if (!is_for_readers(place, name))
		return -1;
	int file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool is_ours = file >= 0 && fstat(file, &stat) == 0 && S_ISREG(stat.st_mode) &&
	               stat.st_nlink == 1 && stat.st_uid == owner->user;
	if (is_ours && (stat.st_gid != place->gid || !(stat.st_mode & MODE_READERS)))
		return file;
	if (file >= 0)
		close(file);
	return -1;
}

static int folder_open(const struct config *config, const struct place *place)
{
	int root = open(config->spool, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int directory = root < 0 ? -1 : places_open(root, place->path, O_RDONLY | O_DIRECTORY);
	if (root >= 0)
		close(root);
	return directory;
}

long place_count_unread(
    const struct config *config, const struct place *place, const struct place_owner *owner)
{
	long count = 0;
	int directory = folder_open(config, place);
	const struct dirent *entry;
	DIR *listing = directory < 0 ? NULL : disk_list(directory);
	while (listing && (entry = readdir(listing))) {
		int file = unread_open(directory, entry->d_name, place, owner);
		count += file >= 0;
		if (file >= 0)
			close(file);
	}
	if (directory >= 0)
		close(directory);
	if (!listing)
		return -1;
	closedir(listing);
	return count;
}

void place_hand_over(const struct place_mending *mending, const struct place *place)
{
	size_t count = 0;
	char text[PLACE_TEXT_SIZE];
	int directory = folder_open(mending->config, place);
	const struct dirent *entry;
	DIR *listing = directory < 0 ? NULL : disk_list(directory);
	while (listing && (entry = readdir(listing))) {
		int file = unread_open(directory, entry->d_name, place, &mending->owner);
		if (file < 0)
			continue;
		count += fchown(file, (uid_t)-1, place->gid) == 0 && fchmod(file, MODE_ANSWER) == 0;
		close(file);
	}
	if (listing)
		closedir(listing);
	if (directory >= 0)
		close(directory);
	snprintf(text, sizeof text, "%zu answer%s in it given to its readers", count,
	    count == 1 ? "" : "s");
	if (count > 0)
		mending->on_mended(mending->context, true, place->path, text);
}

/* A file of one name, which nobody can have put in the place of another. */
static int single_open(const char *path, struct stat *stat)
{
	int file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0 || (fstat(file, stat) == 0 && S_ISREG(stat->st_mode) && stat->st_nlink == 1))
		return file;
	close(file);
	errno = EMLINK;
	return -1;
}

static bool closed_as(int file, bool is_done)
{
	int why = errno;
	close(file);
	errno = why;
	return is_done;
}

bool place_narrow(const char *path, mode_t most)
{
	struct stat stat;
	int file = single_open(path, &stat);
	return file >= 0 && closed_as(file, fchmod(file, stat.st_mode & most) == 0);
}

bool place_give(const char *path, const struct place_owner *owner)
{
	struct stat stat;
	int file = single_open(path, &stat);
	if (file < 0)
		return false;
	bool is_roots = stat.st_uid == 0;
	errno = EPERM;
	return closed_as(file, is_roots && fchown(file, owner->user, owner->group) == 0);
}
