/* Plans made of answers, and read again as what was approved. */
#include "enrold/csvout.h"
#include "enrold/plan_sheet.h"

#include "files.h"
#include "scale.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HEADER "line,username,column,target,outcome,code,message,before,after"
#define PLAN_HEADER HEADER ",fullname,course_fullname,last_listed,has_grades\n"

static struct path top;
static int directory;
static struct arena *arena;

static void setup(void)
{
	const char *temporary = getenv("TMPDIR");
	top = path_of("%s/enrold-plan-XXXXXX", temporary ? temporary : "/tmp");
	cr_assert_not_null(mkdtemp(top.text));
	directory = open(top.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	arena = arena_create();
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
}

static void teardown(void)
{
	arena_free(arena);
	close(directory);
	files_remove(top.text);
}

TestSuite(plan_sheet, .init = setup, .fini = teardown);

static struct path path_in(const char *name)
{
	return path_of("%s/%s", top.text, name);
}

static void must(struct error error)
{
	cr_assert(!is_error(&error), "%s", error.text);
}

/* ---- what the LMS says ---- */

struct asked {
	size_t calls, details, largest;
	bool has_failed;
};

/* "anna" in "SAFETY": "Anna N", "SAFETY, all of it"; 2026-11-24 00:30 in Berlin. */
static struct error on_ask(
    void *context, struct plan_detail *details, size_t count, struct arena *in)
{
	struct asked *asked = context;
	asked->calls++;
	asked->details += count;
	asked->largest = count > asked->largest ? count : asked->largest;
	for (size_t i = 0; i < count; i++) {
		struct plan_detail *detail = &details[i];
		for (size_t k = 0; k < i && count < 100; k++)
			cr_expect_not(slice_is(details[k].username, detail->username) &&
			              slice_is(details[k].course, detail->course) &&
			              details[k].is_absent == detail->is_absent);
		if (detail->username.size > 0)
			detail->fullname = arena_print(in, "%.*s N", SLICE_ARG(detail->username));
		if (detail->course.size > 0)
			detail->course_fullname =
			    arena_print(in, "%.*s, all of it", SLICE_ARG(detail->course));
		if (slice_is(detail->username, SLICE("anna")))
			detail->last_listed_at = 1795476600;
		detail->has_grades = slice_is(detail->username, SLICE("bela"));
	}
	return asked->has_failed ? error_retry("the database is away") : OK;
}

static void result_write(const char *rows)
{
	struct path text = path_of("%s\n%s", HEADER, rows);
	files_write(path_in("result.csv").text, text.text, strlen(text.text), 0640);
}

static uint64_t result_size(void)
{
	struct stat stat;
	cr_assert_eq(lstat(path_in("result.csv").text, &stat), 0);
	return (uint64_t)stat.st_size;
}

static struct error make(bool is_whole, struct plan_sheet *sheet, struct asked *asked)
{
	const struct plan_sheet_terms terms = {is_whole, on_ask, asked};
	return plan_sheet_make(directory, result_size(), &terms, sheet);
}

static struct plan_sheet made(bool is_whole)
{
	struct plan_sheet sheet;
	struct asked asked = {0};
	must(make(is_whole, &sheet, &asked));
	return sheet;
}

static bool has_plan(void)
{
	return files_exist(path_in("plan.csv").text);
}

static void plan_is(const char *rows)
{
	struct buffer text = files_read(path_in("plan.csv").text);
	struct path expected = path_of("%s%s", PLAN_HEADER, rows);
	cr_expect_str_eq(text.bytes, expected.text);
	buffer_done(&text);
}

/* ---- which rows ---- */

static const char rows_of_all_kinds[] = "2,anna,course1,SAFETY,done,enrolled,m,,status=0\n"
                                        "3,bela,course1,SAFETY,unchanged,already_enrolled,,,\n"
                                        "4,cleo,course1,SAFETY,skipped,withheld,\"a, b\",x,y\n"
                                        "5,dora,course1,SAFTEY,error,course_not_found,m,,\n"
                                        "5,dora,role1,SAFTEY,skipped,row_not_applied,m,,\n"
                                        "6,emil,password,(set),warning,weak_password,m,,\n"
                                        "0,fred,absent,SAFETY,skipped,older_file,m,x,\n";

Test(plan_sheet, shows_what_was_withheld)
{
	result_write(rows_of_all_kinds);
	struct plan_sheet sheet = made(false);
	cr_expect_eq(sheet.rows, 2);
	cr_expect_eq(sheet.people, 2);
	plan_is("4,cleo,course1,SAFETY,skipped,withheld,\"a, b\",x,y,cleo N,\"SAFETY, all of "
	        "it\",,no\n"
	        "0,fred,absent,SAFETY,skipped,older_file,m,x,,fred N,\"SAFETY, all of it\",,no\n");
}

Test(plan_sheet, of_a_held_file_shows_what_would_be_done_too)
{
	result_write(rows_of_all_kinds);
	struct plan_sheet sheet = made(true);
	cr_expect_eq(sheet.rows, 4);
	cr_expect_eq(sheet.people, 4);
	plan_is("6,emil,password,(set),warning,weak_password,m,,,emil N,,,\n"
	        "2,anna,course1,SAFETY,done,enrolled,m,,status=0,anna N,\"SAFETY, all of "
	        "it\",2026-11-24,no\n"
	        "4,cleo,course1,SAFETY,skipped,withheld,\"a, b\",x,y,cleo N,\"SAFETY, all of "
	        "it\",,no\n"
	        "0,fred,absent,SAFETY,skipped,older_file,m,x,,fred N,\"SAFETY, all of it\",,no\n");
}

Test(plan_sheet, of_every_code_that_withholds_and_no_other)
{
	for (enum code code = 0; code < CODES; code++) {
		result_write(
		    path_of("0,anna,absent,SAFETY,skipped,%s,m,,\n", outcome_code_name(code)).text);
		cr_expect_eq(made(false).rows, outcome_code_is_withheld(code));
		result_write(
		    path_of("0,anna,absent,SAFETY,unchanged,%s,m,,\n", outcome_code_name(code))
		        .text);
		cr_expect_eq(made(true).rows, 0);
		plan_is(""); /* a held file has its plan, though it would do nothing */
	}
}

/* Of no rows there is no file, not even that of an earlier attempt. */
Test(plan_sheet, of_nothing_is_no_file)
{
	struct plan_sheet sheet;
	const struct plan_sheet_terms terms = {false, on_ask, &(struct asked){0}};
	result_write("2,anna,course1,SAFETY,done,enrolled,,,\n");
	files_write(path_in("plan.csv").text, "old", 3, 0640);
	sheet = made(false);
	cr_expect_eq(sheet.rows, 0);
	cr_expect_eq(sheet.bytes, 0);
	cr_expect_str_eq(sheet.sha256, "");
	cr_expect_not(has_plan());
	must(plan_sheet_make(directory, 0, &terms, &sheet));
	cr_expect_eq(sheet.rows, 0);
}

/* A run that failed may have written more than its last checkpoint has. */
Test(plan_sheet, is_of_the_answer_up_to_its_size)
{
	struct plan_sheet sheet;
	const struct plan_sheet_terms terms = {true, on_ask, &(struct asked){0}};
	const char *first = "2,anna,username,anna,done,account_created,,,\n";
	result_write(path_of("%s3,bela,username,bela,done,account_cr", first).text);
	must(plan_sheet_make(directory, strlen(HEADER "\n") + strlen(first), &terms, &sheet));
	cr_expect_eq(sheet.rows, 1);
}

Test(plan_sheet, has_the_hash_and_size_of_its_file_however_often_it_is_made)
{
	char sha256[HASH_SIZE];
	struct stat stat;
	umask(0);
	result_write(rows_of_all_kinds);
	files_write(path_in("plan.csv").text,
	    PLAN_HEADER PLAN_HEADER PLAN_HEADER PLAN_HEADER PLAN_HEADER PLAN_HEADER PLAN_HEADER,
	    strlen(PLAN_HEADER) * 7, 0640);
	struct plan_sheet sheet = made(true);
	files_hash(path_in("plan.csv").text, sha256);
	cr_expect_str_eq(sheet.sha256, sha256);
	cr_assert_eq(lstat(path_in("plan.csv").text, &stat), 0);
	cr_expect_eq(sheet.bytes, (uint64_t)stat.st_size);
	files_remove(path_in("plan.csv").text);
	cr_expect_str_eq(made(true).sha256, sha256);
	cr_assert_eq(lstat(path_in("plan.csv").text, &stat), 0);
	cr_expect_eq(stat.st_mode & 07777, 0640);
}

/* ---- in which order ---- */

Test(plan_sheet, stands_by_course_and_then_as_the_file)
{
	static const char *const expected[] = {"2,anna,username", "9,,groupname", "3,anna,cohort2",
	    "0,gina,absent", "2,anna,course1,A", "5,anna,course1,A", "0,anna,absent,A",
	    "2,anna,course2,AB", "4,anna,course01,B"};
	result_write("2,anna,username,anna,done,account_created,,,\n"
	             "2,anna,course2,AB,done,enrolled,,,\n"
	             "2,anna,course1,A,done,enrolled,,,\n"
	             "9,,groupname,Red,done,group_created,,,\n"
	             "3,anna,cohort2,SALES,done,cohort_joined,,,\n"
	             "4,anna,course01,B,done,enrolled,,,\n"
	             "5,anna,course1,A,done,enrolled,,,\n"
	             "0,anna,absent,A,skipped,withheld,,,\n"
	             "0,gina,absent,gina,skipped,withheld,,,\n");
	made(true);
	struct buffer text = files_read(path_in("plan.csv").text);
	char *line = strtok(text.bytes, "\n");
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		line = strtok(NULL, "\n");
		cr_expect(line && text_starts(line, expected[i]), "%s", line);
	}
	buffer_done(&text);
}

