#include "sqlite_access.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 40 };

static void user_name(uid_t id, char name[NAME_SIZE])
{
	const struct passwd *user = getpwuid(id);
	if (user)
		snprintf(name, NAME_SIZE, "%.39s", user->pw_name);
	else
		snprintf(name, NAME_SIZE, "%u", (unsigned)id);
}

static void group_name(gid_t id, char name[NAME_SIZE])
{
	const struct group *group = getgrgid(id);
	if (group)
		snprintf(name, NAME_SIZE, "%.39s", group->gr_name);
	else
		snprintf(name, NAME_SIZE, "%u", (unsigned)id);
}

/* Whether the effective user may, whom access() does not ask about; else errno. */
static bool may(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 ||
	       (errno != EACCES && errno != EPERM && errno != EROFS);
}

static struct error refused(const char *path, const char *deed)
{
	struct stat status;
	char us[NAME_SIZE], owner[NAME_SIZE], group[NAME_SIZE];
	bool is_read_only = errno == EROFS;
	user_name(geteuid(), us);
	if (is_read_only || stat(path, &status) < 0)
		return error_config("lms.url: user %s may not %s %s%s", us, deed, path,
		    is_read_only ? ": it lies on a file system that is read-only here" : "");
	user_name(status.st_uid, owner);
	group_name(status.st_gid, group);
	return error_config("lms.url: user %s may not %s %s, which is %s:%s's with mode %04o", us,
	    deed, path, owner, group, status.st_mode & 07777);
}

struct error sqlite_access_check(const char *path)
{
	char folder[PATH_MAX];
	/* From the root down, for the first that is in the way. */
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
		if (!may(folder, X_OK))
			return refused(folder, "enter");
	}
	if (!may(path, R_OK | W_OK))
		return refused(path, may(path, R_OK) ? "write" : "read");
	const char *last = strrchr(path, '/');
	snprintf(folder, sizeof folder, "%.*s", last == path ? 1 : (int)(last - path), path);
	return may(folder, W_OK) ? OK : refused(folder, "make files in");
}
