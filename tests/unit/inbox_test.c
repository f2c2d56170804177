/* What of a directory is ready, and when: with a clock of our own. */
#include "../../src/daemon/inbox.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTLE = 2000 };

struct fixture {
	char path[64];
	int directory;
	struct inbox *inbox;
	char left[256]; /* names that were reported, each with a blank */
	char why[256];  /* the last of them */
	int full;       /* how often that was said */
};

/* A file server's client: what it once knew of a file is believed until the file is opened. */
static struct stat *old_look;

int __real_fstatat(int directory, const char *name, struct stat *stat, int flags);
int __wrap_fstatat(int directory, const char *name, struct stat *stat, int flags);

int __wrap_fstatat(int directory, const char *name, struct stat *stat, int flags)
{
	if (!old_look)
		return __real_fstatat(directory, name, stat, flags);
	if (old_look->st_ino == 0 && __real_fstatat(directory, name, old_look, flags) < 0)
		return -1;
	*stat = *old_look;
	return 0;
}

static const char *directory_classify(void *context, const char *directory)
{
	(void)context;
	return strcmp(directory, "hr") == 0 ? NULL : "it does not belong here";
}

static void on_skipped(void *context, const char *name, const char *why)
{
	struct fixture *fixture = context;
	size_t used = strlen(fixture->left);
	snprintf(fixture->why, sizeof fixture->why, "%s", why);
	snprintf(fixture->left + used, sizeof fixture->left - used, "%s ", name);
}

static void on_full(void *context)
{
	struct fixture *fixture = context;
	fixture->full++;
}

static void rules_make(struct fixture *fixture, uint32_t settle_ms, struct beside_rules beside)
{
	inbox_free(fixture->inbox);
	fixture->inbox = inbox_create((struct inbox_rules){
	    settle_ms, beside, directory_classify, on_skipped, on_full, fixture});
	cr_assert_not_null(fixture->inbox);
}

static void inbox_make(struct fixture *fixture, uint32_t settle_ms, const char *marker)
{
	rules_make(fixture, settle_ms, (struct beside_rules){.marker = marker});
}

static void fixture_make(struct fixture *fixture, uint32_t settle_ms)
{
	/* In memory where possible: some tests make many files. */
	const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	*fixture = (struct fixture){0};
	snprintf(fixture->path, sizeof fixture->path, "%s/enrold-inbox-XXXXXX", place);
	cr_assert_not_null(mkdtemp(fixture->path));
	fixture->directory = open(fixture->path, O_RDONLY | O_DIRECTORY);
	inbox_make(fixture, settle_ms, NULL);
}

static void fixture_remove(struct fixture *fixture)
{
	char command[128];
	inbox_free(fixture->inbox);
	close(fixture->directory);
	snprintf(command, sizeof command, "rm -rf %s", fixture->path);
	cr_expect_eq(system(command), 0);
}

static void file_write(const struct fixture *fixture, const char *name, const char *text)
{
	int file = openat(fixture->directory, name, O_WRONLY | O_CREAT | O_APPEND, 0600);
	cr_assert_geq(file, 0);
	cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
	close(file);
}

/* By then the kernel's clock of files, which moves with its ticks, is another. */
static void tick(void)
{
	usleep(20000);
}

/* Scans and compares all that is ready, in its order. */
static void expect_ready(struct fixture *fixture, int64_t now_ms, const char *expected)
{
	char ready[256] = "";
	const char *name;
	struct error error = inbox_scan(fixture->inbox, fixture->directory, now_ms);
	cr_assert_not(is_error(&error), "%s", error.text);
	while ((name = inbox_next(fixture->inbox))) {
		size_t used = strlen(ready);
		snprintf(ready + used, sizeof ready - used, "%s ", name);
	}
	cr_expect_str_eq(ready, expected, "at %lld: %s", (long long)now_ms, ready);
}

