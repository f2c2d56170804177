/*
 * archive: where inputs of runs that have been done lie.
 */
#include "run_state.h"

#include "enrold/disk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* archive/YYYY/MM/DD of the run's id. One that is there may have been made by a process that was
 * killed before it had flushed it. */
struct error archive_open(struct run *run, const char *id, int *day)
{
	const struct spool *spool = run->runner->shared->spool;
	bool is_known = strncmp(run->runner->day, id, 8) == 0;
	char path[16];
	snprintf(path, sizeof path, "%.4s", id);
	struct error error = disk_open_directory(spool->archive, path, MODE_SHARED, day);
	if (!is_error(&error) && !is_known)
		error = disk_sync(spool->archive, ".");
	for (const char *part = id + 4; part < id + 8 && !is_error(&error); part += 2) {
		int above = *day;
		snprintf(path, sizeof path, "%.2s", part);
		error = disk_open_directory(above, path, MODE_SHARED, day);
		if (!is_error(&error) && !is_known)
			error = disk_sync(above, ".");
		close(above);
	}
	if (!is_error(&error))
		snprintf(run->runner->day, sizeof run->runner->day, "%.8s", id);
	return error;
}
