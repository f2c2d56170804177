/* Files that are not called .csv: each is found again under the name that it keeps, and under that
 * which earlier versions gave it. What is in them is plain text: how a file is called says nothing
 * of that. */
#include "law.h"
#include "program.h"
#include "reply.h"
#include "tamper.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char text[] = "username,course1\np1,C1\nnobody,C1\n";

static size_t files_below(const struct rig *rig, const char *place, const char *end)
{
	size_t count = 0;
	struct listing listing = files_list(rig_path(rig, "%s", place).text);
	for (size_t i = 0; i < listing.count; i++)
		count += text_ends(listing.entries[i].path, end);
	listing_done(&listing);
	return count;
}

/* night.zip with all that may lie beside it. */
static void night_make(struct rig *rig, const char *feeds)
{
	rig_make(rig, &(struct rig_options){.feeds = feeds});
	rig_beside_sum(rig, "night.zip.sha256", "night.zip", text);
	rig_beside(rig, "night.zip.rows", "2\n");
	rig_beside(rig, "night.zip.done", "");
	rig_drop(rig, "night.zip", text);
	rig_once(rig);
	cr_assert_eq(reply_count(rig, "night.zip"), 1);
}

/* As an enrold called it that took no ending but .csv off: "night.R.zip" is "night.zip.R.csv", and
 * "night.R.result.csv" is "night.zip.R.result.csv". */
static void age(const struct rig *rig, const char *place)
{
	struct listing listing = files_list(rig_path(rig, "%s", place).text);
	for (size_t i = 0; i < listing.count; i++) {
		const char *path = listing.entries[i].path, *base = path_base(path);
		if (!text_starts(base, "night.2"))
			continue;
		enum { RUN_SIZE = 22 };
		const char *run = base + strlen("night."), *end = run + RUN_SIZE;
		bool is_input = text_starts(end, ".zip");
		struct path earlier = path_of("%.*snight.zip.%.*s%s%s", (int)(base - path), path,
		    RUN_SIZE, run, is_input ? ".csv" : "", is_input ? end + strlen(".zip") : end);
		cr_assert_eq(rename(rig_path(rig, "%s/%s", place, path).text,
		                 rig_path(rig, "%s/%s", place, earlier.text).text),
		    0);
	}
	listing_done(&listing);
}

static void prune_all(const struct rig *rig)
{
	rig_witness(rig);
	rig_prune(rig, "default", (long)time(NULL) + 86400);
	rig_once(rig);
}

/* why: NULL: it needs none. */
static struct finished commanded(const struct rig *rig, const char *command, const char *why)
{
	struct buffer run = rig_query(rig, "SELECT run FROM enrold_run WHERE name = 'night.zip'");
	run.bytes[strcspn(run.bytes, "\n")] = '\0';
	struct finished finished =
	    program_expect(0, ARGV("enrolctl", "--config", rig->config.text, command, run.bytes,
	                          why ? "--why" : NULL, why));
	buffer_done(&run);
	return finished;
}

Test(names, of_an_archive_stay_with_it_and_what_lies_beside_it)
{
	struct rig rig;
	night_make(&rig, "  default: { marker: .done }\n");
	static const char *const ends[] = {".zip", ".zip.sha256", ".zip.rows", ".zip.done"};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		cr_expect_eq(files_below(&rig, "archive", ends[i]), 1, "%s", ends[i]);
	cr_expect_eq(files_below(&rig, "archive", ".csv"), 0);
	struct reply reply;
	reply_open(&reply, &rig, "night.zip", 0);
	struct path result = path_of("outbox/night.%s.result.csv", reply.run);
	cr_expect(files_exist(rig_path(&rig, "%s", result.text).text), "%s", result.text);
	reply_close(&reply);
	tamper_expect(&rig, "nothing", NULL, "");
	tamper_expect_script(&rig, "nothing", NULL, "");
	struct finished finished = commanded(&rig, "show", NULL);
	cr_expect(strstr(finished.out.bytes, ".zip\n") || strstr(finished.out.bytes, ".zip "), "%s",
	    finished.out.bytes);
	cr_expect_null(strstr(finished.out.bytes, "not there"), "%s", finished.out.bytes);
	finished_done(&finished);
	law_close(&rig);
}

