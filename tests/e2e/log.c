/* What the log says of a file's way, and how loud. */
#include "law.h"
#include "program.h"
#include "reply.h"
#include "tracer.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct finished once(const struct rig *rig)
{
	return rig_run(rig, 0);
}

/* The first line of the event as JSON, for the caller to put away; fatal when there is none. */
static json_t *line_of(const char *log, const char *event)
{
	struct path wanted = path_of("\"event\":\"%s\"", event);
	const char *at = strstr(log, wanted.text), *start = at;
	cr_assert_not_null(at, "%s: %s", event, log);
	while (start > log && start[-1] != '\n')
		start--;
	json_t *line = json_loadb(start, strcspn(start, "\n"), 0, NULL);
	cr_assert_not_null(line, "%s", start);
	return line;
}

static const char *text_of(const json_t *line, const char *name)
{
	const char *text = json_string_value(json_object_get(line, name));
	return text ? text : "";
}

Test(log, tells_which_file_was_begun_and_which_was_refused_and_why)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", "username,curse1\np1,C1\n");
	struct finished finished = once(&rig);
	json_t *line = line_of(finished.err.bytes, "run_started");
	cr_expect_str_eq(text_of(line, "file"), "staff.csv");
	cr_expect_str_eq(text_of(line, "feed"), "default");
	cr_expect_str_eq(text_of(line, "level"), "info");
	cr_expect(strlen(text_of(line, "run")) > 0);
	json_decref(line);
	line = line_of(finished.err.bytes, "run_refused");
	cr_expect_str_eq(text_of(line, "code"), "header_unknown_column");
	cr_expect(strstr(text_of(line, "reason"), "curse1"), "%s", text_of(line, "reason"));
	cr_expect(strstr(text_of(line, "message"), "curse1"), "%s", text_of(line, "message"));
	cr_expect_str_eq(text_of(line, "level"), "warning");
	json_decref(line);
	finished_done(&finished);
	law_close(&rig);
}

static const struct {
	const char *text, *level, *message;
	json_int_t rows, rows_in_error;
} ends[] = {
    {"username,course1,course2\nnobody,C1,C2\np1,C99,\n", "warning",
        "a.csv: 2 rows, 2 of them with an error; 0 requests done", 2, 2},
    {"username,course1\nnobody,C1\n", "warning",
        "a.csv: 1 row, 1 of them with an error; 0 requests done", 1, 1},
    {"username,course1,course2\np1,C99,C98\np2,C1,C2\n", "info",
        "a.csv: 2 rows, 1 of them with an error; 2 requests done", 2, 1},
    {"username,course1\np1,C1\n", "info", "a.csv: 1 row, 0 of them with an error; 1 request done",
        1, 0},
    {"username,course1\n", "info", "a.csv: 0 rows, 0 of them with an error; 0 requests done", 0, 0},
};

Test(log, counts_rows_as_rows_and_is_loud_when_all_are_in_error)
{
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct rig rig;
		rig_make(&rig, NULL);
		rig_drop(&rig, "a.csv", ends[i].text);
		struct finished finished = once(&rig);
		json_t *line = line_of(finished.err.bytes, "run_done");
		cr_expect_str_eq(text_of(line, "level"), ends[i].level, "%zu", i);
		cr_expect_str_eq(text_of(line, "message"), ends[i].message, "%zu: %s", i,
		    text_of(line, "message"));
		cr_expect_eq(
		    json_integer_value(json_object_get(line, "rows")), ends[i].rows, "%zu", i);
		cr_expect_eq(json_integer_value(json_object_get(line, "rows_in_error")),
		    ends[i].rows_in_error, "%zu", i);
		json_decref(line);
		finished_done(&finished);
		law_close(&rig);
	}
}

static struct verdict kill_at_result(void *context, const struct call *call)
{
	(void)context;
	bool is_answer = call->kind == CALL_WRITE && text_ends(call->path.text, "/result.csv");
	return (struct verdict){.kind = is_answer ? VERDICT_KILL : VERDICT_GO};
}

Test(log, names_the_file_that_it_goes_on_with)
{
	struct rig rig;
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(&rig, NULL);
	rig_drop(&rig, "staff.csv", "username,course1\np1,C1\n");
	struct finished finished = tracer_once(&rig, kill_at_result, NULL, false);
	cr_assert_eq(finished.status, -SIGKILL);
	finished_done(&finished);
	finished = once(&rig);
	json_t *line = line_of(finished.err.bytes, "run_recovered");
	cr_expect_str_eq(text_of(line, "file"), "staff.csv");
	cr_expect_str_eq(
	    text_of(line, "message"), "going on with staff.csv, which was interrupted");
	json_decref(line);
	finished_done(&finished);
	law_close(&rig);
}

