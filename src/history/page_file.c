/*
 * page_file: a page into its place. It is made beside it, where the folder gives it its group, and
 * takes the name in one step, whole and flushed: one that a power cut has emptied would be read
 * until there is something new.
 */
#include "page_runs.h"

#include "enrold/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct error place_check(int directory, const char *name)
{
	struct stat there;
	if (fstatat(directory, name, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? OK : error_errno("cannot look at it");
	if (S_ISREG(there.st_mode) && there.st_uid == geteuid())
		return OK;
	return error_reject("name_taken", 0,
	    "what has this name is no file of enrold's, and stays as it is: move it away");
}

void page_parts_remove(int directory)
{
	const struct dirent *entry;
	DIR *listing = disk_list(directory);
	while (listing && (entry = readdir(listing)))
		if (strncmp(entry->d_name, PAGE_PART, strlen(PAGE_PART)) == 0)
			unlinkat(directory, entry->d_name, 0);
	if (listing)
		closedir(listing);
}

/* *is_gone: another daemon has taken it for what a dead one has left. */
static struct error try_write(
    int directory, const struct page_name *name, struct slice text, bool *is_gone)
{
	unlinkat(directory, name->part, 0); /* of an attempt that was cut short */
	struct error error = disk_create(directory, name->part, name->mode, text);
	*is_gone = false;
	if (!is_error(&error) && renameat(directory, name->part, directory, name->name) < 0) {
		*is_gone = errno == ENOENT;
		error = error_errno("cannot rename %s", name->part);
	}
	if (is_error(&error))
		unlinkat(directory, name->part, 0);
	return error;
}

struct error page_file_write(int directory, const struct page_name *name, struct slice text)
{
	bool is_gone = false;
	struct error error = place_check(directory, name->name);
	if (!is_error(&error))
		error = try_write(directory, name, text, &is_gone);
	return is_gone ? try_write(directory, name, text, &is_gone) : error;
}
