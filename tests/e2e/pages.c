/* The pages of the outbox: who reads what became of a feed's files finds it beside their answers,
 * whatever became of the daemon meanwhile. */
#include "law.h"
#include "reply.h"
#include "service.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GOOD "username,course1\np1,C1\n"
#define BAD "username,course1\np2,C1\nnobody,C1\n"
#define REFUSED "username,nonsense\np1,C1\n"
enum { DAY_S = 86400 };

#define FEEDS "  default: {}\n  hr: {}\n"

/* ---- pieces ---- */

static void make(struct rig *rig, const char *feeds)
{
	rig_make(rig, &(struct rig_options){.feeds = feeds});
	files_make_directory(rig_inbox(rig, "hr/preview").text);
}

static struct path page_path(const struct rig *rig, const char *name)
{
	return rig_path(rig, "outbox/%s", name);
}

static struct buffer page_read(const struct rig *rig, const char *name)
{
	return files_read(page_path(rig, name).text);
}

static bool says(const struct rig *rig, const char *name, const char *text)
{
	struct buffer page = page_read(rig, name);
	bool is = strstr(page.bytes, text) != NULL;
	buffer_done(&page);
	return is;
}

#define SAYS(rig, name, text) cr_expect(says(rig, name, text), "%s does not say '%s'", name, text)
#define SAYS_NOT(rig, name, text) cr_expect_not(says(rig, name, text), "%s says '%s'", name, text)

/* Each link of the page leads to a file below its folder. */
static size_t links_follow(const struct rig *rig, const char *name)
{
	size_t count = 0;
	struct buffer page = page_read(rig, name);
	struct path path = page_path(rig, name);
	int folder = (int)(strrchr(path.text, '/') - path.text);
	for (const char *at = page.bytes; (at = strstr(at, "href=\"")); count++) {
		at += strlen("href=\"");
		struct path to =
		    path_of("%.*s/%.*s", folder, path.text, (int)strcspn(at, "\""), at);
		cr_expect(files_exist(to.text), "%s leads to %s", name, to.text);
	}
	buffer_done(&page);
	return count;
}

static mode_t mode_of(const struct rig *rig, const char *name)
{
	struct stat status;
	cr_assert_eq(lstat(page_path(rig, name).text, &status), 0, "%s", name);
	return status.st_mode & 07777;
}

static void page_await(
    const struct rig *rig, struct service *service, const char *folder, const char *name)
{
	cr_assert(
	    files_await(rig_path(rig, "outbox%s", folder).text, name, 1, service->program.pidfd));
}

/* ---- what they say ---- */

Test(pages, a_drained_spool_has_a_page_of_each_feed_and_one_of_all)
{
	struct rig rig;
	make(&rig, FEEDS);
	rig_drop(&rig, "staff.csv", GOOD);
	rig_drop(&rig, "hr/bad.csv", BAD);
	rig_drop(&rig, "hr/refused.csv", REFUSED);
	rig_drop(&rig, "hr/preview/tried.csv", BAD);
	rig_drop(&rig, "hr/preview/nothing.csv", REFUSED);
	rig_once(&rig);
	SAYS(&rig, "default.html", "1 run on 1 of the last 90 days: 1 applied.");
	SAYS(&rig, "default.html", "</span> applied</div>");
	SAYS_NOT(&rig, "default.html", "bad.csv");
	SAYS(&rig, "hr/index.html",
	    "4 runs on 1 of the last 90 days: 1 refused, 1 applied with "
	    "errors, 2 previewed.");
	SAYS(&rig, "hr/index.html", "</span> applied, with errors</div>");
	SAYS(&rig, "hr/index.html", "</span> refused in a preview</div>");
	SAYS(&rig, "hr/index.html", ".preview.result.csv\">result");
	SAYS_NOT(&rig, "hr/index.html", "nobody");
	SAYS(&rig, "index.html", "<a href=\"hr/index.html\">hr</a>");
	SAYS(&rig, "index.html", "data-th=\"With problems, 7 days\">2</td>");
	cr_expect_geq(links_follow(&rig, "default.html"), 1);
	cr_expect_geq(links_follow(&rig, "hr/index.html"), 4);
	cr_expect_eq(links_follow(&rig, "index.html"), 2);
	cr_expect_eq(mode_of(&rig, "default.html"), 0640);
	cr_expect_eq(mode_of(&rig, "hr/index.html"), 0640);
	cr_expect_eq(mode_of(&rig, "index.html"), 0600);
	law_close(&rig);
}