/* The course is told by the row of the same line and number, whether that is taken or not. */
Test(plan_sheet, has_roles_and_groups_with_their_course)
{
	result_write("2,anna,group2,Blue,skipped,withheld,,,\n"
	             "2,anna,course1,B,unchanged,already_enrolled,,,\n"
	             "2,anna,group1,-Red,skipped,withheld,,,\n"
	             "2,anna,role2,x,skipped,withheld,,,\n"
	             "2,anna,course2,A,unchanged,already_enrolled,,,\n"
	             "2,anna,group2,Green,skipped,withheld,,,\n"
	             "3,bela,group2,Grey,skipped,withheld,,,\n"
	             "3,bela,sysrole1,manager,skipped,withheld,,,\n"
	             "3,bela,cohort1,SALES,skipped,withheld,,,\n");
	made(false);
	plan_is("2,anna,group2,Blue,skipped,withheld,,,,anna N,,2026-11-24,\n"
	        "3,bela,group2,Grey,skipped,withheld,,,,bela N,,,\n"
	        "3,bela,sysrole1,manager,skipped,withheld,,,,bela N,,,\n"
	        "3,bela,cohort1,SALES,skipped,withheld,,,,bela N,,,\n"
	        "2,anna,role2,x,skipped,withheld,,,,anna N,\"A, all of it\",2026-11-24,no\n"
	        "2,anna,group2,Green,skipped,withheld,,,,anna N,\"A, all of it\",2026-11-24,no\n"
	        "2,anna,group1,-Red,skipped,withheld,,,,anna N,\"B, all of it\",2026-11-24,no\n");
}

