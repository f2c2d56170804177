#include "enrold/ending.h"

#include <string.h>
#include <strings.h>

/* Of these, if it stands here as a whole. */
static size_t one_of(const char *at, const char *const endings[])
{
	for (size_t i = 0; endings[i]; i++) {
		size_t size = strlen(endings[i]);
		if (strncasecmp(at, endings[i], size) == 0 && (at[size] == '.' || at[size] == '\0'))
			return size;
	}
	return 0;
}

size_t ending_measure(const char *at)
{
	static const char *const archives[] = {".zip", NULL}, *const texts[] = {
	                                                          ".csv", ".txt", NULL};
	static const char *const packed[] = {".gz", NULL};
	static const char *const encrypted[] = {".pgp", ".gpg", ".asc", NULL};
	size_t size = one_of(at, archives);
	if (size == 0) {
		size = one_of(at, texts);
		size += one_of(at + size, packed);
	}
	return size + one_of(at + size, encrypted);
}

const char *ending_find(const char *name)
{
	const char *at = name;
	while ((at = strchr(at, '.'))) {
		size_t size = ending_measure(at);
		if (size > 0 && at[size] == '\0')
			return at;
		at++;
	}
	return name + strlen(name);
}
