#include "run_state.h"

#include "enrold/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char *const names[] = {"try.1", "try.2", "try.3"};

enum { TRIES_MAX = sizeof names / sizeof *names };

struct error tries_begin(struct run *run)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		int file = openat(
		    run->directory, names[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE_INPUT);
		if (file < 0 && errno == EEXIST)
			continue;
		if (file < 0)
			return error_errno("cannot note a try in work/%s", run->id);
		close(file);
		return OK;
	}
	return error_reject("killed_daemon", 0,
	    "enrold died %d times while it ran this file, with %llu row%s done: report this, and "
	    "keep the file",
	    TRIES_MAX, (unsigned long long)run->row.records, run->row.records == 1 ? "" : "s");
}

void tries_forget(struct run *run)
{
	for (int i = 1; i < TRIES_MAX; i++) /* one stays, for this try */
		unlinkat(run->directory, names[i], 0);
}

void tries_end(struct run *run)
{
	for (int i = 0; i < TRIES_MAX; i++)
		unlinkat(run->directory, names[i], 0);
}

static void last_try_forget(int directory)
{
	for (int i = TRIES_MAX - 1; i >= 0; i--)
		if (unlinkat(directory, names[i], 0) == 0)
			return;
}

void tries_withdraw(struct run *run)
{
	last_try_forget(run->directory);
}

void run_forgive(const struct spool *spool)
{
	DIR *listing = disk_list(spool->work);
	const struct dirent *entry;
	while (listing && (entry = readdir(listing))) {
		int64_t epoch_us;
		int run = run_id_parse(entry->d_name, &epoch_us)
		              ? openat(dirfd(listing), entry->d_name,
		                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
		              : -1;
		if (run < 0)
			continue;
		last_try_forget(run);
		close(run);
	}
	if (listing)
		closedir(listing);
}
