/* The places as they are. */
#include "enrold/places_look.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define DAEMON_USER "enrold"

/* One step after the other: O_NOFOLLOW is of the last alone. */
int places_open(int root, const char *path, int flags)
{
	char step[PLACE_PATH_SIZE];
	int above = dup(root);
	while (above >= 0 && *path) {
		size_t length = strcspn(path, "/");
		bool is_last = path[length] == '\0';
		snprintf(step, sizeof step, "%.*s", (int)length, path);
		int below = openat(
		    above, step, (is_last ? flags : O_PATH | O_DIRECTORY) | O_NOFOLLOW | O_CLOEXEC);
		int why = errno;
		close(above);
		errno = why;
		above = below;
		path += length + !is_last;
	}
	return above;
}

bool places_stat(int file, struct access *access)
{
	struct stat stat;
	char name[32], list[ACCESS_LIST_MAX];
	if (fstat(file, &stat) < 0)
		return false;
	*access = access_of(stat.st_uid, stat.st_gid, stat.st_mode);
	snprintf(name, sizeof name, "/proc/self/fd/%d", file); /* O_PATH has no fgetxattr */
	ssize_t size = getxattr(name, ACCESS_LIST_NAME, list, sizeof list);
	if (size < 0) /* none; or a file system that knows of none */
		return errno == ENODATA || errno == ENOTSUP;
	return access_parse_list(access, (struct slice){list, (size_t)size});
}

static enum place_sight sight_of(const struct place *place, const struct stat *stat, dev_t spool)
{
	if (S_ISLNK(stat->st_mode))
		return PLACE_LINK;
	if (place->is_file ? !S_ISREG(stat->st_mode) : !S_ISDIR(stat->st_mode))
		return PLACE_OTHER_KIND;
	return stat->st_dev == spool ? PLACE_SEEN : PLACE_OTHER_DISK;
}

static struct place_view view_of(int root, dev_t spool, const struct place *place)
{
	struct place_view view = {.sight = PLACE_SEEN};
	struct stat stat;
	int file = places_open(root, place->path, O_PATH);
	if (file < 0) {
		view.why = errno;
		view.sight = errno == ENOENT    ? PLACE_MISSING
		             : errno == ENOTDIR ? PLACE_BEHIND
		                                : PLACE_HIDDEN;
		return view;
	}
	if (fstat(file, &stat) < 0 || !places_stat(file, &view.access)) {
		view.why = errno;
		view.sight = PLACE_HIDDEN;
	} else {
		view.sight = sight_of(place, &stat, spool);
	}
	close(file);
	return view;
}

void places_look(const struct config *config, const struct places *places, struct place_view *views)
{
	struct stat stat = {0};
	int root = open(config->spool, O_PATH | O_DIRECTORY | O_CLOEXEC);
	enum place_sight sight = errno == ENOENT ? PLACE_MISSING : PLACE_HIDDEN;
	int why = errno;
	for (size_t i = 0; i < places->count; i++)
		views[i] =
		    root >= 0 && fstat(root, &stat) == 0
		        ? view_of(root, stat.st_dev, &places->list[i])
		        : (struct place_view){.sight = i == 0 ? sight : PLACE_BEHIND, .why = why};
	if (root >= 0)
		close(root);
}

/* ---- who the daemon is ---- */

static bool owner_of(const char *path, struct place_owner *owner)
{
	struct stat stat;
	if (lstat(path, &stat) < 0 || stat.st_uid == 0)
		return false;
	const struct passwd *user = getpwuid(stat.st_uid);
	*owner = (struct place_owner){stat.st_uid, user ? user->pw_gid : stat.st_gid};
	return true;
}

struct error place_owner_find(const struct config *config, struct place_owner *owner)
{
	char lock[PATH_MAX];
	struct stat stat;
	snprintf(lock, sizeof lock, "%s/.lock%s%s", config->spool,
	    config_is_shared(config) ? "-" : "", config_is_shared(config) ? config->node : "");
	if (owner_of(lock, owner) || owner_of(config->spool, owner))
		return OK;
	const struct passwd *user = getpwnam(DAEMON_USER);
	if (user)
		*owner = (struct place_owner){user->pw_uid, user->pw_gid};
	else if (lstat(config->spool, &stat) == 0)
		*owner = (struct place_owner){0, 0};
	else
		return error_config("there is neither the spool %s nor a user " DAEMON_USER
		                    ": useradd --system --home-dir %s " DAEMON_USER,
		    config->spool, config->spool);
	return OK;
}
