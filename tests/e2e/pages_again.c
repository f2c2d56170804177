/* Pages after a kill, and under other settings: as e2e_pages, where the daemon is this build's own.
 */
#include "law.h"
#include "service.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define GOOD "username,course1\np1,C1\n"

static void make(struct rig *rig, const char *feeds)
{
	rig_make(rig, &(struct rig_options){.feeds = feeds});
	files_make_directory(rig_inbox(rig, "hr").text);
}

static struct path page_path(const struct rig *rig, const char *name)
{
	return rig_path(rig, "outbox/%s", name);
}

/* That of all is written last. */
static void pages_await(const struct rig *rig, const struct service *service)
{
	cr_assert(
	    files_await(rig_path(rig, "outbox").text, "index.html", 1, service->program.pidfd));
}

static void expect_says(const struct rig *rig, const char *name, const char *text)
{
	struct buffer page = files_read(page_path(rig, name).text);
	cr_expect(strstr(page.bytes, text), "%s does not say '%s'", name, text);
	buffer_done(&page);
}

Test(pages_again, what_a_kill_has_left_out_the_next_start_shows)
{
	struct rig rig;
	struct service service;
	make(&rig, "  default: {}\n  hr: {}\n");
	service_start(&service, &rig);
	pages_await(&rig, &service);
	rig_drop(&rig, "hr/staff.csv", GOOD);
	service_await(&service, &rig, "hr", 1);
	service_kill(&service);
	/* And what a kill in the middle of a page has left. */
	files_write(rig_path(&rig, "outbox/hr/.page-another-node.part").text, "<!doc", 5, 0640);
	unlink(page_path(&rig, "index.html").text);
	service_start(&service, &rig);
	pages_await(&rig, &service);
	expect_says(&rig, "hr/index.html", "staff.csv");
	service_await_idle(&service, &rig);
	service_stop(&service);
	expect_says(&rig, "hr/index.html", "applied</div>");
	law_close(&rig);
}

Test(pages_again, another_feed_has_its_page_as_soon_as_it_is_in_force)
{
	struct rig rig;
	struct service service;
	make(&rig, "  default: {}\n");
	service_start(&service, &rig);
	pages_await(&rig, &service);
	struct buffer settings = files_read(rig.config.text);
	buffer_add_text(&settings, "  hr: {}\n");
	files_write(rig.config.text, settings.bytes, settings.size, 0640);
	buffer_done(&settings);
	cr_assert_eq(unlink(page_path(&rig, "index.html").text), 0);
	program_signal(&service.program, SIGHUP);
	pages_await(&rig, &service);
	expect_says(&rig, "index.html", "hr/index.html");
	cr_expect(files_exist(page_path(&rig, "hr/index.html").text));
	service_stop(&service);
	law_close(&rig);
}