Test(pages, what_waits_for_a_person_is_said_until_a_person_has_said)
{
	struct rig rig;
	make(&rig, "  default: {}\n  hr: { review: true }\n");
	rig_drop(&rig, "hr/staff.csv", GOOD);
	rig_once(&rig);
	SAYS(&rig, "hr/index.html", "</span> held; <strong>waits for a person");
	SAYS(&rig, "hr/index.html", "1 plan waits");
	SAYS(&rig, "index.html", "data-th=\"Waits for a person\">1</td>");
	rig_order(&rig, "release", "staff.csv");
	rig_once(&rig);
	SAYS_NOT(&rig, "hr/index.html", "waits for a person");
	SAYS(&rig, "hr/index.html", "a person has released what a run withheld");
	SAYS(&rig, "index.html", "data-th=\"Waits for a person\">0</td>");
	cr_expect_geq(links_follow(&rig, "hr/index.html"), 2);
	law_close(&rig);
}

Test(pages, links_follow_what_is_packed_and_what_is_pruned_has_none)
{
	struct rig rig;
	make(&rig, "  default: { compress: 0 }\n  hr: { keep: { answers: 1d } }\n");
	rig_drop(&rig, "staff.csv", BAD);
	rig_drop(&rig, "hr/staff.csv", BAD);
	rig_once(&rig);
	SAYS(&rig, "default.html", ".result.csv.gz\">result");
	cr_expect_geq(links_follow(&rig, "default.html"), 2);
	cr_expect_geq(links_follow(&rig, "hr/index.html"), 2);
	rig_witness(&rig);
	rig_prune(&rig, "hr", (long)time(NULL) + DAY_S);
	rig_once(&rig);
	SAYS(&rig, "hr/index.html", "no longer kept");
	SAYS(&rig, "hr/index.html", "enrold removes what is kept no longer");
	links_follow(&rig, "hr/index.html");
	law_close(&rig);
}

Test(pages, who_reads_a_feeds_answers_reads_its_page)
{
	struct rig rig;
	struct stat status;
	make(&rig, FEEDS);
	rig_drop(&rig, "hr/staff.csv", GOOD);
	if (geteuid() != 0) {
		rig_once(&rig);
		law_close(&rig);
		return; /* nobody else gives a folder a group that he is not in */
	}
	files_make_directory(rig_path(&rig, "outbox/hr").text);
	cr_assert_eq(chown(rig_path(&rig, "outbox/hr").text, 0, 65532), 0);
	cr_assert_eq(chmod(rig_path(&rig, "outbox/hr").text, 02750), 0);
	rig_once(&rig);
	cr_assert_eq(stat(page_path(&rig, "hr/index.html").text, &status), 0);
	cr_expect_eq(status.st_gid, 65532);
	cr_assert_eq(stat(page_path(&rig, "default.html").text, &status), 0);
	cr_expect_neq(status.st_gid, 65532);
	law_close(&rig);
}

/* ---- when they are made ---- */

Test(pages, a_daemon_has_pages_before_the_first_file_and_makes_them_anew_behind_each)
{
	struct rig rig;
	struct service service;
	make(&rig, FEEDS);
	service_start(&service, &rig);
	page_await(&rig, &service, "", "index.html");
	SAYS(&rig, "hr/index.html", "Put a CSV file into <code>inbox/hr/</code>");
	SAYS(&rig, "default.html", "Put a CSV file into <code>inbox/</code>");
	for (int i = 1; i <= 3; i++) {
		/* That of all is written last. */
		cr_assert_eq(unlink(page_path(&rig, "index.html").text), 0);
		rig_drop(&rig, path_of("hr/staff-%d.csv", i).text, GOOD);
		page_await(&rig, &service, "", "index.html");
		SAYS(&rig, "hr/index.html", path_of("staff-%d.csv", i).text);
		links_follow(&rig, "hr/index.html");
	}
	cr_expect_eq(links_follow(&rig, "hr/index.html"), 6, "a report and a result of each");
	service_await_idle(&service, &rig);
	service_stop(&service);
	law_close(&rig);
}

