#include "enrold/disk.h"

#include "enrold/room.h"

#include "enrold/names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

/* Names with a number, then one with the run alone, then those with what cannot be guessed. */
enum { NUMBERS_MAX = 9, EVASIONS_MAX = 20, MARK_SIZE = 64 };

/* The directory in which this name stands. */
static struct error above_sync(int at, const char *name)
{
	const char *slash = strrchr(name, '/');
	char above[FILE_NAME_SIZE];
	if (!slash)
		return disk_sync(at, ".");
	snprintf(above, sizeof above, "%.*s", (int)(slash - name), name);
	return disk_sync(at, above);
}

struct error disk_open_directory(int at, const char *name, mode_t mode, int *directory)
{
	bool is_made = mkdirat(at, name, mode) == 0;
	if (!is_made && errno != EEXIST)
		return error_errno("cannot make the directory %s", name);
	struct error error = is_made ? above_sync(at, name) : OK;
	if (is_error(&error)) {
		unlinkat(at, name, AT_REMOVEDIR); /* as if we had never tried */
		return error;
	}
	*directory = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*directory >= 0)
		return OK;
	error = error_errno("cannot open the directory %s", name);
	if (is_made)
		unlinkat(at, name, AT_REMOVEDIR);
	return error;
}

struct error disk_sync(int at, const char *name)
{
	int file = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return error_errno("cannot open %s to flush it", name);
	struct error error = fsync(file) < 0 ? error_errno("cannot flush %s", name) : OK;
	close(file);
	return error;
}

struct error disk_write(int file, struct slice bytes, const char *name)
{
	while (bytes.size > 0) {
		ssize_t written = write(file, bytes.bytes, bytes.size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_errno("cannot write %s", name);
		bytes = (struct slice){bytes.bytes + written, bytes.size - (size_t)written};
	}
	return OK;
}

struct error disk_extend(int file, const char *name, uint64_t size, struct slice bytes)
{
	if (bytes.size == 0)
		return OK;
	if (bytes.bytes[0] == '\0' && memcmp(bytes.bytes, bytes.bytes + 1, bytes.size - 1) == 0)
		return lseek(file, (off_t)bytes.size, SEEK_CUR) < 0
		           ? error_errno("cannot write %s", name)
		           : OK;
	struct error error = room_ask(file, name, size, bytes.size);
	return is_error(&error) ? error : disk_write(file, bytes, name);
}

struct error disk_copy(int from, int to, char *chunk, size_t size)
{
	for (;;) {
		ssize_t got = read(from, chunk, size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno("cannot read a file that is copied");
		if (got == 0)
			return OK;
		struct error error = disk_write(to, (struct slice){chunk, (size_t)got}, "a copy");
		if (is_error(&error))
			return error;
	}
}

static struct error create(
    int at, const char *name, mode_t mode, struct slice bytes, bool is_flushed)
{
	int file = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	if (file < 0)
		return error_errno("cannot make %s", name);
	struct error error = disk_write(file, bytes, name);
	if (!is_error(&error) && is_flushed && fsync(file) < 0)
		error = error_errno("cannot flush %s", name);
	close(file);
	return error;
}

struct error disk_write_new(int at, const char *name, mode_t mode, struct slice bytes)
{
	return create(at, name, mode, bytes, false);
}

struct error disk_create(int at, const char *name, mode_t mode, struct slice bytes)
{
	return create(at, name, mode, bytes, true);
}

/* The name is a known one, so that one that was left can be removed. */
static int nameless_by_removal(int directory)
{
	unlinkat(directory, DISK_NAMELESS, 0);
	int file = openat(
	    directory, DISK_NAMELESS, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file >= 0)
		unlinkat(directory, DISK_NAMELESS, 0);
	return file;
}

struct error disk_open_nameless(int directory, int *file)
{
	*file = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*file < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT))
		*file = nameless_by_removal(directory);
	return *file < 0 ? error_errno("cannot make a file without a name") : OK;
}

