/* Whoever touches what was answered is named, by `enrolctl verify` and by etc/verify.sh, in the
 * words of enrolctl(1); whoever does not touch it is not. */
#include "law.h"
#include "reply.h"
#include "service.h"
#include "tamper.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- what somebody does ---- */

static void result_byte(struct rig *rig)
{
	tamper_byte(tamper_file(rig, "second.csv", "outbox", ".result.csv").text, 70);
}

static void summary_byte(struct rig *rig)
{
	tamper_byte(tamper_file(rig, "second.csv", "outbox", ".summary.json").text, 120);
}

static void summary_end(struct rig *rig)
{
	struct path path = tamper_file(rig, "second.csv", "outbox", ".summary.json");
	struct buffer text = files_read(path.text);
	files_write(path.text, text.bytes, text.size - 1, 0640);
	buffer_done(&text);
}

static void retry_byte(struct rig *rig)
{
	tamper_byte(tamper_file(rig, "first.csv", "outbox", ".retry.csv").text, 3);
}

static void plan_byte(struct rig *rig)
{
	tamper_byte(tamper_file(rig, "staff.csv", "outbox", ".plan.csv").text, 40);
}

static void report_byte(struct rig *rig)
{
	tamper_byte(tamper_file(rig, "second.csv", "outbox", ".report.html").text, 700);
}

static void archive_byte(struct rig *rig)
{
	tamper_byte(tamper_file(rig, "second.csv", "archive", ".csv").text, 18);
}

static void archived_held_byte(struct rig *rig)
{
	tamper_byte(tamper_file(rig, "staff.csv", "archive", ".csv").text, 18);
}

static void quarantine_byte(struct rig *rig)
{
	tamper_byte(tamper_file(rig, "bad.csv", "quarantine", ".csv").text, 2);
}

static void archive_gone(struct rig *rig)
{
	files_remove(tamper_file(rig, "second.csv", "archive", ".csv").text);
}

/* As if the runs were being published. */
static void work_imitated(struct rig *rig, const char *which)
{
	struct buffer runs = rig_query(
	    rig, path_of("SELECT node || '/' || run FROM enrold_run WHERE %s", which).text);
	for (char *rest = runs.bytes, *run; (run = strsep(&rest, "\n")) && *run;)
		files_make_directory(rig_path(rig, "work/%s/inbox", run).text);
	buffer_done(&runs);
}

static void archive_gone_to_work(struct rig *rig)
{
	archive_gone(rig);
	work_imitated(rig, "name = 'second.csv'");
}

static void last_gone_to_work(struct rig *rig)
{
	files_remove(tamper_file(rig, "last.csv", "outbox", ".summary.json").text);
	work_imitated(rig, "name = 'last.csv'");
}

static void result_gone(struct rig *rig)
{
	files_remove(tamper_file(rig, "undo-", "outbox", ".result.csv").text);
}

static void first_gone(struct rig *rig)
{
	files_remove(tamper_file(rig, "first.csv", "outbox", ".summary.json").text);
}

static void middle_gone(struct rig *rig)
{
	files_remove(tamper_file(rig, "staff.csv", "outbox", ".summary.json").text);
}

static void last_gone(struct rig *rig)
{
	files_remove(tamper_file(rig, "last.csv", "outbox", ".summary.json").text);
}

static void last_two_gone(struct rig *rig)
{
	last_gone(rig);
	files_remove(tamper_file(rig, "undo-", "outbox", ".summary.json").text);
}

static void all_gone(struct rig *rig)
{
	static const char *const places[] = {"outbox", "archive", "quarantine", "held"};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		files_remove(rig_path(rig, "%s", places[i]).text);
}

static void rewritten(struct rig *rig)
{
	tamper_rewrite(rig, 6, false);
}

static void rewritten_from_the_first(struct rig *rig)
{
	tamper_rewrite(rig, 1, false);
}

static void swap(struct rig *rig, const char *end)
{
	struct path a = tamper_file(rig, "first.csv", "outbox", end);
	struct path b = tamper_file(rig, "second.csv", "outbox", end);
	struct path aside = path_of("%s/aside", rig->root.text);
	files_rename(a.text, aside.text);
	files_rename(b.text, a.text);
	files_rename(aside.text, b.text);
}

static void summaries_swapped(struct rig *rig)
{
	swap(rig, ".summary.json");
}