/* ---- cells ---- */

static struct slice hostile_name(size_t i)
{
	static const char *const names[] = {"=HYPERLINK(\"http://x\")", "a\nb", "\"", "'=1",
	    "x,=2;=3", "-1",
	    "\xef\xbc\x9d"
	    "5",
	    "tab\t=1", "a\r\nb", "caf\xc3\xa9", "''", "@x"};
	return slice_of(names[i % (sizeof names / sizeof *names)]);
}
enum { HOSTILE = 12 };

static struct error on_ask_hostile(
    void *context, struct plan_detail *details, size_t count, struct arena *in)
{
	(void)in;
	for (size_t i = 0; i < count; i++) {
		size_t *index = context;
		cr_expect(slice_is(details[i].username, hostile_name(*index)));
		cr_expect(slice_is(details[i].course, hostile_name(*index + 1)));
		details[i].fullname = hostile_name(*index + 2);
		details[i].course_fullname = SLICE("=\xff\xfe");
	}
	return OK;
}

/* What was written into the answer is read from it, asked for as it is, and copied as it stands. */
Test(plan_sheet, copies_hostile_cells_as_they_stand)
{
	for (size_t i = 0; i < HOSTILE; i++) {
		struct buffer row = {0};
		struct plan_sheet sheet;
		const struct plan_sheet_terms terms = {false, on_ask_hostile, &i};
		buffer_add_text(&row, HEADER "\n");
		size_t begin = row.size;
		buffer_add_text(&row, "0,");
		csvout_guarded(&row, hostile_name(i));
		buffer_add_text(&row, ",absent,");
		csvout_guarded(&row, hostile_name(i + 1));
		buffer_add_text(&row, ",skipped,withheld,");
		csvout_guarded(&row, hostile_name(i + 3));
		buffer_add_text(&row, ",,");
		csvout_guarded(&row, hostile_name(i + 4));
		size_t end = row.size;
		buffer_add_char(&row, '\n');
		files_write(path_in("result.csv").text, row.bytes, row.size, 0640);
		must(plan_sheet_make(directory, row.size, &terms, &sheet));
		cr_assert_eq(sheet.rows, 1);
		struct buffer expected = {0};
		buffer_add_text(&expected, PLAN_HEADER);
		buffer_add(&expected, row.bytes + begin, end - begin);
		buffer_add_char(&expected, ',');
		csvout_guarded(&expected, hostile_name(i + 2));
		buffer_add_text(&expected, ",'=\xef\xbf\xbd\xef\xbf\xbd,,no\n");
		struct buffer text = files_read(path_in("plan.csv").text);
		cr_expect(slice_is(buffer_slice(&text), buffer_slice(&expected)), "%.*s\n%.*s",
		    SLICE_ARG(buffer_slice(&text)), SLICE_ARG(buffer_slice(&expected)));
		buffer_done(&expected);
		buffer_done(&text);
		buffer_done(&row);
	}
}