Test(inbox, waits_until_a_file_has_settled_and_anew_when_it_changes)
{
	struct fixture fixture;
	fixture_make(&fixture, SETTLE);
	file_write(&fixture, "a.csv", "x");
	expect_ready(&fixture, 0, "");
	cr_expect_eq(inbox_settles_at(fixture.inbox), SETTLE);
	file_write(&fixture, "a.csv", "y");
	expect_ready(&fixture, 1500, "");
	expect_ready(&fixture, 2500, "");
	expect_ready(&fixture, 3500, "a.csv ");
	expect_ready(&fixture, 3600, "a.csv "); /* still there: nobody has taken it */
	unlinkat(fixture.directory, "a.csv", 0);
	expect_ready(&fixture, 3700, "");
	cr_expect_eq(inbox_settles_at(fixture.inbox), INT64_MAX);
	fixture_remove(&fixture);
}

Test(inbox, believes_who_vouches_but_not_for_an_empty_file)
{
	struct fixture fixture;
	fixture_make(&fixture, SETTLE);
	file_write(&fixture, "full.csv", "x");
	file_write(&fixture, "empty.csv", "");
	file_write(&fixture, "other.csv", "x");
	inbox_vouch(fixture.inbox, "full.csv");
	inbox_vouch(fixture.inbox, "empty.csv");
	inbox_vouch(fixture.inbox, "not-there.csv");
	expect_ready(&fixture, 0, "full.csv ");
	expect_ready(&fixture, 10, "full.csv "); /* as long as it stays as it is */
	file_write(&fixture, "full.csv", "more");
	expect_ready(&fixture, 20, "");
	expect_ready(&fixture, SETTLE, "empty.csv other.csv ");
	fixture_remove(&fixture);
}

Test(inbox, takes_all_at_once_without_settling)
{
	struct fixture fixture;
	fixture_make(&fixture, 0);
	file_write(&fixture, "a.csv", "");
	expect_ready(&fixture, 0, "a.csv ");
	fixture_remove(&fixture);
}

Test(inbox, leaves_what_is_no_file_of_its_own_and_says_so_once)
{
	struct fixture fixture;
	fixture_make(&fixture, 0);
	mkdirat(fixture.directory, "hr", 0700);
	mkdirat(fixture.directory, "dir.csv", 0700);
	mkfifoat(fixture.directory, "fifo.csv", 0600);
	cr_assert_eq(symlinkat("/etc/passwd", fixture.directory, "link.csv"), 0);
	file_write(&fixture, "one.csv", "x");
	cr_assert_eq(linkat(fixture.directory, "one.csv", fixture.directory, "two.csv", 0), 0);
	file_write(&fixture, "b\nd.csv", "x");
	file_write(&fixture, ".hidden.csv", "x");
	file_write(&fixture, "x.csv.part", "x");
	expect_ready(&fixture, 0, "");
	static const char *const names[] = {
	    "dir.csv ", "fifo.csv ", "link.csv ", "one.csv ", "two.csv ", "b\nd.csv "};
	size_t length = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		cr_expect(strstr(fixture.left, names[i]), "%s", names[i]);
		length += strlen(names[i]);
	}
	cr_expect_eq(strlen(fixture.left), length, "%s", fixture.left);
	expect_ready(&fixture, 1, "");
	cr_expect_eq(strlen(fixture.left), length, "said twice: %s", fixture.left);
	unlinkat(fixture.directory, "two.csv", 0);
	expect_ready(&fixture, 2, "one.csv "); /* its own again */
	fixture_remove(&fixture);
}

