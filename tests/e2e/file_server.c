/*
 * file_server: a library to be preloaded, under which all is on a network file system and has one
 * of its ways, which the environment names:
 *
 *     always                     statfs says NFS; renameat2 knows no flags; inotify tells nothing
 *     FILE_SERVER=lost-answer    the first file taken out of an inbox: moved, and the answer is
 *                                that there is none
 *     FILE_SERVER=old-look       names of summaries in the outbox are not seen before somebody has
 *                                run into one
 *     FILE_SERVER_STALE=FILE     as long as there is that file, whatever is opened is stale
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { NFS = 0x6969 };

static bool has_met; /* a summary that it did not see */
static bool has_lost;

static bool is_on(const char *way)
{
	const char *value = getenv("FILE_SERVER");
	return value && strcmp(value, way) == 0;
}

static bool is_stale(void)
{
	const char *file = getenv("FILE_SERVER_STALE");
	return file && access(file, F_OK) == 0;
}

static bool is_unseen(const char *name)
{
	static const char end[] = ".summary.json";
	size_t size = strlen(name);
	return is_on("old-look") && !has_met && size >= strlen(end) &&
	       strcmp(name + size - strlen(end), end) == 0;
}

int fstatfs(int file, struct statfs *status)
{
	if (syscall(SYS_fstatfs, file, status) < 0)
		return -1;
	status->f_type = NFS;
	return 0;
}

int openat(int at, const char *name, int flags, ...)
{
	va_list arguments;
	va_start(arguments, flags);
	mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	if (is_stale() || is_unseen(name)) {
		errno = is_stale() ? ESTALE : ENOENT;
		return -1;
	}
	return (int)syscall(SYS_openat, at, name, flags, mode);
}

int faccessat(int at, const char *name, int mode, int flags)
{
	(void)flags;
	if (is_unseen(name)) {
		errno = ENOENT;
		return -1;
	}
	return (int)syscall(SYS_faccessat, at, name, mode);
}

int linkat(int at, const char *name, int to, const char *new_name, int flags)
{
	int result = (int)syscall(SYS_linkat, at, name, to, new_name, flags);
	has_met |= result < 0 && errno == EEXIST;
	return result;
}

int renameat(int from, const char *name, int to, const char *new_name)
{
	int result = (int)syscall(SYS_renameat2, from, name, to, new_name, 0);
	bool is_taken = result == 0 && strcmp(name, new_name) == 0 && strstr(name, ".csv");
	if (!is_on("lost-answer") || has_lost || !is_taken)
		return result;
	has_lost = true;
	errno = ENOENT;
	return -1;
}

int renameat2(int from, const char *name, int to, const char *new_name, unsigned int flags)
{
	if (flags == 0)
		return renameat(from, name, to, new_name);
	errno = EINVAL;
	return -1;
}

/* A watch like any other, of a place where nothing happens. */
int inotify_add_watch(int file, const char *path, uint32_t mask)
{
	(void)path;
	char places[64];
	static int count;
	snprintf(places, sizeof places, "/proc/self/fd/%d", file);
	return (int)syscall(SYS_inotify_add_watch, file, count++ % 2 ? "/proc" : "/sys", mask);
}
