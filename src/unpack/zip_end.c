/*
 * zip_end: the end of a ZIP archive, from which everything that reads archives by their directory
 * sets out. It is the last in the file, behind the directory, with nothing between: then no two
 * programs can find two directories.
 */
#include "zip.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { END_SIZE = 22, COMMENT_MAX = 65535, TAIL_MAX = END_SIZE + COMMENT_MAX };
enum { LOCATOR_SIZE = 20, END64_SIZE = 56, END64_HEAD = 12 };
#define ALL_16 UINT64_C(0xFFFF)
#define ALL_32 UINT64_C(0xFFFFFFFF)

struct error zip_broken(const char *how)
{
	return error_reject("archive_broken", 0,
	    "the ZIP archive is broken: %s; it was cut short or changed on its way, or made by a "
	    "program that enrold does not understand: pack it anew",
	    how);
}

struct error zip_read(int file, uint64_t at, char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t got = pread(file, bytes, size, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_own(error_errno("cannot read what is unpacked"), OWNER_FILE);
		if (got == 0)
			return zip_broken("it ends too early");
		bytes += got;
		at += (uint64_t)got;
		size -= (size_t)got;
	}
	return OK;
}

/* The last one; a comment that looks like one is no comment. NULL: there is none. */
static const char *end_search(const char *tail, size_t size)
{
	for (size_t at = size >= END_SIZE ? size - END_SIZE + 1 : 0; at > 0; at--) {
		const char *end = tail + at - 1;
		if (memcmp(end, "PK\x05\x06", 4) != 0)
			continue;
		return zip_number(end + 20, 2) == size - (at - 1) - END_SIZE ? end : NULL;
	}
	return NULL;
}

/* A number that has no room in the end stands in zip64's; any other is the same in both. */
static bool is_same(uint64_t narrow, uint64_t all, uint64_t wide)
{
	return narrow == all || narrow == wide;
}

static struct error end64_read(
    int file, uint64_t locator_at, const char *end, struct zip_directory *directory)
{
	char locator[LOCATOR_SIZE], wide[END64_SIZE];
	struct error error = zip_read(file, locator_at, locator, sizeof locator);
	if (is_error(&error))
		return error;
	uint64_t at = zip_number(locator + 8, 8);
	if (at > locator_at || locator_at - at < END64_SIZE)
		return zip_broken("its zip64 end is not where it should be");
	error = zip_read(file, at, wide, sizeof wide);
	if (is_error(&error))
		return error;
	directory->entries = zip_number(wide + 32, 8);
	directory->bytes = zip_number(wide + 40, 8);
	directory->at = zip_number(wide + 48, 8);
	bool is_whole = memcmp(wide, "PK\x06\x06", 4) == 0 &&
	                zip_number(wide + 4, 8) == locator_at - at - END64_HEAD &&
	                zip_number(wide + 24, 8) == directory->entries &&
	                is_same(zip_number(end + 10, 2), ALL_16, directory->entries) &&
	                is_same(zip_number(end + 12, 4), ALL_32, directory->bytes) &&
	                is_same(zip_number(end + 16, 4), ALL_32, directory->at) &&
	                directory->bytes <= at && directory->at == at - directory->bytes;
	return is_whole ? OK : zip_broken("its zip64 end contradicts itself");
}

static struct error end_read(
    int file, uint64_t end_at, const char *end, struct zip_directory *directory)
{
	char sign[4] = "";
	struct error error =
	    end_at < LOCATOR_SIZE ? OK : zip_read(file, end_at - LOCATOR_SIZE, sign, sizeof sign);
	if (is_error(&error))
		return error;
	if (zip_number(end + 4, 4) != 0 || zip_number(end + 8, 2) != zip_number(end + 10, 2))
		return zip_broken("it is one of several parts");
	if (memcmp(sign, "PK\x06\x07", sizeof sign) == 0)
		return end64_read(file, end_at - LOCATOR_SIZE, end, directory);
	directory->entries = zip_number(end + 10, 2);
	directory->bytes = zip_number(end + 12, 4);
	directory->at = zip_number(end + 16, 4);
	bool is_whole = directory->bytes <= end_at && directory->at == end_at - directory->bytes;
	return is_whole ? OK : zip_broken("its directory is not where it should be");
}

struct error zip_end_find(int file, uint64_t size, struct zip_directory *directory)
{
	size_t tail_size = size < TAIL_MAX ? (size_t)size : TAIL_MAX;
	char *tail = malloc(TAIL_MAX);
	if (!tail)
		return error_memory("unpacking");
	struct error error = zip_read(file, size - tail_size, tail, tail_size);
	const char *end = is_error(&error) ? NULL : end_search(tail, tail_size);
	if (!is_error(&error))
		error =
		    end ? end_read(file, size - tail_size + (uint64_t)(end - tail), end, directory)
		        : zip_broken("its end is missing");
	free(tail);
	return error;
}
