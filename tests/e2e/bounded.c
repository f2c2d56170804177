/* What is dropped bounds what comes of it: the answer's size, and how much is planned at a time. */
#include "law.h"
#include "reply.h"

#include <criterion/criterion.h>
#include <sys/stat.h>

#define ACCOUNTS                                                                                   \
	"  default: { " RIG_MAY_ALL " }\n"                                                         \
	"  hr: { upload_type: add_or_update, update_details: file, allow_rename: "                 \
	"true, " RIG_MAY_ALL " }\n"                                                                \
	"  more: { upload_type: add_increment, " RIG_MAY_ALL " }\n"                                \
	"  mail: { match_by: email, " RIG_MAY_ALL " }\n"

/* More than a batch holds. */
enum { MANY = 12000 };

static size_t file_size(const char *path)
{
	struct stat stat_;
	return *path && stat(path, &stat_) == 0 ? (size_t)stat_.st_size : 0;
}

static void repeat(struct buffer *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buffer_add_text(out, text);
}

static void header_add(struct buffer *csv, const char *first, int courses)
{
	buffer_add_text(csv, first);
	for (int i = 1; i <= courses; i++)
		buffer_print(csv, ",course%d", i);
	buffer_add_text(csv, ",cohort1\n");
}

static void drop(struct rig *rig, const char *name, struct buffer *csv, struct reply *reply)
{
	struct path feed = rig_inbox(rig, name);
	cr_assert(!csv->failed);
	*strrchr(feed.text, '/') = '\0';
	files_make_directory(feed.text);
	rig_drop_bytes(rig, name, csv->bytes, csv->size);
	rig_once(rig);
	reply_open(reply, rig, name, 0);
}

static void expect_bounded(const struct reply *reply, size_t input)
{
	size_t size = file_size(reply->result_path.text) + file_size(reply->retry_path.text);
	cr_expect_leq(size, 16 * input + (1 << 20));
}

Test(bounded, a_long_user_name_is_shown_once_cut_and_marked_before_each_course)
{
	struct rig rig;
	struct reply reply;
	struct buffer csv = {0};
	rig_make(&rig, NULL);
	header_add(&csv, "username", MANY);
	repeat(&csv, "\xC3\xA4", 30000);
	repeat(&csv, ",C1", MANY);
	buffer_add_text(&csv, ",\n");
	drop(&rig, "long.csv", &csv, &reply);
	expect_bounded(&reply, csv.size);
	EXPECT(&reply, {2, "username", "error", "value_too_long"});
	cr_expect_eq(reply_lines(&reply, (struct expected){.code = "row_not_applied"}), MANY);
	const char *shown =
	    reply_cell(&reply, (struct expected){2, "course9999", "skipped", NULL}, 0, "username");
	cr_expect_eq(strlen(shown), 2 * 99 + strlen("…"));
	cr_expect(text_ends(shown, "ä…"));
	reply_close(&reply);
	buffer_done(&csv);
	law_close(&rig);
}

Test(bounded, long_cells_in_every_column_make_no_long_answer)
{
	struct rig rig;
	struct reply reply;
	struct buffer csv = {0};
	rig_make(&rig, &(struct rig_options){.feeds = ACCOUNTS});
	buffer_add_text(&csv, "username,description,country,interests,firstname\n");
	for (int i = 1; i <= 20; i++) {
		buffer_print(&csv, "p%d", i);
		for (int column = 0; column < 3; column++) {
			buffer_add_text(&csv, ",\"");
			repeat(&csv, column == 0 ? "\"\"=" : "%;=", 15000);
			buffer_add_text(&csv, "\"");
		}
		buffer_add_text(&csv, ",Ann\n");
	}
	drop(&rig, "hr/cells.csv", &csv, &reply);
	cr_expect_leq(file_size(reply.result_path.text), 1 << 17);
	expect_bounded(&reply, csv.size);
	cr_expect_eq(
	    rig_number(&rig, "SELECT min(length(description)) FROM mdl_user WHERE username "
	                     "IN ('p1', 'p20')"),
	    30000, "what is shown is cut, not what is stored");
	reply_close(&reply);
	buffer_done(&csv);
	law_close(&rig);
}

/* The row: a course that is not there among the first and among the last, and a cohort, which comes
 * before all. */
