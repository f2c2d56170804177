#include "enrold/flush.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void fail(struct flush *flush, struct error error)
{
	if (!is_error(&flush->error))
		flush->error = error;
}

static bool reserve(struct flush *flush)
{
	if (flush->count < flush->room)
		return true;
	size_t room = flush->room * 2 + 64;
	int *files = reallocarray(flush->files, room, sizeof *files);
	if (!files) {
		fail(flush, error_memory("flushing files"));
		return false;
	}
	flush->files = files;
	flush->room = room;
	return true;
}

void flush_add(struct flush *flush, int at, const char *name)
{
	if (is_error(&flush->error) || !reserve(flush))
		return;
	int file = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file >= 0)
		flush->files[flush->count++] = file;
	else if (errno != ENOENT)
		fail(flush, error_errno("cannot open %s to flush it", name));
}

struct error flush_end(struct flush *flush)
{
	for (size_t i = 0; i < flush->count; i++) /* of a directory there is nothing to begin */
		(void)sync_file_range(flush->files[i], 0, 0, SYNC_FILE_RANGE_WRITE);
	for (size_t i = 0; i < flush->count; i++) {
		if (!is_error(&flush->error) && fsync(flush->files[i]) < 0)
			fail(flush, error_errno("cannot flush what was written"));
		close(flush->files[i]);
	}
	struct error error = is_error(&flush->error) ? flush->error : OK;
	free(flush->files);
	*flush = (struct flush){.error = OK};
	return error;
}
