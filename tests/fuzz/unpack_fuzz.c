/*
 * unpack_fuzz: bytes as a gzip file or a ZIP archive, whichever they begin as. What comes out is
 * within the limits, is what its size and sum say, comes out the same again, and leaves no
 * descriptor open.
 */
#include "fuzz.h"

#include "enrold/unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BYTES_MAX = 1 << 20, ENTRIES_MAX = 8 };

static int folder = -1;

static void item_check(const struct unpacked *item)
{
	static char bytes[BYTES_MAX];
	char sha256[HASH_TEXT_SIZE + 1];
	struct stat stat;
	if (fstat(item->file, &stat) != 0 || (uint64_t)stat.st_size != item->bytes ||
	    item->bytes > BYTES_MAX || stat.st_nlink != 0)
		abort();
	if (read(item->file, bytes, sizeof bytes) != (ssize_t)item->bytes)
		abort();
	struct error error = hash_text((struct slice){bytes, (size_t)item->bytes}, sha256);
	if (is_error(&error) || strcmp(sha256, item->sha256) != 0)
		abort();
	if (strpbrk(item->name, "/\\\n"))
		abort();
}

/* The descriptor that the next open gets. */
static int next_descriptor(void)
{
	int file = dup(folder);
	close(file);
	return file;
}

static struct error unpack_once(int file, enum unpack_format format, struct unpacked_list *list)
{
	const struct unpack_limits limits = {.bytes_max = BYTES_MAX, .entries_max = ENTRIES_MAX};
	struct arena *arena = arena_create();
	struct error error = unpack(file, format, folder, &limits, arena, list);
	if (error.class == ERROR_RETRY || list->count > ENTRIES_MAX || list->is_stopped)
		abort();
	for (size_t i = 0; i < list->count && !is_error(&error); i++)
		item_check(&list->items[i]);
	unpack_done(list);
	arena_free(arena);
	return error;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static struct unpacked_list list;
	const struct slice bytes = {(const char *)data, size};
	enum unpack_format format = unpack_recognise(bytes);
	if (folder < 0)
		folder = open(P_tmpdir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int next = next_descriptor();
	int file = memfd_create("archive", MFD_CLOEXEC);
	if (file < 0 || write(file, data, size) != (ssize_t)size)
		abort();
	format = format ? format : UNPACK_ZIP;
	struct error first = unpack_once(file, format, &list);
	struct error again = unpack_once(file, format, &list);
	if (first.class != again.class || strcmp(first.text, again.text) != 0)
		abort();
	close(file);
	if (next_descriptor() != next)
		abort();
	return 0;
}
