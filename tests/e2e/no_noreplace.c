/* no_noreplace: a library to be preloaded, under which all is on a network file system: renameat2
 * knows no flags. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>

int renameat2(int from, const char *name, int to, const char *new_name, unsigned int flags)
{
	if (flags == 0)
		return renameat(from, name, to, new_name);
	errno = EINVAL;
	return -1;
}
