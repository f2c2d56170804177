#include "watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MASK = IN_ONLYDIR | IN_EXCL_UNLINK | IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO |
	       IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB,
	VOUCHING = IN_CLOSE_WRITE | IN_MOVED_TO,
	EVENTS_SIZE = 64 << 10,
};

struct place {
	int descriptor; /* inotify's, -1: not watched */
	dev_t device;
	ino_t inode;
	bool is_of_folders;
};

struct watch {
	uv_poll_t poll;
	int inotify;
	watch_on_event *on_event;
	void *context;
	char *events;
	size_t places_count;
	struct place places[];
};

static size_t place_find(const struct watch *watch, int descriptor)
{
	for (size_t i = 0; i < watch->places_count; i++)
		if (watch->places[i].descriptor == descriptor)
			return i;
	return WATCH_ALL;
}

static void event_take(struct watch *watch, const struct inotify_event *event)
{
	size_t place = place_find(watch, event->wd);
	if (place == WATCH_ALL && !(event->mask & IN_Q_OVERFLOW))
		return; /* the last words of a directory that we have left */
	bool is_of_file = event->len > 0 && !(event->mask & IN_ISDIR);
	if (place != WATCH_ALL && watch->places[place].is_of_folders && is_of_file)
		return;
	if (event->mask & (IN_IGNORED | IN_MOVE_SELF | IN_UNMOUNT) && place != WATCH_ALL)
		/* A directory that now takes our path has to be watched anew. */
		watch->places[place].inode = 0;
	const char *name = event->mask & VOUCHING && event->len > 0 ? event->name : NULL;
	watch->on_event(watch->context, place, name);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	(void)status;
	(void)events;
	for (;;) {
		ssize_t size = read(watch->inotify, watch->events, EVENTS_SIZE);
		if (size <= 0)
			return; /* EAGAIN; anything else shows at the next rescan */
		for (const char *next = watch->events; next < watch->events + size;) {
			const struct inotify_event *event = (const void *)next;
			event_take(watch, event);
			next += sizeof *event + event->len;
		}
	}
}

static void watch_free(struct watch *watch)
{
	if (watch->inotify >= 0)
		close(watch->inotify);
	free(watch->events);
	free(watch);
}

struct error watch_start(
    uv_loop_t *loop, size_t places, watch_on_event *on_event, void *context, struct watch **result)
{
	struct watch *watch = calloc(1, sizeof *watch + places * sizeof(struct place));
	if (!watch)
		return error_memory("starting the watch");
	*watch = (struct watch){
	    .inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC),
	    .on_event = on_event,
	    .context = context,
	    .events = malloc(EVENTS_SIZE),
	    .places_count = places,
	};
	for (size_t i = 0; i < places; i++)
		watch->places[i].descriptor = -1;
	struct error error = OK;
	if (!watch->events)
		error = error_memory("starting the watch");
	else if (watch->inotify < 0)
		error = error_errno("no inotify instance");
	else if (uv_poll_init(loop, &watch->poll, watch->inotify) < 0)
		error = error_retry("libuv cannot poll inotify");
	if (is_error(&error)) {
		watch_free(watch);
		return error;
	}
	watch->poll.data = watch;
	uv_poll_start(&watch->poll, UV_READABLE, on_readable);
	*result = watch;
	return OK;
}

static void on_closed(uv_handle_t *handle)
{
	watch_free(handle->data);
}

void watch_stop(struct watch *watch)
{
	if (watch)
		uv_close((uv_handle_t *)&watch->poll, on_closed);
}

static struct error place_watch(
    struct watch *watch, size_t index, int directory, uint32_t more_events)
{
	struct place *place = &watch->places[index];
	struct stat stat;
	char path[64];
	if (fstat(directory, &stat) < 0)
		return error_errno("cannot look at the directory");
	if (place->descriptor >= 0 && place->device == stat.st_dev && place->inode == stat.st_ino)
		return OK;
	if (place->descriptor >= 0)
		inotify_rm_watch(watch->inotify, place->descriptor);
	place->descriptor = -1;
	/* By descriptor: the path may lead elsewhere by now. */
	snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
	int descriptor = inotify_add_watch(watch->inotify, path, MASK | more_events);
	if (descriptor < 0)
		return error_errno("no inotify watch");
	*place =
	    (struct place){.descriptor = descriptor, .device = stat.st_dev, .inode = stat.st_ino};
	return OK;
}

struct error watch_place(struct watch *watch, size_t index, int directory)
{
	return place_watch(watch, index, directory, 0);
}

struct error watch_place_of_folders(struct watch *watch, size_t index, int directory)
{
	struct error error = place_watch(watch, index, directory, 0);
	watch->places[index].is_of_folders = true;
	return error;
}

struct error watch_place_leaving(struct watch *watch, size_t index, int directory)
{
	return place_watch(watch, index, directory, IN_DELETE | IN_MOVED_FROM);
}
