#include "fatal.h"
#include "files.h"
#include "moment.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
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

/* ---- as long as something moves ---- */

enum { TICKS_IDLE = 2 }; /* what a daemon with nothing to do may use up */

/* Of CPU time that the process has had; 0: it is gone. */
static long process_ticks(int pidfd)
{
	char line[512] = "";
	int pid = 0;
	long user = 0, system = 0;
	FILE *info = fopen(path_of("/proc/self/fdinfo/%d", pidfd).text, "re");
	while (info && pid == 0 && fgets(line, sizeof line, info))
		(void)sscanf(line, "Pid: %d", &pid);
	if (info)
		fclose(info);
	FILE *stat = pid > 0 ? fopen(path_of("/proc/%d/stat", pid).text, "re") : NULL;
	const char *behind = stat && fgets(line, sizeof line, stat) ? strrchr(line, ')') : NULL;
	if (stat)
		fclose(stat);
	if (!behind || sscanf(behind, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
	                   &user, &system) != 2)
		return 0;
	return user + system;
}

/* A machine may be as slow as it likes: the deadline is moved on while there are news, or while the
 * process has been at work. */
struct patience {
	int alive, deadline_ms;
	int64_t until;
	long ticks;
};

static void patience_renew(struct patience *patience)
{
	patience->until = moment_now_ms() + patience->deadline_ms;
	patience->ticks = process_ticks(patience->alive);
}

/* False: it is over, or the process has ended. */
static bool patience_wait(struct patience *patience, int notify)
{
	struct pollfd polled[] = {
	    {.fd = notify, .events = POLLIN}, {.fd = patience->alive, .events = POLLIN}};
	for (;;) {
		int count = poll(polled, 2, moment_left_ms(patience->until));
		if (count < 0 || polled[1].revents)
			return false;
		if (count == 0 && process_ticks(patience->alive) < patience->ticks + TICKS_IDLE)
			return false;
		patience_renew(patience);
		if (count > 0)
			return true;
	}
}

/*
 * Counting the directory again for each of 20,000 answers would be quadratic: events are counted,
 * and the directory only when they say that it may be enough.
 */
bool files_await(const char *directory, const char *end, size_t count, int alive, int deadline_ms)
{
	struct patience patience = {.alive = alive, .deadline_ms = deadline_ms};
	int notify = watch_open(directory);
	size_t there = files_count(directory, end);
	patience_renew(&patience);
	while (there < count && patience_wait(&patience, notify)) {
		size_t more = events_count(notify, end);
		there = more == SIZE_MAX ? count : there + more;
		if (there >= count)
			there = files_count(directory, end);
	}
	close(notify);
	return files_count(directory, end) >= count;
}

bool files_await_empty(const char *directory, int alive, int deadline_ms)
{
	struct patience patience = {.alive = alive, .deadline_ms = deadline_ms};
	int notify = watch_open(directory);
	patience_renew(&patience);
	while (files_count(directory, "") > 0 && patience_wait(&patience, notify))
		events_count(notify, "");
	close(notify);
	return files_count(directory, "") == 0;
}