/* ---- where stderr is the journal ---- */

/* journald names the file that it reads from in $JOURNAL_STREAM. What is given to it goes into
 * `journal`; NULL: it does not run. Given to the caller: what else is said on stderr. */
static struct buffer journal_of(
    const struct rig *rig, const char *config, const char *stream, const char *journal, int status)
{
	struct path log = path_of("%s/stderr", rig->root.text);
	struct path command =
	    path_of("touch %s; JOURNAL_STREAM=$(stat -c %%d:%%i %s) exec %s/enrold "
	            "--config %s --once 2>>%s",
	        log.text, stream, program_directory(), config, log.text);
	if (journal)
		setenv("FAKE_JOURNAL", journal, 1);
	program_preload(FAKE_JOURNAL);
	struct finished finished = program_expect(status, ARGV("/bin/sh", "-c", command.text));
	finished_done(&finished);
	program_preload(NULL);
	unsetenv("FAKE_JOURNAL");
	return files_read(log.text);
}

static struct path stderr_of(const struct rig *rig)
{
	return path_of("%s/stderr", rig->root.text);
}

Test(log, gives_the_journal_entries_with_fields)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_drop(&rig, "bad.csv", "username,curse1\np1,C1\n");
	rig_drop(&rig, "good.csv", "username,course1\np1,C1\n");
	struct path journal = path_of("%s/journal", rig.root.text);
	struct buffer said =
	    journal_of(&rig, rig.config.text, stderr_of(&rig).text, journal.text, 0);
	cr_expect_eq(said.size, 0, "%s", said.bytes);
	struct buffer entries = files_read(journal.text);
	const char *refused = strstr(entries.bytes, ":EVENT=run_refused\n");
	cr_assert(refused, "%s", entries.bytes);
	*(char *)strstr(refused, "\n\n") = '\0';
	cr_expect(strstr(refused, ":FILE=bad.csv\n"), "%s", refused);
	cr_expect(strstr(refused, ":FEED=default\n"), "%s", refused);
	cr_expect(strstr(refused, ":CODE=header_unknown_column\n"), "%s", refused);
	cr_expect(strstr(refused, ":ROWS=0\n"), "%s", refused);
	cr_expect(strstr(refused, ":MESSAGE_ID="), "%s", refused);
	cr_expect(text_ends(path_of("%.*s", (int)(refused - entries.bytes), entries.bytes).text,
	              "10:PRIORITY=4\n24:SYSLOG_IDENTIFIER=enrold\n17"),
	    "%s", entries.bytes);
	buffer_done(&entries);
	buffer_done(&said);
	law_close(&rig);
}

/* Such a line journald takes from stderr, and its priority from the beginning. */
Test(log, gives_the_journal_lines_with_a_priority_when_it_takes_no_entries)
{
	static const char *const journals[] = {NULL, "/full"};
	for (size_t i = 0; i < sizeof journals / sizeof *journals; i++) {
		struct rig rig;
		rig_make(&rig, NULL);
		rig_drop(&rig, "bad.csv", "username,curse1\np1,C1\n");
		rig_drop(&rig, "good.csv", "username,course1\np1,C1\n");
		struct buffer log =
		    journal_of(&rig, rig.config.text, stderr_of(&rig).text, journals[i], 0);
		size_t lines = 0;
		for (const char *line = log.bytes; *line; line = strchr(line, '\n') + 1, lines++) {
			struct path row = path_of("%.*s", (int)strcspn(line, "\n"), line);
			bool is_warning = strstr(row.text, "\"level\":\"warning\"");
			cr_expect(
			    text_starts(row.text, is_warning ? "<4>{" : "<6>{"), "%s", row.text);
		}
		cr_expect_gt(lines, 4);
		cr_expect(strstr(log.bytes, "<4>{"), "%s", log.bytes);
		buffer_done(&log);
		law_close(&rig);
	}
}

Test(log, gives_the_journal_the_priority_of_bad_settings)
{
	struct rig rig;
	rig_make(&rig, NULL);
	struct buffer log = journal_of(&rig, "/nonexistent.yaml", stderr_of(&rig).text, NULL, 78);
	cr_expect(text_starts(log.bytes, "<3>enrold: "), "%s", log.bytes);
	buffer_done(&log);
	law_close(&rig);
}

Test(log, is_plain_where_it_is_no_journals)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_drop(&rig, "bad.csv", "username,curse1\np1,C1\n");
	struct buffer log = journal_of(&rig, rig.config.text, rig.config.text, "/full", 0);
	cr_expect_null(strchr(log.bytes, '<'), "%s", log.bytes);
	buffer_done(&log);
	law_close(&rig);
}