static void results_swapped(struct rig *rig)
{
	swap(rig, ".result.csv");
}

/* Two runs change their places in the chain, and each agrees with itself. */
static void places_swapped(struct rig *rig)
{
	tamper_reorder(rig, 2, 3);
}

static void row_gone(struct rig *rig)
{
	rig_execute(rig, "DELETE FROM enrold_run WHERE name = 'second.csv'");
}

static void last_row_gone(struct rig *rig)
{
	rig_execute(rig, "DELETE FROM enrold_run WHERE name = 'last.csv'");
}

static void first_row_gone(struct rig *rig)
{
	rig_execute(rig, "DELETE FROM enrold_run WHERE name = 'first.csv'");
}

static void row_changed(struct rig *rig)
{
	rig_execute(rig, "UPDATE enrold_run SET sha256 = 'x' || substr(sha256, 2)"
	                 " WHERE name = 'second.csv'");
}

static void row_changed_state(struct rig *rig)
{
	rig_execute(rig, "UPDATE enrold_run SET state = 'applied' WHERE name = 'bad.csv'");
}

static void row_changed_summary(struct rig *rig)
{
	rig_execute(rig, "UPDATE enrold_run SET summary = replace(summary, '\"exact\":true',"
	                 " '\"exact\":false') WHERE name = 'second.csv'");
}

static void row_exchanged(struct rig *rig)
{
	rig_execute(rig, "UPDATE enrold_run SET number = 0, summary = (SELECT summary FROM "
	                 "enrold_run WHERE name ="
	                 " 'first.csv') WHERE name = 'second.csv'");
}

static void row_emptied(struct rig *rig)
{
	rig_execute(rig, "UPDATE enrold_run SET summary = '' WHERE name = 'second.csv'");
}

static void row_added(struct rig *rig)
{
	rig_execute(rig,
	    "CREATE TEMP TABLE copied AS SELECT * FROM enrold_run WHERE name = 'last.csv';"
	    "UPDATE copied SET run = '20361127-101010-101010';"
	    "INSERT INTO enrold_run SELECT * FROM copied");
}

static void head_changed(struct rig *rig)
{
	rig_execute(rig, "UPDATE enrold_head SET head = (SELECT substr(summary, -67, 64)"
	                 " FROM enrold_run WHERE number = 3), number = 3");
}

static void head_counts_too_many(struct rig *rig)
{
	rig_execute(rig, "UPDATE enrold_head SET number = -2");
}

static void note_of_head_gone(struct rig *rig)
{
	files_remove(rig_path(rig, ".head").text);
}

static void note_of_head_older(struct rig *rig)
{
	files_copy(path_of("%s/older/.head", rig->root.text).text, rig_path(rig, ".head").text);
}

static void note_of_head_older_in_work(struct rig *rig)
{
	note_of_head_older(rig);
	work_imitated(rig, "number > 0");
}

static void outbox_older(struct rig *rig)
{
	struct path from = path_of("%s/older/outbox", rig->root.text);
	files_remove(rig_path(rig, "outbox").text);
	tamper_copy(from.text, rig_path(rig, "outbox").text);
}

static void retention_imitated(struct rig *rig)
{
	archive_gone(rig);
	rig_execute(rig, "UPDATE enrold_run SET input_pruned = (SELECT max(run) FROM enrold_run)"
	                 " WHERE name = 'second.csv'");
}

/* Also with a list, and a row of a run that would have it. */
static void retention_imitated_well(struct rig *rig)
{
	tamper_prune(rig, "second.csv");
}

static void answer_added(struct rig *rig)
{
	const char *name = "outbox/more.20361127-101010-101010.result.csv";
	files_write(rig_path(rig, "%s", name).text, "line\n", 5, 0640);
}

static void answer_added_in_work(struct rig *rig)
{
	answer_added(rig);
	files_make_directory(rig_path(rig, "work/test-node/20361127-101010-101010/inbox").text);
}

static void answer_added_to_a_run(struct rig *rig)
{
	struct path path = tamper_file(rig, "second.csv", "outbox", ".result.csv");
	path.text[strlen(path.text) - strlen("result.csv")] = '\0';
	files_write(path_of("%sretry.csv", path.text).text, "username\n", 9, 0640);
}

