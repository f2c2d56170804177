/* unpack: what honest programs pack comes out as it was, and nothing else comes out at all. */
#include "enrold/unpack.h"

#include "enrold/disk.h"
#include "enrold/foreign.h"
#include "zipped.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEOPLE "username,course1\nanna,c1\n"
#define MORE "username,course1\nbert,c2\n"

enum { MEBIBYTE = 1 << 20, PATH_ROOM = 4096 };

/* ---- what fails when it is told to ---- */

static int write_fails_at, open_fails_with, make_fails_with, truncate_fails, allocation_fails_at;
static int writes, allocations;

ssize_t __real_write(int file, const void *bytes, size_t size);
ssize_t __wrap_write(int file, const void *bytes, size_t size);
ssize_t __wrap_write(int file, const void *bytes, size_t size)
{
	if (write_fails_at == 0 || ++writes != write_fails_at)
		return __real_write(file, bytes, size);
	errno = ENOSPC;
	return -1;
}

int __real_openat(int directory, const char *name, int flags, mode_t mode);
int __wrap_openat(int directory, const char *name, int flags, mode_t mode);
int __wrap_openat(int directory, const char *name, int flags, mode_t mode)
{
	bool is_nameless = (flags & O_TMPFILE) == O_TMPFILE;
	int reason = is_nameless ? open_fails_with : flags & O_CREAT ? make_fails_with : 0;
	if (!reason)
		return __real_openat(directory, name, flags, mode);
	errno = reason;
	return -1;
}

int __real_ftruncate(int file, off_t size);
int __wrap_ftruncate(int file, off_t size);
int __wrap_ftruncate(int file, off_t size)
{
	if (!truncate_fails)
		return __real_ftruncate(file, size);
	errno = EIO;
	return -1;
}

static bool allocation_fails(void)
{
	return allocation_fails_at > 0 && ++allocations == allocation_fails_at;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return allocation_fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return allocation_fails() ? NULL : __real_calloc(count, size);
}

/* ---- one archive ---- */

static struct unpacked_list list;
static struct arena *arena;
static int folder;
static char path[PATH_ROOM];
static struct unpack_limits limits = {.bytes_max = 256U * MEBIBYTE, .entries_max = 64};

static void setup(void)
{
	const char *above = getenv("TMPDIR");
	snprintf(path, sizeof path, "%s/unpack-XXXXXX", above ? above : "/tmp");
	cr_assert(mkdtemp(path));
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	arena = arena_create();
	cr_assert(folder >= 0 && arena);
}

/* Nothing is left in the folder, whatever became of the archive. */
static void teardown(void)
{
	unpack_done(&list);
	arena_free(arena);
	close(folder);
	cr_expect_eq(rmdir(path), 0, "something is left in %s", path);
}

TestSuite(unpack, .init = setup, .fini = teardown);

static int file_of(struct slice bytes)
{
	int file = memfd_create("archive", MFD_CLOEXEC);
	for (size_t at = 0; at < bytes.size;) {
		ssize_t size = pwrite(file, bytes.bytes + at, bytes.size - at, (off_t)at);
		cr_assert(size > 0);
		at += (size_t)size;
	}
	return file;
}

static struct error unpack_bytes(struct slice bytes, enum unpack_format format)
{
	int file = file_of(bytes);
	unpack_done(&list);
	struct error error = unpack(file, format, folder, &limits, arena, &list);
	close(file);
	return error;
}

static struct error unpack_buffer(struct buffer *archive)
{
	enum unpack_format format = unpack_recognise(buffer_slice(archive));
	struct error error = unpack_bytes(buffer_slice(archive), format ? format : UNPACK_ZIP);
	buffer_done(archive);
	return error;
}

static struct error unpack_member(const struct zipped_member *member)
{
	struct zipped zipped = {.count = 0};
	zipped_add(&zipped, member);
	struct buffer archive = zipped_end(&zipped, false, "");
	return unpack_buffer(&archive);
}

static void expect_refused(struct error error, const char *code, const char *says)
{
	cr_expect_eq(error.class, ERROR_REJECT, "%s: %s", code, error.text);
	cr_expect_str_eq(error.code, code, "%s: %s", code, error.text);
	cr_expect(strstr(error.text, says), "%s: %s", code, error.text);
}

