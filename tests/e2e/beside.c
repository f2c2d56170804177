/* Markers and checksums: what HR puts beside a file. */
#include "answer.h"
#include "law.h"
#include "program.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(beside, .timeout = 120);

static const char text[] = "username,course1\np1,C1\n";

static void beside_write(const struct spool *spool, const char *name, const char *bytes)
{
	files_write(spool_inbox(spool, name).text, bytes, strlen(bytes), 0640);
}

static void sum_write(
    const struct spool *spool, const char *name, const char *of, const char *bytes)
{
	char hash[HASH_SIZE];
	files_hash_bytes(bytes, strlen(bytes), hash);
	beside_write(spool, name, path_of("%s  %s\n", hash, of).text);
}

static void expect_archived(const struct spool *spool, const char *end, size_t count)
{
	struct listing listing = files_list(spool_path(spool, "archive").text);
	size_t found = 0;
	for (size_t i = 0; i < listing.count; i++)
		found += text_ends(listing.entries[i].path, end);
	cr_expect_eq(found, count, "%zu *%s in the archive", found, end);
	listing_done(&listing);
}

Test(beside, a_file_waits_for_its_marker_and_is_archived_with_it)
{
	struct spool spool;
	spool_make(&spool, &(struct spool_options){.feeds = "  default: { marker: .done }\n"});
	spool_drop(&spool, "staff.csv", text);
	beside_write(&spool, "other.csv.done", "");
	spool_once(&spool);
	cr_expect_eq(answer_count(&spool, "staff.csv"), 0);
	beside_write(&spool, "staff.csv.done", "");
	spool_once(&spool);
	cr_expect_eq(answer_count(&spool, "staff.csv"), 1);
	cr_expect_not(files_exist(spool_inbox(&spool, "staff.csv.done").text));
	cr_expect(files_exist(spool_inbox(&spool, "other.csv.done").text));
	expect_archived(&spool, ".csv.done", 1);
	law_close(&spool);
}

Test(beside, a_marker_of_the_feeds_own_is_no_input)
{
	struct spool spool;
	spool_make(&spool, &(struct spool_options){.feeds = "  default: { marker: .ok }\n"});
	spool_drop(&spool, "staff.csv", text);
	beside_write(&spool, "staff.csv.ok", "");
	spool_once(&spool);
	cr_expect_eq(answer_count(&spool, "staff.csv"), 1);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM enrold_run"), 1);
	spool_remove(&spool);
}

Test(beside, a_checksum_that_agrees_is_archived_with_its_file)
{
	struct spool spool;
	spool_make(&spool, NULL);
	sum_write(&spool, "staff.csv.sha256", "staff.csv", text);
	spool_drop(&spool, "staff.csv", text);
	spool_once(&spool);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 1);
	expect_archived(&spool, ".csv.sha256", 1);
	law_close(&spool);
}

Test(beside, a_checksum_that_does_not_agree_refuses_its_file)
{
	static const struct {
		const char *name, *sum, *refusal;
	} cases[] = {
	    {"other.csv", "not these bytes", "checksum_mismatch"},
	    {"empty.csv", NULL, "checksum_unreadable"},
	};
	struct spool spool;
	struct answer answer;
	spool_make(&spool, NULL);
	for (size_t i = 0; i < 2; i++) {
		struct path sum = path_of("%s.sha256", cases[i].name);
		if (cases[i].sum)
			sum_write(&spool, sum.text, cases[i].name, cases[i].sum);
		else
			beside_write(&spool, sum.text, "no sum at all\n");
		spool_drop(&spool, cases[i].name, text);
	}
	spool_once(&spool);
	for (size_t i = 0; i < 2; i++) {
		answer_open(&answer, &spool, cases[i].name, 0);
		cr_expect_str_eq(answer_refusal(&answer), cases[i].refusal);
		answer_close(&answer);
	}
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	law_close(&spool);
}

Test(beside, a_checksum_that_is_no_file_of_its_own_keeps_only_its_file)
{
	struct spool spool;
	spool_make(&spool, NULL);
	files_make_directory(spool_inbox(&spool, "folder.csv.sha256").text);
	sum_write(&spool, "linked.csv.sha256", "linked.csv", text);
	cr_assert_eq(
	    link(spool_inbox(&spool, "linked.csv.sha256").text, spool_path(&spool, "sum").text), 0);
	spool_drop(&spool, "folder.csv", text);
	spool_drop(&spool, "linked.csv", text);
	spool_drop(&spool, "staff.csv", text);
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", spool.config.text, "--once"));
	cr_expect(strstr(finished.err.bytes, "folder.csv stays in the inbox: what lies beside it"),
	    "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "linked.csv stays in the inbox: its checksum"), "%s",
	    finished.err.bytes);
	cr_expect_not(strstr(finished.err.bytes, "\"run_waits\""), "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(answer_count(&spool, "staff.csv"), 1);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM enrold_run"), 1);
	law_close(&spool);
}

