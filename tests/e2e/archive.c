/*
 * Archives that were made to do harm, or were harmed, dropped into a daemon that runs: each is
 * refused with its reason and lies in quarantine as it was dropped; the daemon lives, other feeds
 * go on, and nothing is left in work/. What each of them is about is unpack's.
 */
#include "law.h"
#include "reply.h"
#include "service.h"
#include "tracer.h"
#include "zipped.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STAFF "username,course1\np1,C1\np2,C2\n"
#define BOTH "  default: {}\n  hr: {}\n"

enum { MEBIBYTE = 1 << 20, GIBIBYTES_4 = 4096 };

/* ---- one for each way ---- */

static struct buffer of_member(const struct zipped_member *member)
{
	struct zipped zipped = {.count = 0};
	zipped_add(&zipped, member);
	return zipped_end(&zipped, false, "");
}

static struct buffer of_zeros(void)
{
	struct zipped_member member = {.name = "a.csv",
	    .method = ZIPPED_DEFLATED,
	    .packed_of = (uint64_t)GIBIBYTES_4 * MEBIBYTE,
	    .is_zip64 = true};
	struct buffer zeros = zeros_deflated(GIBIBYTES_4, &member.packed_crc);
	member.packed = buffer_slice(&zeros);
	struct buffer archive = of_member(&member);
	buffer_done(&zeros);
	return archive;
}

static struct buffer of_zeros_gzip(void)
{
	struct buffer archive = {0};
	gzipped_add_zeros(&archive, GIBIBYTES_4);
	return archive;
}

/* The "better zip bomb". */
static struct buffer of_one_for_all(void)
{
	struct zipped zipped = {.count = 0};
	struct zipped_member member = {.name = "0.csv", .content = SLICE(STAFF)};
	for (int i = 0; i < 40; i++) {
		struct path name = path_of("%d.csv", i);
		member.name = name.text;
		member.is_only_head = i > 0;
		zipped_add(&zipped, &member);
	}
	return zipped_end(&zipped, false, "");
}

static struct buffer of_nested(void)
{
	struct buffer inner = zipped_one("staff.csv", STAFF);
	struct buffer outer =
	    of_member(&(struct zipped_member){.name = "a.csv", .content = buffer_slice(&inner)});
	buffer_done(&inner);
	return outer;
}

static struct buffer of_nested_gzip(void)
{
	struct buffer inner = zipped_one("staff.csv", STAFF), outer = {0};
	gzipped_add(&outer, buffer_slice(&inner));
	buffer_done(&inner);
	return outer;
}

static struct buffer of_link(void)
{
	return of_member(&(struct zipped_member){
	    .name = "a.csv", .content = SLICE("/etc/passwd"), .mode = 0120777});
}

static struct buffer of_device(void)
{
	return of_member(&(struct zipped_member){.name = "a.csv", .mode = 0020666});
}

static struct buffer of_password(void)
{
	return of_member(
	    &(struct zipped_member){.name = "a.csv", .content = SLICE(STAFF), .flags = 1});
}

static struct buffer of_aes(void)
{
	return of_member(&(struct zipped_member){
	    .name = "a.csv", .content = SLICE(STAFF), .flags = 1, .method = 99});
}

static struct buffer of_two_names(void)
{
	return of_member(&(struct zipped_member){
	    .name = "users.csv", .local_name = "admin.csv", .content = SLICE(STAFF)});
}

static struct buffer of_wrong_sum(void)
{
	return of_member(
	    &(struct zipped_member){.name = "a.csv", .content = SLICE(STAFF), .crc_lie = 1});
}

static struct buffer of_wrong_size(void)
{
	return of_member(&(struct zipped_member){.name = "a.csv",
	    .content = SLICE(STAFF),
	    .method = ZIPPED_DEFLATED,
	    .bytes_lie = (uint32_t)-5});
}

static struct buffer of_wrong_sum_gzip(void)
{
	struct buffer archive = {0};
	gzipped_add(&archive, SLICE(STAFF));
	archive.bytes[archive.size - 8]++;
	return archive;
}

static struct buffer of_more_behind(void)
{
	struct buffer archive = {0};
	gzipped_add(&archive, SLICE(STAFF));
	buffer_add_text(&archive, "p3,C3\n");
	return archive;
}

static struct buffer of_many(void)
{
	struct zipped zipped = {.count = 0};
	for (int i = 0; i < 65; i++) {
		struct path name = path_of("%d.csv", i);
		zipped_add(
		    &zipped, &(struct zipped_member){.name = name.text, .content = SLICE(STAFF)});
	}
	return zipped_end(&zipped, false, "");
}

static struct buffer of_twins(void)
{
	struct zipped zipped = {.count = 0};
	zipped_add(&zipped, &(struct zipped_member){.name = "a.csv", .content = SLICE(STAFF)});
	zipped_add(&zipped, &(struct zipped_member){.name = "A.CSV", .content = SLICE(STAFF)});
	return zipped_end(&zipped, false, "");
}

static struct buffer of_nothing(void)
{
	struct zipped zipped = {.count = 0};
	return zipped_end(&zipped, false, "");
}

static struct buffer of_workbook(void)
{
	return of_member(
	    &(struct zipped_member){.name = "[Content_Types].xml", .content = SLICE("<Types/>")});
}

static struct buffer of_two(void)
{
	struct zipped zipped = {.count = 0};
	zipped_add(&zipped, &(struct zipped_member){.name = "a.csv", .content = SLICE(STAFF)});
	zipped_add(&zipped, &(struct zipped_member){.name = "b.csv", .content = SLICE(STAFF)});
	return zipped_end(&zipped, false, "");
}