/* ---- what can go wrong ---- */

Test(plan_sheet, is_not_left_behind_when_it_cannot_be_made)
{
	struct plan_sheet sheet;
	struct asked asked = {.has_failed = true};
	result_write(rows_of_all_kinds);
	struct error error = make(false, &sheet, &asked);
	cr_expect_eq(error.class, ERROR_RETRY);
	cr_expect_str_eq(error.text, "the database is away");
	cr_expect_eq(sheet.rows, 0);
	cr_expect_not(has_plan());
}

/* It is enrold's own: its file is not refused for it. */
Test(plan_sheet, waits_when_the_answer_is_not_as_it_was)
{
	struct plan_sheet sheet;
	const struct plan_sheet_terms terms = {true, on_ask, &(struct asked){0}};
	result_write("2,anna,username,anna,done,account_created,\"never ends,,\n");
	struct error error = plan_sheet_make(directory, result_size(), &terms, &sheet);
	cr_expect_eq(error.class, ERROR_RETRY);
	cr_expect_not_null(strstr(error.text, "result.csv"), "%s", error.text);
	error = plan_sheet_make(directory, result_size() + 10, &terms, &sheet);
	cr_expect_eq(error.class, ERROR_RETRY);
	files_remove(path_in("result.csv").text);
	error = plan_sheet_make(directory, 10, &terms, &sheet);
	cr_expect_eq(error.class, ERROR_RETRY);
}

Test(plan_sheet, is_written_through_no_link)
{
	struct plan_sheet sheet;
	struct asked asked = {0};
	files_write(path_in("other").text, "precious", 8, 0640);
	cr_assert_eq(symlink("other", path_in("plan.csv").text), 0);
	result_write(rows_of_all_kinds);
	struct error error = make(true, &sheet, &asked);
	cr_expect_eq(error.class, ERROR_RETRY);
	struct buffer text = files_read(path_in("other").text);
	cr_expect_str_eq(text.bytes, "precious");
	buffer_done(&text);
}

/* ---- content ---- */

static struct plan_sheet made_of(const char *rows)
{
	result_write(rows);
	return made(false);
}

