/* checkpoint_key: the private key of checkpoints, from where the configuration says it is. */
#include "enrold/checkpoints.h"
#include "enrold/note.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error path_make(const struct checkpoint_options *options, char path[PATH_MAX])
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	if (options->key[0] == '/')
		snprintf(path, PATH_MAX, "%s", options->key);
	else if (!folder)
		return error_config("the key of checkpoints is the credential %s, and there are "
		                    "no credentials: the unit needs LoadCredential=%s:FILE",
		    options->key, options->key);
	else
		snprintf(path, PATH_MAX, "%s/%s", folder, options->key);
	return OK;
}

/* A credential may be its group's to read, as systemd has it. */
static struct error look(int file, const char *path)
{
	struct stat stat;
	if (fstat(file, &stat) < 0 || !S_ISREG(stat.st_mode))
		return error_config("the key of checkpoints, %s, is not a file", path);
	if (stat.st_mode & (S_IROTH | S_IWOTH))
		return error_config("the key of checkpoints, %s, can be read or written by "
		                    "anybody (mode %04o): chmod 0600, and make a new one if "
		                    "somebody may have",
		    path, (unsigned)stat.st_mode & 07777);
	return OK;
}

struct error checkpoints_load_key(const struct checkpoint_options *options, struct note_key **key)
{
	char path[PATH_MAX];
	*key = NULL;
	struct error error = path_make(options, path);
	return is_error(&error) ? error : checkpoints_open_key(path, key);
}

struct error checkpoints_open_key(const char *path, struct note_key **key)
{
	char text[NOTE_KEY_FILE_MAX + 1];
	*key = NULL;
	int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file < 0)
		return error_at_start(error_errno("cannot open the key of checkpoints, %s", path));
	struct error error = look(file, path);
	ssize_t size = is_error(&error) ? 0 : pread(file, text, sizeof text, 0);
	if (size < 0)
		error = error_errno("cannot read the key of checkpoints, %s", path);
	close(file);
	if (!is_error(&error))
		error = note_key_parse((struct slice){text, (size_t)size}, key);
	explicit_bzero(text, sizeof text);
	if (!is_error(&error) && !note_key_is_private(*key))
		error = error_config("it is the public half, which signs nothing");
	if (!is_error(&error))
		return OK;
	note_key_free(*key);
	*key = NULL;
	return strstr(error.text, path) ? error : error_wrap(error, "%s", path);
}
