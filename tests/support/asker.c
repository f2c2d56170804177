#include "asker.h"

#include "fatal.h"
#include "movement.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct path asker_path(const struct rig *rig)
{
	return rig_path(rig, "enrold-" RIG_NODE ".sock");
}

/* ---- bytes ---- */

bool asker_try(struct asker *asker, const char *path)
{
	const char *name = path_base(path);
	struct path above = path_of("%.*s", (int)(name - path), path);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int directory = open(above.text, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*asker = (struct asker){.socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	if (asker->socket < 0)
		fatal("cannot make a socket: %s", strerror(errno));
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory, name);
	bool is = directory >= 0 &&
	          connect(asker->socket, (const struct sockaddr *)&address, sizeof address) == 0;
	int why = errno;
	if (directory >= 0)
		close(directory);
	if (!is) {
		close(asker->socket);
		asker->socket = -1;
	}
	errno = why;
	return is;
}

void asker_open(struct asker *asker, const char *path)
{
	if (!asker_try(asker, path))
		fatal("cannot ask at %s: %s", path, strerror(errno));
}

void asker_send(struct asker *asker, const void *bytes, size_t size)
{
	for (const char *next = bytes; size > 0;) {
		ssize_t sent = send(asker->socket, next, size, MSG_NOSIGNAL);
		if (sent < 0)
			return; /* the daemon has gone: that is what is read next */
		next += sent;
		size -= (size_t)sent;
	}
}

/* False: it has closed. */
static bool receive(struct asker *asker)
{
	char chunk[16 << 10];
	struct movement movement;
	struct pollfd polled = {.fd = asker->socket, .events = POLLIN};
	movement_start(&movement, MOVEMENT_QUIET_MS);
	if (movement_poll(&movement, &polled, 1) == 0)
		fatal("the daemon never answered: %s", movement.reason);
	ssize_t size = recv(asker->socket, chunk, sizeof chunk, 0);
	if (size <= 0)
		return false;
	buffer_add(&asker->in, chunk, (size_t)size);
	return true;
}

json_t *asker_line(struct asker *asker)
{
	for (;;) {
		const char *from = asker->in.bytes ? asker->in.bytes + asker->read : "";
		size_t left = asker->in.size - asker->read;
		const char *end = left > 0 ? memchr(from, '\n', left) : NULL;
		if (!end && receive(asker))
			continue;
		if (!end)
			return NULL;
		json_t *line = json_loadb(from, (size_t)(end - from), 0, NULL);
		if (!json_is_object(line) || json_integer_value(json_object_get(line, "v")) != 1)
			fatal("that is no line of an answer: %.*s", (int)(end - from), from);
		asker->read += (size_t)(end - from) + 1;
		return line;
	}
}

void asker_close(struct asker *asker)
{
	if (asker->socket >= 0)
		close(asker->socket);
	buffer_done(&asker->in);
	asker->socket = -1;
}

/* ---- questions ---- */

void asker_ask(struct asker *asker, const char *members, struct told *told)
{
	struct buffer line = {0};
	json_t *said;
	*told = (struct told){.data = json_array(), .exit = -1};
	buffer_print(&line, "{\"v\":1,%s}\n", members);
	asker_send(asker, line.bytes, line.size);
	buffer_done(&line);
	while (told->exit < 0 && (said = asker_line(asker))) {
		json_t *data = json_object_get(said, "data"), *code = json_object_get(said, "exit");
		if (data)
			json_array_append(told->data, data);
		if (json_is_integer(code)) {
			told->exit = (int)json_integer_value(code);
			snprintf(told->message, sizeof told->message, "%s",
			    json_string_value(json_object_get(said, "message")));
		}
		json_decref(said);
	}
}

void ask_rig(const struct rig *rig, const char *members, struct told *told)
{
	struct asker asker;
	asker_open(&asker, asker_path(rig).text);
	asker_ask(&asker, members, told);
	asker_close(&asker);
}

void told_done(struct told *told)
{
	json_decref(told->data);
}

void ask_expect(const struct rig *rig, int exit, const char *members)
{
	struct told told;
	ask_rig(rig, members, &told);
	if (told.exit != exit)
		fatal("%s: %d in place of %d: %s", members, told.exit, exit, told.message);
	told_done(&told);
}

json_t *ask_status(const struct rig *rig)
{
	struct told told;
	ask_rig(rig, "\"command\":\"status\"", &told);
	if (told.exit != 0 || json_array_size(told.data) != 1)
		fatal("status: %d: %s", told.exit, told.message);
	json_t *status = json_incref(json_array_get(told.data, 0));
	told_done(&told);
	return status;
}

json_t *status_feed(json_t *status, const char *feed)
{
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(status, "feeds"), i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "feed")), feed) == 0)
			return one;
	}
	fatal("status has no feed %s", feed);
}

void ask_await_state(const struct rig *rig, const char *feed, const char *state)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	for (;;) {
		json_t *status = ask_status(rig);
		const char *is =
		    json_string_value(json_object_get(status_feed(status, feed), "state"));
		bool is_so = strcmp(is, state) == 0;
		if (!is_so && !movement_pause(&movement))
			fatal("feed %s is never %s, but %s: %s", feed, state, is, movement.reason);
		json_decref(status);
		if (is_so)
			return;
	}
}

static json_int_t number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

struct path ask_await_running(const struct rig *rig, const char *feed)
{
	struct movement movement;
	struct path run = {""};
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (!*run.text) {
		json_t *status = ask_status(rig);
		json_t *running =
		    json_array_get(json_object_get(status_feed(status, feed), "running"), 0);
		json_int_t done = number_of(running, "rows_done");
		if (running && done > 0 && done < number_of(running, "rows"))
			run = path_of("%s", json_string_value(json_object_get(running, "run")));
		json_decref(status);
		if (!*run.text && !movement_pause(&movement))
			fatal("nothing runs in feed %s: %s", feed, movement.reason);
	}
	return run;
}
