/*
 * Whether another process has the database open. SQLite does not tell who waits for the write lock:
 * they try again and again. But in WAL mode whoever has it open holds a lock on the file of shared
 * memory all the time, and the kernel lists it. Our own connections are the same process, whose
 * locks are one. Asking by F_GETLK instead needs a descriptor, whose close would end all of ours.
 *
 * Where that cannot be told (another journal, no /proc/locks) somebody is taken to be there. Only a
 * process of another container is not seen, because the kernel does not list it for us.
 */
#include "sqlite.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* "1: POSIX  ADVISORY  READ 1234 fe:01:5678 128 128" */
static bool is_of_another(const char *line, const struct stat *shared)
{
	long pid;
	unsigned device_major, device_minor;
	unsigned long long inode;
	int count = sscanf(
	    line, "%*d: %*s %*s %*s %ld %x:%x:%llu", &pid, &device_major, &device_minor, &inode);
	return count == 4 && inode == shared->st_ino && device_major == major(shared->st_dev) &&
	       device_minor == minor(shared->st_dev) && pid != (long)getpid();
}

bool sqlite_is_shared(struct db *base)
{
	char path[PATH_MAX], line[256];
	struct stat shared;
	snprintf(path, sizeof path, "%s-shm", sqlite_of(base)->path);
	if (stat(path, &shared) < 0)
		return true;
	FILE *locks = fopen("/proc/locks", "re");
	if (!locks)
		return true;
	bool is_shared = false;
	while (!is_shared && fgets(line, sizeof line, locks))
		is_shared = is_of_another(line, &shared);
	fclose(locks);
	return is_shared;
}
