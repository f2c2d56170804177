#include "chores.h"

#include "enrold/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static struct error failed(const char *what)
{
	return error_errno("cannot %s " ANSWER_CHORES " in work", what);
}

static struct error file_open(struct chores_file *chores, int more)
{
	chores->file = openat(chores->run->directory, ANSWER_CHORES,
	    O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | more, MODE_ANSWER);
	return chores->file < 0 ? failed("open") : OK;
}

/* All bytes from there on that there is room for; a read may stop half-way. -1: errno says why. */
static ssize_t tail_read(int file, char *bytes, size_t room, off_t from)
{
	size_t count = 0;
	while (count < room) {
		ssize_t size = pread(file, bytes + count, room - count, from + (off_t)count);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -1;
		if (size == 0)
			break;
		count += (size_t)size;
	}
	return (ssize_t)count;
}

/* A line that a kill has cut short tells of what was not committed. Lines are short. */
static struct error tail_cut(struct chores_file *chores)
{
	char bytes[512];
	off_t size = lseek(chores->file, 0, SEEK_END), from;
	from = size > (off_t)sizeof bytes ? size - (off_t)sizeof bytes : 0;
	ssize_t count = size < 0 ? -1 : tail_read(chores->file, bytes, sizeof bytes, from);
	if (count < 0)
		return failed("read");
	while (count > 0 && bytes[count - 1] != '\n')
		count--;
	chores->committed = from + count;
	return ftruncate(chores->file, chores->committed) < 0 ? failed("cut") : OK;
}

/* Nobody knows which lines belong to the last checkpoint; when the ledger does not know the run,
 * none does. */
struct error chores_open(struct chores_file *chores, const struct run *run, bool is_undone)
{
	*chores = (struct chores_file){
	    .run = run, .file = -1, .is_flushed = true, .is_undone = is_undone};
	if (run->row.state == RUN_UNKNOWN)
		return unlinkat(run->directory, ANSWER_CHORES, 0) < 0 && errno != ENOENT
		           ? failed("remove")
		           : OK;
	if (!disk_has(run->directory, ANSWER_CHORES))
		return OK;
	struct error error = file_open(chores, 0);
	return is_error(&error) ? error : tail_cut(chores);
}

struct error chores_add(struct chores_file *chores, struct slice lines)
{
	struct error error = OK;
	if (lines.size == 0 || chores->is_undone)
		return OK;
	if (chores->file < 0)
		error = file_open(chores, O_CREAT);
	chores->is_flushed = false;
	return is_error(&error) ? error : disk_write(chores->file, lines, ANSWER_CHORES);
}

struct error chores_sync(struct chores_file *chores)
{
	if (chores->is_flushed)
		return OK;
	if (fdatasync(chores->file) < 0)
		return failed("flush");
	chores->is_flushed = true;
	return disk_sync(chores->run->directory, ".");
}

struct error chores_commit(struct chores_file *chores)
{
	if (chores->file < 0)
		return OK;
	chores->committed = lseek(chores->file, 0, SEEK_END);
	return chores->committed < 0 ? failed("read") : OK;
}

void chores_cut(struct chores_file *chores)
{
	/* Lines that stay are asked for in vain, and do no harm. */
	int ignored = chores->file < 0 ? 0 : ftruncate(chores->file, chores->committed);
	(void)ignored;
}

void chores_close(struct chores_file *chores)
{
	if (chores->file >= 0)
		close(chores->file);
	chores->file = -1;
}
