/* What else lies in an inbox: odd names, names that are not for us, things that are no files. */
#include "fatal.h"
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char text[] = "username,course1\np1,C1\n";

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const char *const names[] = {
    "with space.csv",
    " leading.csv",
    "Übung 漢字 \U0001F600.csv",
    "-dash.csv",
    "percent%s%n.csv",
    "quote\"'`$(x).csv",
    "back\\slash.csv",
    "no-extension",
    "UPPER.CSV",
    "staff.txt",
    "night.zip",
    "staff.csv.gz",
    "Staff.TXT.Gz",
    "two.csv.csv",
    "staff.result.csv",
    "staff.summary.json",
    "staff.20240229-235959-999999.csv",
    "..dots...csv...csv",
    HUNDRED HUNDRED TEN TEN TEN TEN TEN ".c",
    HUNDRED HUNDRED TEN TEN TEN TEN "12345678.csv",
    HUNDRED HUNDRED TEN TEN TEN TEN "12345679.csv",
    HUNDRED HUNDRED TEN TEN TEN TEN "1234\xC3\xA4\xC3\xA4.csv",
    HUNDRED HUNDRED TEN TEN TEN TEN TEN "12345",
};

enum { NAMES = sizeof names / sizeof *names };

Test(odd, names_are_only_names)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	size_t visible = 0;
	for (size_t i = 0; i < NAMES; i++) {
		rig_drop(&rig, names[i], text);
		visible += names[i][0] != '.';
	}
	rig_once(&rig);
	cr_expect_eq((size_t)rig_number(&rig, "SELECT count(*) FROM enrold_run"), visible);
	for (size_t i = 0; i < NAMES; i++) {
		if (names[i][0] == '.')
			continue;
		reply_open(&reply, &rig, names[i], 0);
		cr_expect_str_eq(reply_status(&reply), "done", "%s", names[i]);
		reply_close(&reply);
	}
	law_close(&rig);
}

static const char *const not_ours[] = {
    ".hidden.csv",
    ".csv",
    "staff.csv~",
    "staff.csv.part",
    "staff.csv.filepart",
    "staff.csv.tmp",
    "staff.csv.swp",
    "staff.csv.crdownload",
    "staff.csv.sha256",
};

Test(odd, names_of_files_that_are_still_being_made_are_left_alone)
{
	struct rig rig;
	rig_make(&rig, NULL);
	for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++)
		rig_drop(&rig, not_ours[i], text);
	rig_once(&rig);
	for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++)
		cr_expect(files_exist(rig_inbox(&rig, not_ours[i]).text), "%s", not_ours[i]);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), 0);
	law_close(&rig);
}

static void socket_make(const char *path)
{
	int end = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path)
		return; /* a long TMPDIR: do without */
	memcpy(address.sun_path, path, strlen(path));
	cr_assert_eq(bind(end, (struct sockaddr *)&address, sizeof address), 0);
	close(end);
}

/* Outside the spool: nothing may happen to it. */
static struct path bystander_make(const struct rig *rig)
{
	struct path bystander = path_of("%s/bystander.csv", rig->root.text);
	files_write(bystander.text, "username,course1\np2,C1\n", 23, 0640);
	return bystander;
}

static void bystander_check(const struct path *bystander)
{
	struct buffer content = files_read(bystander->text);
	cr_expect_str_eq(content.bytes, "username,course1\np2,C1\n");
	buffer_done(&content);
}

static void expect_only_zz_applied(struct rig *rig, const struct path *bystander)
{
	rig_drop(rig, "zz.csv", text);
	rig_once(rig);
	cr_expect_eq(reply_count(rig, "zz.csv"), 1);
	cr_expect_eq(rig_number(rig, "SELECT count(*) FROM mdl_user_enrolments"), 1);
	bystander_check(bystander);
	law_close(rig);
}

Test(odd, things_that_are_no_files_are_never_followed_and_never_a_stall)
{
	struct rig rig;
	rig_make(&rig, NULL);
	struct path bystander = bystander_make(&rig);
	cr_assert_eq(symlink(bystander.text, rig_inbox(&rig, "link.csv").text), 0);
	cr_assert_eq(symlink("nowhere", rig_inbox(&rig, "dangling.csv").text), 0);
	cr_assert_eq(mkfifo(rig_inbox(&rig, "fifo.csv").text, 0600), 0);
	cr_assert_eq(mkdir(rig_inbox(&rig, "directory.csv").text, 0750), 0);
	socket_make(rig_inbox(&rig, "socket.csv").text);
	expect_only_zz_applied(&rig, &bystander);
}

Test(odd, a_file_with_a_second_name_elsewhere_is_not_applied)
{
	struct rig rig;
	rig_make(&rig, NULL);
	struct path bystander = bystander_make(&rig);
	rig_note(&rig, "hard.csv", "username,course1\np2,C1\n", 23);
	cr_assert_eq(link(bystander.text, rig_inbox(&rig, "hard.csv").text), 0);
	expect_only_zz_applied(&rig, &bystander);
}

Test(odd, names_that_cannot_be_written_down_are_not_applied)
{
	static const char *const bad[] = {"line\nbreak.csv", "bell\a.csv", "latin\xFC.csv"};
	struct rig rig;
	rig_make(&rig, NULL);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		rig_drop(&rig, bad[i], text);
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	law_close(&rig);
}

Test(odd, a_directory_that_is_no_feed_is_left_alone)
{
	static const char *const directories[] = {"unknown", "preview/deeper", "hr/deeper"};
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  hr: {}\n"});
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		struct path name = path_of("%s/staff.csv", directories[i]);
		files_make_directory(rig_inbox(&rig, directories[i]).text);
		rig_drop(&rig, name.text, text);
	}
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	law_close(&rig);
}
