#include "enrold/naming.h"

#include "enrold/packed.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 1024 };

static void make(const struct naming *of, char name[FILE_NAME_SIZE])
{
	if (of->is_input)
		name_make_input(name, of->input, of->run, of->suffix);
	else
		name_make(name, of->input, of->run, of->suffix);
}

static bool make_earlier(const struct naming *of, char name[FILE_NAME_SIZE])
{
	char suffix[FILE_NAME_SIZE];
	snprintf(suffix, sizeof suffix, "%s%s", of->is_input ? ".csv" : "", of->suffix);
	return name_make_earlier(name, of->input, of->run, suffix);
}

static bool lies_there(int directory, const char *folder, const char *name)
{
	static const char *const ends[] = {"", PACKED_SUFFIX};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		char path[PATH_SIZE];
		int size = snprintf(path, sizeof path, "%s/%s%s", folder, name, ends[i]);
		if (size < PATH_SIZE && faccessat(directory, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
}

void naming_find(
    int directory, const char *folder, const struct naming *of, char name[FILE_NAME_SIZE])
{
	char earlier[FILE_NAME_SIZE];
	make(of, name);
	if (make_earlier(of, earlier) && !lies_there(directory, folder, name) &&
	    lies_there(directory, folder, earlier))
		memcpy(name, earlier, sizeof earlier);
}

bool naming_is(const struct naming *of, const char *name)
{
	char own[FILE_NAME_SIZE];
	make(of, own);
	return strcmp(own, name) == 0 || (make_earlier(of, own) && strcmp(own, name) == 0);
}
