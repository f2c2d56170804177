/* How far a run is, and what that says about the time it still takes. */
#include "enrold/progress.h"

#include <criterion/criterion.h>
#include <string.h>

#define RUN "20261124-025744-123456"

static const struct guess {
	const char *what;
	struct progress_view view;
	double rate;
	int64_t left;
} guesses[] = {
    {"nothing yet", {.phase = PHASE_IDLE, .phase_ms = 1000}, 0, -1},
    {"a copy has no rows", {.phase = PHASE_COPYING, .rows = 10, .rows_done = 5, .phase_ms = 1000},
        0, -1},
    {"too early", {.phase = PHASE_APPLYING, .rows = 1000, .rows_done = 500, .phase_ms = 199}, 0,
        -1},
    {"half of it", {.phase = PHASE_APPLYING, .rows = 1000, .rows_done = 500, .phase_ms = 1000}, 500,
        1},
    {"what was done before does not count",
        {.phase = PHASE_APPLYING,
            .rows = 1000,
            .rows_done = 500,
            .rows_resumed = 400,
            .phase_ms = 1000},
        100, 5},
    {"nothing since it was gone on with",
        {.phase = PHASE_APPLYING,
            .rows = 1000,
            .rows_done = 400,
            .rows_resumed = 400,
            .phase_ms = 1000},
        0, -1},
    {"rows are not counted", {.phase = PHASE_APPLYING, .rows_done = 500, .phase_ms = 1000}, 500,
        -1},
    {"all of it", {.phase = PHASE_APPLYING, .rows = 1000, .rows_done = 1000, .phase_ms = 1000},
        1000, 0},
    {"more than were counted",
        {.phase = PHASE_APPLYING, .rows = 1000, .rows_done = 1001, .phase_ms = 1000}, 1001, 0},
    {"it publishes", {.phase = PHASE_PUBLISHING, .rows = 1000, .rows_done = 1000, .phase_ms = 1000},
        0, -1},
};

Test(progress, guesses_from_what_this_part_of_the_run_has_done)
{
	for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++) {
		const struct guess *one = &guesses[i];
		cr_expect_float_eq(progress_rate(&one->view), one->rate, 1e-9, "%s", one->what);
		cr_expect_eq(progress_seconds_left(&one->view), one->left, "%s", one->what);
	}
}

Test(progress, tells_of_the_run_that_is_under_way_and_of_none_before)
{
	struct progress progress;
	struct progress_view view;
	progress_init(&progress);
	progress_read(&progress, &view);
	cr_expect_eq(view.phase, PHASE_IDLE);
	progress_begin(&progress, RUN);
	atomic_store(&progress.bytes, 100);
	atomic_store(&progress.bytes_done, 50);
	progress_read(&progress, &view);
	cr_expect_eq(view.phase, PHASE_COPYING);
	cr_expect_str_eq(view.run, RUN);
	cr_expect_eq(view.bytes_done, 50);
	progress_apply(&progress, 1000, 400);
	progress_read(&progress, &view);
	cr_expect_eq(view.phase, PHASE_APPLYING);
	cr_expect_eq(view.rows, 1000);
	cr_expect_eq(view.rows_done, 400);
	cr_expect_eq(view.rows_resumed, 400);
	progress_phase(&progress, PHASE_PUBLISHING);
	progress_end(&progress);
	progress_begin(&progress, "20261124-025744-123457");
	progress_read(&progress, &view);
	cr_expect_str_eq(view.run, "20261124-025744-123457");
	cr_expect_eq(
	    view.rows + view.rows_done + view.rows_resumed + view.bytes + view.bytes_done, 0);
	progress_done(&progress);
}
