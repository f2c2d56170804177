#include "credential.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error path_make(const char *key, const char *name, char path[PATH_MAX])
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	if (name[0] != '/' && !folder)
		return error_config("%s is the credential %s, and there are no credentials: the "
		                    "unit needs LoadCredential=%s:FILE",
		    key, name, name);
	snprintf(path, PATH_MAX, "%s%s%s", name[0] == '/' ? "" : folder, name[0] == '/' ? "" : "/",
	    name);
	return OK;
}

static struct error look(int file, const char *key, const char *path)
{
	struct stat stat;
	if (fstat(file, &stat) < 0 || !S_ISREG(stat.st_mode))
		return error_config("%s: %s is not a file", key, path);
	if (stat.st_mode & (S_IROTH | S_IWOTH))
		return error_config("%s: %s can be read or written by anybody (mode %04o): "
		                    "chmod 0600, and make a new secret if somebody may have",
		    key, path, (unsigned)stat.st_mode & 07777);
	return stat.st_size <= CREDENTIAL_MAX
	           ? OK
	           : error_config("%s: %s has more than %d bytes", key, path, CREDENTIAL_MAX);
}

struct error credential_load(const char *key, const char *name, struct buffer *secret)
{
	char path[PATH_MAX], text[CREDENTIAL_MAX + 1];
	struct error error = path_make(key, name, path);
	if (is_error(&error))
		return error;
	int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0)
		return error_at_start(error_errno("%s: cannot open %s", key, path));
	error = look(file, key, path);
	ssize_t size = is_error(&error) ? 0 : pread(file, text, sizeof text - 1, 0);
	close(file);
	if (size < 0)
		return error_errno("%s: cannot read %s", key, path);
	text[size] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	if (!is_error(&error) && *text == '\0')
		error = error_config("%s: %s is empty", key, path);
	buffer_add(secret, text, strlen(text) + 1);
	explicit_bzero(text, sizeof text);
	if (secret->failed)
		error = error_memory("reading a credential");
	else
		secret->size--;
	return error;
}

void credential_wipe(struct buffer *secret)
{
	if (secret->bytes)
		explicit_bzero(secret->bytes, secret->capacity);
	buffer_done(secret);
}