Test(inbox, names_a_file_whose_marker_does_not_come_and_goes_on_waiting)
{
	struct fixture fixture;
	fixture_make(&fixture, SETTLE);
	inbox_make(&fixture, SETTLE, ".done");
	file_write(&fixture, "staff.csv", "x");
	file_write(&fixture, "staff.done", "");
	expect_ready(&fixture, 0, "");
	cr_expect_str_eq(fixture.left, "");
	cr_expect_eq(inbox_tells_at(fixture.inbox), 5 * SETTLE);
	expect_ready(&fixture, 5 * SETTLE, "");
	cr_expect_str_eq(fixture.left, "staff.csv ");
	cr_expect_str_eq(
	    fixture.why, "it waits for its marker, staff.csv.done; there is a staff.done");
	expect_ready(&fixture, 9 * SETTLE, "");
	inbox_log_waiting(fixture.inbox, fixture.directory);
	cr_expect_str_eq(fixture.left, "staff.csv ", "it was said once");
	file_write(&fixture, "other.csv", "x");
	expect_ready(&fixture, 9 * SETTLE + 1, "");
	inbox_log_waiting(fixture.inbox, fixture.directory);
	cr_expect_str_eq(fixture.left, "staff.csv other.csv ");
	cr_expect_str_eq(fixture.why, "it waits for its marker, other.csv.done");
	file_write(&fixture, "staff.csv.done", "");
	expect_ready(&fixture, 10 * SETTLE, "staff.csv ");
	fixture_remove(&fixture);
}

Test(inbox, a_marker_that_cannot_go_with_its_file_is_none)
{
	struct fixture fixture;
	fixture_make(&fixture, SETTLE);
	inbox_make(&fixture, SETTLE, ".done");
	file_write(&fixture, "staff.csv", "x");
	mkdirat(fixture.directory, "staff.csv.done", 0700);
	expect_ready(&fixture, 0, "");
	expect_ready(&fixture, 5 * SETTLE, "");
	cr_expect_str_eq(fixture.left, "staff.csv ");
	cr_expect_str_eq(fixture.why,
	    "it waits for its marker, staff.csv.done; what has that name is not a regular file");
	unlinkat(fixture.directory, "staff.csv.done", AT_REMOVEDIR);
	cr_assert_eq(symlinkat("staff.csv", fixture.directory, "staff.csv.done"), 0);
	expect_ready(&fixture, 6 * SETTLE, "");
	unlinkat(fixture.directory, "staff.csv.done", 0);
	file_write(&fixture, "other", "");
	cr_assert_eq(linkat(fixture.directory, "other", fixture.directory, "staff.csv.done", 0), 0);
	expect_ready(&fixture, 7 * SETTLE, "");
	unlinkat(fixture.directory, "other", 0);
	expect_ready(&fixture, 8 * SETTLE, "staff.csv ");
	fixture_remove(&fixture);
}

/* ---- what the feed requires ---- */

static void required_make(struct fixture *fixture, const char *marker)
{
	fixture_make(fixture, SETTLE);
	rules_make(fixture, SETTLE,
	    (struct beside_rules){
	        .marker = marker, .is_required = {[SIDECAR_SHA256] = true, [SIDECAR_ROWS] = true}});
}

Test(inbox, waits_for_all_that_is_required_and_names_what_is_missing)
{
	struct fixture fixture;
	required_make(&fixture, NULL);
	file_write(&fixture, "staff.csv", "x");
	inbox_vouch(fixture.inbox, "staff.csv");
	expect_ready(&fixture, 0, "");
	file_write(&fixture, "staff.sha256", "x");
	expect_ready(&fixture, 5 * SETTLE, "");
	cr_expect_str_eq(fixture.left, "staff.csv ");
	cr_expect_str_eq(
	    fixture.why, "it waits for its checksum, staff.csv.sha256; there is a staff.sha256");
	expect_ready(&fixture, 6 * SETTLE, "");
	cr_expect_str_eq(fixture.left, "staff.csv ", "it was said once");
	file_write(&fixture, "staff.csv.sha256", "x");
	expect_ready(&fixture, 7 * SETTLE, "");
	cr_expect_eq(inbox_tells_at(fixture.inbox), 12 * SETTLE);
	expect_ready(&fixture, 12 * SETTLE, "");
	cr_expect_str_eq(fixture.left, "staff.csv staff.csv ", "the other one is news");
	cr_expect_str_eq(fixture.why, "it waits for its row count, staff.csv.rows");
	mkdirat(fixture.directory, "staff.csv.rows", 0700);
	expect_ready(&fixture, 13 * SETTLE, "");
	unlinkat(fixture.directory, "staff.csv.rows", AT_REMOVEDIR);
	file_write(&fixture, "staff.csv.rows", "1");
	expect_ready(&fixture, 14 * SETTLE, ""); /* it may still be written to */
	cr_expect_eq(inbox_settles_at(fixture.inbox), 15 * SETTLE);
	expect_ready(&fixture, 15 * SETTLE, "staff.csv ");
	unlinkat(fixture.directory, "staff.csv.sha256", 0);
	expect_ready(&fixture, 16 * SETTLE, "");
	fixture_remove(&fixture);
}

