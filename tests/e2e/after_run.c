/* after_run: a site's own command after each file that was applied or refused. */
#include "answer.h"
#include "law.h"
#include "program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(after_run, .timeout = 120);

static const char text[] = "username,course1\np1,C1\n";

/* A feed whose command is a shell script, one of the spool's directory. */
static void make(struct spool *spool, const char *script, const char *timeout)
{
	static struct path feeds;
	struct path file = path_of("/tmp/enrold-after-run-%d.sh", (int)getpid());
	feeds = path_of("  default: { after_run: [/bin/sh, %s, word], after_run_timeout: %s }\n",
	    file.text, timeout);
	files_write(file.text, script, strlen(script), 0700);
	spool_make(spool, &(struct spool_options){.feeds = feeds.text});
}

static struct finished once(const struct spool *spool)
{
	return program_expect(0, ARGV("enrold", "--config", spool->config.text, "--once"));
}

static void end(struct spool *spool, struct finished *finished)
{
	unlink(path_of("/tmp/enrold-after-run-%d.sh", (int)getpid()).text);
	finished_done(finished);
	law_close(spool);
}

Test(after_run, is_told_the_run_and_its_summary_and_what_it_says_is_logged)
{
	struct spool spool;
	make(&spool,
	    "echo \"$1 of $ENROLD_FEED: $ENROLD_RUN\"; grep -c '\"status\":\"done\"' "
	    "\"$ENROLD_SUMMARY\" "
	    ">&2; env | grep -c HOME; exit 0\n",
	    "5m");
	spool_drop(&spool, "staff.csv", text);
	struct finished finished = once(&spool);
	struct answer answer;
	answer_open(&answer, &spool, "staff.csv", 0);
	struct path said = path_of("\"output\":\"word of default: %s\"", answer.run);
	cr_expect(strstr(finished.err.bytes, said.text), "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "\"output\":\"1\""), "%s", finished.err.bytes);
	cr_expect(
	    strstr(finished.err.bytes, "\"output\":\"0\""), "no HOME: %s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "\"after_run_done\""), "%s", finished.err.bytes);
	answer_close(&answer);
	end(&spool, &finished);
}

Test(after_run, is_told_of_what_was_refused)
{
	struct spool spool;
	make(&spool, "echo \"$ENROLD_STATUS: $(grep -c unknown_column \"$ENROLD_SUMMARY\")\"\n",
	    "5m");
	spool_drop(&spool, "refused.csv", "username,curse1\np1,C1\n");
	struct finished finished = once(&spool);
	cr_expect(
	    strstr(finished.err.bytes, "\"output\":\"refused: 1\""), "%s", finished.err.bytes);
	finished_done(&finished);
	spool_drop(&spool, "staff.csv", text);
	finished = once(&spool);
	cr_expect(strstr(finished.err.bytes, "\"output\":\"done: 0\""), "%s", finished.err.bytes);
	end(&spool, &finished);
}

Test(after_run, is_left_out_of_previews)
{
	struct spool spool;
	make(&spool, "echo here\n", "5m");
	files_make_directory(spool_path(&spool, "inbox/preview").text);
	spool_drop(&spool, "preview/refused.csv", "username,curse1\np1,C1\n");
	spool_drop(&spool, "preview/staff.csv", text);
	struct finished finished = once(&spool);
	cr_expect_null(strstr(finished.err.bytes, "after_run"), "%s", finished.err.bytes);
	end(&spool, &finished);
}

Test(after_run, that_fails_or_cannot_be_started_changes_nothing)
{
	struct spool spool;
	make(&spool, "exit 3\n", "5m");
	spool_drop(&spool, "staff.csv", text);
	struct finished finished = once(&spool);
	cr_expect(
	    strstr(finished.err.bytes, "after_run ended with status 3"), "%s", finished.err.bytes);
	end(&spool, &finished);
	spool_make(
	    &spool, &(struct spool_options){.feeds = "  default: { after_run: [/nonexistent] }\n"});
	spool_drop(&spool, "staff.csv", text);
	finished = once(&spool);
	cr_expect(strstr(finished.err.bytes, "cannot start /nonexistent: No such file"), "%s",
	    finished.err.bytes);
	end(&spool, &finished);
}

Test(after_run, that_takes_too_long_is_ended_with_all_it_started)
{
	struct spool spool;
	make(&spool, "trap '' TERM\nsleep 300 &\nsleep 300\n", "1s");
	spool_drop(&spool, "1.csv", text);
	struct finished finished = once(&spool);
	cr_expect(
	    strstr(finished.err.bytes, "longer than after_run_timeout"), "%s", finished.err.bytes);
	end(&spool, &finished);
}

Test(after_run, has_to_be_a_path)
{
	static const char yaml[] =
	    "spool: /nonexistent\nlms: { url: \"sqlite:/nonexistent/lms.db\" }\n"
	    "feeds: { default: { after_run: [php, x] } }\n";
	struct spool spool;
	spool_make(&spool, NULL);
	struct path config = path_of("%s/other.yaml", spool.root.text);
	files_write(config.text, yaml, strlen(yaml), 0640);
	struct finished finished =
	    program_expect(78, ARGV("enrold", "--config", config.text, "--check"));
	cr_expect(strstr(finished.err.bytes, "after_run: expected an absolute path"), "%s",
	    finished.err.bytes);
	end(&spool, &finished);
}
