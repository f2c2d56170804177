/* Markers, checksums and row counts: what HR puts beside a file. */
#include "law.h"
#include "program.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char text[] = "username,course1\np1,C1\n";

static void expect_archived(const struct rig *rig, const char *end, size_t count)
{
	struct listing listing = files_list(rig_path(rig, "archive").text);
	size_t found = 0;
	for (size_t i = 0; i < listing.count; i++)
		found += text_ends(listing.entries[i].path, end);
	cr_expect_eq(found, count, "%zu *%s in the archive", found, end);
	listing_done(&listing);
}

Test(beside, a_file_waits_for_its_marker_and_is_archived_with_it)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { marker: .done }\n"});
	rig_drop(&rig, "staff.csv", text);
	rig_beside(&rig, "other.csv.done", "");
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 0);
	rig_beside(&rig, "staff.csv.done", "");
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	cr_expect_not(files_exist(rig_inbox(&rig, "staff.csv.done").text));
	cr_expect(files_exist(rig_inbox(&rig, "other.csv.done").text));
	expect_archived(&rig, ".csv.done", 1);
	law_close(&rig);
}

Test(beside, a_marker_of_the_feeds_own_is_no_input)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { marker: .ok }\n"});
	rig_drop(&rig, "staff.csv", text);
	rig_beside(&rig, "staff.csv.ok", "");
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), 1);
	rig_remove(&rig);
}

Test(beside, a_checksum_that_agrees_is_archived_with_its_file)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_beside_sum(&rig, "staff.csv.sha256", "staff.csv", text);
	rig_drop(&rig, "staff.csv", text);
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 1);
	expect_archived(&rig, ".csv.sha256", 1);
	law_close(&rig);
}

Test(beside, a_checksum_that_does_not_agree_refuses_its_file)
{
	static const struct {
		const char *name, *sum, *refusal;
	} cases[] = {
	    {"other.csv", "not these bytes", "checksum_mismatch"},
	    {"empty.csv", NULL, "checksum_unreadable"},
	};
	struct rig rig;
	struct reply reply;
	rig_make(&rig, NULL);
	for (size_t i = 0; i < 2; i++) {
		struct path sum = path_of("%s.sha256", cases[i].name);
		if (cases[i].sum)
			rig_beside_sum(&rig, sum.text, cases[i].name, cases[i].sum);
		else
			rig_beside(&rig, sum.text, "no sum at all\n");
		rig_drop(&rig, cases[i].name, text);
	}
	rig_once(&rig);
	for (size_t i = 0; i < 2; i++) {
		reply_open(&reply, &rig, cases[i].name, 0);
		cr_expect_str_eq(reply_refusal(&reply), cases[i].refusal);
		reply_close(&reply);
	}
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	law_close(&rig);
}

Test(beside, what_is_no_file_of_its_own_beside_a_file_keeps_only_its_file)
{
	struct rig rig;
	rig_make(&rig, NULL);
	files_make_directory(rig_inbox(&rig, "folder.csv.sha256").text);
	cr_assert_eq(mkfifo(rig_inbox(&rig, "pipe.csv.rows").text, 0600), 0);
	rig_beside(&rig, "counted.csv.rows", "1");
	cr_assert_eq(
	    link(rig_inbox(&rig, "counted.csv.rows").text, rig_path(&rig, "count").text), 0);
	rig_beside_sum(&rig, "linked.csv.sha256", "linked.csv", text);
	cr_assert_eq(
	    link(rig_inbox(&rig, "linked.csv.sha256").text, rig_path(&rig, "sum").text), 0);
	rig_drop(&rig, "folder.csv", text);
	rig_drop(&rig, "linked.csv", text);
	rig_drop(&rig, "pipe.csv", text);
	rig_drop(&rig, "counted.csv", text);
	rig_drop(&rig, "staff.csv", text);
	struct finished finished = rig_run(&rig, 0);
	cr_expect(strstr(finished.err.bytes, "folder.csv stays in the inbox: what lies beside it"),
	    "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "linked.csv stays in the inbox: its checksum"), "%s",
	    finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "pipe.csv stays in the inbox: what lies beside it"),
	    "%s", finished.err.bytes);
	cr_expect(strstr(finished.err.bytes, "counted.csv stays in the inbox: its row count"), "%s",
	    finished.err.bytes);
	cr_expect_not(strstr(finished.err.bytes, "\"run_waits\""), "%s", finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), 1);
	law_close(&rig);
}