Test(inbox, lets_what_is_required_settle_as_its_file_does)
{
	struct fixture fixture;
	required_make(&fixture, NULL);
	file_write(&fixture, "staff.csv.sha256", "x");
	file_write(&fixture, "staff.csv.rows", "");
	file_write(&fixture, "staff.csv", "x");
	inbox_vouch(fixture.inbox, "staff.csv");
	expect_ready(&fixture, 0, "");
	tick();
	file_write(&fixture, "staff.csv.rows", "12");
	expect_ready(&fixture, SETTLE, "");
	tick();
	file_write(&fixture, "staff.csv.rows", "34\n");
	expect_ready(&fixture, 2 * SETTLE - 1, "");
	expect_ready(&fixture, 3 * SETTLE - 2, "");
	expect_ready(&fixture, 3 * SETTLE - 1, "staff.csv ");
	file_write(&fixture, "staff.csv", "y");
	expect_ready(&fixture, 3 * SETTLE, ""); /* the file, too */
	expect_ready(&fixture, 4 * SETTLE, "staff.csv ");
	fixture_remove(&fixture);
}

Test(inbox, waits_for_marker_and_sidecars_and_believes_a_marker_that_is_the_last)
{
	struct fixture fixture;
	required_make(&fixture, ".done");
	file_write(&fixture, "staff.csv", "x");
	file_write(&fixture, "staff.csv.sha256", "x");
	file_write(&fixture, "staff.csv.rows", "1");
	expect_ready(&fixture, 0, "");
	tick();
	file_write(&fixture, "staff.csv.done", "");
	expect_ready(&fixture, 1, "staff.csv ");
	tick();
	file_write(&fixture, "staff.csv.rows", "2"); /* behind it */
	expect_ready(&fixture, 2, "");
	expect_ready(&fixture, 2 + SETTLE, "staff.csv ");
	file_write(&fixture, "early.csv.done", "");
	file_write(&fixture, "early.csv.rows", "1");
	file_write(&fixture, "early.csv", "1");
	unlinkat(fixture.directory, "staff.csv", 0);
	expect_ready(&fixture, 10 * SETTLE, "");
	expect_ready(&fixture, 15 * SETTLE, "");
	cr_expect_str_eq(fixture.why, "it waits for its checksum, early.csv.sha256");
	fixture_remove(&fixture);
}

static void scan_whole(struct fixture *fixture, int64_t now_ms)
{
	do {
		struct error error = inbox_scan(fixture->inbox, fixture->directory, now_ms);
		cr_assert_not(is_error(&error), "%s", error.text);
	} while (inbox_is_scanning(fixture->inbox));
}

