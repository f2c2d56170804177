/* The database in trouble: locked, full, read-only, damaged, replaced. The files wait. */
#include "law.h"
#include "reply.h"
#include "service.h"
#include "tracer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static const char text[] = "username,course1\np1,C1\n";

enum { EXIT_TRY_LATER = 75, EXIT_CONFIG = 78 };

static void execute(sqlite3 *database, const char *sql)
{
	cr_assert_eq(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql,
	    sqlite3_errmsg(database));
}

Test(database, locked_by_somebody_for_longer_than_we_wait_at_a_time)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, NULL);
	service_start(&service, &rig);
	sqlite3 *other = rig_database(&rig);
	execute(other, "BEGIN IMMEDIATE");
	rig_drop(&rig, "staff.csv", text);
	service_await_log(&service, "\"run_waits\"");
	service_hear(&service, "STATUS=1 feed, 1 files waiting");
	cr_expect_eq(reply_count(&rig, "staff.csv"), 0);
	execute(other, "COMMIT");
	sqlite3_close(other);
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	service_await_log(&service, "\"run_goes_on\"");
	service_stop(&service);
	law_close(&rig);
}

/* ---- calls that fail for a while ---- */

static void trouble_spool(struct rig *rig)
{
	if (!tracer_works())
		cr_skip_test("no ptrace here");
	rig_make(rig, &(struct rig_options){.settings = "stop_timeout: 2s\n"});
	rig_drop(rig, "staff.csv", text);
}

Test(database, its_disk_is_full_for_a_while)
{
	struct rig rig;
	trouble_spool(&rig);
	struct failing failing = {CALL_WRITE, "", "/lms.db-wal", ENOSPC, 4, 0};
	struct finished finished = tracer_once(&rig, tracer_fail, &failing, true);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "run_waits"));
	cr_expect(strstr(finished.err.bytes, "run_goes_on"));
	finished_done(&finished);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	law_close(&rig);
}

Test(database, its_disk_stays_full)
{
	struct rig rig;
	trouble_spool(&rig);
	struct failing failing = {CALL_WRITE, "", "/lms.db-wal", ENOSPC, 0, 0};
	struct finished finished = tracer_once(&rig, tracer_fail, &failing, true);
	cr_expect_eq(finished.status, EXIT_TRY_LATER, "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "full"), "%s", finished.err.bytes);
	struct path where = path_of("of the disk of %s (the spool) ", rig.directory.text);
	const char *said = strstr(finished.err.bytes, where.text);
	cr_assert(said, "%s", finished.err.bytes);
	cr_expect(strstr(said, "iB are free; the file is kept"), "%s", said);
	finished_done(&finished);
	law_holds(&rig, LAW_STOPPED);
	rig_once(&rig);
	law_close(&rig);
}

/* SQLite then opens it for reading, and only says so when it is written to. */
Test(database, cannot_be_opened_for_writing_for_a_moment)
{
	struct rig rig;
	trouble_spool(&rig);
	struct failing failing = {CALL_OPEN, "", "/lms.db", EROFS, 1, 0};
	struct finished finished = tracer_once(&rig, tracer_fail, &failing, true);
	cr_expect_eq(failing.times, 1);
	cr_expect_eq(finished.status, 0, "%s", finished.err.bytes);
	finished_done(&finished);
	law_close(&rig);
}

Test(database, cannot_be_opened_for_good)
{
	struct rig rig;
	trouble_spool(&rig);
	struct failing failing = {CALL_OPEN, "", "/lms.db", EROFS, 0, 0};
	struct finished finished = tracer_once(&rig, tracer_fail, &failing, true);
	cr_expect_eq(finished.status, EXIT_CONFIG, "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "/lms.db"), "%s", finished.err.bytes);
	finished_done(&finished);
	law_holds(&rig, LAW_STOPPED);
	rig_once(&rig);
	law_close(&rig);
}

/* ---- another file in its place ---- */

static void put_in_place(const struct rig *rig, const char *path)
{
	files_remove(path_of("%s-wal", rig->database.text).text);
	files_remove(path_of("%s-shm", rig->database.text).text);
	files_rename(path, rig->database.text);
}

Test(database, replaced_by_garbage_and_put_back)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.journal_mode = "delete"});
	struct path garbage = path_of("%s/garbage", rig.root.text);
	struct path saved = path_of("%s/saved", rig.root.text);
	struct buffer noise = {0};
	for (int i = 0; i < 20000; i++)
		buffer_add_char(&noise, (char)(i * 7 + i / 256));
	files_write(garbage.text, noise.bytes, noise.size, 0640);
	buffer_done(&noise);
	service_start(&service, &rig);
	rig_drop(&rig, "first.csv", text);
	service_await(&service, &rig, "", 1);
	service_await_idle(&service, &rig);
	files_rename(rig.database.text, saved.text);
	put_in_place(&rig, garbage.text);
	rig_drop(&rig, "second.csv", "username,course1\np2,C2\n");
	service_await_log(&service, "is not an SQLite database");
	files_rename(saved.text, rig.database.text);
	service_await(&service, &rig, "", 2);
	service_await_idle(&service, &rig);
	service_stop(&service);
	law_close(&rig);
}

