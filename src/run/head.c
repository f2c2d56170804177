#include "enrold/head.h"

#include "disk.h"

#include "enrold/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define HEAD ".head"

enum { MODE_HEAD = 0640 };

struct error head_note(const struct spool *spool, int at, const char *run)
{
	char line[RUN_ID_SIZE + 2];
	int length = snprintf(line, sizeof line, "%s\n", run);
	int file =
	    openat(at, HEAD_PART, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, MODE_HEAD);
	if (file < 0)
		return error_errno("cannot make " HEAD_PART);
	struct error error = disk_write(file, (struct slice){line, (size_t)length}, HEAD_PART);
	close(file);
	if (!is_error(&error) && renameat(at, HEAD_PART, spool->root, HEAD) < 0)
		error = error_errno("cannot rename " HEAD_PART);
	return error;
}

struct error head_find(const struct spool *spool, char run[RUN_ID_SIZE + 1])
{
	int64_t epoch_us;
	memset(run, 0, RUN_ID_SIZE + 1);
	int file = openat(spool->root, HEAD, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return errno == ENOENT ? OK : error_errno("cannot open " HEAD);
	struct error error =
	    pread(file, run, RUN_ID_SIZE, 0) < 0 ? error_errno("cannot read " HEAD) : OK;
	close(file);
	if (!run_id_parse(run, &epoch_us))
		*run = '\0'; /* cut short by a power cut */
	return error;
}

struct error head_check(const struct spool *spool, struct lms *lms)
{
	char run[RUN_ID_SIZE + 1];
	struct ledger_run row = {.state = RUN_UNKNOWN};
	struct error error = head_find(spool, run);
	if (is_error(&error) || *run == '\0')
		return error;
	struct arena *arena = arena_create();
	error = arena ? ledger_find(lms, slice_of(run), arena, &row)
	              : error_memory("looking at the ledger");
	arena_free(arena);
	if (is_error(&error) || row.state != RUN_UNKNOWN)
		return error;
	return error_config("the database does not know run %s, which this spool has answered: it "
	                    "was restored from an older backup, or is another one; see `enrolctl "
	                    "reconcile`",
	    run);
}

struct error head_accept(const struct spool *spool, struct lms *lms)
{
	char last[RUN_ID_SIZE + 1];
	struct error error = ledger_last_run(lms, last);
	if (is_error(&error))
		return error;
	if (*last != '\0')
		return head_note(spool, spool->root, last);
	if (unlinkat(spool->root, HEAD, 0) < 0 && errno != ENOENT)
		return error_errno("cannot remove " HEAD);
	return OK;
}
