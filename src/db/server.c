#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error line_read(int file, const char *path, char password[PASSWORD_SIZE])
{
	ssize_t size = pread(file, password, PASSWORD_SIZE - 1, 0);
	if (size < 0)
		return error_errno("cannot read %s", path);
	password[size] = '\0';
	size_t length = strcspn(password, "\r\n");
	if (length == PASSWORD_SIZE - 1)
		return error_config("%s: its first line is longer than any password", path);
	password[length] = '\0';
	return OK;
}

struct error password_read(const char *path, char password[PASSWORD_SIZE])
{
	struct stat stat;
	*password = '\0';
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return error_config("cannot open the password file %s: %s", path, strerror(errno));
	struct error error;
	if (fstat(file, &stat) < 0)
		error = error_errno("cannot look at %s", path);
	else if (stat.st_mode & (S_IRWXG | S_IRWXO) & ~(mode_t)S_IRGRP)
		error = error_config("%s may be read by others: chmod 0600 (0640 at most)", path);
	else
		error = line_read(file, path, password);
	close(file);
	return error;
}

struct error password_credential(char password[PASSWORD_SIZE])
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];
	*password = '\0';
	if (!directory)
		return OK;
	snprintf(path, sizeof path, "%s/lms-password", directory);
	return access(path, F_OK) < 0 ? OK : password_read(path, password);
}

bool server_is_local(const char *host)
{
	return !host || *host == '\0' || *host == '/' || *host == '@' ||
	       strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
	       strcmp(host, "::1") == 0;
}
