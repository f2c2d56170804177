#include "fatal.h"
#include "files.h"
#include "movement.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

size_t files_count(const char *directory, const char *end)
{
	size_t count = 0;
	DIR *stream = opendir(directory);
	struct dirent *entry;
	while (stream && (entry = readdir(stream)))
		count += text_ends(entry->d_name, end) && strcmp(entry->d_name, ".") != 0 &&
		         strcmp(entry->d_name, "..") != 0;
	if (stream)
		closedir(stream);
	return count;
}

/* New names that end so; SIZE_MAX when events were lost. */
static size_t events_count(int notify, const char *end)
{
	_Alignas(struct inotify_event) char bytes[65536];
	ssize_t size = read(notify, bytes, sizeof bytes);
	size_t count = 0;
	for (ssize_t at = 0; at < size;) {
		const struct inotify_event *event = (const struct inotify_event *)(bytes + at);
		if (event->mask & IN_Q_OVERFLOW)
			return SIZE_MAX;
		count += event->len > 0 && text_ends(event->name, end);
		at += (ssize_t)(sizeof *event + event->len);
	}
	return count;
}

static int watch_open(const char *directory)
{
	int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (notify < 0 || inotify_add_watch(notify, directory,
	                      IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM) < 0)
		fatal("cannot watch %s: %s", directory, strerror(errno));
	return notify;
}

/* False: it is over, or who should make them has ended. */
static bool news_await(struct movement *movement, int notify, int alive)
{
	struct pollfd polled[] = {
	    {.fd = notify, .events = POLLIN}, {.fd = alive, .events = POLLIN}};
	return movement_poll(movement, polled, 2) > 0 && !polled[1].revents;
}

/*
 * Counting the directory again for each of 20,000 answers would be quadratic: events are counted,
 * and the directory only when they say that it may be enough.
 */
bool files_await(const char *directory, const char *end, size_t count, int alive)
{
	struct movement movement;
	int notify = watch_open(directory);
	size_t there = files_count(directory, end);
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (there < count && news_await(&movement, notify, alive)) {
		size_t more = events_count(notify, end);
		there = more == SIZE_MAX ? count : there + more;
		if (there >= count)
			there = files_count(directory, end);
	}
	close(notify);
	return there >= count || files_count(directory, end) >= count;
}

bool files_await_empty(const char *directory, int alive)
{
	struct movement movement;
	int notify = watch_open(directory);
	movement_start(&movement, MOVEMENT_QUIET_MS);
	size_t there;
	while ((there = files_count(directory, "")) > 0 && news_await(&movement, notify, alive))
		events_count(notify, "");
	close(notify);
	return there == 0; /* the next file may have come since */
}
