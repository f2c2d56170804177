/* fake_journal: a library to be preloaded, under which journald is the file $FAKE_JOURNAL, to which
 * each entry's fields are appended, "SIZE:FIELD" each, and an empty line; without it there is no
 * journald; "/full" takes no entry. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

int sd_journal_sendv(const struct iovec *fields, int count);

int access(const char *path, int mode)
{
	const char *journal = getenv("FAKE_JOURNAL");
	if (strcmp(path, "/run/systemd/journal/socket") != 0)
		return faccessat(AT_FDCWD, path, mode, 0);
	errno = ENOENT;
	return journal ? 0 : -1;
}

int sd_journal_sendv(const struct iovec *fields, int count)
{
	const char *path = getenv("FAKE_JOURNAL");
	FILE *journal = path && strcmp(path, "/full") != 0 ? fopen(path, "ae") : NULL;
	if (!journal)
		return -ENOBUFS;
	for (int i = 0; i < count; i++) {
		fprintf(journal, "%zu:", fields[i].iov_len);
		fwrite(fields[i].iov_base, 1, fields[i].iov_len, journal);
		fputc('\n', journal);
	}
	fputc('\n', journal);
	return fclose(journal) == 0 ? 0 : -EIO;
}