static const struct attack {
	const char *name, *code;
	struct buffer (*make)(void);
	const char *member; /* make NULL: its name alone is the attack */
} attacks[] = {
    {"zeros.zip", "archive_ratio", of_zeros, NULL},
    {"zeros.csv.gz", "archive_ratio", of_zeros_gzip, NULL},
    {"overlap.zip", "archive_broken", of_one_for_all, NULL},
    {"nested.zip", "archive_nested", of_nested, NULL},
    {"nested.csv.gz", "archive_nested", of_nested_gzip, NULL},
    {"link.zip", "archive_link", of_link, NULL},
    {"device.zip", "archive_link", of_device, NULL},
    {"password.zip", "archive_encrypted", of_password, NULL},
    {"aes.zip", "archive_encrypted", of_aes, NULL},
    {"names.zip", "archive_broken", of_two_names, NULL},
    {"sum.zip", "archive_broken", of_wrong_sum, NULL},
    {"size.zip", "archive_broken", of_wrong_size, NULL},
    {"sum.csv.gz", "archive_broken", of_wrong_sum_gzip, NULL},
    {"behind.csv.gz", "archive_broken", of_more_behind, NULL},
    {"many.zip", "archive_too_many", of_many, NULL},
    {"twins.zip", "archive_twice", of_twins, NULL},
    {"empty.zip", "archive_empty", of_nothing, NULL},
    {"book.xlsx", "not_text", of_workbook, NULL},
    {"two.zip", "archive_needs_preset", of_two, NULL},
    {"absolute.zip", "archive_path", NULL, "/etc/cron.d/a.csv"},
    {"out.zip", "archive_path", NULL, "../../../outbox/a.csv"},
    {"backslash.zip", "archive_path", NULL, "..\\a.csv"},
    {"drive.zip", "archive_path", NULL, "C:a.csv"},
    {"folder.zip", "archive_path", NULL, "feed/a.csv"},
    {"control.zip", "archive_path", NULL, "a\x1B[2J.csv"},
    {"cp437.zip", "archive_path", NULL, "\x8Erzte.csv"},
};

enum { ATTACKS = sizeof attacks / sizeof *attacks };

static void attack_drop(struct rig *rig, const struct attack *attack)
{
	struct buffer archive = attack->make ? attack->make() : zipped_one(attack->member, STAFF);
	rig_drop_bytes(rig, attack->name, archive.bytes, archive.size);
	buffer_done(&archive);
}

static void expect_refused(const struct rig *rig, const char *name, const char *code)
{
	struct reply reply;
	reply_open(&reply, rig, name, 0);
	cr_expect_str_eq(reply_status(&reply), "refused", "%s", name);
	cr_expect_str_eq(reply_refusal(&reply), code, "%s", name);
	reply_close(&reply);
}

Test(archive, of_an_attacker_is_refused_while_everybody_else_is_served)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.feeds = BOTH, .settings = "max_file_size: 256MiB\n"});
	service_start(&service, &rig);
	for (size_t i = 0; i < ATTACKS; i++) {
		struct path other = path_of("hr/%zu.csv", i);
		attack_drop(&rig, &attacks[i]);
		rig_drop(&rig, other.text, STAFF);
		service_await(&service, &rig, "hr", i + 1);
		service_await(&service, &rig, "", i + 1);
	}
	service_await_idle(&service, &rig);
	service_stop(&service);
	for (size_t i = 0; i < ATTACKS; i++)
		expect_refused(&rig, attacks[i].name, attacks[i].code);
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "2\n");
	law_close(&rig);
}

Test(archive, that_was_cut_short_anywhere_is_refused)
{
	enum { STEP = 5, FIRST = 4 };
	struct rig rig;
	size_t count = 0;
	struct buffer whole = zipped_one("staff.csv", STAFF);
	rig_make(&rig, NULL);
	for (size_t size = FIRST; size < whole.size; size += STEP, count++) {
		struct path name = path_of("%zu.zip", size);
		rig_drop_bytes(&rig, name.text, whole.bytes, size);
	}
	rig_once(&rig);
	for (size_t size = FIRST; size < whole.size; size += STEP)
		expect_refused(&rig, path_of("%zu.zip", size).text, "archive_broken");
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), (int64_t)count);
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "0\n");
	buffer_done(&whole);
	law_close(&rig);
}

/* ---- an unwell world ---- */

static void expect_done(const struct rig *rig, const char *name)
{
	struct reply reply;
	reply_open(&reply, rig, name, 0);
	cr_expect_str_eq(reply_status(&reply), "done", "%s", reply_refusal(&reply));
	EXPECT(&reply, {2, "course1", "done", "enrolled"}, {3, "course1", "done", "enrolled"});
	reply_close(&reply);
}

/* Such a disk refuses the first call; between the two that are made then, it is killed. */
static struct verdict kill_with_a_name(void *context, const struct call *call)
{
	size_t *times = context;
	bool is_named = call->kind == CALL_UNLINK && text_ends(call->path.text, "/.nameless.part");
	*times += is_named;
	if (call->is_nameless)
		return (struct verdict){VERDICT_FAIL, EOPNOTSUPP};
	return (struct verdict){is_named && *times == 2 ? VERDICT_KILL : VERDICT_GO, 0};
}

Test(archive, that_is_unpacked_under_a_name_leaves_none)
{
	struct rig rig;
	size_t times = 0;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	struct buffer archive = zipped_one("staff.csv", STAFF);
	rig_drop_bytes(&rig, "staff.zip", archive.bytes, archive.size);
	buffer_done(&archive);
	struct finished finished = tracer_once(&rig, kill_with_a_name, &times, true);
	cr_expect_eq(finished.status, -SIGKILL, "%d, after %zu", finished.status, times);
	finished_done(&finished);
	rig_once(&rig);
	expect_done(&rig, "staff.zip");
	law_close(&rig);
}