Test(beside, a_marker_that_is_a_directory_lets_no_file_in)
{
	struct spool spool;
	spool_make(&spool, &(struct spool_options){.feeds = "  default: { marker: .done }\n"});
	files_make_directory(spool_inbox(&spool, "staff.csv.done").text);
	spool_drop(&spool, "staff.csv", text);
	struct finished finished =
	    program_expect(0, ARGV("enrold", "--config", spool.config.text, "--once"));
	cr_expect(strstr(finished.err.bytes, "what has that name is not a regular file"), "%s",
	    finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(answer_count(&spool, "staff.csv"), 0);
	law_close(&spool);
}

static int open_to_write(const struct spool *spool, const char *name)
{
	int file = open(spool_inbox(spool, name).text, O_WRONLY | O_CLOEXEC);
	cr_assert_geq(file, 0);
	return file;
}

/* Who has kept them open writes into them when the answer is out. */
static void expect_kept(const struct spool *spool, const char *place, const char *end, int file)
{
	struct listing listing = files_list(spool_path(spool, "%s", place).text);
	size_t found = 0;
	cr_assert_eq(pwrite(file, "forged", 6, 0), 6);
	close(file);
	for (size_t i = 0; i < listing.count; i++) {
		if (!text_ends(listing.entries[i].path, end))
			continue;
		struct buffer kept =
		    files_read(spool_path(spool, "%s/%s", place, listing.entries[i].path).text);
		cr_expect_not(memmem(kept.bytes, kept.size, "forged", 6), "%s", end);
		buffer_done(&kept);
		found++;
	}
	cr_expect_eq(found, 1, "%zu *%s in %s", found, end, place);
	listing_done(&listing);
}

Test(beside, what_lies_beside_a_file_is_kept_as_it_was_judged)
{
	struct spool spool;
	spool_make(&spool, &(struct spool_options){.feeds = "  default: { marker: .done }\n"});
	sum_write(&spool, "good.csv.sha256", "good.csv", text);
	beside_write(&spool, "good.csv.done", "ready");
	sum_write(&spool, "bad.csv.sha256", "bad.csv", "not these bytes");
	beside_write(&spool, "bad.csv.done", "");
	int sum = open_to_write(&spool, "good.csv.sha256"),
	    done = open_to_write(&spool, "good.csv.done"),
	    bad_sum = open_to_write(&spool, "bad.csv.sha256"),
	    bad_done = open_to_write(&spool, "bad.csv.done");
	spool_drop(&spool, "good.csv", text);
	spool_drop(&spool, "bad.csv", text);
	spool_once(&spool);
	expect_kept(&spool, "archive", ".csv.sha256", sum);
	expect_kept(&spool, "archive", ".csv.done", done);
	expect_kept(&spool, "quarantine", ".csv.sha256", bad_sum);
	expect_kept(&spool, "quarantine", ".csv.done", bad_done);
	law_close(&spool);
}

Test(beside, what_is_too_large_to_lie_beside_a_file_refuses_it)
{
	static const char *const feed = "  default: { marker: .done }\n";
	static char large[(64 << 10) + 2];
	struct spool spool;
	struct answer answer;
	memset(large, ' ', sizeof large - 1);
	spool_make(&spool, &(struct spool_options){.feeds = feed});
	beside_write(&spool, "staff.csv.done", large);
	spool_drop(&spool, "staff.csv", text);
	spool_once(&spool);
	answer_open(&answer, &spool, "staff.csv", 0);
	cr_expect_str_eq(answer_refusal(&answer), "unreadable");
	answer_close(&answer);
	cr_expect_eq(spool_number(&spool, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	cr_expect_eq(files_count(spool_path(&spool, "quarantine").text, ".csv.done"), 1);
	law_close(&spool);
}

static const struct {
	const char *feeds, *folder, *name, *told;
} silent[] = {
    {"  hr: {}\n", "default", "default/staff.csv",
        "the files of the feed default go into inbox/ itself"},
    {"  hr: {}\n", "hr/old", "hr/old/staff.csv", "a feed has none below its own but preview"},
    {"  default: { marker: .done }\n", NULL, "staff.csv",
        "staff.csv stays in the inbox: it waits for its marker, staff.csv.done"},
};

Test(beside, no_file_waits_without_a_word)
{
	for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
		struct spool spool;
		spool_make(&spool, &(struct spool_options){.feeds = silent[i].feeds});
		spool_once(&spool); /* which makes the feeds' directories */
		if (silent[i].folder)
			files_make_directory(spool_inbox(&spool, silent[i].folder).text);
		files_write(spool_inbox(&spool, silent[i].name).text, "username,course1\np1,C1\n",
		    24, 0600);
		struct finished finished =
		    program_expect(0, ARGV("enrold", "--config", spool.config.text, "--once"));
		const char *told = strstr(finished.err.bytes, silent[i].told);
		cr_expect(told, "case %zu: %s", i, finished.err.bytes);
		cr_expect_not(told && strstr(told + 1, silent[i].told), "said twice");
		finished_done(&finished);
		spool_remove(&spool);
	}
}