static void input_added(struct rig *rig)
{
	struct path path = tamper_file(rig, "second.csv", "archive", ".csv");
	path.text[strrchr(path.text, '/') - path.text] = '\0';
	files_write(
	    path_of("%s/more.20361127-101010-101010.csv", path.text).text, "username\n", 9, 0640);
}

static void nothing(struct rig *rig)
{
	(void)rig;
}

/* word: NULL: it cannot be seen there. */
static const struct row {
	const char *name;
	void (*touch)(struct rig *rig);
	const char *word, *word_of_script, *path;
} rows[] = {
    {"nothing", nothing, NULL, NULL, ""},
    {"a byte of a result", result_byte, "altered", "altered", "second."},
    {"a byte of a summary", summary_byte, "altered", "altered", "second."},
    {"a summary's last byte", summary_end, "altered", "altered", "second."},
    {"a byte of a retry file", retry_byte, "altered", "altered", ".retry.csv"},
    {"a byte of a plan", plan_byte, "altered", "altered", ".plan.csv"},
    {"a byte of a report", report_byte, "altered", "altered", ".report.html"},
    {"a byte of an archived file", archive_byte, "altered", "altered", "archive/"},
    {"a byte of a file that was held", archived_held_byte, "altered", "altered", "archive/"},
    {"a byte of a refused file", quarantine_byte, "altered", "altered", "quarantine/"},
    {"an archived file", archive_gone, "missing", "missing", ""},
    {"an archived file, and work imitated", archive_gone_to_work, "missing", "missing", ""},
    {"the last summary, and work imitated", last_gone_to_work, "cut off at the end",
        "cut off at the end", ""},
    {"a result", result_gone, "missing", "missing", ".result.csv"},
    {"the first summary", first_gone, "missing", "missing", ""},
    {"a summary in the middle", middle_gone, "missing", "missing", ""},
    {"the last summary", last_gone, "cut off at the end", "cut off at the end", ""},
    {"the last two summaries", last_two_gone, "cut off at the end", "cut off at the end", ""},
    {"all that was answered", all_gone, "missing", "cut off at the end", ""},
    {"the last summaries rewritten", rewritten, "altered", "altered", ""},
    {"all summaries rewritten", rewritten_from_the_first, "altered", "altered", ""},
    {"two summaries exchanged", summaries_swapped, "reordered", "reordered", "first."},
    {"two results exchanged", results_swapped, "reordered", "reordered", ".result.csv"},
    {"two runs in another order", places_swapped, "altered", "altered", ""},
    {"a row of the ledger", row_gone, "missing in the ledger", NULL, "second."},
    {"the first row of the ledger", first_row_gone, "missing in the ledger", NULL, "first."},
    {"the last row of the ledger", last_row_gone, "missing in the ledger", NULL, "last."},
    {"a hash in the ledger", row_changed, "altered", NULL, ""},
    {"a state in the ledger", row_changed_state, "altered", NULL, ""},
    {"a summary in the ledger", row_changed_summary, "altered", NULL, ""},
    {"a summary in the ledger, emptied", row_emptied, "altered", NULL, ""},
    {"a summary in the ledger, of another run", row_exchanged, "reordered", NULL, ""},
    {"a row more in the ledger", row_added, "reordered", NULL, ""},
    {"the ledger's head", head_changed, "altered", NULL, ""},
    {"the ledger's head, of a number that nothing has", head_counts_too_many, "altered", NULL, ""},
    {"the note of the last run, gone", note_of_head_gone, "missing", "missing", ".head"},
    {"the note of the last run, older", note_of_head_older, "cut off at the end",
        "cut off at the end", ".head"},
    {"an older outbox", outbox_older, "cut off at the end", "cut off at the end", ""},
    {"retention by hand", retention_imitated, "missing", "missing", ""},
    {"retention by hand, with a list", retention_imitated_well, "missing", "missing", ""},
    {"an answer more", answer_added, "added", "added", "more."},
    {"an answer more, and work imitated", answer_added_in_work, "added", "added", "more."},
    {"the note of the last run, older, and work imitated", note_of_head_older_in_work,
        "cut off at the end", "cut off at the end", ".head"},
    {"a file more of an answer", answer_added_to_a_run, "added", "added", ".retry.csv"},
    {"an input more", input_added, "added", "added", "more."},
};

