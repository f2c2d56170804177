/* What else lies in an inbox: odd names, names that are not for us, things that are no files. */
#include "answer.h"
#include "fatal.h"
#include "law.h"
#include "program.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

TestSuite(odd, .timeout = 120);

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
	struct spool spool;
	struct answer answer;
	spool_make(&spool, NULL);
	size_t visible = 0;
	for (size_t i = 0; i < NAMES; i++) {
		spool_drop(&spool, names[i], text);
		visible += names[i][0] != '.';
	}
	spool_once(&spool);
	cr_expect_eq((size_t)spool_number(&spool, "SELECT count(*) FROM enrold_run"), visible);
	for (size_t i = 0; i < NAMES; i++) {
		if (names[i][0] == '.')
			continue;
		answer_open(&answer, &spool, names[i], 0);
		cr_expect_str_eq(answer_status(&answer), "done", "%s", names[i]);
		answer_close(&answer);
	}
	law_close(&spool);
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
	struct spool spool;
	spool_make(&spool, NULL);
	for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++)
		spool_drop(&spool, not_ours[i], text);
	spool_once(&spool);
	for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++)
		cr_expect(files_exist(spool_inbox(&spool, not_ours[i]).text), "%s", not_ours[i]);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM enrold_run"), 0);
	law_close(&spool);
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
static struct path bystander_make(const struct spool *spool)
{
	struct path bystander = path_of("%s/bystander.csv", spool->root.text);
	files_write(bystander.text, "username,course1\np2,C1\n", 23, 0640);
	return bystander;
}

static void bystander_check(const struct path *bystander)
{
	struct buffer content = files_read(bystander->text);
	cr_expect_str_eq(content.bytes, "username,course1\np2,C1\n");
	buffer_done(&content);
}

Test(odd, things_that_are_no_files_are_never_followed_and_never_a_stall)
{
	struct spool spool;
	spool_make(&spool, NULL);
	struct path bystander = bystander_make(&spool);
	cr_assert_eq(symlink(bystander.text, spool_inbox(&spool, "link.csv").text), 0);
	cr_assert_eq(symlink("nowhere", spool_inbox(&spool, "dangling.csv").text), 0);
	cr_assert_eq(mkfifo(spool_inbox(&spool, "fifo.csv").text, 0600), 0);
	cr_assert_eq(mkdir(spool_inbox(&spool, "directory.csv").text, 0750), 0);
	socket_make(spool_inbox(&spool, "socket.csv").text);
	spool_drop(&spool, "zz.csv", text);
	spool_once(&spool);
	cr_expect_eq(answer_count(&spool, "zz.csv"), 1);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 1);
	bystander_check(&bystander);
	law_close(&spool);
}

Test(odd, a_file_with_a_second_name_elsewhere_is_not_applied)
{
	struct spool spool;
	spool_make(&spool, NULL);
	struct path bystander = bystander_make(&spool);
	spool_note(&spool, "hard.csv", "username,course1\np2,C1\n", 23);
	cr_assert_eq(link(bystander.text, spool_inbox(&spool, "hard.csv").text), 0);
	spool_drop(&spool, "zz.csv", text);
	spool_once(&spool);
	cr_expect_eq(answer_count(&spool, "zz.csv"), 1);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 1);
	bystander_check(&bystander);
	law_close(&spool);
}

Test(odd, names_that_cannot_be_written_down_are_not_applied)
{
	static const char *const bad[] = {"line\nbreak.csv", "bell\a.csv", "latin\xFC.csv"};
	struct spool spool;
	spool_make(&spool, NULL);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		spool_drop(&spool, bad[i], text);
	spool_once(&spool);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	law_close(&spool);
}

Test(odd, a_directory_that_is_no_feed_is_left_alone)
{
	static const char *const directories[] = {"unknown", "preview/deeper", "hr/deeper"};
	struct spool spool;
	spool_make(&spool, &(struct spool_options){.feeds = "  hr: {}\n"});
	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
		struct path name = path_of("%s/staff.csv", directories[i]);
		files_make_directory(spool_inbox(&spool, directories[i]).text);
		spool_drop(&spool, name.text, text);
	}
	spool_once(&spool);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	law_close(&spool);
}