Test(plan_sheet, content_is_what_it_would_do_whatever_file_and_line_say_so)
{
	static const struct {
		const char *rows;
		bool is_same;
	} cases[] = {
	    {"2,anna,course1,A,skipped,withheld,m,x,y\n3,bela,course1,A,skipped,withheld,m,x,y\n",
	        true},
	    {"7,bela,course1,A,skipped,withheld,n,x,y\n8,anna,course1,A,skipped,withheld,,x,y\n"
	     "9,cleo,course1,A,done,enrolled,,x,y\n",
	        true},
	    {"2,anna,course1,A,skipped,withheld,m,x,y\n", false},
	    {"2,anna,course1,A,skipped,withheld,m,x,y\n3,bela,course1,A,skipped,withheld,m,x,y\n"
	     "3,bela,course1,A,skipped,withheld,m,x,y\n",
	        false},
	    {"2,anna,course1,A,skipped,withheld,m,x,y\n3,cleo,course1,A,skipped,withheld,m,x,y\n",
	        false},
	    {"2,anna,course1,A,skipped,withheld,m,x,y\n3,bela,course2,A,skipped,withheld,m,x,y\n",
	        false},
	    {"2,anna,course1,A,skipped,withheld,m,x,y\n3,bela,course1,B,skipped,withheld,m,x,y\n",
	        false},
	    {"2,anna,course1,A,skipped,withheld,m,x,y\n3,bela,course1,A,skipped,older_file,m,x,y\n",
	        false},
	    {"2,anna,course1,A,skipped,withheld,m,x,y\n3,bela,course1,A,skipped,withheld,m,z,y\n",
	        false},
	    {"2,anna,course1,A,skipped,withheld,m,x,y\n3,bela,course1,A,skipped,withheld,m,x,\n",
	        false},
	    {"2,anna,course1,A,skipped,withheld,m,x,y\n3,bela,course1,A,skipped,withheld,m,,xy\n",
	        false},
	};
	const struct plan_sheet first = made_of(cases[0].rows);
	cr_expect_eq(strlen(first.content), HASH_TEXT_SIZE);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(strcmp(made_of(cases[i].rows).content, first.content) == 0,
		    cases[i].is_same, "%zu", i);
	/* It is stored, and compared with those of other processes and machines. */
	cr_expect_str_eq(
	    first.content, "7cb841156e38905cc0dddc7ec6e2f0ebfee0f60906865c747e598a412a8aae8b");
}

/* ---- read again ---- */

struct seen {
	size_t rows, wanted;
	struct buffer text;
};

static bool on_seen(void *context, struct slice row)
{
	struct seen *seen = context;
	buffer_add(&seen->text, row.bytes, row.size);
	return ++seen->rows != seen->wanted;
}

static int plan_open(void)
{
	int file = open(path_in("plan.csv").text, O_RDWR | O_CLOEXEC);
	cr_assert_geq(file, 0);
	return file;
}

Test(plan_sheet, is_read_as_it_stands)
{
	result_write(rows_of_all_kinds);
	struct plan_sheet sheet = made(true);
	struct seen seen = {0};
	int file = plan_open();
	must(plan_sheet_read(file, sheet.sha256, on_seen, &seen));
	cr_expect_eq(seen.rows, sheet.rows);
	buffer_add_char(&seen.text, '\0');
	plan_is(seen.text.bytes);
	buffer_done(&seen.text);
	seen = (struct seen){.wanted = 2};
	must(plan_sheet_read(file, sheet.sha256, on_seen, &seen));
	cr_expect_eq(seen.rows, 2);
	buffer_done(&seen.text);
	close(file);
}

/* Each of its bytes, whatever is read of it. */
Test(plan_sheet, is_altered_when_any_byte_of_it_is)
{
	result_write("2,anna,course1,A,skipped,withheld,m,x,y\n");
	struct plan_sheet sheet = made(false);
	int file = plan_open();
	for (off_t i = 0; i < (off_t)sheet.bytes; i++) {
		char byte, other;
		struct approval approval = {0};
		struct seen seen = {.wanted = 1};
		cr_assert_eq(pread(file, &byte, 1, i), 1);
		other = (char)(byte ^ 1);
		cr_assert_eq(pwrite(file, &other, 1, i), 1);
		struct error error = plan_sheet_read(file, sheet.sha256, on_seen, &seen);
		cr_expect_str_eq(error.code, "altered", "%d", (int)i);
		error = plan_sheet_approve(file, sheet.sha256, NULL, 0, &approval);
		cr_expect_str_eq(error.code, "altered", "%d", (int)i);
		cr_expect_eq(approval.count, 0);
		cr_assert_eq(pwrite(file, &byte, 1, i), 1);
		buffer_done(&seen.text);
	}
	struct seen seen = {0};
	cr_assert_eq(ftruncate(file, (off_t)sheet.bytes - 1), 0);
	struct error error = plan_sheet_read(file, sheet.sha256, on_seen, &seen);
	cr_expect_str_eq(error.code, "altered");
	cr_assert_eq(ftruncate(file, 0), 0);
	error = plan_sheet_read(file, sheet.sha256, on_seen, &seen);
	cr_expect_str_eq(error.code, "altered");
	buffer_done(&seen.text);
	close(file);
}

