/*
 * clock_moved: a library to be preloaded, under which the clock on the wall is wrong by so many
 * seconds as stand in the file $CLOCK_MOVED, which may change while the program runs.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long offset_read(void)
{
	char text[32] = "";
	const char *path = getenv("CLOCK_MOVED");
	int file = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
	if (file < 0)
		return 0;
	ssize_t size = (ssize_t)syscall(SYS_read, file, text, sizeof text - 1);
	syscall(SYS_close, file);
	return size > 0 ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);
	if (clock == CLOCK_REALTIME)
		now->tv_sec += offset_read();
	return result;
}

time_t time(time_t *out)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}
