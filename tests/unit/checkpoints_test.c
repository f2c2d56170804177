/* When the newest head of the chain gets a note. */
#include "enrold/checkpoints.h"

#include <criterion/criterion.h>

static const struct {
	const char *what;
	struct checkpoints_standing standing;
	bool is_due;
} cases[] = {
    {"nothing has happened", {.every = 10, .today = 5}, false},
    {"nor since the last", {.newest = 7, .head = 7, .every = 1, .head_day = 1, .today = 5}, false},
    {"a database that was put back", {.newest = 9, .head = 7, .every = 1, .today = 5}, false},
    {"too few", {.newest = 0, .head = 9, .every = 10, .head_day = 5, .today = 5}, false},
    {"so many without any", {.newest = 0, .head = 10, .every = 10, .head_day = 5, .today = 5},
        true},
    {"since the last", {.newest = 7, .head = 17, .every = 10, .head_day = 5, .today = 5}, true},
    {"nearly", {.newest = 7, .head = 16, .every = 10, .head_day = 5, .today = 5}, false},
    {"the last run's day is over", {.newest = 7, .head = 8, .every = 10, .head_day = 4, .today = 5},
        true},
    {"the same, nobody had looked before",
        {.newest = 7, .head = 8, .every = 10, .head_day = 4, .looked_day = 0, .today = 5}, true},
    {"a day has begun since the last look, and a run in it",
        {.newest = 7, .head = 8, .every = 10, .head_day = 5, .looked_day = 4, .today = 5}, true},
    {"the same day",
        {.newest = 7, .head = 8, .every = 10, .head_day = 5, .looked_day = 5, .today = 5}, false},
    {"a new day without a run",
        {.newest = 8, .head = 8, .every = 10, .head_day = 4, .looked_day = 4, .today = 5}, false},
    {"nobody has ever looked (--once)",
        {.newest = 0, .head = 1, .every = 10, .head_day = 5, .looked_day = -1, .today = 5}, true},
    {"far apart", {.newest = 1, .head = UINT64_MAX, .every = 100000, .head_day = 5, .today = 5},
        true},
};

Test(checkpoints, are_due_after_so_many_runs_and_at_a_days_end)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(
		    checkpoints_is_due(&cases[i].standing), cases[i].is_due, "%s", cases[i].what);
}