static bool has(const struct approval *approval, uint64_t line, const char *column,
    const char *username, const char *target)
{
	return approval_has(approval, line, slice_of(column), slice_of(username), slice_of(target));
}

static const char rows_of_courses[] = "2,anna,username,anna,done,account_created,,,\n"
                                      "2,anna,course1,A,done,enrolled,,,\n"
                                      "2,anna,group1,Red,done,group_joined,,,\n"
                                      "2,anna,course2,B,done,enrolled,,,\n"
                                      "3,bela,role1,x,warning,no_effect,,,\n"
                                      "3,bela,course1,B,done,enrolled,,,\n"
                                      "4,cleo,course1,A,unchanged,already_enrolled,,,\n"
                                      "4,cleo,group1,Blue,done,group_joined,,,\n"
                                      "0,'=dora,absent,\"A;B\",skipped,withheld,,,\n"
                                      "0,dora,absent,B,skipped,withheld,,,\n";

/* Of each row that tells its code: that it does, and which. */
enum { SHOWN = 2 };

Test(plan_sheet, approves_all_its_rows)
{
	struct approval approval = {0};
	result_write(rows_of_courses);
	struct plan_sheet sheet = made(true);
	int file = plan_open();
	must(plan_sheet_approve(file, sheet.sha256, NULL, 0, &approval));
	cr_expect_eq(approval.count, sheet.rows + 7 * SHOWN);
	cr_expect(has(&approval, 2, "username", "anna", "anna"));
	cr_expect(has(&approval, 2, "course1", "", ""));
	cr_expect(has(&approval, 2, "course2", "", ""));
	cr_expect(has(&approval, 4, "group1", "", ""));
	cr_expect(has(&approval, 0, "absent", "=dora", "A;B"));
	cr_expect(has(&approval, 0, "absent", "dora", "B"));
	cr_expect_not(has(&approval, 0, "absent", "dora", "A;B"));
	cr_expect_not(has(&approval, 4, "course1", "", ""));
	approval_done(&approval);
	close(file);
}

static bool shows(const struct approval *approval, uint64_t line, const char *column,
    enum approval_tale tale, const char *what)
{
	return approval_shows(approval, line, slice_of(column), tale, slice_of(what));
}

Test(plan_sheet, approves_what_it_shows_of_a_row_and_nothing_else)
{
	struct approval approval = {0};
	result_write("2,anna,username,anna,done,account_updated,,email=a,\"email=b;city=C\"\n"
	             "2,anna,course1,A,done,enrolled,,,status=0\n"
	             "3,bela,username,bela,skipped,withheld,,email=a,email=b\n"
	             "3,bela,course1,A,skipped,withheld,,status=0,status=1\n");
	struct plan_sheet sheet = made(true);
	int file = plan_open();
	must(plan_sheet_approve(file, sheet.sha256, NULL, 0, &approval));
	cr_expect(shows(&approval, 2, "username", APPROVAL_CODE, "account_updated"));
	cr_expect_not(shows(&approval, 2, "username", APPROVAL_CODE, "account_created"));
	cr_expect(shows(&approval, 2, "username", APPROVAL_DETAIL, "email"));
	cr_expect(shows(&approval, 2, "username", APPROVAL_DETAIL, "city"));
	cr_expect_not(shows(&approval, 2, "username", APPROVAL_DETAIL, "idnumber"));
	cr_expect_not(shows(&approval, 2, "course1", APPROVAL_CODE, "unenrolled"));
	cr_expect(shows(&approval, 2, "course1", APPROVAL_DETAIL, "whatever"));
	cr_expect(shows(&approval, 3, "username", APPROVAL_CODE, "account_updated"));
	cr_expect_not(shows(&approval, 3, "username", APPROVAL_DETAIL, "idnumber"));
	cr_expect(shows(&approval, 3, "course1", APPROVAL_CODE, "unenrolled"));
	approval_done(&approval);
	close(file);
}