static void expect_item(size_t at, const char *name, const char *text)
{
	char got[1024] = "", sha256[HASH_TEXT_SIZE + 1];
	cr_assert_lt(at, list.count);
	const struct unpacked *item = &list.items[at];
	ssize_t size = read(item->file, got, sizeof got - 1);
	cr_expect_str_eq(item->name, name);
	cr_expect_eq(size, (ssize_t)strlen(text));
	cr_expect_str_eq(got, text);
	cr_expect_eq(item->bytes, strlen(text));
	struct error error = hash_text(slice_of(text), sha256);
	cr_assert_not(is_error(&error));
	cr_expect_str_eq(item->sha256, sha256);
	cr_expect_eq(fcntl(item->file, F_GETFD), FD_CLOEXEC);
}

static void expect_one(struct error error, const char *name, const char *text)
{
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_assert_eq(list.count, 1);
	expect_item(0, name, text);
}

/* ---- honest ones ---- */

Test(unpack, a_format_is_known_by_its_beginning)
{
	static const struct {
		struct slice beginning;
		enum unpack_format format;
	} rows[] = {
	    {{SLICE_INIT("\x1F\x8B\x08\0")}, UNPACK_GZIP},
	    {{SLICE_INIT("\x1F\x8B")}, UNPACK_NONE},
	    {{SLICE_INIT("PK\x03\x04")}, UNPACK_ZIP},
	    {{SLICE_INIT("PK\x05\x06")}, UNPACK_ZIP},
	    {{SLICE_INIT("PK")}, UNPACK_NONE},
	    {{SLICE_INIT("")}, UNPACK_NONE},
	    {{SLICE_INIT("username,course1\n")}, UNPACK_NONE},
	    {{SLICE_INIT("BZh91AY&SY")}, UNPACK_NONE},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(unpack_recognise(rows[i].beginning), rows[i].format, "%zu", i);
}

Test(unpack, a_gzip_file_is_one_content_without_a_name)
{
	struct buffer archive = {0};
	gzipped_add(&archive, SLICE(PEOPLE));
	expect_one(unpack_buffer(&archive), "", PEOPLE);
}

Test(unpack, gzip_files_in_a_row_are_one_content)
{
	struct buffer archive = {0};
	gzipped_add(&archive, SLICE(PEOPLE));
	gzipped_add(&archive, SLICE(""));
	gzipped_add(&archive, SLICE("clara,c3\n"));
	expect_one(unpack_buffer(&archive), "", PEOPLE "clara,c3\n");
}

Test(unpack, an_empty_gzip_file_is_an_empty_content)
{
	struct buffer archive = {0};
	gzipped_add(&archive, SLICE(""));
	expect_one(unpack_buffer(&archive), "", "");
}

/* However a writer has it: stored or deflated, sizes in front or behind, of four bytes or eight. */
Test(unpack, a_zip_archive_is_read_however_it_was_written)
{
	for (unsigned i = 0; i < 16; i++) {
		struct zipped zipped = {.count = 0};
		struct zipped_member one = {.name = "users.csv",
		    .content = SLICE(PEOPLE),
		    .method = i & 1 ? ZIPPED_DEFLATED : 0,
		    .has_descriptor = i & 2,
		    .is_zip64 = i & 4,
		    .mode = i & 8 ? 0100644 : 0};
		struct zipped_member other = one;
		other.name = "\xC3\x84rzte.csv";
		other.content = SLICE(MORE);
		zipped_add(&zipped, &one);
		zipped_add(&zipped, &other);
		struct buffer archive = zipped_end(&zipped, i & 4, i & 8 ? "of Tuesday" : "");
		struct error error = unpack_buffer(&archive);
		cr_assert_not(is_error(&error), "%u: %s", i, error.text);
		cr_assert_eq(list.count, 2);
		expect_item(0, "users.csv", PEOPLE);
		expect_item(1, "\xC3\x84rzte.csv", MORE);
	}
}

Test(unpack, what_macos_adds_by_itself_is_passed_over)
{
	static const char *const added[] = {
	    "__MACOSX/", "__MACOSX/._users.csv", ".DS_Store", "._users.csv"};
	struct zipped zipped = {.count = 0};
	for (size_t i = 0; i < 4; i++)
		zipped_add(&zipped,
		    &(struct zipped_member){.name = added[i], .content = SLICE("\0\5\x16\7")});
	zipped_add(&zipped, &(struct zipped_member){.name = "users.csv", .content = SLICE(PEOPLE)});
	struct buffer archive = zipped_end(&zipped, false, "");
	expect_one(unpack_buffer(&archive), "users.csv", PEOPLE);
}

/* Those of tests/fuzz/seeds/unpack that real programs have made, by their names. */
Test(unpack, what_real_programs_pack_is_read)
{
	DIR *seeds = opendir(SOURCE_DIR "/tests/fuzz/seeds/unpack");
	size_t count = 0;
	cr_assert(seeds);
	for (struct dirent *entry; (entry = readdir(seeds));) {
		if (strncmp(entry->d_name, "by-", 3) != 0)
			continue;
		int file = openat(dirfd(seeds), entry->d_name, O_RDONLY | O_CLOEXEC);
		bool is_gzip = strstr(entry->d_name, ".gz");
		unpack_done(&list);
		struct error error =
		    unpack(file, is_gzip ? UNPACK_GZIP : UNPACK_ZIP, folder, &limits, arena, &list);
		close(file);
		cr_expect_not(is_error(&error), "%s: %s", entry->d_name, error.text);
		cr_assert_eq(list.count, is_gzip ? 1 : 2, "%s", entry->d_name);
		expect_item(0, is_gzip ? "" : "users.csv", PEOPLE);
		count++;
	}
	closedir(seeds);
	cr_expect_geq(count, 8);
}

/* ---- what is refused ---- */

static void expect_name_refused(const char *name, size_t size, const char *code, const char *says)
{
	expect_refused(unpack_member(&(struct zipped_member){
	                   .name = name, .name_size = size, .content = SLICE(PEOPLE)}),
	    code, says);
}

Test(unpack, a_name_that_is_more_than_a_name_is_refused)
{
	static const struct {
		const char *name, *says;
	} rows[] = {
	    {"/etc/passwd", "leads out of it"},
	    {"../users.csv", "leads out of it"},
	    {"a/../../users.csv", "leads out of it"},
	    {"a/..", "leads out of it"},
	    {"..", "leads out of it"},
	    {".", "leads out of it"},
	    {"..\\users.csv", "leads out of it"},
	    {"\\\\server\\users.csv", "leads out of it"},
	    {"C:\\users.csv", "leads out of it"},
	    {"c:users.csv", "leads out of it"},
	    {"feed/users.csv", "select the files in it"},
	    {"feed/", "select the files in it"},
	    {"feed\\users.csv", "select the files in it"},
	    {"MACOSX/users.csv", "select the files in it"},
	    {"users\n.csv", "no name that a file can have"},
	    {"users\x7F.csv", "no name that a file can have"},
	    {"users\xC2\x85.csv", "no name that a file can have"},
	    {"\x8Erzte.csv", "not UTF-8"}, /* as code page 437 has it */
	    {"\xC0\xAF.csv", "not UTF-8"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		expect_name_refused(rows[i].name, 0, "archive_path", rows[i].says);
	expect_name_refused("users.csv\0.exe", 14, "archive_path", "no name that a file can have");
	char longest[257];
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	expect_name_refused(longest, 0, "archive_path", "no name that a file can have");
}

Test(unpack, a_name_with_letters_that_turn_the_text_is_spelt_out)
{
	struct error error = unpack_member(
	    &(struct zipped_member){.name = "feed/\xE2\x80\xAEvsc.csv", .content = SLICE(PEOPLE)});
	expect_refused(error, "archive_path", "\\u202e");
}

Test(unpack, what_is_no_file_is_refused)
{
	static const unsigned modes[] = {0120777, 0020644, 0060644, 0010644, 0140755};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		expect_refused(
		    unpack_member(&(struct zipped_member){
		        .name = "users.csv", .content = SLICE("/etc/passwd"), .mode = modes[i]}),
		    "archive_link", "link or a device");
	expect_refused(unpack_member(&(struct zipped_member){.name = "users", .mode = 040755}),
	    "archive_path", "is a folder");
}

Test(unpack, a_password_is_none_of_ours)
{
	static const char aes[] = "\x01\x99\x07\0\x02\0AE\x03\x08";
	struct zipped_member member = {.name = "users.csv", .content = SLICE(PEOPLE), .flags = 1};
	expect_refused(unpack_member(&member), "archive_encrypted", "encrypt it with PGP");
	member.method = 99;
	member.extra = (struct slice){aes, 11};
	expect_refused(unpack_member(&member), "archive_encrypted", "password");
	member.flags = 0; /* a liar */
	expect_refused(unpack_member(&member), "archive_encrypted", "password");
	member.method = 0;
	expect_refused(unpack_member(&member), "archive_encrypted", "password");
	member.extra = SLICE("");
	member.flags = 1 << 13; /* heads that are hidden */
	expect_refused(unpack_member(&member), "archive_encrypted", "password");
}

Test(unpack, a_way_of_packing_that_hardly_anybody_has_is_named)
{
	static const unsigned methods[] = {1, 6, 9, 12, 14, 93, 95, 98};
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		expect_refused(unpack_member(&(struct zipped_member){
		                   .name = "a.csv", .content = SLICE("x"), .method = methods[i]}),
		    "archive_broken", "\"deflate\"");
}

Test(unpack, a_workbook_is_no_archive)
{
	static const char *const firsts[] = {"[Content_Types].xml", "mimetype", "_rels/.rels"};
	for (size_t i = 0; i < 3; i++) {
		struct zipped zipped = {.count = 0};
		zipped_add(&zipped,
		    &(struct zipped_member){.name = firsts[i], .content = SLICE("<Types/>")});
		struct buffer workbook = zipped_end(&zipped, false, "");
		struct slice beginning = {workbook.bytes, 64};
		cr_expect_eq(unpack_recognise(beginning), UNPACK_NONE);
		cr_expect_str_eq(foreign_find(beginning), FOREIGN_DOCUMENT);
		expect_refused(unpack_buffer(&workbook), "not_text", "'CSV UTF-8'");
	}
	struct zipped zipped = {.count = 0};
	zipped_add(&zipped, &(struct zipped_member){.name = "docProps/app.xml"});
	zipped_add(&zipped, &(struct zipped_member){.name = "xl/workbook.xml"});
	struct buffer late = zipped_end(&zipped, false, "");
	cr_expect_eq(unpack_recognise(buffer_slice(&late)), UNPACK_ZIP);
	expect_refused(unpack_buffer(&late), "not_text", "'CSV UTF-8'");
}

Test(unpack, what_is_packed_twice_is_refused)
{
	struct buffer inner = zipped_one("users.csv", PEOPLE), gzip = {0}, twice = {0};
	char tar[512] = "users.csv";
	memcpy(tar + 257, "ustar", 5);
	gzipped_add(&gzip, SLICE(PEOPLE));
	const struct slice contents[] = {
	    buffer_slice(&inner), buffer_slice(&gzip), {tar, sizeof tar}, SLICE("PK\x05\x06")};
	for (size_t i = 0; i < 4; i++) {
		expect_refused(unpack_member(&(struct zipped_member){
		                   .name = "b.csv", .content = contents[i], .method = 8}),
		    "archive_nested", "b.csv is itself packed");
		gzipped_add(&twice, contents[i]);
		expect_refused(unpack_buffer(&twice), "archive_nested", "itself packed");
	}
	buffer_done(&inner);
	buffer_done(&gzip);
}

static struct error unpack_pair(const char *one, const char *other)
{
	struct zipped zipped = {.count = 0};
	zipped_add(&zipped, &(struct zipped_member){.name = one, .content = SLICE(PEOPLE)});
	zipped_add(&zipped, &(struct zipped_member){.name = other, .content = SLICE(MORE)});
	struct buffer archive = zipped_end(&zipped, false, "");
	return unpack_buffer(&archive);
}

Test(unpack, a_name_is_there_once_letter_case_aside)
{
	expect_refused(unpack_pair("users.csv", "users.csv"), "archive_twice", "users.csv");
	expect_refused(unpack_pair("users.csv", "Users.CSV"), "archive_twice", "Users.CSV");
	expect_refused(unpack_pair("\xC3\x84.csv", "a\xCC\x88.csv"), "archive_twice",
	    "is in the archive twice");
}

static struct error unpack_many(unsigned count)
{
	struct zipped zipped = {.count = 0};
	for (unsigned i = 0; i < count; i++) {
		char name[32];
		snprintf(name, sizeof name, "%u.csv", i);
		zipped_add(&zipped, &(struct zipped_member){.name = name, .content = SLICE("a\n")});
	}
	struct buffer archive = zipped_end(&zipped, false, "");
	return unpack_buffer(&archive);
}

Test(unpack, there_are_as_many_files_as_may_be)
{
	struct error error = unpack_many(UNPACK_ENTRIES_MAX);
	cr_expect_not(is_error(&error), "%s", error.text);
	cr_expect_eq(list.count, UNPACK_ENTRIES_MAX);
	expect_refused(unpack_many(UNPACK_ENTRIES_MAX + 1), "archive_too_many", "65 files");
	expect_refused(unpack_many(300), "archive_too_many", "pack the CSV files alone");
	limits.entries_max = 2;
	expect_refused(unpack_many(3), "archive_too_many", "enrold takes 2");
	limits.entries_max = 1000; /* more than there is room for */
	expect_refused(unpack_many(UNPACK_ENTRIES_MAX + 1), "archive_too_many", "takes 64");
}

Test(unpack, an_empty_archive_says_so)
{
	expect_refused(unpack_many(0), "archive_empty", "no file in the archive");
	expect_refused(unpack_member(&(struct zipped_member){.name = ".DS_Store"}), "archive_empty",
	    "no file in the archive");
}

/* ---- liars ---- */

Test(unpack, both_heads_say_the_same)
{
	struct zipped_member member = {
	    .name = "users.csv", .local_name = "admin.csv", .content = SLICE(PEOPLE)};
	expect_refused(unpack_member(&member), "archive_broken", "two names");
	member.local_name = NULL;
	/* Info-ZIP's second name: a version, a sum, and it. */
	member.extra = SLICE("\x75\x70\x0E\0\1\0\0\0\0admin.csv");
	expect_refused(unpack_member(&member), "archive_broken", "two names");
	member.extra = SLICE("\x75\x70\x0E\0\1\0\0\0\0users.csv");
	struct error error = unpack_member(&member);
	cr_expect_not(is_error(&error), "%s", error.text);
}

Test(unpack, a_sum_or_a_size_that_is_not_true_is_found)
{
	for (unsigned i = 0; i < 4; i++) {
		struct zipped_member member = {.name = "users.csv",
		    .content = SLICE(PEOPLE),
		    .method = i & 1 ? ZIPPED_DEFLATED : 0,
		    .has_descriptor = i & 2,
		    .crc_lie = 1};
		expect_refused(unpack_member(&member), "archive_broken", "pack it anew");
		member.crc_lie = 0;
		member.bytes_lie = 7;
		expect_refused(unpack_member(&member), "archive_broken", "pack it anew");
		member.bytes_lie = (uint32_t)-7;
		expect_refused(unpack_member(&member), "archive_broken", "pack it anew");
	}
}

/* The "better zip bomb": many heads, the same data. */
Test(unpack, data_belong_to_one_file)
{
	struct zipped zipped = {.count = 0};
	struct zipped_member member = {.name = "a.csv", .content = SLICE(PEOPLE)};
	zipped_add(&zipped, &member);
	member.is_only_head = true;
	member.name = "b.csv";
	zipped_add(&zipped, &member);
	struct buffer archive = zipped_end(&zipped, false, "");
	expect_refused(unpack_buffer(&archive), "archive_broken", "overlap");
}

Test(unpack, nothing_lies_between_the_files)
{
	for (unsigned hidden = 0; hidden < 3; hidden++) {
		struct zipped zipped = {.count = 0};
		static const char *const names[] = {"a.csv", "b.csv", "c.csv"};
		for (unsigned i = 0; i < 3; i++)
			zipped_add(&zipped, &(struct zipped_member){.name = names[i],
			                        .content = SLICE(PEOPLE),
			                        .is_only_local = i == hidden});
		struct buffer archive = zipped_end(&zipped, false, "");
		expect_refused(unpack_buffer(&archive), "archive_broken", "pack it anew");
	}
}

Test(unpack, a_comment_that_is_an_end_is_no_comment)
{
	struct zipped zipped = {.count = 0};
	zipped_add(&zipped, &(struct zipped_member){.name = "a.csv", .content = SLICE(PEOPLE)});
	struct buffer archive = zipped_end(&zipped, false, "PK\x05\x06 and some twenty bytes");
	expect_refused(unpack_buffer(&archive), "archive_broken", "its end is missing");
}

Test(unpack, nothing_stands_around_the_archive)
{
	struct buffer plain = zipped_one("users.csv", PEOPLE), wrapped = {0};
	buffer_add_text(&wrapped, "#!/bin/sh\n");
	buffer_add(&wrapped, plain.bytes, plain.size);
	expect_refused(unpack_buffer(&wrapped), "archive_broken", "not where it should be");
	buffer_add(&plain, "x", 1);
	expect_refused(unpack_buffer(&plain), "archive_broken", "its end is missing");
}

/* ---- damage ---- */

static struct buffer sample(bool is_gzip)
{
	struct buffer gzip = {0};
	struct zipped zipped = {.count = 0};
	gzipped_add(&gzip, SLICE(PEOPLE));
	if (is_gzip)
		return gzip;
	buffer_done(&gzip);
	zipped_add(&zipped,
	    &(struct zipped_member){.name = "a.csv", .content = SLICE(PEOPLE), .method = 8});
	zipped_add(&zipped, &(struct zipped_member){
	                        .name = "b.csv", .content = SLICE(MORE), .has_descriptor = true});
	return zipped_end(&zipped, false, "");
}

Test(unpack, cut_short_anywhere_it_is_refused)
{
	for (int is_gzip = 0; is_gzip < 2; is_gzip++) {
		struct buffer whole = sample(is_gzip);
		for (size_t size = 0; size < whole.size; size++) {
			struct error error = unpack_bytes(
			    (struct slice){whole.bytes, size}, is_gzip ? UNPACK_GZIP : UNPACK_ZIP);
			expect_refused(error, "archive_broken", "is broken");
		}
		buffer_done(&whole);
	}
}

/* A bit may be of a time, a version or a flag that means nothing: then what comes out is as it was.
 */
Test(unpack, a_bit_that_flipped_is_found_or_changes_nothing)
{
	char sums[2][HASH_TEXT_SIZE + 1];
	struct error error = hash_text(SLICE(PEOPLE), sums[0]);
	cr_assert_not(is_error(&error));
	error = hash_text(SLICE(MORE), sums[1]);
	cr_assert_not(is_error(&error));
	for (int is_gzip = 0; is_gzip < 2; is_gzip++) {
		struct buffer whole = sample(is_gzip);
		for (size_t bit = 0; bit < whole.size * 8; bit++) {
			whole.bytes[bit / 8] = (char)(whole.bytes[bit / 8] ^ 1 << bit % 8);
			error =
			    unpack_bytes(buffer_slice(&whole), is_gzip ? UNPACK_GZIP : UNPACK_ZIP);
			cr_expect_neq(error.class, ERROR_RETRY, "%zu: %s", bit, error.text);
			for (size_t i = 0; i < list.count && !is_error(&error); i++)
				cr_expect_str_eq(list.items[i].sha256, sums[i], "bit %zu", bit);
			if (!is_error(&error))
				cr_expect_eq(list.count, is_gzip ? 1 : 2, "bit %zu", bit);
			whole.bytes[bit / 8] = (char)(whole.bytes[bit / 8] ^ 1 << bit % 8);
		}
		buffer_done(&whole);
	}
}

Test(unpack, a_gzip_file_with_a_wrong_sum_or_size_is_refused)
{
	for (size_t back = 1; back <= 8; back++) {
		struct buffer archive = sample(true);
		archive.bytes[archive.size - back]++;
		expect_refused(unpack_buffer(&archive), "archive_broken", "incorrect");
	}
}

Test(unpack, nothing_follows_a_gzip_file)
{
	static const char *const behind[] = {
	    "\n", "username\n", "\x1F", "\x1F\x8B", "\x1F\x8C\x08"};
	for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
		struct buffer archive = sample(true);
		buffer_add_text(&archive, behind[i]);
		expect_refused(unpack_buffer(&archive), "archive_broken", "gzip file is broken");
	}
	struct buffer padded = sample(true);
	buffer_add(&padded, "\0\0\0\0", 4);
	expect_refused(unpack_buffer(&padded), "archive_broken", "something follows its end");
}

/* ---- too much ---- */

static uint64_t blocks_of_all(void)
{
	uint64_t blocks = 0;
	for (size_t i = 0; i < list.count; i++) {
		struct stat stat;
		cr_assert_eq(fstat(list.items[i].file, &stat), 0);
		blocks += (uint64_t)stat.st_blocks;
	}
	return blocks;
}

Test(unpack, four_gibibytes_of_zeros_end_soon)
{
	struct buffer gzip = {0};
	gzipped_add_zeros(&gzip, 4096);
	expect_refused(unpack_buffer(&gzip), "archive_ratio", "200 times as many");
	cr_expect_leq(list.items[0].bytes, 65U * MEBIBYTE);
	cr_expect_leq(blocks_of_all(), 64);
	struct zipped zipped = {.count = 0};
	struct zipped_member member = {
	    .name = "a.csv", .method = ZIPPED_DEFLATED, .packed_of = 4096ULL * MEBIBYTE};
	struct buffer zeros = zeros_deflated(4096, &member.packed_crc);
	member.packed = buffer_slice(&zeros);
	member.is_zip64 = true;
	zipped_add(&zipped, &member);
	struct buffer archive = zipped_end(&zipped, true, "");
	expect_refused(unpack_buffer(&archive), "archive_ratio", "200 times as many");
	cr_expect_leq(list.items[0].bytes, 65U * MEBIBYTE);
	buffer_done(&zeros);
}

/* Each is small; together they are not. */
Test(unpack, growth_is_counted_over_all_files)
{
	struct zipped zipped = {.count = 0};
	struct zipped_member member = {.method = ZIPPED_DEFLATED, .packed_of = 8ULL * MEBIBYTE};
	struct buffer zeros = zeros_deflated(8, &member.packed_crc);
	member.packed = buffer_slice(&zeros);
	for (unsigned i = 0; i < 20; i++) {
		char name[32];
		snprintf(name, sizeof name, "%u.csv", i);
		member.name = name;
		zipped_add(&zipped, &member);
	}
	struct buffer archive = zipped_end(&zipped, false, "");
	expect_refused(unpack_buffer(&archive), "archive_ratio", "200 times as many");
	cr_expect_eq(list.count, 9);
	buffer_done(&zeros);
}

Test(unpack, a_small_file_may_grow_as_it_likes)
{
	struct buffer gzip = {0};
	gzipped_add_zeros(&gzip, 64);
	struct error error = unpack_buffer(&gzip);
	cr_assert_not(is_error(&error), "%s", error.text);
	cr_expect_eq(list.items[0].bytes, 64U * MEBIBYTE);
	cr_expect_eq(lseek(list.items[0].file, 0, SEEK_END), 64 * MEBIBYTE);
}

Test(unpack, no_more_comes_out_than_max_file_size)
{
	limits.bytes_max = strlen(PEOPLE) + strlen(MORE);
	struct error error = unpack_pair("a.csv", "b.csv");
	cr_expect_not(is_error(&error), "%s", error.text);
	limits.bytes_max--;
	expect_refused(unpack_pair("a.csv", "b.csv"), "file_too_large", "max_file_size");
	limits.bytes_max = 3U * MEBIBYTE;
	struct buffer gzip = {0};
	gzipped_add_zeros(&gzip, 4096);
	expect_refused(unpack_buffer(&gzip), "file_too_large", "3145728 bytes");
	cr_expect_leq(list.items[0].bytes, 4U * MEBIBYTE);
}

/* ---- an unwell world ---- */

static void expect_retry(struct error error, const char *says)
{
	cr_expect_eq(error.class, ERROR_RETRY, "%s", error.text);
	cr_expect(strstr(error.text, says), "%s", error.text);
}

Test(unpack, a_full_disk_is_waited_for)
{
	for (write_fails_at = 1; write_fails_at <= 2; write_fails_at++) {
		writes = 0;
		struct error error = unpack_pair("a.csv", "b.csv");
		expect_retry(error, "No space left");
		cr_expect(error.is_full);
		cr_expect_eq(list.count, (size_t)write_fails_at);
	}
	write_fails_at = 0;
	truncate_fails = true;
	expect_retry(unpack_pair("a.csv", "b.csv"), "cannot write what is unpacked");
}

/* Even where somebody was killed between the two calls that it takes. */
Test(unpack, a_disk_without_nameless_files_does_as_well)
{
	int left = openat(folder, DISK_NAMELESS, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	cr_assert(left >= 0);
	close(left);
	open_fails_with = EOPNOTSUPP;
	struct error error = unpack_pair("a.csv", "b.csv");
	cr_assert_not(is_error(&error), "%s", error.text);
	expect_item(0, "a.csv", PEOPLE);
	expect_item(1, "b.csv", MORE);
	open_fails_with = EMFILE;
	expect_retry(unpack_pair("a.csv", "b.csv"), "cannot make a file without a name");
}

Test(unpack, a_folder_in_which_nothing_can_be_made_is_waited_for)
{
	open_fails_with = EOPNOTSUPP;
	make_fails_with = EROFS;
	struct error error = unpack_pair("a.csv", "b.csv");
	expect_retry(error, "cannot make a file without a name: Read-only file system");
	cr_expect(error.is_lasting);
}

Test(unpack, what_cannot_be_read_is_waited_for)
{
	int file = open(path, O_WRONLY | O_CLOEXEC | O_TMPFILE, 0600);
	cr_assert_eq(write(file, PEOPLE, strlen(PEOPLE)), (ssize_t)strlen(PEOPLE));
	for (int format = UNPACK_GZIP; format <= UNPACK_ZIP; format++) {
		unpack_done(&list);
		struct error error =
		    unpack(file, (enum unpack_format)format, folder, &limits, arena, &list);
		expect_retry(error, "cannot read what is unpacked");
	}
	close(file);
	unpack_done(&list);
	expect_retry(unpack(-1, UNPACK_ZIP, folder, &limits, arena, &list), "Bad file descriptor");
}

Test(unpack, memory_that_is_short_is_waited_for)
{
	for (int is_gzip = 0; is_gzip < 2; is_gzip++) {
		struct buffer whole = sample(is_gzip);
		struct error error = {.class = ERROR_RETRY};
		for (int at = 1; is_error(&error); at++) {
			cr_assert_lt(at, 100);
			arena_free(arena);
			arena = arena_create();
			int file = file_of(buffer_slice(&whole));
			unpack_done(&list);
			allocations = 0;
			allocation_fails_at = at;
			error = unpack(file, is_gzip ? UNPACK_GZIP : UNPACK_ZIP, folder, &limits,
			    arena, &list);
			allocation_fails_at = 0;
			close(file);
			if (is_error(&error))
				expect_retry(error, "out of memory");
		}
		cr_expect_geq(allocations, 3);
		buffer_done(&whole);
	}
}

/* ---- whoever waits for it ---- */

static bool stops_the_third_time(void *context)
{
	int *asked = context;
	return ++*asked >= 3;
}

Test(unpack, it_stops_where_it_is_told_to)
{
	for (int is_gzip = 0; is_gzip < 2; is_gzip++) {
		int asked = 0;
		atomic_uint progress = 0;
		limits.progress = &progress;
		limits.has_to_stop = stops_the_third_time;
		limits.context = &asked;
		struct buffer archive = {0};
		if (is_gzip)
			gzipped_add_zeros(&archive, 32);
		else
			archive = sample(false);
		struct error error = unpack_buffer(&archive);
		cr_expect_not(is_error(&error), "%s", error.text);
		cr_expect(list.is_stopped);
		cr_expect_eq(asked, 3);
		cr_expect_eq(atomic_load(&progress), 3);
	}
}
