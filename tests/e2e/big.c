/* 100,000 rows of two courses each (5,000 under sanitizers), and the same again. */
#include "law.h"
#include "moment.h"
#include "reply.h"
#include "scale.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { COURSES = 50 };

static struct buffer file_make(long rows)
{
	struct buffer text = {0};
	buffer_add_text(&text, "username,course1,course2\n");
	for (long i = 0; i < rows; i++)
		buffer_print(
		    &text, "p%ld,C%ld,C%ld\n", i + 1, i % COURSES + 1, (i + 7) % COURSES + 1);
	cr_assert(!text.failed);
	return text;
}

/* The nth answer: all of it is that. */
static void answer_check(
    const struct rig *rig, size_t nth, long rows, const char *outcome, const char *code)
{
	struct reply reply;
	reply_open(&reply, rig, "big.csv", nth);
	cr_expect_eq(reply_number(&reply, NULL, "rows"), rows);
	cr_expect_eq(reply_number(&reply, "outcomes", outcome), 2 * rows);
	cr_expect_eq(reply_number(&reply, "codes", code), 2 * rows);
	cr_expect_eq(reply.result.rows_count, 2 * (size_t)rows + 1);
	cr_expect_str_eq(reply.retry_path.text, "");
	reply_close(&reply);
}

static void timed_once(const struct rig *rig, const char *what, long rows)
{
	int64_t start = moment_now_us();
	rig_once(rig);
	double seconds = (double)(moment_now_us() - start) / 1e6;
	fprintf(stderr, "big: %s: %.2f s, %.0f enrolments/s\n", what, seconds,
	    2 * (double)rows / seconds);
}

Test(big, a_large_file_is_enrolled_whole_and_the_same_again_changes_nothing)
{
	long rows = scale_from_environment("ENROLD_BIG_ROWS", SCALE(100000, 5000));
	struct rig rig;
	rig_make(&rig, &(struct rig_options){.people = (int)rows, .courses = COURSES});
	struct buffer text = file_make(rows);
	rig_drop_bytes(&rig, "big.csv", text.bytes, text.size);
	timed_once(&rig, "new", rows);
	struct buffer state = rig_state(&rig);
	answer_check(&rig, 0, rows, "done", "enrolled");
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_user_enrolments"), 2 * rows);
	cr_expect_eq(rig_number(&rig, "SELECT count(*) FROM mdl_role_assignments"), 2 * rows);
	law_holds(&rig, LAW_IDLE);

	rig_drop_bytes(&rig, "big.csv", text.bytes, text.size);
	timed_once(&rig, "again", rows);
	struct buffer again = rig_state(&rig);
	answer_check(&rig, 1, rows, "unchanged", "already_enrolled");
	cr_expect(slice_is(buffer_slice(&state), buffer_slice(&again)));
	buffer_done(&text);
	buffer_done(&state);
	buffer_done(&again);
	law_close(&rig);
}