Test(pages, a_stop_leaves_no_answer_without_its_line)
{
	struct rig rig;
	struct service service;
	make(&rig, FEEDS);
	service_start(&service, &rig);
	page_await(&rig, &service, "", "index.html");
	rig_drop(&rig, "staff.csv", GOOD);
	service_await(&service, &rig, "", 1);
	service_stop(&service);
	SAYS(&rig, "default.html", "staff.csv");
	law_close(&rig);
}

/* ---- what is in their place ---- */

static size_t complaints(struct finished finished, const char *path)
{
	size_t count = 0;
	for (const char *at = finished.err.bytes; (at = strstr(at, "page_unwritten")); at++)
		count += strstr(at, path) != NULL;
	finished_done(&finished);
	return count;
}

Test(pages, what_is_not_ours_stays_and_is_told_of)
{
	struct rig rig;
	struct buffer mine;
	make(&rig, FEEDS);
	files_make_directory(page_path(&rig, "hr/index.html/below").text);
	files_write(rig_path(&rig, "mine").text, "mine", 4, 0600);
	cr_assert_eq(symlink(rig_path(&rig, "mine").text, page_path(&rig, "default.html").text), 0);
	rig_drop(&rig, "staff.csv", GOOD);
	rig_drop(&rig, "hr/staff.csv", GOOD);
	struct finished finished = rig_run(&rig, 0);
	cr_expect(strstr(finished.err.bytes, "outbox/hr/index.html cannot be written: what has "
	                                     "this name is no file of enrold's"),
	    "%s", finished.err.bytes);
	cr_expect_geq(complaints(finished, "outbox/default.html"), 1);
	mine = files_read(rig_path(&rig, "mine").text);
	cr_expect_str_eq(mine.bytes, "mine");
	buffer_done(&mine);
	cr_expect(files_exist(page_path(&rig, "hr/index.html/below").text));
	SAYS(&rig, "index.html", "hr/index.html");
	files_remove(page_path(&rig, "hr/index.html").text);
	files_remove(page_path(&rig, "default.html").text);
	files_remove(rig_path(&rig, "mine").text);
	cr_expect_eq(complaints(rig_run(&rig, 0), ""), 0);
	SAYS(&rig, "hr/index.html", "staff.csv");
	law_close(&rig);
}

Test(pages, what_cannot_be_written_is_said_once_and_keeps_no_file_waiting)
{
	struct rig rig;
	struct service service;
	make(&rig, FEEDS);
	files_make_directory(page_path(&rig, "hr/index.html").text);
	service_start(&service, &rig);
	page_await(&rig, &service, "", "index.html");
	for (int i = 1; i <= 2; i++) {
		cr_assert_eq(unlink(page_path(&rig, "index.html").text), 0);
		rig_drop(&rig, path_of("hr/staff-%d.csv", i).text, GOOD);
		page_await(&rig, &service, "", "index.html");
	}
	service_await_idle(&service, &rig);
	program_signal(&service.program, SIGTERM);
	cr_expect_eq(complaints(service_await_end(&service), "outbox/hr/index.html"), 1);
	files_remove(page_path(&rig, "hr/index.html").text);
	rig_once(&rig);
	SAYS(&rig, "hr/index.html", "staff-2.csv");
	law_close(&rig);
}

/* ---- others who walk through the outbox ---- */

Test(pages, are_no_strangers_to_who_verifies)
{
	struct rig rig;
	make(&rig, FEEDS);
	rig_drop(&rig, "staff.csv", GOOD);
	rig_drop(&rig, "hr/index.html.csv", BAD); /* a name is a name */
	rig_once(&rig);
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "verify"));
	finished_done(&finished);
	finished = program_expect(0, ARGV(SOURCE_DIR "/etc/verify.sh", rig.directory.text));
	finished_done(&finished);
	SAYS(&rig, "hr/index.html", "index.html.csv");
	cr_expect_geq(links_follow(&rig, "hr/index.html"), 2);
	law_close(&rig);
}