static void expect_said(
    struct finished finished, int status, const char *said, const char *not_said)
{
	cr_expect_eq(finished.status, status, "%d:\n%s%s", finished.status, finished.out.bytes,
	    finished.err.bytes);
	cr_expect(
	    strstr(finished.out.bytes, said), "'%s' is not said:\n%s", said, finished.out.bytes);
	cr_expect(!*not_said || !strstr(finished.out.bytes, not_said), "'%s' is said:\n%s",
	    not_said, finished.out.bytes);
	finished_done(&finished);
}

static struct finished verify_noted(const struct rig *rig, const struct tamper_note *note)
{
	return program_run(ARGV("enrolctl", "--config", rig->config.text, "verify", "--checkpoint",
	    note->note.text, "--key", note->key.text));
}

Test(verify, names_whoever_touches_anything_by_what_was_done)
{
	struct rig rig;
	tamper_make(&rig);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];
		row->touch(&rig);
		tamper_expect(&rig, row->name, row->word, row->path);
		tamper_expect_script(&rig, row->name, row->word_of_script, row->path);
		tamper_restore(&rig);
	}
	law_close(&rig);
}

/* Whoever rewrites outbox, archive, ledger and .head in agreement leaves no trace there. */
Test(verify, with_a_witness_names_what_agrees_in_itself)
{
	struct rig rig;
	struct tamper_note note;
	tamper_make(&rig);
	struct path head = tamper_head(&rig);
	tamper_note_make(&rig, &note);
	const char *config = rig.config.text;
	const char *with_note[] = {"enrolctl", "--config", config, "verify", "--checkpoint",
	    note.note.text, "--key", note.key.text, NULL};
	const char *with_head[] = {
	    "enrolctl", "--config", config, "verify", "--head", head.text, NULL};
	struct finished finished = program_expect(0, with_note);
	cr_expect(strstr(finished.out.bytes, "The checkpoint is that of this chain"), "%s",
	    finished.out.bytes);
	finished_done(&finished);
	finished = program_expect(0, with_head);
	finished_done(&finished);
	tamper_expect_noted(&rig, &note, NULL);

	tamper_rewrite(&rig, 6, true);
	tamper_expect(&rig, "all rewritten", NULL, "");
	tamper_expect_script(&rig, "all rewritten", NULL, "");
	finished = program_expect(1, with_note);
	cr_expect(strstr(finished.out.bytes, "\naltered"), "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "the chain: it is not the one that was signed"), "%s",
	    finished.out.bytes);
	cr_expect(!strstr(finished.out.bytes, "is as it was"), "%s", finished.out.bytes);
	finished_done(&finished);
	finished = program_expect(1, with_head);
	cr_expect(
	    strstr(finished.out.bytes, "was never that of this chain"), "%s", finished.out.bytes);
	finished_done(&finished);
	tamper_expect_noted(&rig, &note, "altered");
	rig_remove(&rig);
}

/* What comes before the first fault is as it was, unless that is one of how things are chained. */
Test(verify, vouches_for_the_beginning_where_it_can)
{
	static const struct {
		void (*touch)(struct rig *rig);
		bool is_vague;
	} cases[] = {{result_byte, false}, {archive_gone, false}, {rewritten, false},
	    {places_swapped, false}, {head_changed, true}, {note_of_head_gone, true},
	    {note_of_head_older, true}, {row_gone, true}};
	struct rig rig;
	tamper_make(&rig);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cases[i].touch(&rig);
		struct finished finished =
		    program_expect(1, ARGV("enrolctl", "--config", rig.config.text, "verify"));
		cr_expect_eq(!strstr(finished.out.bytes, "What comes before it is as it was."),
		    cases[i].is_vague, "%zu: %s", i, finished.out.bytes);
		finished_done(&finished);
		tamper_restore(&rig);
	}
	law_close(&rig);
}

