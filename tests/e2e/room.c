/* A disk with little room: what is large waits for more, what is small goes on. */
#include "law.h"
#include "reply.h"
#include "service.h"

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

Test(room, an_answer_that_fills_the_disk_waits_and_the_small_ones_go_on)
{
	struct rig rig;
	struct service service;
	const char *usual = getenv("TMPDIR");
	struct path disk = path_of("%s/enrold-room-%d", usual ? usual : "/tmp", (int)getpid());
	files_make_directory(disk.text);
	if (mount("tmpfs", disk.text, "tmpfs", 0, "size=24m") != 0) {
		files_remove(disk.text);
		cr_skip_test("mounting is not allowed here");
	}
	setenv("TMPDIR", disk.text, 1);
	rig_make(&rig, &(struct rig_options){.feeds = "  giant: {}\n  small: {}\n"});
	service_start(&service, &rig);
	rows_drop(&rig, "giant/staff.csv");
	service_await_log(&service, "are kept for small files");
	for (int i = 0; i < 5; i++) {
		struct path name = path_of("small/%d.csv", i);
		rig_drop(&rig, name.text, "username,course1\np1,C1\nnobody,C1\n");
	}
	service_await(&service, &rig, "small", 5);
	cr_expect_eq(reply_count(&rig, "giant/staff.csv"), 0);
	cr_expect_eq(mount("tmpfs", disk.text, "tmpfs", MS_REMOUNT, "size=200m"), 0);
	service_await(&service, &rig, "giant", 1);
	service_stop(&service);
	law_close(&rig);
	umount(disk.text);
	files_remove(disk.text);
}
