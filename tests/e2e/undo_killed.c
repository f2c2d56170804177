/* An undo that is killed goes on behind its checkpoint. */
#include "law.h"
#include "movement.h"
#include "reply.h"
#include "scale.h"
#include "service.h"
#include "undoing.h"

#include <criterion/criterion.h>

#define FEED "  default: { " RIG_MAY_ALL " }\n"

enum { PEOPLE = SCALE(2000, 300), COURSES = 5, KILLS = 3 };

static struct buffer everybody(void)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1,course2,course3,course4,course5\n");
	for (int i = 1; i <= PEOPLE; i++)
		buffer_print(&text, "p%d,C1,C2,C3,C4,C5\n", i);
	buffer_add_char(&text, '\0');
	return text;
}

/* Or it has ended meanwhile. */
static void records_await(const struct rig *rig, const char *run, int64_t least)
{
	struct movement movement;
	struct path sql = path_of(
	    "SELECT coalesce(max(CASE state WHEN 'running' THEN records ELSE 1000000000 END), "
	    "0) FROM enrold_run WHERE run > '%s'",
	    run);
	movement_start(&movement, MOVEMENT_QUIET_MS);
	while (rig_number(rig, sql.text) < least)
		cr_assert(movement_pause(&movement), "never %lld records", (long long)least);
}

static struct buffer undone_with_kills(int kills)
{
	struct rig rig;
	struct reply reply;
	struct service service;
	struct buffer text = everybody();
	rig_make(&rig, &(struct rig_options){.people = PEOPLE,
	                   .courses = COURSES,
	                   .feeds = FEED,
	                   .settings = "checkpoint_rows: 1000\n"});
	reply_to(&reply, &rig, "a.csv", text.bytes);
	struct path run = undo_subject(&reply);
	reply_close(&reply);
	undo_order(&rig, run.text);
	for (int i = 0; i < kills; i++) {
		int64_t all = PEOPLE * COURSES;
		service_start(&service, &rig);
		records_await(&rig, run.text, all + all / (kills + 1) * i + 1);
		service_kill(&service);
	}
	rig_once(&rig);
	reply_open(&reply, &rig, path_of("undo-%s.csv", run.text).text, 0);
	cr_expect_eq(reply_number(&reply, "outcomes", "done"), PEOPLE * COURSES);
	struct buffer result = files_read(reply.result_path.text);
	reply_close(&reply);
	rig_expect(&rig, "SELECT count(*) FROM mdl_user_enrolments", "0\n");
	rig_expect(&rig, "SELECT count(*) FROM mdl_role_assignments WHERE component = ''", "0\n");
	buffer_done(&text);
	law_close(&rig);
	return result;
}

Test(undo_killed, again_and_again_goes_on_behind_its_checkpoint)
{
	struct buffer calm = undone_with_kills(0), rough = undone_with_kills(KILLS);
	cr_expect_eq(calm.size, rough.size);
	cr_expect(calm.size == rough.size && memcmp(calm.bytes, rough.bytes, calm.size) == 0);
	buffer_done(&calm);
	buffer_done(&rough);
}
