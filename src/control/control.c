#include "enrold/control.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIT_PATH "/run/enrold/enrold.sock"
#define PREFIX "enrold-"
#define SUFFIX ".sock"

static void in_spool(const struct config *config, const char *node, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/" PREFIX "%s" SUFFIX, config->spool, node);
}

void control_path(const struct config *config, char path[PATH_MAX])
{
	const char *runtime = getenv("RUNTIME_DIRECTORY");
	if (config->socket)
		snprintf(path, PATH_MAX, "%s", config->socket);
	else if (runtime && *runtime == '/')
		snprintf(path, PATH_MAX, "%.*s/enrold.sock", (int)strcspn(runtime, ":"), runtime);
	else
		in_spool(config, config->node, path);
}

/* Through the directory's descriptor: a socket's own path holds 107 bytes. */
static bool address_make(const char *path, int *directory, struct sockaddr_un *address)
{
	char above[PATH_MAX];
	const char *slash = strrchr(path, '/');
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(above, sizeof above, "%.*s", slash > path ? (int)(slash - path) : 1, path);
	*directory = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int length = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s",
	    *directory, slash + 1);
	bool fits = length > 0 && (size_t)length < sizeof address->sun_path;
	if (fits && *directory >= 0)
		return true;
	errno = fits ? errno : ENAMETOOLONG;
	return false;
}

static int socket_make(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Where many wait to be let in, it waits for its turn. */
static int try_connect(const struct sockaddr_un *address)
{
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), status = -1;
	if (client < 0)
		return -1;
	do
		status = connect(client, (const struct sockaddr *)address, sizeof *address);
	while (status < 0 && errno == EINTR);
	if (status == 0 && fcntl(client, F_SETFL, O_NONBLOCK) == 0)
		return client;
	close(client);
	return -1;
}

/* Never waits: it is the loop's. False: errno says why. */
static bool is_listened(const struct sockaddr_un *address)
{
	int client = socket_make();
	bool is = client >= 0 &&
	          (connect(client, (const struct sockaddr *)address, sizeof *address) == 0 ||
	              errno == EAGAIN); /* so many wait already */
	int why = errno;
	if (client >= 0)
		close(client);
	errno = why;
	return is;
}

/* A socket that nobody listens to any more, and nothing else, makes room. */
static struct error place_clear(const char *path, const struct sockaddr_un *address)
{
	struct stat there;
	if (lstat(path, &there) < 0)
		return errno == ENOENT ? OK : error_errno("cannot look at %s", path);
	if (!S_ISSOCK(there.st_mode))
		return error_retry("%s is there, and is no socket", path);
	if (is_listened(address))
		return error_retry("another process listens on %s", path);
	if (errno != ECONNREFUSED)
		return error_errno("cannot take over %s", path);
	return unlink(path) < 0 && errno != ENOENT ? error_errno("cannot remove %s", path) : OK;
}

/* Never more open than it is to be, not even for a moment: the mode of the socket comes before its
 * name, and what umask took of it after. */
static struct error bind_at(
    int listening, const char *path, const struct sockaddr_un *address, mode_t mode)
{
	if (fchmod(listening, mode) < 0 ||
	    bind(listening, (const struct sockaddr *)address, sizeof *address) < 0 ||
	    chmod(address->sun_path, mode) < 0)
		return error_errno("cannot make the socket %s", path);
	return listen(listening, SOMAXCONN) < 0 ? error_errno("cannot listen on %s", path) : OK;
}

struct error control_listen(const char *path, mode_t mode, int *listening)
{
	struct sockaddr_un address;
	int directory = -1;
	struct error error = OK;
	*listening = -1;
	if (!address_make(path, &directory, &address))
		error = error_errno("cannot make the socket %s", path);
	if (!is_error(&error))
		error = place_clear(path, &address);
	if (!is_error(&error) && (*listening = socket_make()) < 0)
		error = error_errno("cannot make a socket");
	if (!is_error(&error))
		error = bind_at(*listening, path, &address, mode);
	if (is_error(&error) && *listening >= 0) {
		close(*listening);
		*listening = -1;
	}
	if (directory >= 0)
		close(directory);
	return error;
}

/* ---- asking ---- */

static bool is_control_name(const char *name)
{
	size_t length = strlen(name), ends = strlen(SUFFIX);
	return strncmp(name, PREFIX, strlen(PREFIX)) == 0 && length > ends &&
	       strcmp(name + length - ends, SUFFIX) == 0;
}

/* The setting alone, if there is one; else the unit's, then all of the spool. */
static bool path_next(struct control_search *search)
{
	const struct config *config = search->config;
	size_t at = search->next++;
	if (config->socket) {
		snprintf(search->path, PATH_MAX, "%s", config->socket);
		return at == 0;
	}
	if (at == 0) {
		snprintf(search->path, PATH_MAX, "%s", UNIT_PATH);
		return true;
	}
	if (at == 1)
		search->listing = opendir(config->spool);
	const struct dirent *entry;
	while (search->listing && (entry = readdir(search->listing))) {
		if (!is_control_name(entry->d_name))
			continue;
		snprintf(search->path, PATH_MAX, "%s/%s", config->spool, entry->d_name);
		return true;
	}
	return false;
}

int control_connect_next(struct control_search *search)
{
	while (path_next(search)) {
		struct sockaddr_un address;
		int directory = -1, client = -1;
		if (address_make(search->path, &directory, &address))
			client = try_connect(&address);
		if (directory >= 0)
			close(directory);
		if (client >= 0)
			return client;
	}
	return -1;
}

void control_search_done(struct control_search *search)
{
	if (search->listing)
		closedir(search->listing);
	search->listing = NULL;
}