/* As it is mailed, by somebody who has not got the key. */
Test(verify, knows_a_forged_checkpoint)
{
	struct rig rig;
	struct tamper_note note, forged;
	tamper_make(&rig);
	tamper_note_make(&rig, &note);
	tamper_note_make(&rig, &forged);
	struct path place = rig_path(&rig, "outbox/checkpoints");
	files_make_directory(place.text);
	files_copy(note.key.text, path_of("%s/key.pub", place.text).text);
	files_copy(note.note.text, path_of("%s/00000008", place.text).text);
	tamper_expect(&rig, "a checkpoint", NULL, "");
	tamper_expect_script(&rig, "a checkpoint", NULL, "");
	files_copy(forged.note.text, path_of("%s/00000008", place.text).text);
	tamper_expect(&rig, "a forged checkpoint", "altered", "outbox/checkpoints/00000008");
	tamper_expect_script(&rig, "a forged checkpoint", "altered", "outbox/checkpoints/00000008");
	files_copy(note.note.text, path_of("%s/00000008", place.text).text);
	tamper_byte(path_of("%s/00000008", place.text).text, 30);
	tamper_expect(&rig, "an altered checkpoint", "altered", "outbox/checkpoints/00000008");
	tamper_expect_script(
	    &rig, "an altered checkpoint", "altered", "outbox/checkpoints/00000008");
	forged.key = note.key;
	tamper_expect_noted(&rig, &forged, "altered");
	rig_remove(&rig);
}

/* The database was put back, and somebody has gone on: that is told, and is no fault. */
Test(verify, tells_of_answers_that_were_accepted_as_lost)
{
	struct rig rig;
	struct tamper_note note;
	tamper_make(&rig);
	struct path head = tamper_head(&rig);
	tamper_note_make(&rig, &note);
	files_copy(path_of("%s/older.db", rig.root.text).text, rig.database.text);
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "reconcile", "accept"));
	finished_done(&finished);
	rig_drop(&rig, "after.csv", "username,course1\np7,C1\n");
	rig_once(&rig);
	finished = program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "verify"));
	cr_expect(
	    strstr(finished.out.bytes, "\nforked after reconcile on 20"), "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "last."), "%s", finished.out.bytes);
	finished_done(&finished);
	finished = tamper_script(&rig, NULL);
	cr_expect_eq(finished.status, 0, "%s", finished.out.bytes);
	cr_expect(
	    strstr(finished.out.bytes, "forked after reconcile on 20"), "%s", finished.out.bytes);
	finished_done(&finished);
	finished = program_expect(
	    1, ARGV("enrolctl", "--config", rig.config.text, "verify", "--head", head.text));
	cr_expect(strstr(finished.out.bytes, "gone on without"), "%s", finished.out.bytes);
	finished_done(&finished);
	expect_said(verify_noted(&rig, &note), 1, "gone on without", "Nobody has");
	expect_said(tamper_script(&rig, &note), 1, "gone on without", "Nobody has");

	/* What was given up goes back to the chain without a gap. */
	struct path between = tamper_found(&rig, "outbox", "undo-", ".summary.json");
	struct buffer text = files_read(between.text);
	tamper_byte(between.text, 40);
	expect_said(verify_noted(&rig, &note), 1,
	    "the chain has something missing: number 7, which outbox/", "Nobody has");
	expect_said(tamper_script(&rig, &note), 1, "missing  (number 7)", "Nobody has");
	files_write(between.text, text.bytes, text.size, 0640);
	buffer_done(&text);

	struct path lost = tamper_found(&rig, "outbox", "last.", ".result.csv");
	tamper_byte(lost.text, 20);
	tamper_expect(&rig, "a forked result", "altered", ".result.csv");
	tamper_expect_script(&rig, "a forked result", "altered", ".result.csv");
	rig_remove(&rig);
}