/* A directory has no order that a test could choose: of a hundred one lies beyond the rest. */
Test(inbox, what_is_never_taken_keeps_no_file_from_its_turn)
{
	enum { LINKS = INBOX_FILES_MAX + 1000, FILES = 100 };
	struct fixture fixture;
	char name[32];
	fixture_make(&fixture, 0);
	for (int i = 0; i < LINKS; i++) {
		snprintf(name, sizeof name, "l%d.csv", i);
		cr_assert_eq(symlinkat("x", fixture.directory, name), 0);
		if (i % (LINKS / FILES) != 0)
			continue;
		snprintf(name, sizeof name, "f%d.csv", i);
		file_write(&fixture, name, "x");
	}
	scan_whole(&fixture, 0);
	cr_expect_geq(inbox_ready(fixture.inbox), (size_t)FILES);
	cr_expect_eq(fixture.full, 1);
	scan_whole(&fixture, 1);
	cr_expect_geq(inbox_ready(fixture.inbox), (size_t)FILES);
	cr_expect_eq(fixture.full, 1, "it was said once");
	fixture_remove(&fixture);
}

Test(inbox, does_not_give_again_what_could_not_be_taken)
{
	struct fixture fixture;
	fixture_make(&fixture, 0);
	file_write(&fixture, "a.csv", "x");
	expect_ready(&fixture, 0, "a.csv ");
	cr_expect(inbox_leave(fixture.inbox, "a.csv", 100));
	expect_ready(&fixture, 1, "");
	file_write(&fixture, "a.csv", "x");
	expect_ready(&fixture, 2, "a.csv ");
	cr_expect(inbox_leave(fixture.inbox, "a.csv", 100), "a changed file is news again");
	expect_ready(&fixture, 99, "");
	expect_ready(&fixture, 100, "a.csv ");
	cr_expect_not(inbox_leave(fixture.inbox, "a.csv", 200), "it has been said");
	fixture_remove(&fixture);
}

Test(inbox, a_file_that_grows_on_another_machine_has_not_settled_whatever_an_old_look_says)
{
	struct fixture fixture;
	struct stat known = {0};
	fixture_make(&fixture, SETTLE);
	file_write(&fixture, "staff.csv", "username");
	old_look = &known;
	expect_ready(&fixture, 0, "");
	file_write(&fixture, "staff.csv", ",course1\n");
	expect_ready(&fixture, SETTLE, ""); /* half of it */
	cr_expect_eq(inbox_settles_at(fixture.inbox), 2 * SETTLE);
	known = (struct stat){0};
	expect_ready(&fixture, 2 * SETTLE, "staff.csv ");
	old_look = NULL;
	fixture_remove(&fixture);
}

Test(inbox, looks_at_a_full_directory_piece_by_piece)
{
	enum { FILES = INBOX_ENTRIES_AT_ONCE + 500 };
	struct fixture fixture;
	char name[32];
	size_t count = 0;
	fixture_make(&fixture, SETTLE);
	file_write(&fixture, "first.csv", "x");
	inbox_vouch(fixture.inbox, "first.csv");
	expect_ready(&fixture, 0, "first.csv ");
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name, "f%d.csv", i);
		file_write(&fixture, name, "x");
	}
	struct error begun = inbox_scan(fixture.inbox, fixture.directory, 10);
	cr_assert_not(is_error(&begun));
	cr_expect(inbox_is_scanning(fixture.inbox));
	/* What comes while it looks is not forgotten: the next look believes it. */
	file_write(&fixture, "late.csv", "x");
	inbox_vouch(fixture.inbox, "late.csv");
	inbox_vouch(fixture.inbox, "f7.csv");
	for (int i = 0; inbox_is_scanning(fixture.inbox); i++) {
		cr_assert_lt(i, 3);
		struct error error = inbox_scan(fixture.inbox, fixture.directory, 20);
		cr_assert_not(is_error(&error));
	}
	while (inbox_next(fixture.inbox))
		count++;
	cr_expect_eq(count, 1, "first.csv, which was ready before");
	count = 0;
	do {
		struct error error = inbox_scan(fixture.inbox, fixture.directory, 30);
		cr_assert_not(is_error(&error));
	} while (inbox_is_scanning(fixture.inbox));
	while (inbox_next(fixture.inbox))
		count++;
	cr_expect_eq(count, 3, "and those that were vouched for");
	fixture_remove(&fixture);
}