Test(names, of_a_refused_archive_have_their_reason_behind_them)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_beside(&rig, "night.csv.gz.rows", "7\n");
	rig_drop(&rig, "night.csv.gz", text);
	rig_once(&rig);
	cr_expect_eq(files_below(&rig, "quarantine", ".csv.gz"), 1);
	cr_expect_eq(files_below(&rig, "quarantine", ".csv.gz.reason.txt"), 1);
	cr_expect_eq(files_below(&rig, "quarantine", ".csv.gz.rows"), 1);
	tamper_expect(&rig, "nothing", NULL, "");
	tamper_expect_script(&rig, "nothing", NULL, "");
	prune_all(&rig);
	cr_expect_eq(files_below(&rig, "quarantine", ""), 0);
	law_close(&rig);
}

/* Nothing of a pruned file stays. */
Test(names, of_pruned_archives_go_with_all_that_lay_beside_them)
{
	struct rig rig;
	night_make(&rig, "  default: { marker: .done }\n");
	prune_all(&rig);
	cr_expect_eq(files_below(&rig, "archive", ".zip"), 0);
	cr_expect_eq(files_below(&rig, "archive", ".csv"), 1); /* the list */
	cr_expect_eq(files_below(&rig, "archive", ".sha256"), 0);
	cr_expect_eq(files_below(&rig, "archive", ".rows"), 0);
	cr_expect_eq(files_below(&rig, "archive", ".done"), 0);
	cr_expect_eq(files_below(&rig, "outbox", "night"), 0);
	law_close(&rig);
}

Test(names, of_earlier_versions_are_verified_and_shown)
{
	struct rig rig;
	night_make(&rig, "");
	age(&rig, "archive");
	cr_expect_eq(files_below(&rig, "archive", ".csv"), 1);
	tamper_expect(&rig, "an input of earlier", NULL, "");
	tamper_expect_script(&rig, "an input of earlier", NULL, "");
	age(&rig, "outbox");
	tamper_expect(&rig, "an answer of earlier", NULL, "");
	struct finished finished = commanded(&rig, "show", NULL);
	cr_expect(strstr(finished.out.bytes, "night.zip.20"), "%s", finished.out.bytes);
	finished_done(&finished);
	files_remove(tamper_found(&rig, "archive", "night", ".csv").text);
	tamper_expect(&rig, "an input of earlier that is gone", "missing", "archive/");
	rig_remove(&rig);
}

Test(names, of_earlier_versions_are_pruned)
{
	struct rig rig;
	night_make(&rig, "  default: { marker: .done }\n");
	age(&rig, "archive");
	age(&rig, "outbox");
	prune_all(&rig);
	struct listing listing = files_list(rig_path(&rig, "archive").text);
	for (size_t i = 0; i < listing.count; i++)
		cr_expect_not(strstr(listing.entries[i].path, "night"), "%s is left",
		    listing.entries[i].path);
	listing_done(&listing);
	cr_expect_eq(files_below(&rig, "outbox", ".report.html"), 1); /* of the list */
	tamper_expect(&rig, "what was pruned", NULL, "");
	rig_remove(&rig);
}

/* An answer of a file that waits as a whole is as old as the version that held it. */
Test(names, of_earlier_versions_wait_and_are_released)
{
	struct rig rig;
	night_make(&rig, "  default: { review: true, marker: .done }\n");
	cr_expect_eq(files_below(&rig, "held", ".zip"), 1);
	age(&rig, "held/default");
	age(&rig, "outbox");
	struct finished finished = commanded(&rig, "release", "looked at");
	finished_done(&finished);
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 1);
	cr_expect_eq(files_count(rig_path(&rig, "held/default").text, ""), 0);
	cr_expect_eq(files_below(&rig, "archive", ".csv.done"), 1);
	tamper_expect(&rig, "what was released", NULL, "");
	rig_remove(&rig);
}

Test(names, of_the_dropped_file_stand_in_its_retry_files_retry)
{
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	rig_drop(&rig, "night.zip", text);
	rig_once(&rig);
	reply_open(&reply, &rig, "night.zip", 0);
	struct path name = path_of("night.%s.retry.csv", reply.run);
	rig_drop_bytes(&rig, name.text, reply.retry.bytes, reply.retry.size);
	reply_close(&reply);
	rig_once(&rig);
	reply_open(&reply, &rig, name.text, 0);
	struct table retry = table_parse(reply.retry.bytes, reply.retry.size);
	cr_assert_eq(retry.rows_count, 2);
	cr_expect_str_eq(table_at(&retry, 1, table_column(&retry, "error_file")), "night.zip");
	cr_expect_str_eq(table_at(&retry, 1, table_column(&retry, "error_line")), "3");
	table_done(&retry);
	reply_close(&reply);
	law_close(&rig);
}