/* What breaks off is done once more, and comes on record. */
Test(verify, tells_of_what_was_accepted_at_the_second_attempt)
{
	struct rig rig;
	tamper_make(&rig);
	files_copy(path_of("%s/older.db", rig.root.text).text, rig.database.text);
	if (!files_immutable(rig_path(&rig, "orders").text, true)) {
		rig_remove(&rig);
		cr_skip_test("only root can make files immutable, and not everywhere");
	}
	struct finished finished =
	    program_run(ARGV("enrolctl", "--config", rig.config.text, "reconcile", "accept"));
	files_immutable(rig_path(&rig, "orders").text, false);
	cr_expect_neq(finished.status, 0);
	finished_done(&finished);
	finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "reconcile", "accept"));
	finished_done(&finished);
	finished = program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "verify"));
	cr_expect(
	    strstr(finished.out.bytes, "\nforked after reconcile on 20"), "%s", finished.out.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

Test(verify, answers_scripts_as_json_that_begins_with_the_head)
{
	struct rig rig;
	tamper_make(&rig);
	struct path head = tamper_head(&rig);
	archive_byte(&rig);
	struct finished finished =
	    program_expect(1, ARGV("enrolctl", "--config", rig.config.text, "--json", "verify"));
	cr_expect(text_starts(finished.out.bytes,
	              path_of("{\"head\":\"%s\",\"number\":8}\n", head.text).text),
	    "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "{\"word\":\"altered\",\"fault\":true,\"number\":6,"),
	    "%s", finished.out.bytes);
	cr_expect(strstr(finished.out.bytes, "\n{\"untouched\":false,\"faults\":1,\"runs\":8,"),
	    "%s", finished.out.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

/* What is older is walked by the ledger, and not read. */
Test(verify, since_a_time_reads_the_files_of_later_runs)
{
	struct rig rig;
	tamper_make(&rig);
	result_byte(&rig);
	struct finished finished = program_expect(
	    0, ARGV("enrolctl", "--config", rig.config.text, "verify", "--since", "2037-01-01"));
	cr_expect(strstr(finished.out.bytes, "8 runs, 0 files"), "%s", finished.out.bytes);
	finished_done(&finished);
	finished = program_expect(
	    1, ARGV("enrolctl", "--config", rig.config.text, "verify", "--since", "1h"));
	finished_done(&finished);
	finished = program_expect(
	    64, ARGV("enrolctl", "--config", rig.config.text, "verify", "--since", "x"));
	finished_done(&finished);
	finished = program_expect(
	    64, ARGV("enrolctl", "--config", rig.config.text, "verify", "--head", "x"));
	finished_done(&finished);
	rig_remove(&rig);
}

static void pruned_make(struct rig *rig)
{
	rig_make(rig, &(struct rig_options){.journal_mode = "delete",
	                  .feeds = "  default: { compress: 0 }\n  hr: {}\n"});
	rig_once(rig);
	rig_drop(rig, "hr/staff.csv", "username,course1\np1,C1\n");
	rig_drop(rig, "first.csv", "username,course1\np1,C1\nnobody,C1\n");
	rig_once(rig);
	rig_witness(rig);
	rig_prune(rig, "hr", (long)time(NULL) + 86400);
	rig_once(rig);
	rig_drop(rig, "last.csv", "username,course1\np2,C1\n");
	rig_once(rig);
	tamper_save(rig, "whole");
}

/* The database was put back to before a prune run: what that had removed is gone all the same. */
Test(verify, takes_the_word_of_a_prune_run_that_was_given_up)
{
	struct rig rig;
	rig_make(&rig,
	    &(struct rig_options){.journal_mode = "delete", .feeds = "  default: {}\n  hr: {}\n"});
	rig_once(&rig);
	rig_drop(&rig, "hr/staff.csv", "username,course1\np1,C1\n");
	rig_once(&rig);
	rig_witness(&rig);
	struct path older = path_of("%s/older.db", rig.root.text);
	files_copy(rig.database.text, older.text);
	rig_prune(&rig, "hr", (long)time(NULL) + 86400);
	rig_once(&rig);
	files_copy(older.text, rig.database.text);
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "reconcile", "accept"));
	finished_done(&finished);
	expect_said(program_run(ARGV("enrolctl", "--config", rig.config.text, "verify")), 0,
	    "files that this list names were to go: before 20", "missing");
	expect_said(tamper_script(&rig, NULL), 0,
	    "files that this list names were to go: before 20", "missing");
	expect_said(tamper_script(&rig, NULL), 0, ", as ordered by anna", "missing");
	tamper_byte(tamper_found(&rig, "archive", "prune-", ".csv").text, 70);
	tamper_expect(&rig, "the list of a run that was given up", "missing", "archive/");
	tamper_expect_script(&rig, "the list of a run that was given up", "missing", "");
	rig_remove(&rig);
}

/* The ledger's word for it is worth nothing, the list's is, as long as it is the one on record. */
Test(verify, tells_what_was_pruned_and_reads_what_was_packed)
{
	struct rig rig;
	pruned_make(&rig);
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig.config.text, "verify"));
	cr_expect(strstr(finished.out.bytes, "\npruned by rule 20"), "%s", finished.out.bytes);
	finished_done(&finished);
	finished = tamper_script(&rig, NULL);
	cr_expect_eq(finished.status, 0, "%s", finished.out.bytes);
	cr_expect(text_starts(finished.out.bytes, "pruned by rule 20"), "%s", finished.out.bytes);
	finished_done(&finished);

	tamper_byte(tamper_found(&rig, "outbox", "first.", ".result.csv.gz").text, 30);
	tamper_expect(&rig, "a packed result", "altered", ".result.csv");
	tamper_expect_script(&rig, "a packed result", "altered", ".result.csv");
	tamper_restore(&rig);
	tamper_byte(tamper_found(&rig, "archive", "prune-", ".csv").text, 70);
	tamper_expect(&rig, "a list of what was pruned", "altered", "archive/");
	tamper_expect(&rig, "what it lists", "missing", "archive/");
	tamper_expect_script(&rig, "a list of what was pruned", "altered", "archive/");
	tamper_expect_script(&rig, "what it lists", "missing", "");
	tamper_restore(&rig);
	law_close(&rig);
}