Test(beside, a_marker_that_is_a_directory_lets_no_file_in)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { marker: .done }\n"});
	files_make_directory(rig_inbox(&rig, "staff.csv.done").text);
	rig_drop(&rig, "staff.csv", text);
	struct finished finished = rig_run(&rig, 0);
	cr_expect(strstr(finished.err.bytes, "what has that name is not a regular file"), "%s",
	    finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 0);
	law_close(&rig);
}

/* p1 is enrolled; of the other rows one has too few fields, one nobody, and one is blank. */
static const char four[] = "username,course1\np1,C1\nshort\n\nnobody,C1\n , \np2,C1\n";

Test(beside, a_row_count_that_agrees_is_archived_with_its_file)
{
	struct rig rig;
	rig_make(&rig, NULL);
	rig_once(&rig); /* which makes the folder of previews */
	rig_beside(&rig, "staff.csv.rows", " 4\r\n");
	rig_drop(&rig, "staff.csv", four);
	rig_beside(&rig, "preview/staff.csv.rows", "1");
	rig_drop(&rig, "preview/staff.csv", text);
	rig_once(&rig);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 2);
	expect_archived(&rig, ".csv.rows", 2);
	cr_expect_eq(files_count(rig_path(&rig, "inbox").text, ".rows"), 0);
	law_close(&rig);
}

static const struct {
	const char *name, *rows, *text, *code, *message;
} counts[] = {
    {"more.csv", "5\n", four, "row_count_mismatch",
        "the file has 4 data rows, and by the count that was sent with it 5: send both again"},
    {"fewer.csv", "0\n", text, "row_count_mismatch",
        "the file has 1 data row, and by the count that was sent with it 0: send both again"},
    {"header.csv", "1", "username,course1\n", "row_count_mismatch", "the file has 0 data rows"},
    {"preview/staff.csv", "2", text, "row_count_mismatch", "the file has 1 data row,"},
    {"word.csv", "four", four, "row_count_unreadable", "word.csv.rows is not one number"},
    {"empty.csv", "", four, "row_count_unreadable", "empty.csv.rows is not one number"},
};

Test(beside, a_row_count_that_does_not_agree_refuses_its_file)
{
	enum { COUNT = sizeof counts / sizeof *counts };
	struct rig rig;
	rig_make(&rig, NULL);
	rig_once(&rig); /* which makes the folder of previews */
	for (size_t i = 0; i < COUNT; i++) {
		rig_beside(&rig, path_of("%s.rows", counts[i].name).text, counts[i].rows);
		rig_drop(&rig, counts[i].name, counts[i].text);
	}
	rig_once(&rig);
	for (size_t i = 0; i < COUNT; i++) {
		struct reply reply;
		reply_open(&reply, &rig, path_base(counts[i].name), 0);
		cr_expect_str_eq(reply_refusal(&reply), counts[i].code, "%s", counts[i].name);
		const char *message = json_string_value(
		    json_object_get(json_object_get(reply.summary, "refusal"), "message"));
		cr_expect(message && strstr(message, counts[i].message), "%s: %s", counts[i].name,
		    message);
		reply_close(&reply);
	}
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	cr_expect_eq(files_count(rig_path(&rig, "quarantine").text, ".csv.rows"), COUNT);
	law_close(&rig);
}

Test(beside, a_file_waits_for_what_its_feed_requires)
{
	static const char *const feeds = "  default: { marker: .done, require: [rows, sha256] }\n";
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = feeds});
	rig_drop(&rig, "staff.csv", text);
	rig_beside_sum(&rig, "staff.csv.sha256", "staff.csv", text);
	rig_beside(&rig, "staff.csv.done", "");
	struct finished finished = rig_run(&rig, 0);
	cr_expect(strstr(finished.err.bytes, "it waits for its row count, staff.csv.rows"), "%s",
	    finished.err.bytes);
	finished_done(&finished);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM enrold_run"), 0);
	rig_beside(&rig, "staff.csv.rows", "1\n");
	rig_once(&rig);
	cr_expect_eq(reply_count(&rig, "staff.csv"), 1);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 1);
	expect_archived(&rig, ".csv.rows", 1);
	expect_archived(&rig, ".csv.sha256", 1);
	law_close(&rig);
}