static void row_add(struct buffer *csv, const char *first)
{
	buffer_add_text(csv, first);
	for (int i = 1; i <= MANY; i++)
		if (i == 10 || i == MANY - 10)
			buffer_print(csv, ",Nowhere%d", i);
		else
			buffer_print(csv, ",C%d", i % 10 + 1);
	buffer_add_text(csv, ",club\n");
}

static void expect_row(const struct reply *reply, int line, size_t enrolled, const char *name)
{
	cr_expect_eq(reply_lines(reply, (struct expected){line, "cohort1", "done", NULL}), 1);
	cr_expect_eq(
	    reply_lines(reply, (struct expected){line, NULL, "done", "enrolled"}), enrolled);
	cr_expect_eq(
	    reply_lines(reply, (struct expected){line, NULL, "unchanged", "already_enrolled"}),
	    MANY - 2 - enrolled);
	cr_expect_eq(
	    reply_lines(reply, (struct expected){line, NULL, "error", "course_not_found"}), 2);
	cr_expect_str_eq(
	    reply_cell(reply, (struct expected){line, "course11999", NULL, NULL}, 0, "username"),
	    name);
}

/* Cohort first, then the courses as they stand. */
static void expect_order(const struct reply *reply, size_t first)
{
	const struct table *result = &reply->result;
	size_t column = table_column(result, "column");
	cr_expect_str_eq(table_at(result, first, column), "cohort1");
	for (size_t i = 1; i <= MANY; i++)
		cr_assert_eq(atoi(table_at(result, first + i, column) + strlen("course")), (int)i);
}

static size_t lines_of(const struct buffer *text)
{
	size_t count = 0;
	for (size_t i = 0; i < text->size; i++)
		count += text->bytes[i] == '\n';
	return count;
}

Test(bounded, a_row_that_asks_more_than_a_batch_holds_is_done_whole_in_order_and_retried_once)
{
	struct rig rig;
	struct reply reply;
	struct buffer csv = {0};
	rig_make(&rig, &(struct rig_options){.feeds = ACCOUNTS});
	header_add(&csv, "username", MANY);
	buffer_add_text(&csv, "p1,C3");
	repeat(&csv, ",", MANY);
	buffer_add_text(&csv, "\n");
	row_add(&csv, "p2");
	row_add(&csv, "nobody");
	buffer_add_text(&csv, "p3,C3");
	repeat(&csv, ",", MANY);
	buffer_add_text(&csv, "\n");
	drop(&rig, "wide.csv", &csv, &reply);
	cr_expect_eq(reply_number(&reply, NULL, "rows"), 4);
	expect_row(&reply, 3, 10, "p2");
	expect_order(&reply, 2);
	cr_expect_eq(reply_lines(&reply, (struct expected){.line = 4}), MANY + 2);
	EXPECT(&reply, {4, "username", "error", "user_not_found"}, {5, NULL, "done", "enrolled"});
	cr_expect_eq(reply_lines(&reply, (struct expected){4, NULL, "skipped", "row_not_applied"}),
	    MANY + 1);
	cr_expect_eq(lines_of(&reply.retry), 3, "the header and each failed row once");
	reply_close(&reply);
	buffer_done(&csv);
	law_close(&rig);
}

Test(bounded, what_the_first_part_does_to_the_account_holds_for_the_others)
{
	static const struct {
		const char *file, *first, *row, *line_name;
	} cases[] = {
	    {"hr/new.csv", "username,firstname,lastname,email", "new1,A,B,new1@example.org",
	        "new1"},
	    {"hr/renamed.csv", "oldusername,username", "p4,renamed", "renamed"},
	    {"more/counted.csv", "username,firstname,lastname,email", "p5,A,B,p52@example.net",
	        "p21"},
	    {"mail/found.csv", "email", "p6@example.org", "p6"},
	};
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.feeds = ACCOUNTS});
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct reply reply;
		struct buffer csv = {0};
		header_add(&csv, cases[i].first, MANY);
		row_add(&csv, cases[i].row);
		drop(&rig, cases[i].file, &csv, &reply);
		expect_row(&reply, 2, 10, cases[i].line_name);
		cr_expect_eq(lines_of(&reply.retry), 2, "%s", cases[i].file);
		reply_close(&reply);
		buffer_done(&csv);
	}
	law_close(&rig);
}