/* What a list says of a summary that is gone holds the chain together; whoever makes one anew at
 * the end of the chain may say of the beginning what they like, as long as nobody outside knows
 * that list. */
Test(verify, takes_no_bridge_for_proved_that_the_witness_does_not_know)
{
	struct rig rig;
	struct tamper_note before, behind;
	tamper_make(&rig);
	struct path head = tamper_head(&rig);
	tamper_note_make(&rig, &before);
	tamper_bridge(&rig, "second.csv");
	tamper_note_make(&rig, &behind);
	expect_said(program_run(ARGV("enrolctl", "--config", rig.config.text, "verify")), 0,
	    "; what number 6 was chained to is said by run number 9 alone", "");
	static const char unproved[] = "number 6 was pruned by run number 9, after this "
	                               "checkpoint; a checkpoint of number 9 or "
	                               "later proves it, by then";
	expect_said(verify_noted(&rig, &before), 1, unproved, "Nobody");
	expect_said(verify_noted(&rig, &before), 1, "nothing of what comes before number 7", "");
	expect_said(program_run(ARGV(
	                "enrolctl", "--config", rig.config.text, "verify", "--head", head.text)),
	    1, "number 6 was pruned by run number 9, after this head", "Nobody");
	expect_said(verify_noted(&rig, &behind), 0, "Nobody has touched", "alone");
	expect_said(tamper_script(&rig, NULL), 0,
	    "; what number 6 was chained to is said by run number 9 alone", "");
	expect_said(tamper_script(&rig, &before), 1, unproved, "Nobody");
	expect_said(tamper_script(&rig, &behind), 0, "Nobody has touched", "alone");
	rig_remove(&rig);
}

/* The key as the verifier line alone. */
static struct path key_line(const struct rig *rig, const struct tamper_note *note)
{
	struct buffer text = files_read(note->key.text);
	struct path path = path_of("%s/key.line", rig->root.text);
	files_write(path.text, text.bytes, strcspn(text.bytes, "\n") + 1, 0644);
	buffer_done(&text);
	return path;
}

/* Whatever it is called, and wherever it comes from; else it is said that it was not. */
Test(verify, reads_each_witness_that_it_is_given)
{
	static const char *const names[] = {"key.pub", "mail.20261127-180000-123456.note"};
	static const char confirmed[] =
	    "is confirmed: it is signed, and the chain ended so with number 8";
	struct rig rig;
	struct tamper_note note, other;
	tamper_make(&rig);
	tamper_note_make(&rig, &note);
	tamper_note_make(&rig, &other);
	struct path line = key_line(&rig, &note), empty = path_of("%s/empty", rig.root.text);
	files_write(empty.text, "", 0, 0644);
	expect_said(tamper_script(&rig, &note), 0, confirmed, "Somebody");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct tamper_note named = {path_of("%s/%s", rig.root.text, names[i]), line};
		files_copy(note.note.text, named.note.text);
		expect_said(tamper_script(&rig, &named), 0, confirmed, "Somebody");
		files_copy(other.note.text, named.note.text);
		expect_said(tamper_script(&rig, &named), 1, "no known key has signed", "Nobody");
	}
	struct path pipe = path_of("exec " SOURCE_DIR "/etc/verify.sh '%s' <(cat '%s') <(cat '%s')",
	    rig.directory.text, note.note.text, line.text);
	expect_said(program_run(ARGV("/bin/bash", "-c", pipe.text)), 0, confirmed, "Somebody");

	const struct path nowhere = path_of("%s/nowhere", rig.root.text);
	const struct tamper_note bad[] = {{nowhere, note.key}, {rig.root, note.key},
	    {empty, note.key}, {note.key, note.key}, {note.note, nowhere}, {note.note, empty},
	    {note.note, rig.root}, {note.note, note.note}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_said(tamper_script(&rig, &bad[i]), 64, "", "touched");
	struct finished finished =
	    program_expect(64, ARGV(SOURCE_DIR "/etc/verify.sh", rig.root.text));
	cr_expect(strstr(finished.err.bytes, "there is no outbox in it"), "%s", finished.err.bytes);
	finished_done(&finished);
	struct path without = path_of("PATH=%s exec /bin/bash " SOURCE_DIR "/etc/verify.sh '%s'",
	    nowhere.text, rig.directory.text);
	expect_said(program_run(ARGV("/bin/bash", "-c", without.text)), 64, "", "touched");
	finished = verify_noted(&rig, &bad[3]);
	cr_expect(finished.status == 78 && strstr(finished.err.bytes, "is no checkpoint"), "%d: %s",
	    finished.status, finished.err.bytes);
	finished_done(&finished);
	finished = verify_noted(&rig, &bad[2]);
	cr_expect(finished.status == 78 && strstr(finished.err.bytes, "is empty"), "%d: %s",
	    finished.status, finished.err.bytes);
	finished_done(&finished);
	rig_remove(&rig);
}

