#include "owner.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void owner_name(char name[OWNER_NAME_SIZE])
{
	const struct passwd *user = getpwuid(getuid());
	const char *before = getenv("SUDO_USER");
	char id[24];
	snprintf(id, sizeof id, "uid %u", (unsigned)getuid());
	const char *now = user ? user->pw_name : id;
	if (getuid() == 0 && before && *before)
		snprintf(name, OWNER_NAME_SIZE, "%.60s (by sudo, as %.40s)", before, now);
	else
		snprintf(name, OWNER_NAME_SIZE, "%.60s", now);
}

int64_t owner_login(void)
{
	unsigned found = (unsigned)-1;
	FILE *file = fopen("/proc/self/loginuid", "re");
	bool is_there = file && fscanf(file, "%u", &found) == 1 && found != (unsigned)-1;
	if (file)
		fclose(file);
	return is_there ? (int64_t)found : -1;
}

size_t owner_groups(gid_t groups[OWNER_GROUPS_MAX])
{
	groups[0] = getgid();
	int count = getgroups(OWNER_GROUPS_MAX - 1, groups + 1);
	return 1 + (count > 0 ? (size_t)count : 0);
}

/* The daemon's other groups too: one of them may be what lets it read a key or a socket. */
static int groups_take(uid_t user, gid_t group)
{
	const struct passwd *entry = getpwuid(user);
	return entry ? initgroups(entry->pw_name, group) : setgroups(1, &group);
}

struct error owner_become(const char *folder)
{
	struct stat status;
	if (geteuid() != 0 || stat(folder, &status) < 0 || status.st_uid == 0)
		return OK;
	if (groups_take(status.st_uid, status.st_gid) < 0 || setegid(status.st_gid) < 0 ||
	    seteuid(status.st_uid) < 0)
		return error_config(
		    "cannot act as the owner of %s, uid %u", folder, (unsigned)status.st_uid);
	return OK;
}