/* What the daemon waits with can be taken back; then it waits for nothing any more. */
Test(database, away_until_the_file_was_taken_back)
{
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){.journal_mode = "delete"});
	struct path saved = path_of("%s/saved", rig.root.text);
	service_start(&service, &rig);
	files_rename(rig.database.text, saved.text);
	struct path path = rig_inbox(&rig, "staff.csv");
	files_write(path.text, text, strlen(text), 0640);
	service_await_log(&service, "there is no database");
	files_remove(path.text);
	service_await_log(&service, "\"run_goes_on\"");
	files_rename(saved.text, rig.database.text);
	service_stop(&service);
	law_close(&rig);
}

/* The database as it was before the second of two files. */
static void restored_make(struct rig *rig, struct path *backup)
{
	rig_make(rig, &(struct rig_options){.journal_mode = "delete"});
	*backup = path_of("%s/backup.db", rig->root.text);
	rig_drop(rig, "first.csv", text);
	rig_once(rig);
	files_copy(rig->database.text, backup->text);
	rig_drop(rig, "second.csv", "username,course1\np2,C2\n");
	rig_once(rig);
	law_holds(rig, LAW_IDLE);
}

/* The chain goes on with it, from where the database is: who has accepted what. */
static void expect_record(const struct rig *rig)
{
	struct reply reply;
	cr_expect_eq(rig_number(rig, "SELECT number FROM enrold_head"), 2);
	struct buffer name = rig_query(rig, "SELECT name FROM enrold_run WHERE number = 2");
	name.bytes[strcspn(name.bytes, "\n")] = '\0';
	cr_assert(text_starts(name.bytes, "accept-20"), "%s", name.bytes);
	reply_open(&reply, rig, name.bytes, 0);
	const json_t *order = json_object_get(reply.summary, "order");
	cr_expect(json_string_length(json_object_get(order, "by")) > 0);
	cr_expect_eq(json_integer_value(json_object_get(reply.summary, "rows")), 0);
	struct path place = path_of("archive/%.4s/%.2s/%.2s/%.*s.%s.csv", reply.run, reply.run + 4,
	    reply.run + 6, (int)strcspn(name.bytes, "."), name.bytes, reply.run);
	struct buffer list = files_read(rig_path(rig, "%s", place.text).text);
	cr_expect(text_starts(list.bytes, "run,feed,summary_sha256,found,input,file\n"), "%s",
	    list.bytes);
	cr_expect(strstr(list.bytes, ",second.csv\n"), "%s", list.bytes);
	buffer_done(&list);
	reply_close(&reply);
	buffer_done(&name);
}

Test(database, an_older_backup_is_known_at_start_and_reconciled)
{
	struct rig rig;
	struct path backup;
	restored_make(&rig, &backup);
	put_in_place(&rig, backup.text);
	struct finished finished = rig_run(&rig, EXIT_CONFIG);
	cr_expect(strstr(finished.err.bytes, "older backup"), "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "enrolctl reconcile"));
	finished_done(&finished);

	finished = program_expect(1, ARGV("enrolctl", "--config", rig.config.text, "reconcile"));
	cr_expect(strstr(finished.out.bytes, "second."), "%s", finished.out.bytes);
	cr_expect_not(strstr(finished.out.bytes, "first."));
	finished_done(&finished);
	finished =
	    program_expect(1, ARGV("enrolctl", "--json", "--config", rig.config.text, "reconcile"));
	cr_expect(text_starts(finished.out.bytes, "[{\"run\":\""), "%s", finished.out.bytes);
	finished_done(&finished);
	finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "reconcile", "accept"));
	finished_done(&finished);
	expect_record(&rig);

	/* What the backup had forgotten, dropped again. */
	struct reply reply;
	reply_to(&reply, &rig, "third.csv", "username,course1\np2,C2\n");
	EXPECT(&reply, {2, "course1", "done", "enrolled"});
	reply_close(&reply);
	rig_remove(&rig);
}