/* It was not read: nothing is on record of what is in it. */
Test(verify, asks_nothing_of_a_file_that_was_too_large)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.settings = "max_file_size: 1KiB\n"});
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1\n");
	while (text.size < 2048)
		buffer_add_text(&text, "p1,C1\n");
	rig_drop_bytes(&rig, "large.csv", text.bytes, text.size);
	buffer_done(&text);
	rig_once(&rig);
	tamper_expect(&rig, "a large file", NULL, "");
	tamper_expect_script(&rig, "a large file", NULL, "");
	law_close(&rig);
}

/* It may be asked at any moment: what is on its way is no fault. */
Test(verify, beside_a_daemon_that_answers_names_nothing)
{
	enum { FILES = 60 };
	struct rig rig;
	struct service service;
	rig_make(&rig, &(struct rig_options){0});
	service_start(&service, &rig);
	for (int i = 0; i < FILES; i++) {
		struct path name = path_of("staff%d.csv", i);
		rig_drop(
		    &rig, name.text, i % 3 ? "username,course1\np1,C1\nnobody,C1\n" : "none\n");
		if (i % 4 == 0)
			tamper_expect(&rig, "a living spool", NULL, "");
	}
	service_await(&service, &rig, "", FILES);
	service_await_idle(&service, &rig);
	tamper_expect(&rig, "a living spool", NULL, "");
	service_stop(&service);
	law_close(&rig);
}

/* The example of the chain in enrold.csv(5), of a summary of the caller's. */
static struct path example_of_chain(const struct rig *rig, const char *summary)
{
	struct buffer manual = files_read(SOURCE_DIR "/src/enrold.csv.5");
	const char *at = strstr(manual.bytes, "\n.Ss The chain\n");
	at = at ? strstr(at, "\n.Bd -literal") : NULL;
	at = at ? strchr(at + 1, '\n') + 1 : NULL; /* behind it: which summary */
	const char *start = at ? strchr(at, '\n') : NULL, *end = at ? strstr(at, "\n.Ed") : NULL;
	cr_assert(start && end && text_starts(at, "summary="));
	struct buffer script = {0};
	buffer_print(&script, "summary='%s'%.*s\n", summary, (int)(end - start), start);
	struct path path = path_of("%s/example.sh", rig->root.text);
	files_write(path.text, script.bytes, script.size, 0755);
	buffer_done(&script);
	buffer_done(&manual);
	return path;
}

Test(verify, chains_as_the_manual_says)
{
	struct rig rig;
	tamper_make(&rig);
	struct path head = tamper_head(&rig);
	struct path summary = tamper_file(&rig, "last.csv", "outbox", ".summary.json");
	struct path script = example_of_chain(&rig, summary.text);
	struct finished finished = program_expect(0, ARGV("/bin/sh", script.text));
	cr_expect_str_eq(finished.out.bytes, path_of("%s  -\n%s\n", head.text, head.text).text);
	finished_done(&finished);
	law_close(&rig);
}