bool disk_has(int at, const char *name)
{
	return faccessat(at, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

struct error disk_load(int at, const char *name, struct arena *arena, struct slice *text)
{
	struct stat stat;
	*text = (struct slice){NULL, 0};
	int file = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return errno == ENOENT ? OK : error_errno("cannot open %s", name);
	ssize_t size = fstat(file, &stat) < 0 ? -1 : 0;
	size_t room = size == 0 && S_ISREG(stat.st_mode) ? (size_t)stat.st_size : 0;
	char *bytes = arena_alloc(arena, room + 1);
	if (size == 0 && bytes)
		size = pread(file, bytes, room, 0);
	struct error error = size < 0 ? error_errno("cannot read %s", name) : OK;
	close(file);
	if (is_error(&error))
		return error;
	if (!bytes)
		return error_memory("reading a file");
	bytes[size] = '\0';
	*text = (struct slice){bytes, (size_t)size};
	return OK;
}

static bool is_same_file(int at, const char *name, int other_at, const char *other)
{
	struct stat a, b;
	return fstatat(at, name, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(other_at, other, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* Two steps, between which the file has both names; repeated after a kill, the second is left. */
static bool move_by_link(int from, const char *name, int to, const char *new_name)
{
	if (linkat(from, name, to, new_name, 0) < 0) {
		int reason = errno;
		if (reason != EEXIST || !is_same_file(from, name, to, new_name)) {
			errno = reason;
			return false;
		}
	}
	return unlinkat(from, name, 0) == 0;
}

/* A network file system cannot refuse to replace what is there. */
static bool move(int from, const char *name, int to, const char *new_name)
{
	if (renameat2(from, name, to, new_name, RENAME_NOREPLACE) == 0)
		return true;
	return errno == EINVAL && move_by_link(from, name, to, new_name);
}

/*
 * By what a placeholder is told from a file that was dropped: it is empty, ours, and has a mode
 * that nobody gives a file.
 */
enum { MODE_PLACEHOLDER = 01000 };

static bool is_placeholder(int at, const char *name)
{
	struct stat stat;
	return fstatat(at, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
	       stat.st_mode == (S_IFREG | MODE_PLACEHOLDER) && stat.st_size == 0 &&
	       stat.st_uid == geteuid();
}

bool disk_drop_placeholder(int at, const char *name)
{
	return is_placeholder(at, name) && unlinkat(at, name, 0) == 0;
}

/*
 * The kernel moves no directory to where a file is. Whoever drops files may put one in a file's
 * place at the moment of the claim; in work/ it would stand in our way, and could not be moved back
 * once its owner had taken away the right to write into it.
 */
int disk_claim(int from, const char *name, int to)
{
	int placeholder = openat(
	    to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE_PLACEHOLDER);
	if (placeholder < 0)
		return -1;
	close(placeholder);
	if (renameat(from, name, to, name) == 0)
		return 0;
	int reason = errno;
	disk_drop_placeholder(to, name);
	errno = reason;
	return -1;
}

static void mark_make(char mark[MARK_SIZE], int evasion, const char *run)
{
	uint64_t chance = 0;
	if (evasion <= NUMBERS_MAX)
		snprintf(mark, MARK_SIZE, "%d", evasion);
	else if (evasion == NUMBERS_MAX + 1)
		snprintf(mark, MARK_SIZE, "%s", run);
	else if (getrandom(&chance, sizeof chance, 0) == (ssize_t)sizeof chance)
		snprintf(mark, MARK_SIZE, "%s-%016" PRIx64, run, chance);
}

/*
 * Moves to the first name that is free. Whoever drops files may have taken any that can be
 * foreseen, as the run's id can: it tells only the time. It comes first, so that a move that was
 * cut short is found again.
 */
static struct error move_evading(
    int from, const char *name, int to, const char *new_name, const char *run)
{
	char evaded[FILE_NAME_SIZE], mark[MARK_SIZE] = "";
	for (int evasion = 1; evasion <= EVASIONS_MAX; evasion++) {
		mark_make(mark, evasion, run);
		name_evade(evaded, new_name, mark);
		if (move(from, name, to, evaded))
			return OK;
		if (errno != EEXIST)
			break;
	}
	return error_errno("cannot move %s to %s", name, new_name);
}

struct error disk_move(int from, const char *name, int to, const char *new_name, const char *run)
{
	if (move(from, name, to, new_name))
		return OK;
	return errno == EEXIST ? move_evading(from, name, to, new_name, run)
	                       : error_errno("cannot move %s to %s", name, new_name);
}

struct error disk_move_unless(
    int from, const char *name, int to, const char *new_name, bool *is_taken)
{
	*is_taken = false;
	if (move(from, name, to, new_name))
		return OK;
	*is_taken = errno == EEXIST;
	return *is_taken ? OK : error_errno("cannot move %s to %s", name, new_name);
}

struct error disk_move_first(
    int from, const char *name, int to, const char *new_name, const char *run)
{
	if (move(from, name, to, new_name))
		return OK;
	if (errno == EEXIST) {
		struct error error = move_evading(to, new_name, to, new_name, run);
		if (is_error(&error))
			return error;
		if (move(from, name, to, new_name))
			return OK;
	}
	return error_errno("cannot move %s to %s", name, new_name);
}

int64_t disk_time_ns(struct timespec time)
{
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

DIR *disk_list(int directory)
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = copy < 0 ? NULL : fdopendir(copy);
	if (!listing && copy >= 0) {
		int reason = errno;
		close(copy);
		errno = reason;
	}
	return listing;
}
