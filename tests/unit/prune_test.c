/* What of a run goes, when. */
#include "../../src/run/prune_rules.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define NOW INT64_C(1798372800) /* 2026-12-27 12:00 */
#define DAY UINT64_C(86400000)
#define A (1U << KEEP_ARCHIVE)
#define W (1U << KEEP_ANSWERS)
#define Q (1U << KEEP_QUARANTINE)
#define H (1U << KEEP_HELD)
#define T (1U << KEEP_HISTORY)

static const struct policy all_90d = {.keep = {90 * DAY, 90 * DAY, 90 * DAY, 90 * DAY, 90 * DAY}};
static const char old[] = "20260901-120000-000001", young[] = "20261226-120000-000001";

static const struct {
	const char *what, *run;
	struct keep_facts facts;
	unsigned goes;
} runs[] = {
    {"one that was applied", old, {.state = RUN_APPLIED, .has_texts = true}, A | W | T},
    {"a young one", young, {.state = RUN_APPLIED, .has_texts = true}, 0},
    {"a preview", old, {.state = RUN_PREVIEWED, .has_texts = true}, A | W | T},
    {"one that was refused", old, {.state = RUN_REFUSED}, Q | W},
    {"one that was discarded", old, {.state = RUN_DISCARDED}, Q | W},
    {"one that is under way", old, {.state = RUN_RUNNING, .has_texts = true}, 0},
    {"one that nobody knows", old, {.state = RUN_UNKNOWN}, 0},
    {"one that is not published", old, {.state = RUN_APPLIED, .is_in_work = true}, 0},
    {"a list of what went", old, {.state = RUN_APPLIED, .is_record = true, .has_texts = true}, 0},
    {"one whose plan waits as long", old, {.state = RUN_APPLIED, .has_open_plan = true}, H | A | W},
    {"one whose plan waits, young", young, {.state = RUN_APPLIED, .has_open_plan = true}, 0},
    {"one whose file waits as long", old, {.state = RUN_HELD, .has_open_plan = true},
        H | A | Q | W},
    {"one whose file has been decided upon", old, {.state = RUN_HELD}, A | Q | W},
    {"one with a plan, and an order about it", old,
        {.state = RUN_APPLIED, .has_open_plan = true, .is_awaited = true}, 0},
    {"the file of another's plan", old, {.state = RUN_APPLIED, .is_source = true}, 0},
    {"one with a grace", old, {.state = RUN_APPLIED, .is_awaited = true, .has_texts = true}, A},
    {"one by which others are measured", old,
        {.state = RUN_APPLIED, .is_measured = true, .has_texts = true}, A | W},
    {"one without texts", old, {.state = RUN_APPLIED}, A | W},
};

Test(prune, by_what_it_is)
{
	struct keep_limits limits;
	keep_limits_find(
	    &(struct prune_terms){.policy = &all_90d, .now_us = NOW * 1000000}, &limits);
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++)
		cr_expect_eq(keep_judge(&limits, runs[i].run, &runs[i].facts), runs[i].goes, "%s",
		    runs[i].what);
}

static const struct {
	struct policy_keep keep;
	int64_t before_s;
	unsigned goes; /* of `old` */
	const char *archive;
} terms[] = {
    {{PERIOD_ENDLESS, PERIOD_ENDLESS, PERIOD_ENDLESS, PERIOD_ENDLESS, PERIOD_ENDLESS}, 0, 0, ""},
    {{90 * DAY, PERIOD_ENDLESS, PERIOD_ENDLESS, PERIOD_ENDLESS, PERIOD_ENDLESS}, 0, A,
        "archive 90d"},
    {{PERIOD_ENDLESS, 0, PERIOD_ENDLESS, PERIOD_ENDLESS, PERIOD_ENDLESS}, 0, W, ""},
    {{PERIOD_ENDLESS, PERIOD_ENDLESS, PERIOD_ENDLESS, PERIOD_ENDLESS, 1000}, 0, T, ""},
    {{36500 * DAY, 0, 0, 0, 0}, 0, W | T, "archive 36500d"},
    {{0, 0, 0, 0, 0}, 0, A | W | T, "archive 0"},
    {{1500, 0, 0, 0, 0}, 0, A | W | T, "archive 1500ms"},
    {{90 * DAY, 0, 0, 0, 0}, NOW - 365 * 86400, 0, "before 2025-12-27 12:00:00"},
    {{PERIOD_ENDLESS, PERIOD_ENDLESS, PERIOD_ENDLESS, PERIOD_ENDLESS, PERIOD_ENDLESS}, NOW,
        A | W | T, "before 2026-12-27 12:00:00"},
    {{0, 0, 0, 0, 0}, INT64_MAX, A | W | T, NULL},
    {{0, 0, 0, 0, 0}, INT64_MIN, 0, NULL},
};