/* ---- what status tells ---- */

static int64_t arrival_of(const struct fixture *fixture, const char *name)
{
	struct stat stat;
	cr_assert_eq(fstatat(fixture->directory, name, &stat, AT_SYMLINK_NOFOLLOW), 0);
	return (int64_t)stat.st_ctim.tv_sec;
}

/* name: "" for none. */
static void expect_oldest(const struct fixture *fixture, const char *name)
{
	char oldest[FILE_NAME_SIZE] = "";
	int64_t arrived_s = 0;
	cr_expect_eq(inbox_oldest(fixture->inbox, oldest, &arrived_s), *name != '\0');
	cr_expect_str_eq(oldest, name);
	if (*name)
		cr_expect_eq(arrived_s, arrival_of(fixture, name));
}

static void expect_waits_for(
    const struct fixture *fixture, size_t count, const char *name, int64_t since_ms)
{
	char beside[INBOX_BESIDE_SIZE] = "";
	int64_t since = -1;
	cr_expect_eq(inbox_incomplete(fixture->inbox), count);
	cr_expect_eq(inbox_waits_for(fixture->inbox, beside, &since), count > 0);
	cr_expect_str_eq(beside, name);
	cr_expect_eq(since, since_ms);
}

Test(inbox, tells_what_its_oldest_file_waits_for_and_since_when)
{
	struct fixture fixture;
	fixture_make(&fixture, SETTLE);
	inbox_make(&fixture, SETTLE, ".done");
	expect_ready(&fixture, 0, "");
	expect_waits_for(&fixture, 0, "", -1);
	file_write(&fixture, "z.csv", "x");
	expect_ready(&fixture, 10, "");
	expect_waits_for(&fixture, 1, "z.csv.done", 10);
	tick();
	file_write(&fixture, "a.csv", "x");
	expect_ready(&fixture, 20, "");
	expect_waits_for(&fixture, 2, "z.csv.done", 10);
	expect_oldest(&fixture, "z.csv");
	file_write(&fixture, "z.csv.done", "");
	expect_ready(&fixture, 30, "z.csv ");
	expect_waits_for(&fixture, 1, "a.csv.done", 20);
	unlinkat(fixture.directory, "z.csv", 0);
	unlinkat(fixture.directory, "a.csv", 0);
	expect_ready(&fixture, 40, "");
	expect_waits_for(&fixture, 0, "", -1);
	expect_oldest(&fixture, "");
	fixture_remove(&fixture);
}

Test(inbox, tells_the_oldest_file_that_may_still_be_taken)
{
	struct fixture fixture;
	fixture_make(&fixture, SETTLE);
	cr_assert_eq(symlinkat("x", fixture.directory, "link.csv"), 0);
	expect_ready(&fixture, 0, "");
	expect_oldest(&fixture, "");
	file_write(&fixture, "first.csv", "x");
	tick();
	file_write(&fixture, "second.csv", "x");
	inbox_vouch(fixture.inbox, "second.csv");
	struct error error = inbox_scan(fixture.inbox, fixture.directory, 1);
	cr_assert_not(is_error(&error));
	expect_oldest(&fixture, "first.csv"); /* which has not settled */
	unlinkat(fixture.directory, "first.csv", 0);
	error = inbox_scan(fixture.inbox, fixture.directory, 2);
	cr_assert_not(is_error(&error));
	expect_oldest(&fixture, "second.csv"); /* which is ready */
	cr_expect_str_eq(inbox_next(fixture.inbox), "second.csv");
	expect_oldest(&fixture, ""); /* a worker has it */
	inbox_leave(fixture.inbox, "second.csv", 1000);
	expect_oldest(&fixture, "second.csv"); /* and could not take it */
	error = inbox_scan(fixture.inbox, fixture.directory, 3);
	cr_assert_not(is_error(&error));
	expect_oldest(&fixture, "second.csv");
	fixture_remove(&fixture);
}
