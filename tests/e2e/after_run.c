/* after_run: a site's own command after each file that was applied or refused. */
#include "law.h"
#include "program.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static const char text[] = "username,course1\np1,C1\n";

/* A feed whose command is a shell script, one of the spool's directory. */
static void make(struct rig *rig, const char *script, const char *timeout)
{
	static struct path feeds;
	struct path file = path_of("/tmp/enrold-after-run-%d.sh", (int)getpid());
	feeds = path_of("  default: { after_run: [/bin/sh, %s, word], after_run_timeout: %s }\n",
	    file.text, timeout);
	files_write(file.text, script, strlen(script), 0700);
	rig_make(rig, &(struct rig_options){.feeds = feeds.text});
}

static struct finished once(const struct rig *rig)
{
	return rig_run(rig, 0);
}

static void end(struct rig *rig, struct finished *finished)
{
	unlink(path_of("/tmp/enrold-after-run-%d.sh", (int)getpid()).text);
	finished_done(finished);
	law_close(rig);
}

Test(after_run, is_told_the_run_and_its_summary_and_what_it_says_is_logged)
{
	struct rig rig;
	make(&rig,
	    "echo \"$1 of $ENROLD_FEED: $ENROLD_RUN\"; grep -c '\"status\":\"done\"' "
	    "\"$ENROLD_SUMMARY\" "
	    ">&2; env | grep -c HOME; exit 0\n",
	    "5m");
	rig_drop(&rig, "staff.csv", text);
	struct finished finished = once(&rig);
	struct reply reply;
	reply_open(&reply, &rig, "staff.csv", 0);
	struct path said = path_of("\"output\":\"word of default: %s\"", reply.run);
	cr_expect(strstr(finished.err.bytes, said.text), "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "\"output\":\"1\""), "%s", finished.err.bytes);
	cr_expect(
	    strstr(finished.err.bytes, "\"output\":\"0\""), "no HOME: %s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "\"after_run_done\""), "%s", finished.err.bytes);
	reply_close(&reply);
	end(&rig, &finished);
}

Test(after_run, is_told_of_what_was_refused)
{
	struct rig rig;
	make(
	    &rig, "echo \"$ENROLD_STATUS: $(grep -c unknown_column \"$ENROLD_SUMMARY\")\"\n", "5m");
	rig_drop(&rig, "refused.csv", "username,curse1\np1,C1\n");
	struct finished finished = once(&rig);
	cr_expect(
	    strstr(finished.err.bytes, "\"output\":\"refused: 1\""), "%s", finished.err.bytes);
	finished_done(&finished);
	rig_drop(&rig, "staff.csv", text);
	finished = once(&rig);
	cr_expect(strstr(finished.err.bytes, "\"output\":\"done: 0\""), "%s", finished.err.bytes);
	end(&rig, &finished);
}

Test(after_run, is_left_out_of_previews)
{
	struct rig rig;
	make(&rig, "echo here\n", "5m");
	files_make_directory(rig_path(&rig, "inbox/preview").text);
	rig_drop(&rig, "preview/refused.csv", "username,curse1\np1,C1\n");
	rig_drop(&rig, "preview/staff.csv", text);
	struct finished finished = once(&rig);
	cr_expect_null(strstr(finished.err.bytes, "after_run"), "%s", finished.err.bytes);
	end(&rig, &finished);
}

Test(after_run, that_fails_or_cannot_be_started_changes_nothing)
{
	struct rig rig;
	make(&rig, "exit 3\n", "5m");
	rig_drop(&rig, "staff.csv", text);
	struct finished finished = once(&rig);
	cr_expect(
	    strstr(finished.err.bytes, "after_run ended with status 3"), "%s", finished.err.bytes);
	end(&rig, &finished);
	rig_make(
	    &rig, &(struct rig_options){.feeds = "  default: { after_run: [/nonexistent] }\n"});
	rig_drop(&rig, "staff.csv", text);
	finished = once(&rig);
	cr_expect(strstr(finished.err.bytes, "cannot start /nonexistent: No such file"), "%s",
	    finished.err.bytes);
	end(&rig, &finished);
}

Test(after_run, that_takes_too_long_is_ended_with_all_it_started)
{
	struct rig rig;
	make(&rig, "trap '' TERM\nsleep 300 &\nsleep 300\n", "1s");
	rig_drop(&rig, "1.csv", text);
	struct finished finished = once(&rig);
	cr_expect(
	    strstr(finished.err.bytes, "longer than after_run_timeout"), "%s", finished.err.bytes);
	end(&rig, &finished);
}

Test(after_run, has_to_be_a_path)
{
	static const char yaml[] =
	    "spool: /nonexistent\nlms: { url: \"sqlite:/nonexistent/lms.db\" }\n"
	    "feeds: { default: { after_run: [php, x] } }\n";
	struct rig rig;
	rig_make(&rig, NULL);
	struct path config = path_of("%s/other.yaml", rig.root.text);
	files_write(config.text, yaml, strlen(yaml), 0640);
	struct finished finished =
	    program_expect(78, ARGV("enrold", "--config", config.text, "--check"));
	cr_expect(strstr(finished.err.bytes, "after_run: expected an absolute path"), "%s",
	    finished.err.bytes);
	end(&rig, &finished);
}
