#include "folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "enrold-pgp."
enum { TRIES_MAX = 8, DEPTH_MAX = 3 };

/* ---- removing ---- */

/* No link is followed; files of secret keys are overwritten by nobody, for they are in memory. */
static void emptied(int folder, unsigned depth)
{
	int own = fcntl(folder, F_DUPFD_CLOEXEC, 0);
	DIR *list = own < 0 ? NULL : fdopendir(own);
	if (!list) {
		if (own >= 0)
			close(own);
		return;
	}
	rewinddir(list);
	for (struct dirent *entry; (entry = readdir(list));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(folder, entry->d_name, 0) == 0 || depth == 0)
			continue;
		int below =
		    openat(folder, entry->d_name, O_DIRECTORY | O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			continue;
		emptied(below, depth - 1);
		close(below);
		unlinkat(folder, entry->d_name, AT_REMOVEDIR);
	}
	closedir(list);
}

void pgp_folder_remove(const char *path, int lock)
{
	if (lock < 0)
		return;
	emptied(lock, DEPTH_MAX);
	rmdir(path);
	close(lock);
}

/* Whoever has it locked uses it; another user's is not ours to remove. */
static void leftover_remove(int base, const char *above, const char *name)
{
	char path[PATH_MAX];
	struct stat stat;
	int folder = openat(base, name, O_DIRECTORY | O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return;
	snprintf(path, sizeof path, "%.2000s/%.255s", above, name);
	if (fstat(folder, &stat) == 0 && stat.st_uid == geteuid() &&
	    flock(folder, LOCK_EX | LOCK_NB) == 0)
		pgp_folder_remove(path, folder);
	else
		close(folder);
}

static void leftovers_remove(const char *above)
{
	DIR *list = opendir(above);
	for (struct dirent *entry; list && (entry = readdir(list));)
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0)
			leftover_remove(dirfd(list), above, entry->d_name);
	if (list)
		closedir(list);
}

/* ---- making ---- */

/* The first that is there, and short enough for a socket in a folder in it. */
static const char *above_find(size_t room)
{
	const char *const places[] = {getenv("RUNTIME_DIRECTORY"), getenv("TMPDIR")};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (places[i] && places[i][0] == '/' && strlen(places[i]) < room &&
		    !strchr(places[i], ':') && access(places[i], W_OK | X_OK) == 0)
			return places[i];
	return "/tmp";
}

/* Another's look for leftovers may have taken it before it was locked. */
static bool is_locked(const char *path, int folder)
{
	struct stat open, named;
	return flock(folder, LOCK_EX | LOCK_NB) == 0 && fstat(folder, &open) == 0 &&
	       lstat(path, &named) == 0 && open.st_ino == named.st_ino &&
	       open.st_dev == named.st_dev;
}

struct error pgp_folder_make(char *path, size_t size, int *lock)
{
	const char *above = above_find(size - sizeof "/" PREFIX "XXXXXX");
	*lock = -1;
	leftovers_remove(above);
	for (unsigned i = 0; i < TRIES_MAX; i++) {
		snprintf(path, size, "%s/" PREFIX "XXXXXX", above);
		if (!mkdtemp(path))
			return error_errno("cannot make a folder for gpg in %s", above);
		int folder = open(path, O_DIRECTORY | O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (folder >= 0 && is_locked(path, folder)) {
			*lock = folder;
			return OK;
		}
		if (folder >= 0)
			close(folder);
	}
	return error_retry("cannot keep a folder for gpg in %s: others remove it", above);
}
