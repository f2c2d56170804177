/*
 * An archive by a preset: what is read of it has no name, and is made anew whenever the run goes
 * on.
 */
#include "scenario.h"

#include "fatal.h"
#include "zipped.h"

#include <signal.h>

static void site_make(struct rig *rig, const char *journal_mode)
{
	rig_make(rig, &(struct rig_options){.people = 60,
	                  .courses = 5,
	                  .feeds = "  default: { preset: canvas, " RIG_NO_LIMITS " }\n",
	                  .settings = "stop_timeout: 3s\ncheckpoint_rows: 10000\naftercare: true\n",
	                  .journal_mode = journal_mode});
	rig_execute(
	    rig, "UPDATE mdl_course SET idnumber = shortname WHERE shortname GLOB 'C[0-9]'");
}

static void night_drop(struct rig *rig, const char *enrollments)
{
	struct zipped zipped = {0};
	zipped_add(&zipped, &(struct zipped_member){.name = "enrollments.csv",
	                        .content = slice_of(enrollments),
	                        .method = ZIPPED_DEFLATED});
	zipped_add(
	    &zipped, &(struct zipped_member){.name = "users.csv",
	                 .content = SLICE("user_id,login_id,first_name,last_name,email,status\n"
	                                  "n-1,new1,N,One,n1@x.example,active\n")});
	zipped_add(&zipped, &(struct zipped_member){.name = "terms.csv",
	                        .content = SLICE("term_id,name,status\nt1,Autumn,active\n")});
	struct buffer archive = zipped_end(&zipped, false, "");
	rig_drop_bytes(rig, "night.zip", archive.bytes, archive.size);
	buffer_done(&archive);
}

void prepare_archive(struct rig *rig, const char *journal_mode)
{
	site_make(rig, journal_mode);
	night_drop(rig, "course_id,user_id,role,status\nC1,n-1,student,active\n"
	                "C2,person-2,teacher,inactive\nC2,nobody,student,active\n");
}

/* Some batches are committed, then the program is killed in the next. */
static struct verdict kill_behind_checkpoint(void *context, const struct call *call)
{
	int *writes = context;
	*writes += call->kind == CALL_WRITE && text_ends(call->path.text, "/result.csv");
	return (struct verdict){.kind = *writes > 6 ? VERDICT_KILL : VERDICT_GO};
}

void prepare_archive_resumed(struct rig *rig, const char *journal_mode)
{
	enum { ROWS = 25000, EACH = 1000 };
	struct buffer text = {0};
	int writes = 0;
	site_make(rig, journal_mode);
	buffer_add_text(&text, "course_id,user_id,role,status\n");
	for (int i = 0; i < ROWS; i++)
		buffer_print(&text, "C%d,%s-%d,student,active\n", i / EACH % 5 + 1,
		    i % EACH == 0 ? "person" : "nobody", i / EACH + 1);
	buffer_add_char(&text, '\0');
	night_drop(rig, text.bytes);
	buffer_done(&text);
	struct finished finished = tracer_once(rig, kill_behind_checkpoint, &writes, false);
	if (finished.status != -SIGKILL)
		fatal("it was not killed, but ended with %d", finished.status);
	finished_done(&finished);
	if (rig_number(rig, "SELECT records FROM enrold_run") == 0)
		fatal("there is no first checkpoint");
}
