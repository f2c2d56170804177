/* A disk with little room: what is large waits for more, what is small goes on. */
#include "law.h"
#include "reply.h"
#include "service.h"
#include "zipped.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

enum { ROWS = 200000 }; /* of four bytes, with some eighty of answer each */

static void rows_drop(struct rig *rig, const char *name)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1\n");
	for (int i = 0; i < ROWS; i++)
		buffer_add_text(&text, "a,x\n");
	rig_drop_bytes(rig, name, text.bytes, text.size);
	buffer_done(&text);
}

/* Thirty MiB, of which few rows are anybody's. */
static void large_drop(struct rig *rig, const char *name)
{
	struct buffer text = {0}, packed = {0};
	buffer_add_text(&text, "username,course1\np1,C1\n");
	while (text.size < 30 << 20)
		buffer_add_text(&text, "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n");
	gzipped_add(&packed, buffer_slice(&text));
	rig_drop_bytes(rig, name, packed.bytes, packed.size);
	buffer_done(&packed);
	buffer_done(&text);
}

struct small_disk {
	struct path path;
	struct rig rig;
	struct service service;
};

/* Also skips the test, where it cannot be. */
static void small_disk_open(struct small_disk *disk)
{
	const char *usual = getenv("TMPDIR");
	disk->path = path_of("%s/enrold-room-%d", usual ? usual : "/tmp", (int)getpid());
	files_make_directory(disk->path.text);
	if (mount("tmpfs", disk->path.text, "tmpfs", 0, "size=24m") != 0) {
		files_remove(disk->path.text);
		cr_skip_test("mounting is not allowed here");
	}
	setenv("TMPDIR", disk->path.text, 1);
	rig_make(&disk->rig, &(struct rig_options){.feeds = "  giant: {}\n  small: {}\n"});
	service_start(&disk->service, &disk->rig);
}

/* There is room now. */
static void small_disk_end(struct small_disk *disk)
{
	cr_expect_eq(mount("tmpfs", disk->path.text, "tmpfs", MS_REMOUNT, "size=200m"), 0);
	service_await(&disk->service, &disk->rig, "giant", 1);
	service_stop(&disk->service);
	law_close(&disk->rig);
	umount(disk->path.text);
	files_remove(disk->path.text);
}

Test(room, an_answer_that_fills_the_disk_waits_and_the_small_ones_go_on)
{
	struct small_disk disk;
	small_disk_open(&disk);
	rows_drop(&disk.rig, "giant/staff.csv");
	service_await_log(&disk.service, "are kept for small files");
	for (int i = 0; i < 5; i++) {
		struct path name = path_of("small/%d.csv", i);
		rig_drop(&disk.rig, name.text, "username,course1\np1,C1\nnobody,C1\n");
	}
	service_await(&disk.service, &disk.rig, "small", 5);
	cr_expect_eq(reply_count(&disk.rig, "giant/staff.csv"), 0);
	small_disk_end(&disk);
}

Test(room, what_is_unpacked_waits_for_it_and_the_small_ones_go_on)
{
	struct small_disk disk;
	small_disk_open(&disk);
	large_drop(&disk.rig, "giant/staff.csv.gz");
	service_await_log(&disk.service, "are kept for small files");
	rig_drop(&disk.rig, "small/staff.csv", "username,course1\np3,C1\n");
	service_await(&disk.service, &disk.rig, "small", 1);
	cr_expect_eq(reply_count(&disk.rig, "giant/staff.csv.gz"), 0);
	small_disk_end(&disk);
}
