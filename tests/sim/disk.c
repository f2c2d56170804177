#include "disk.h"

#include "fate.h"
#include "platter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct platter *platter;
static char root[PATH_SIZE];

void disk_watch(const char *directory)
{
	snprintf(root, sizeof root, "%s", directory);
	platter = platter_load(directory);
}

void disk_watch_lightly(const char *directory)
{
	snprintf(root, sizeof root, "%s", directory);
}

void disk_lose_power(void)
{
	platter_cut(platter, fate_draw(2) ? PLATTER_STRICT : PLATTER_ORDERED,
	    (unsigned int)fate_draw(RAND_MAX), root);
	platter_free(platter);
	platter = platter_load(root);
}

void disk_drop(const char *path, const void *bytes, size_t size)
{
	struct path directory = path_of("%s", path);
	*strrchr(directory.text, '/') = '\0';
	platter_create(platter, path, 0640, true);
	platter_write(platter, path, 0, bytes, size);
	platter_sync(platter, path);
	platter_sync(platter, directory.text);
}

/* ---- paths ---- */

static struct path path_at(int at, const char *name)
{
	struct path path = {""};
	if (name && *name == '/')
		return path_of("%s", name);
	ssize_t size =
	    readlink(path_of("/proc/self/fd/%d", at).text, path.text, sizeof path.text - 1);
	path.text[size > 0 ? size : 0] = '\0';
	return !name || strcmp(name, ".") == 0 ? path : path_of("%s/%s", path.text, name);
}

/* There may be a power cut. */
static bool is_kept(const struct path *path)
{
	return platter && text_starts(path->text, root);
}

static bool is_watched(const struct path *path)
{
	return *root != '\0' && text_starts(path->text, root);
}

/* 0, or -1 with errno set. */
static int ask(void)
{
	int error = fate_step();
	errno = error ? error : errno;
	return error ? -1 : 0;
}

/* ---- the calls ---- */

int __real_openat(int at, const char *name, int flags, ...);
int __real_mkdirat(int at, const char *name, mode_t mode);
int __real_renameat(int at, const char *name, int to, const char *new_name);
int __real_renameat2(int at, const char *name, int to, const char *new_name, unsigned int flags);
int __real_unlinkat(int at, const char *name, int flags);
ssize_t __real_read(int file, void *bytes, size_t size);
ssize_t __real_write(int file, const void *bytes, size_t size);
ssize_t __real_pwrite(int file, const void *bytes, size_t size, off_t offset);
int __real_ftruncate(int file, off_t size);
int __real_fsync(int file);
int __real_fdatasync(int file);
int __real_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_openat(int at, const char *name, int flags, ...)
{
	mode_t mode = 0;
	if (flags & O_CREAT) {
		va_list arguments;
		va_start(arguments, flags);
		mode = va_arg(arguments, mode_t);
		va_end(arguments);
	}
	struct path path = fate.is_paused ? (struct path){""} : path_at(at, name);
	if (!is_watched(&path))
		return __real_openat(at, name, flags, mode);
	if (ask() < 0)
		return -1;
	int file = __real_openat(at, name, flags, mode);
	if (file >= 0 && flags & O_CREAT && is_kept(&path))
		platter_create(platter, path.text, mode, flags & O_TRUNC);
	return file;
}

int __wrap_mkdirat(int at, const char *name, mode_t mode)
{
	struct path path = path_at(at, name);
	if (ask() < 0)
		return -1;
	int result = __real_mkdirat(at, name, mode);
	if (result == 0 && is_kept(&path))
		platter_make_directory(platter, path.text);
	return result;
}

static int rename_note(int result, const struct path *path, const struct path *to)
{
	if (result == 0 && is_kept(path))
		platter_rename(platter, path->text, to->text, true);
	return result;
}

int __wrap_renameat(int at, const char *name, int to, const char *new_name)
{
	struct path path = path_at(at, name), new_path = path_at(to, new_name);
	if (ask() < 0)
		return -1;
	return rename_note(__real_renameat(at, name, to, new_name), &path, &new_path);
}

int __wrap_renameat2(int at, const char *name, int to, const char *new_name, unsigned int flags)
{
	struct path path = path_at(at, name), new_path = path_at(to, new_name);
	if (ask() < 0)
		return -1;
	return rename_note(__real_renameat2(at, name, to, new_name, flags), &path, &new_path);
}

int __wrap_unlinkat(int at, const char *name, int flags)
{
	struct path path = path_at(at, name);
	if (ask() < 0)
		return -1;
	int result = __real_unlinkat(at, name, flags);
	if (result == 0 && is_kept(&path))
		platter_unlink(platter, path.text);
	return result;
}

ssize_t __wrap_read(int file, void *bytes, size_t size)
{
	if (ask() < 0)
		return -1;
	/* Sometimes less than was asked for. */
	return __real_read(
	    file, bytes, size > 1 && fate.faults > 0 && fate_draw(8) == 0 ? size / 2 : size);
}

ssize_t __wrap_write(int file, const void *bytes, size_t size)
{
	if (fate.is_paused)
		return __real_write(file, bytes, size);
	struct path path = path_at(file, NULL);
	if (!is_watched(&path))
		return __real_write(file, bytes, size);
	if (ask() < 0)
		return -1;
	off_t offset = lseek(file, 0, SEEK_CUR);
	ssize_t written = __real_write(file, bytes, size);
	if (written > 0 && is_kept(&path))
		platter_write(platter, path.text, (uint64_t)offset, bytes, (size_t)written);
	return written;
}

ssize_t __wrap_pwrite(int file, const void *bytes, size_t size, off_t offset)
{
	struct path path = path_at(file, NULL);
	if (ask() < 0)
		return -1;
	ssize_t written = __real_pwrite(file, bytes, size, offset);
	if (written > 0 && is_kept(&path))
		platter_write(platter, path.text, (uint64_t)offset, bytes, (size_t)written);
	return written;
}

int __wrap_ftruncate(int file, off_t size)
{
	struct path path = path_at(file, NULL);
	if (ask() < 0)
		return -1;
	int result = __real_ftruncate(file, size);
	if (result == 0 && is_kept(&path))
		platter_truncate(platter, path.text, (uint64_t)size);
	return result;
}

/* What is flushed here is safe on the platter; the machine that simulates need not wait for it. */
int __wrap_fsync(int file)
{
	struct path path = path_at(file, NULL);
	if (ask() < 0)
		return -1;
	if (is_kept(&path))
		platter_sync(platter, path.text);
	return 0;
}

int __wrap_fdatasync(int file)
{
	return __wrap_fsync(file);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int64_t us = clock == CLOCK_REALTIME ? fate.now_us : fate.monotonic_us;
	if (us == 0)
		return __real_clock_gettime(clock, now);
	*now = (struct timespec){us / 1000000, us % 1000000 * 1000};
	return 0;
}

/* The library asks the kernel by a way of its own. */
time_t __wrap_time(time_t *result)
{
	struct timespec now;
	__wrap_clock_gettime(CLOCK_REALTIME, &now);
	if (result)
		*result = now.tv_sec;
	return now.tv_sec;
}
