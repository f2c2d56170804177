/* Which rows of a plan later answers have settled. */
#include "enrold/plan_named.h"

#include "files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER "line,username,column,target,outcome,code,message,before,after"

static const char plan_text[] = HEADER ",fullname,course_fullname,last_listed,has_grades\n"
                                       "2,anna,username,anna,done,account_updated,,,,,,,\n"
                                       "0,anna,absent,A,skipped,withheld,,,,,,,\n"
                                       "3,bela,group1,Red,skipped,withheld,,,,,,,\n"
                                       "3,bela,course1,A,done,enrolled,,,,,,,\n"
                                       "4,cleo,group1,Blue,skipped,withheld,,,,,,,\n"
                                       "0,anna,absent,B,skipped,withheld,,,,,,,\n"
                                       "0,'=dora,absent,\"B;'=1\",skipped,withheld,,,,,,,\n"
                                       "9,,groupname,Red,done,group_created,,,,,,,\n";
enum { ANNA, ANNA_A, BELA_RED, BELA_A, CLEO, ANNA_B, DORA, GROUP, ROWS };

static const struct {
	uint64_t line;
	const char *column, *username, *target;
} cells[ROWS] = {
    [ANNA] = {2, "username", "anna", "anna"},
    [ANNA_A] = {0, "absent", "anna", "A"},
    [BELA_RED] = {3, "group1", "bela", "Red"},
    [BELA_A] = {3, "course1", "bela", "A"},
    [CLEO] = {4, "group1", "cleo", "Blue"},
    [ANNA_B] = {0, "absent", "anna", "B"},
    [DORA] = {0, "absent", "=dora", "B;=1"},
    [GROUP] = {9, "groupname", "", "Red"},
};

static int file_of(const char *text)
{
	int file = memfd_create("plan", MFD_CLOEXEC);
	cr_assert_geq(file, 0);
	cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
	return file;
}

static void must(struct error error)
{
	cr_assert(!is_error(&error), "%s", error.text);
}

static struct plan_named *plan_open(int *file)
{
	char sha256[HASH_SIZE];
	struct plan_named *named;
	*file = file_of(plan_text);
	files_hash_bytes(plan_text, strlen(plan_text), sha256);
	must(plan_named_open(*file, sha256, &named));
	return named;
}

static struct error answer(struct plan_named *named, const char *rows)
{
	char sha256[HASH_SIZE];
	struct path text = path_of("%s\n%s", HEADER, rows);
	int file = file_of(text.text);
	files_hash_bytes(text.text, strlen(text.text), sha256);
	struct error error = plan_named_answer(named, file, strlen(text.text), slice_of(sha256));
	close(file);
	return error;
}

/* "x": settled. */
static void settled_are(struct plan_named *named, const char *expected)
{
	char found[ROWS + 1] = "";
	struct approval settled = {0};
	must(plan_named_end(named, &settled));
	for (size_t i = 0; i < ROWS; i++)
		found[i] = approval_has(&settled, cells[i].line, slice_of(cells[i].column),
		               slice_of(cells[i].username), slice_of(cells[i].target))
		               ? 'x'
		               : '.';
	cr_expect_str_eq(found, expected);
	approval_done(&settled);
}

static const struct {
	const char *answer, *settled; /* in the order of the plan's rows */
} cases[] = {
    {"", "........"},
    {"2,nobody,course1,A,done,enrolled,,,\n", "........"},
    /* The course counts where the row has one, the person alone where not. */
    {"7,anna,course1,A,done,enrolled,,,\n", "xx......"},
    {"7,anna,course2,A,unchanged,already_enrolled,,,\n", "xx......"},
    {"7,anna,course1,B,error,no_right,,,\n", "x....x.."},
    {"7,anna,cohort1,A,done,cohort_joined,,,\n", "x......."},
    {"0,anna,absent,A,skipped,withheld,,,\n", "xx......"},
    {"0,anna,absent,anna,skipped,withheld,,,\n", "x......."},
    {"7,anna,course1,C,done,enrolled,,,\n", "x......."},
    {"7,Anna,course1,A,done,enrolled,,,\n", "........"},
    /* A group has the course of its line and number, if the plan tells that. */
    {"7,bela,course9,A,done,enrolled,,,\n", "..xx...."},
    {"7,bela,course9,B,done,enrolled,,,\n", "........"},
    {"7,cleo,email,,error,invalid_value,,,\n", "....x..."},
    {"7,'=dora,course1,\"B;'=1\",done,enrolled,,,\n", "......x."},
    {"7,'=dora,course1,B,done,enrolled,,,\n", "........"},
    /* Who was renamed was named, too, wherever the row goes on. */
    {"7,anne,oldusername,anne,done,account_renamed,,username=anna,username=anne\n", "xx...x.."},
    {"7,anne,username,anne,done,account_updated,,username=anna,username=anne\n", "........"},
    /* A group's row is about nobody. */
    {"7,,groupname,Red,unchanged,group_exists,,,\n", "........"},
};

Test(plan_named, rows_are_those_whose_person_and_course_a_later_answer_names)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int file;
		struct plan_named *named = plan_open(&file);
		must(answer(named, cases[i].answer));
		settled_are(named, cases[i].settled);
		plan_named_free(named);
		close(file);
	}
}

Test(plan_named, rows_of_several_answers_come_together)
{
	int file;
	struct plan_named *named = plan_open(&file);
	must(answer(named, cases[2].answer));
	must(answer(named, ""));
	must(answer(named, cases[10].answer));
	settled_are(named, "xxxx....");
	plan_named_person(named, SLICE("cleo"));
	plan_named_person(named, SLICE("anna"));
	plan_named_person(named, SLICE("nobody"));
	plan_named_person(named, SLICE(""));
	settled_are(named, "xxxxxx..");
	plan_named_free(named);
	close(file);
}

/* Another may be asked then whom that file names; nothing of this one counts. */
Test(plan_named, by_an_answer_that_was_altered_is_nobody)
{
	int file, other;
	char sha256[HASH_SIZE];
	const char *text = HEADER "\n7,anna,course1,A,done,enrolled,,,\n";
	struct plan_named *named = plan_open(&file);
	files_hash_bytes(text, strlen(text), sha256);
	other = file_of(HEADER "\n7,anna,course1,B,done,enrolled,,,\n");
	struct error error = plan_named_answer(named, other, strlen(text), slice_of(sha256));
	cr_expect_str_eq(error.code, "altered");
	error = plan_named_answer(named, other, strlen(text) + 1, slice_of(sha256));
	cr_expect_str_eq(error.code, "altered");
	close(other);
	must(answer(named, "7,cleo,email,,error,invalid_value,,,\n"));
	settled_are(named, "....x...");
	plan_named_free(named);
	close(file);
}

Test(plan_named, of_a_plan_that_was_altered_is_nothing)
{
	int file;
	char sha256[HASH_SIZE];
	struct approval settled = {0};
	struct plan_named *named = plan_open(&file), *other;
	files_hash_bytes("x", 1, sha256);
	struct error error = plan_named_open(file, sha256, &other);
	cr_expect_str_eq(error.code, "altered");
	must(answer(named, cases[2].answer));
	cr_assert_eq(pwrite(file, "L", 1, 0), 1);
	error = plan_named_end(named, &settled);
	cr_expect_str_eq(error.code, "altered");
	cr_expect_eq(settled.count, 0);
	plan_named_free(named);
	close(file);
}