static int open_to_write(const struct rig *rig, const char *name)
{
	int file = open(rig_inbox(rig, name).text, O_WRONLY | O_CLOEXEC);
	cr_assert_geq(file, 0);
	return file;
}

/* Who has kept them open writes into them when the answer is out. */
static void expect_kept(const struct rig *rig, const char *place, const char *end, int file)
{
	struct listing listing = files_list(rig_path(rig, "%s", place).text);
	size_t found = 0;
	cr_assert_eq(pwrite(file, "forged", 6, 0), 6);
	close(file);
	for (size_t i = 0; i < listing.count; i++) {
		if (!text_ends(listing.entries[i].path, end))
			continue;
		struct buffer kept =
		    files_read(rig_path(rig, "%s/%s", place, listing.entries[i].path).text);
		cr_expect_not(memmem(kept.bytes, kept.size, "forged", 6), "%s", end);
		buffer_done(&kept);
		found++;
	}
	cr_expect_eq(found, 1, "%zu *%s in %s", found, end, place);
	listing_done(&listing);
}

Test(beside, what_lies_beside_a_file_is_kept_as_it_was_judged)
{
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = "  default: { marker: .done }\n"});
	rig_beside_sum(&rig, "good.csv.sha256", "good.csv", text);
	rig_beside(&rig, "good.csv.rows", "1");
	rig_beside(&rig, "good.csv.done", "ready");
	rig_beside_sum(&rig, "bad.csv.sha256", "bad.csv", "not these bytes");
	rig_beside(&rig, "bad.csv.done", "");
	int sum = open_to_write(&rig, "good.csv.sha256"),
	    rows = open_to_write(&rig, "good.csv.rows"),
	    done = open_to_write(&rig, "good.csv.done"),
	    bad_sum = open_to_write(&rig, "bad.csv.sha256"),
	    bad_done = open_to_write(&rig, "bad.csv.done");
	rig_drop(&rig, "good.csv", text);
	rig_drop(&rig, "bad.csv", text);
	rig_once(&rig);
	expect_kept(&rig, "archive", ".csv.sha256", sum);
	expect_kept(&rig, "archive", ".csv.rows", rows);
	expect_kept(&rig, "archive", ".csv.done", done);
	expect_kept(&rig, "quarantine", ".csv.sha256", bad_sum);
	expect_kept(&rig, "quarantine", ".csv.done", bad_done);
	law_close(&rig);
}

Test(beside, what_is_too_large_to_lie_beside_a_file_refuses_it)
{
	static const char *const feed = "  default: { marker: .done }\n";
	static char large[(64 << 10) + 2];
	struct rig rig;
	struct reply reply;
	memset(large, ' ', sizeof large - 1);
	rig_make(&rig, &(struct rig_options){.feeds = feed});
	rig_beside(&rig, "staff.csv.done", large);
	reply_to(&reply, &rig, "staff.csv", text);
	cr_expect_str_eq(reply_refusal(&reply), "unreadable");
	reply_close(&reply);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 0);
	cr_expect_eq(files_count(rig_path(&rig, "quarantine").text, ".csv.done"), 1);
	law_close(&rig);
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
		struct rig rig;
		rig_make(&rig, &(struct rig_options){.feeds = silent[i].feeds});
		rig_once(&rig); /* which makes the feeds' directories */
		if (silent[i].folder)
			files_make_directory(rig_inbox(&rig, silent[i].folder).text);
		files_write(
		    rig_inbox(&rig, silent[i].name).text, "username,course1\np1,C1\n", 24, 0600);
		struct finished finished = rig_run(&rig, 0);
		const char *told = strstr(finished.err.bytes, silent[i].told);
		cr_expect(told, "case %zu: %s", i, finished.err.bytes);
		cr_expect_not(told && strstr(told + 1, silent[i].told), "said twice");
		finished_done(&finished);
		rig_remove(&rig);
	}
}
