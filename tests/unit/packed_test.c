#include "enrold/packed.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define NAME "staff.R.result.csv"

static int folder;
static char path[PATH_MAX];

static void make_folder(void)
{
	const char *above = getenv("TMPDIR");
	snprintf(path, sizeof path, "%s/packed-XXXXXX", above ? above : "/tmp");
	cr_assert(mkdtemp(path));
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(folder >= 0);
}

static void remove_folder(void)
{
	unlinkat(folder, NAME, 0);
	unlinkat(folder, NAME ".gz", 0);
	close(folder);
	rmdir(path);
}

static void write_file(const char *name, const char *bytes, size_t size, int flags)
{
	int file = openat(folder, name, O_WRONLY | O_CREAT | flags, 0640);
	cr_assert_eq(write(file, bytes, size), (ssize_t)size);
	close(file);
}

static void write_packed(const char *bytes, size_t size)
{
	gzFile file =
	    gzdopen(openat(folder, NAME ".gz", O_WRONLY | O_CREAT | O_CLOEXEC, 0640), "wb");
	cr_assert_eq(gzwrite(file, bytes, (unsigned)size), (int)size);
	cr_assert_eq(gzclose(file), Z_OK);
}

static void expect_reads(uint64_t bytes_max, const char *text)
{
	char got[64] = "", sha256[HASH_TEXT_SIZE + 1];
	int file;
	struct packed_found found;
	struct error error = packed_open(folder, NAME, bytes_max, &file);
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_assert_eq(read(file, got, sizeof got), (ssize_t)strlen(text));
	cr_assert_str_eq(got, text);
	close(file);
	error = packed_hash(folder, NAME, bytes_max, &found);
	cr_assert_not(is_error(&error), "%s", error.text);
	error = hash_text((struct slice){text, strlen(text)}, sha256);
	cr_assert_not(is_error(&error));
	cr_assert(found.is_there && found.bytes == strlen(text));
	cr_assert_str_eq(found.sha256, sha256);
}

static void expect_altered(uint64_t bytes_max, const char *why)
{
	int file;
	struct packed_found found;
	struct error error = packed_open(folder, NAME, bytes_max, &file);
	cr_assert_eq(error.class, ERROR_REJECT);
	cr_assert_str_eq(error.code, "altered");
	cr_assert(strstr(error.text, why), "%s", error.text);
	cr_assert_eq(file, -1);
	error = packed_hash(folder, NAME, bytes_max, &found);
	cr_assert(error.class == ERROR_REJECT && strstr(error.text, why), "%s", error.text);
}

TestSuite(packed, .init = make_folder, .fini = remove_folder);

Test(packed, neither_is_there)
{
	int file;
	struct packed_found found;
	struct error error = packed_open(folder, NAME, 10, &file);
	cr_assert(!is_error(&error) && file == -1);
	error = packed_hash(folder, NAME, 10, &found);
	cr_assert(!is_error(&error) && !found.is_there);
}

Test(packed, the_plain_bytes_are_read_of_either)
{
	write_packed("packed", 6);
	expect_reads(6, "packed");
	write_file(NAME, "plain one", 9, O_TRUNC);
	expect_reads(6, "plain one");
}

Test(packed, an_empty_one_is_empty)
{
	write_packed("", 0);
	expect_reads(0, "");
}

Test(packed, no_more_is_unpacked_than_there_was)
{
	size_t size = 64 << 20;
	char *zeros = calloc(1, size);
	write_packed(zeros, size);
	free(zeros);
	expect_altered(1000, "unpacks to more than the 1000 bytes it had");
}

Test(packed, a_large_one_is_unpacked_on_the_disk)
{
	size_t size = 20 << 20;
	char *zeros = calloc(1, size), link[64], target[PATH_MAX] = "";
	int file;
	write_packed(zeros, size);
	free(zeros);
	struct error error = packed_open(folder, NAME, size, &file);
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_assert_eq(lseek(file, 0, SEEK_END), (off_t)size);
	snprintf(link, sizeof link, "/proc/self/fd/%d", file);
	cr_assert(readlink(link, target, sizeof target - 1) > 0);
	cr_assert_eq(strncmp(target, path, strlen(path)), 0, "%s", target);
	close(file);
}

Test(packed, what_is_no_gzip_file_is_altered)
{
	write_file(NAME ".gz", "username\n", 9, O_TRUNC);
	expect_altered(100, "incorrect header check");
}

Test(packed, a_cut_one_is_altered)
{
	write_packed("packed", 6);
	int file = openat(folder, NAME ".gz", O_WRONLY | O_CLOEXEC);
	cr_assert_eq(ftruncate(file, 20), 0);
	close(file);
	expect_altered(100, "it ends too early");
}

Test(packed, nothing_may_follow)
{
	write_packed("packed", 6);
	write_file(NAME ".gz", "more", 4, O_APPEND);
	expect_altered(100, "something follows its end");
}