Test(database, an_older_backup_put_under_a_running_daemon_gets_no_rows)
{
	struct rig rig;
	struct service service;
	struct path backup;
	restored_make(&rig, &backup);
	struct path saved = path_of("%s/saved", rig.root.text);
	service_start(&service, &rig);
	rig_drop(&rig, "third.csv", "username,course1\np3,C3\n");
	service_await(&service, &rig, "", 3);
	service_await_idle(&service, &rig);
	files_rename(rig.database.text, saved.text);
	put_in_place(&rig, backup.text);
	rig_drop(&rig, "fourth.csv", "username,course1\np4,C4\n");
	service_await_log(&service, "older backup");
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), 1);
	put_in_place(&rig, saved.text);
	service_await(&service, &rig, "", 4);
	service_await_idle(&service, &rig);
	service_stop(&service);
	law_close(&rig);
}

/* The row is there, and is not what was answered. */
static void start_is_refused(const char *sql, const char *why)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.journal_mode = "delete"});
	rig_drop(&rig, "first.csv", text);
	rig_once(&rig);
	rig_drop(&rig, "second.csv", "username,course1\np2,C2\n");
	rig_once(&rig);
	rig_execute(&rig, sql);
	struct finished finished = rig_run(&rig, EXIT_CONFIG);
	cr_expect(strstr(finished.err.bytes, why), "%s", finished.err.bytes);
	finished_done(&finished);
	finished = program_expect(1, ARGV("enrolctl", "--config", rig.config.text, "reconcile"));
	cr_expect(strstr(finished.out.bytes, "second.csv"), "%s", finished.out.bytes);
	cr_expect_not(strstr(finished.out.bytes, "first.csv"));
	finished_done(&finished);
	rig_remove(&rig);
}

Test(database, that_has_only_a_checkpoint_of_an_answered_run_is_not_gone_on_with)
{
	start_is_refused(
	    "UPDATE enrold_run SET state = 'running', summary = '', summary_sha256 = ''"
	    " WHERE name = 'second.csv'",
	    "knows no end of");
}

Test(database, that_has_another_answer_for_a_run_is_not_gone_on_with)
{
	start_is_refused("UPDATE enrold_run SET summary_sha256 = 'x' WHERE name = 'second.csv'",
	    "has another answer for");
}

/* As 0.1.0 left it: the id, and nothing more. */
Test(database, restored_is_known_by_a_spool_of_the_last_version_too)
{
	struct rig rig;
	struct path backup;
	restored_make(&rig, &backup);
	struct buffer run = rig_query(&rig, "SELECT max(run) FROM enrold_run");
	struct path head = rig_path(&rig, ".head");
	files_write(head.text, run.bytes, run.size, 0640);
	buffer_done(&run);
	rig_once(&rig);
	put_in_place(&rig, backup.text);
	struct finished finished = rig_run(&rig, EXIT_CONFIG);
	finished_done(&finished);
	rig_remove(&rig);
}

/* Answers are for being taken away: the archive remembers. */
Test(database, restored_names_the_file_of_an_answer_that_was_taken_away)
{
	struct rig rig;
	struct path backup;
	restored_make(&rig, &backup);
	put_in_place(&rig, backup.text);
	files_remove(rig_path(&rig, "outbox").text);
	struct finished finished =
	    program_expect(1, ARGV("enrolctl", "--config", rig.config.text, "reconcile"));
	cr_expect(strstr(finished.out.bytes, "archive/"), "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "second.csv"), "%s", finished.out.bytes);
	cr_expect_not(strstr(finished.out.bytes, "first.csv"));
	finished_done(&finished);
	rig_remove(&rig);
}

Test(database, restored_and_accepted_says_by_whom_and_lists_it_no_more)
{
	struct rig rig;
	struct path backup;
	restored_make(&rig, &backup);
	rig_drop(&rig, "preview/look.csv", text); /* with which nothing is lost */
	rig_once(&rig);
	put_in_place(&rig, backup.text);
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "reconcile", "accept"));
	finished_done(&finished);
	struct buffer record = files_read(rig_path(&rig, ".accepted").text);
	cr_expect(strstr(record.bytes, "\"by\":\""), "%s", record.bytes);
	cr_expect(strstr(record.bytes, "\"file\":\"second.csv\""), "%s", record.bytes);
	cr_expect(strstr(record.bytes, "look.csv"), "the chain forks there too: %s", record.bytes);
	buffer_done(&record);
	finished = program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "reconcile"));
	cr_expect(strstr(finished.out.bytes, "1 more"), "%s", finished.out.bytes);
	cr_expect_not(strstr(finished.out.bytes, "look.csv"), "%s", finished.out.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}
