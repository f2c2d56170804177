#include "metrics_file.h"

#include "enrold/disk.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* Closed in any case. The mode is in spite of the umask. */
static struct error file_fill(int file, const char *name, struct slice text)
{
	struct error error = disk_write(file, text, name);
	if (!is_error(&error) && fchmod(file, 0644) < 0)
		error = error_errno("cannot make %s readable", name);
	if (close(file) < 0 && !is_error(&error))
		error = error_errno("cannot write %s", name);
	return error;
}

struct error metrics_file_write(const char *path, struct slice text)
{
	char part[PATH_MAX]; /* its ending is none that the collector reads */
	snprintf(part, sizeof part, "%s.part", path);
	unlink(part); /* of a daemon that was killed */
	int file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0)
		return error_errno("cannot make %s", part);
	struct error error = file_fill(file, part, text);
	if (!is_error(&error) && rename(part, path) < 0)
		error = error_errno("cannot replace %s", path);
	if (is_error(&error))
		unlink(part);
	return error;
}
