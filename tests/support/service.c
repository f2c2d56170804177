#include "service.h"

#include "fatal.h"
#include "movement.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* An abstract address of the kernel's choice: no path to grow too long, nothing to clean up. */
static int notify_open(char *variable, size_t size)
{
	int notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t length = sizeof address.sun_family;
	if (notify < 0 || bind(notify, (struct sockaddr *)&address, length) != 0)
		fatal("cannot bind a notify socket: %s", strerror(errno));
	length = sizeof address;
	getsockname(notify, (struct sockaddr *)&address, &length);
	int name = (int)(length - sizeof address.sun_family) - 1;
	snprintf(variable, size, "NOTIFY_SOCKET=@%.*s", name, address.sun_path + 1);
	return notify;
}

static bool has_line(const struct buffer *heard, const char *start)
{
	const char *line = heard->bytes;
	const char *end = line + heard->size;
	while (line && line < end) {
		if (text_starts(line, start))
			return true;
		const char *feed = strchr(line, '\n');
		line = feed ? feed + 1 : NULL;
	}
	return false;
}

/* Takes in what waits on the socket. */
static void notify_drain(struct service *service)
{
	char message[4096];
	ssize_t size;
	while ((size = recv(service->notify, message, sizeof message, MSG_DONTWAIT)) > 0) {
		buffer_add(&service->heard, message, (size_t)size);
		buffer_add(&service->heard, "\n", 2); /* and a NUL ... */
		if (service->heard.failed)
			fatal("out of memory");
		service->heard.size--; /* ... that does not count */
	}
}

static _Noreturn void service_fail(struct service *service, const char *what)
{
	struct buffer said = program_said(service->program.err);
	program_signal(&service->program, SIGKILL);
	fatal("%s\nnotified:\n%s\nlogged:\n%s", what,
	    service->heard.bytes ? service->heard.bytes : "(nothing)", said.bytes);
}

void service_hear(struct service *service, const char *start)
{
	struct movement movement;
	struct pollfd polled[] = {{.fd = service->notify, .events = POLLIN},
	    {.fd = service->program.pidfd, .events = POLLIN}};
	movement_start(&movement, MOVEMENT_QUIET_MS);
	for (;;) {
		notify_drain(service);
		if (has_line(&service->heard, start))
			return;
		if (movement_poll(&movement, polled, 2) == 0 || polled[0].revents == 0)
			service_fail(service,
			    path_of("the daemon never said %s; %s", start, movement.reason).text);
	}
}

void service_begin(struct service *service, const char *const *argv)
{
	static char variable[160];
	*service = (struct service){0};
	service->notify = notify_open(variable, sizeof variable);
	program_start(&service->program, argv, variable);
}

void service_start(struct service *service, const struct rig *rig)
{
	service_begin(service, ARGV("enrold", "--config", rig->config.text));
	service_hear(service, "READY=1");
}

void service_await_log(struct service *service, const char *words)
{
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	do {
		struct buffer said = program_said(service->program.err);
		bool is_there = strstr(said.bytes, words);
		buffer_done(&said);
		if (is_there)
			return;
	} while (movement_pause(&movement));
	service_fail(
	    service, path_of("the daemon never logged %s; %s", words, movement.reason).text);
}

void service_await(struct service *service, const struct rig *rig, const char *feed, size_t answers)
{
	struct path outbox = rig_path(rig, "outbox%s%s", *feed ? "/" : "", feed);
	if (files_await(outbox.text, ".summary.json", answers, service->program.pidfd))
		return;
	struct path what = path_of("%zu answers instead of %zu in %s",
	    files_count(outbox.text, ".summary.json"), answers, outbox.text);
	service_fail(service, what.text);
}

void service_await_claim(struct service *service, const struct rig *rig)
{
	struct path work = rig_path(rig, "work/%s", RIG_NODE);
	if (!files_await(work.text, "", 1, service->program.pidfd))
		service_fail(service, "the daemon claims nothing");
}

void service_await_idle(struct service *service, const struct rig *rig)
{
	struct path work = rig_path(rig, "work/%s", RIG_NODE);
	if (!files_await_empty(work.text, service->program.pidfd))
		service_fail(service, "the daemon does not become idle");
}

/* Every line a JSON object with the members that enrold(8) names. */
static void log_check(const struct buffer *log)
{
	const char *line = log->bytes;
	while (*line) {
		size_t size = strcspn(line, "\n");
		json_t *object = json_loadb(line, size, 0, NULL);
		if (!json_is_string(json_object_get(object, "time")) ||
		    !json_is_string(json_object_get(object, "level")) ||
		    !json_is_string(json_object_get(object, "event")))
			fatal("not a line of a log: %.*s", (int)size, line);
		json_decref(object);
		line += size + (line[size] == '\n');
	}
}

static struct finished service_end(struct service *service)
{
	struct finished finished = program_finish(&service->program);
	notify_drain(service);
	close(service->notify);
	return finished;
}

void service_stop(struct service *service)
{
	notify_drain(service); /* room for its last words */
	program_signal(&service->program, SIGTERM);
	struct finished finished = service_end(service);
	if (finished.status != 0)
		fatal("the daemon ended with %d after SIGTERM; it logged:\n%s", finished.status,
		    finished.err.bytes);
	if (!has_line(&service->heard, "STOPPING=1"))
		fatal("the daemon never said STOPPING=1, only:\n%s", service->heard.bytes);
	log_check(&finished.err);
	finished_done(&finished);
	buffer_done(&service->heard);
}

struct finished service_await_end(struct service *service)
{
	struct finished finished = service_end(service);
	buffer_done(&service->heard);
	return finished;
}

void service_kill(struct service *service)
{
	program_signal(&service->program, SIGKILL);
	struct finished finished = service_end(service);
	finished_done(&finished);
	buffer_done(&service->heard);
}

size_t service_descriptors(const struct service *service)
{
	struct path path = path_of("/proc/%d/fd", (int)service->program.pid);
	return files_count(path.text, "");
}

size_t service_memory(const struct service *service)
{
	struct buffer status =
	    files_read(path_of("/proc/%d/status", (int)service->program.pid).text);
	const char *line = strstr(status.bytes, "VmRSS:");
	size_t kibibytes = line ? (size_t)strtoul(line + strlen("VmRSS:"), NULL, 10) : 0;
	buffer_done(&status);
	return kibibytes * 1024;
}
