/* fake_journal: a library to be preloaded, under which journald is the file $FAKE_JOURNAL, to which
 * each entry's fields are appended, "SIZE:FIELD" each, and an empty line; without it there is no
 * journald; "/full" takes no entry. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

int sd_journal_sendv(const struct iovec *fields, int count);

int connect(int file, const struct sockaddr *address, socklen_t size)
{
	const struct sockaddr_un *place = (const struct sockaddr_un *)address;
	if (address->sa_family != AF_UNIX ||
	    strcmp(place->sun_path, "/run/systemd/journal/socket") != 0)
		return (int)syscall(SYS_connect, file, address, size);
	errno = ENOENT;
	return getenv("FAKE_JOURNAL") ? 0 : -1;
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