Test(prune, by_its_age)
{
	const struct keep_facts facts = {.state = RUN_APPLIED, .has_texts = true};
	for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
		struct keep_limits limits;
		const struct policy policy = {.keep = terms[i].keep};
		keep_limits_find(
		    &(struct prune_terms){
		        .policy = &policy, .before_s = terms[i].before_s, .now_us = NOW * 1000000},
		    &limits);
		cr_expect_eq(keep_judge(&limits, old, &facts), terms[i].goes, "%zu", i);
		if (terms[i].archive)
			cr_expect_str_eq(limits.rule[KEEP_ARCHIVE], terms[i].archive, "%zu", i);
	}
}

/* ---- the list ---- */

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct prune_row rows[] = {
    {"20261227-120000-000001", PRUNE_INPUT, 12, HASH, 0, "", "", "archive 90d",
        "archive/2026/12/27/staff.20261227-120000-000001.csv"},
    {"20261227-120000-000001", PRUNE_SUMMARY, 12, HASH, 7, HASH, HASH, "before 2026-01-01",
        "outbox/hr/a \"b\", c.20261227-120000-000001.summary.json"},
    {"20261227-120000-000001", PRUNE_HELD, 0, HASH, 0, "", "", "held 0", ""},
    {"20261227-120000-000001", PRUNE_HISTORY, 0, "", 0, "", "", "history 1s", ""},
};

Test(prune, rows_are_read_as_they_were_written)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buffer out = {0};
		struct prune_row row;
		prune_row_format(&rows[i], &out);
		cr_assert(prune_row_parse((struct slice){out.bytes, out.size - 1}, &row), "%zu", i);
		cr_expect_str_eq(row.run, rows[i].run);
		cr_expect_eq(row.kind, rows[i].kind);
		cr_expect_eq(row.bytes, rows[i].bytes);
		cr_expect_eq(row.number, rows[i].number);
		cr_expect_str_eq(row.sha256, rows[i].sha256);
		cr_expect_str_eq(row.previous, rows[i].previous);
		cr_expect_str_eq(row.chain, rows[i].chain);
		cr_expect_str_eq(row.rule, rows[i].rule);
		cr_expect_str_eq(row.place, rows[i].place);
		buffer_done(&out);
	}
}

#define R "20261227-120000-000001"
static const char *const bad[] = {"", "run,kind,bytes,sha256,number,previous,chain,rule,place",
    R ",input,1," HASH ",,,,r,enrold.yaml", R ",input,1," HASH ",,,,r,../a." R ".csv",
    R ",input,1," HASH ",,,,r,archive/../a." R ".csv", R ",input,1," HASH ",,,,r,archive/a.csv",
    R ",input,1," HASH ",,,,r,/etc/a." R ".csv", R ",input,1,x,,,,r,archive/a." R ".csv",
    R ",input,x," HASH ",,,,r,archive/a." R ".csv", R ",other,1," HASH ",,,,r,archive/a." R ".csv",
    "x,input,1," HASH ",,,,r,archive/a." R ".csv", R ",input,1," HASH ",,,,r,",
    R ",held,1," HASH ",,,,r,archive/a." R ".csv", R ",input,1," HASH ",,,,r,inbox/a." R ".csv",
    R ",input,1," HASH ",,,,r,archive/" R "/b.csv"};

Test(prune, rows_that_name_something_else_are_none)
{
	struct prune_row row;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(prune_row_parse(slice_of(bad[i]), &row), "%s", bad[i]);
}