Test(plan_sheet, approves_the_rows_of_some_courses)
{
	const struct slice courses[] = {SLICE("X"), SLICE("B"), SLICE("A;B")};
	struct approval approval = {0};
	result_write(rows_of_courses);
	struct plan_sheet sheet = made(true);
	int file = plan_open();
	must(plan_sheet_approve(file, sheet.sha256, courses, 3, &approval));
	cr_expect_eq(approval.count, 5 + 3 * SHOWN);
	cr_expect(has(&approval, 2, "course2", "", ""));
	cr_expect(has(&approval, 3, "role1", "", ""));
	cr_expect(has(&approval, 3, "course1", "", ""));
	cr_expect(has(&approval, 0, "absent", "=dora", "A;B"));
	cr_expect(has(&approval, 0, "absent", "dora", "B"));
	approval_done(&approval);
	must(plan_sheet_approve(file, sheet.sha256, courses, 1, &approval));
	cr_expect_eq(approval.count, 0);
	must(plan_sheet_approve(
	    file, sheet.sha256, (const struct slice[]){SLICE("A")}, 1, &approval));
	cr_expect_eq(approval.count, 2 + 2 * SHOWN);
	cr_expect(has(&approval, 2, "course1", "", ""));
	cr_expect(has(&approval, 2, "group1", "", ""));
	approval_done(&approval);
	close(file);
}

/* ---- large ones ---- */

/* Of a thousand courses, each row of another than the one before it. */
static void result_fill(size_t rows, bool is_withheld)
{
	struct buffer text = {0};
	buffer_add_text(&text, HEADER "\n");
	for (size_t i = 0; i < rows; i++)
		buffer_print(&text,
		    "%zu,user%zu,course1,COURSE-%zu,%s,\"A sentence, as long as they are.\","
		    "status=0;timestart=1795478400;timeend=0;roles=student,status=1\n",
		    i + 2, i / 3, i * 7919 % 1000,
		    is_withheld ? "skipped,withheld" : "unchanged,already_enrolled");
	files_write(path_in("result.csv").text, text.bytes, text.size, 0640);
	buffer_done(&text);
}

static long memory_kib(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* A sanitizer takes its own for each byte, and gives little back. */
static void memory_expect(long kib, long kib_max)
{
	const long most[] = {kib_max, LONG_MAX};
	cr_expect_leq(kib, most[SCALE(0, 1)], "%ld KiB", kib);
}

Test(plan_sheet, of_many_rows_takes_some_bytes_a_row)
{
	enum { ROWS = SCALE(300000, 20000), ROW_BYTES_MAX = 160, OTHER_KIB = 8192 };
	struct plan_sheet sheet;
	struct asked asked = {0};
	pid_t child = fork(); /* whose memory knows nothing of how the answer was made */
	if (child == 0) {
		result_fill(ROWS, true);
		_exit(0);
	}
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	long before = memory_kib();
	must(make(false, &sheet, &asked));
	memory_expect(memory_kib() - before, OTHER_KIB + ROWS * ROW_BYTES_MAX / 1024);
	cr_expect_eq(sheet.rows, ROWS);
	cr_expect_eq(sheet.people, (ROWS + 2) / 3);
	cr_expect_leq(asked.details, (size_t)ROWS);
	cr_expect_leq(asked.largest, 1000);
	cr_expect_leq(asked.calls, ROWS / 100 + 1);
	char sha256[HASH_SIZE];
	files_hash(path_in("plan.csv").text, sha256);
	cr_expect_str_eq(sheet.sha256, sha256);
}

/* Long rows are fetched a few at a time. */
Test(plan_sheet, of_long_rows_takes_a_piece_of_them)
{
	enum { ROWS = 300, LONG = 400000, KIB_MAX = 40 << 10 };
	struct plan_sheet sheet;
	struct asked asked = {0};
	pid_t child = fork();
	if (child == 0) {
		struct buffer text = {0};
		buffer_add_text(&text, HEADER "\n");
		for (size_t i = 0; i < ROWS; i++)
			buffer_print(&text, "%zu,user,course1,C,skipped,withheld,,,\"%0*d\n\"\n",
			    i + 2, LONG, 0);
		files_write(path_in("result.csv").text, text.bytes, text.size, 0640);
		_exit(0);
	}
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	long before = memory_kib();
	must(make(false, &sheet, &asked));
	memory_expect(memory_kib() - before, KIB_MAX);
	cr_expect_eq(sheet.rows, ROWS);
	cr_expect_eq(sheet.people, 1);
}
