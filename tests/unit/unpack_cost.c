/* unpack_cost FILE FOLDER: unpacks a gzip file or a ZIP archive into files without a name; then, of
 * a gzip file, inflates the same by zlib alone, the floor. Says how many bytes that were, the
 * milliseconds of the processor for both, for others may be at it, and the most memory in KiB
 * before the floor. For tests/bench/unpack.py. */
#include "enrold/unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum { BEGINNING = 64, CHUNK = 256 << 10 };

static double now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static _Noreturn void wrong(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static uint64_t unpack_file(int file, int folder)
{
	static struct unpacked_list list;
	const struct unpack_limits limits = {.bytes_max = UINT64_MAX, .entries_max = 64};
	char beginning[BEGINNING];
	ssize_t size = pread(file, beginning, sizeof beginning, 0);
	struct arena *arena = arena_create();
	enum unpack_format format =
	    unpack_recognise((struct slice){beginning, size > 0 ? (size_t)size : 0});
	struct error error = unpack(file, format, folder, &limits, arena, &list);
	if (is_error(&error))
		wrong(error.text);
	uint64_t bytes = 0;
	for (size_t i = 0; i < list.count; i++)
		bytes += list.items[i].bytes;
	unpack_done(&list);
	arena_free(arena);
	return bytes;
}

static void inflate_file(const char *name)
{
	static char chunk[CHUNK];
	gzFile file = gzopen(name, "rb");
	int got;
	if (!file)
		wrong(name);
	while ((got = gzread(file, chunk, sizeof chunk)) > 0)
		;
	if (gzclose(file) != Z_OK || got < 0)
		wrong(name);
}

int main(int count, char **arguments)
{
	struct rusage used;
	if (count != 3)
		return 64;
	int file = open(arguments[1], O_RDONLY | O_CLOEXEC);
	int folder = open(arguments[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file < 0 || folder < 0)
		wrong("cannot open what to unpack, or where");
	double began = now_ms();
	uint64_t bytes = unpack_file(file, folder);
	double unpacked = now_ms();
	getrusage(RUSAGE_SELF, &used);
	inflate_file(arguments[1]);
	printf("%llu %.1f %.1f %ld\n", (unsigned long long)bytes, unpacked - began,
	    now_ms() - unpacked, used.ru_maxrss);
	return 0;
}
