/* What Prometheus is told: the text, line by line. */
#include "../../src/daemon/metrics.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct feed feeds[3];

static struct config config_of(size_t count, const char *first, const char *second)
{
	snprintf(feeds[0].name, sizeof feeds[0].name, "%s", first);
	snprintf(feeds[1].name, sizeof feeds[1].name, "%s", second ? second : "");
	return (struct config){.feeds = feeds, .feeds_count = count};
}

static struct metrics *metrics_of(size_t count, const char *first, const char *second)
{
	struct config config = config_of(count, first, second);
	struct metrics *metrics = metrics_create(1767225600);
	struct error error = metrics_use(metrics, &config);
	cr_assert_not(is_error(&error), "%s", error.text);
	return metrics;
}

static struct run_report report_of(const char *feed)
{
	struct run_report report = {.end = RUN_ANSWERED};
	snprintf(report.lane.feed, sizeof report.lane.feed, "%s", feed);
	return report;
}

/* Given to the caller. */
static char *text_of(const struct metrics *metrics, const struct metrics_now *now)
{
	struct buffer text = {0};
	metrics_format(metrics, now, &text);
	buffer_add_char(&text, '\0');
	cr_assert_not(text.failed);
	return text.bytes;
}

/* The lines of one metric, without its head. */
static void expect_lines(const char *text, const char *name, const char *lines)
{
	char head[120], found[4096];
	snprintf(head, sizeof head, "# HELP %s ", name);
	const char *start = strstr(text, head);
	cr_assert(start, "%s", name);
	start = strchr(strchr(start, '\n') + 1, '\n') + 1;
	const char *end = strstr(start, "# HELP ");
	size_t size = end ? (size_t)(end - start) : strlen(start);
	cr_assert_lt(size, sizeof found);
	snprintf(found, sizeof found, "%.*s", (int)size, start);
	cr_expect_str_eq(found, lines, "%s:\n%s", name, found);
}

static const struct {
	const char *name, *lines;
} at_first[] = {
    {"enrold_build_info", "enrold_build_info{version=\"" ENROLD_VERSION "\"} 1\n"},
    {"enrold_start_time_seconds", "enrold_start_time_seconds 1767225600\n"},
    {"enrold_written_timestamp_seconds", "enrold_written_timestamp_seconds 1767225615\n"},
    {"enrold_database_up", ""},
    {"enrold_chain_height", ""},
    {"enrold_spool_free_bytes", ""},
    {"enrold_runs_total", "enrold_runs_total{feed=\"default\",status=\"done\"} 0\n"
                          "enrold_runs_total{feed=\"default\",status=\"refused\"} 0\n"
                          "enrold_runs_total{feed=\"default\",status=\"discarded\"} 0\n"
                          "enrold_runs_total{feed=\"default\",status=\"previewed\"} 0\n"
                          "enrold_runs_total{feed=\"default\",status=\"held\"} 0\n"},
    {"enrold_records_total", "enrold_records_total{feed=\"default\"} 0\n"},
    {"enrold_rows_total", "enrold_rows_total{feed=\"default\",outcome=\"done\"} 0\n"
                          "enrold_rows_total{feed=\"default\",outcome=\"unchanged\"} 0\n"
                          "enrold_rows_total{feed=\"default\",outcome=\"warning\"} 0\n"
                          "enrold_rows_total{feed=\"default\",outcome=\"error\"} 0\n"
                          "enrold_rows_total{feed=\"default\",outcome=\"skipped\"} 0\n"},
    {"enrold_codes_total", ""},
    {"enrold_input_size_bytes",
        "enrold_input_size_bytes_bucket{feed=\"default\",le=\"1024\"} 0\n"
        "enrold_input_size_bytes_bucket{feed=\"default\",le=\"8192\"} 0\n"
        "enrold_input_size_bytes_bucket{feed=\"default\",le=\"32768\"} 0\n"
        "enrold_input_size_bytes_bucket{feed=\"default\",le=\"262144\"} 0\n"
        "enrold_input_size_bytes_bucket{feed=\"default\",le=\"1048576\"} 0\n"
        "enrold_input_size_bytes_bucket{feed=\"default\",le=\"8388608\"} 0\n"
        "enrold_input_size_bytes_bucket{feed=\"default\",le=\"67108864\"} 0\n"
        "enrold_input_size_bytes_bucket{feed=\"default\",le=\"536870912\"} 0\n"
        "enrold_input_size_bytes_bucket{feed=\"default\",le=\"4294967296\"} 0\n"
        "enrold_input_size_bytes_bucket{feed=\"default\",le=\"34359738368\"} 0\n"
        "enrold_input_size_bytes_bucket{feed=\"default\",le=\"+Inf\"} 0\n"
        "enrold_input_size_bytes_sum{feed=\"default\"} 0\n"
        "enrold_input_size_bytes_count{feed=\"default\"} 0\n"},
    {"enrold_feed_files_waiting", ""},
    {"enrold_feed_last_success_timestamp_seconds", ""},
};

Test(metrics, tell_zeros_before_anything_and_nothing_that_nobody_knows)
{
	struct metrics *metrics = metrics_of(1, "default", NULL);
	struct metrics_now now = metrics_unknown(1767225615);
	struct metrics_now_feed feed = metrics_feed_unknown("default");
	now.feeds = &feed;
	now.feeds_count = 1;
	char *text = text_of(metrics, &now);
	for (size_t i = 0; i < sizeof at_first / sizeof *at_first; i++)
		expect_lines(text, at_first[i].name, at_first[i].lines);
	free(text);
	metrics_free(metrics);
}

Test(metrics, count_effects_of_applied_files_alone)
{
	struct metrics *metrics = metrics_of(2, "default", "hr");
	struct metrics_now now = metrics_unknown(1);
	struct run_report report = report_of("hr");
	report.tally.rows = 7;
	report.tally.rows_in_error = 2;
	report.tally.outcomes[OUTCOME_DONE] = 5;
	report.tally.codes[CODE_ENROLLED] = 5;
	report.tally.outcomes[OUTCOME_ERROR] = 3;
	report.tally.codes[CODE_USER_NOT_FOUND] = 3;
	report.bytes = 1024;
	report.took_us = 1500000;
	metrics_count(metrics, &report, 1767225700);
	report.bytes = 1025;
	report.took_us = 100000;
	metrics_count(metrics, &report, 1767225700);
	report.is_refused = true;
	metrics_count(metrics, &report, 1767225700);
	report.is_held = true;
	report.is_refused = false;
	metrics_count(metrics, &report, 1767225700);
	report.is_held = false;
	report.is_discarded = true;
	metrics_count(metrics, &report, 1767225700);
	report.lane.is_preview = true;
	metrics_count(metrics, &report, 1767225700);
	report = report_of("gone");
	metrics_count(metrics, &report, 1767225700);
	char *text = text_of(metrics, &now);
	expect_lines(text, "enrold_runs_total",
	    "enrold_runs_total{feed=\"default\",status=\"done\"} 0\n"
	    "enrold_runs_total{feed=\"default\",status=\"refused\"} 0\n"
	    "enrold_runs_total{feed=\"default\",status=\"discarded\"} 0\n"
	    "enrold_runs_total{feed=\"default\",status=\"previewed\"} 0\n"
	    "enrold_runs_total{feed=\"default\",status=\"held\"} 0\n"
	    "enrold_runs_total{feed=\"hr\",status=\"done\"} 2\n"
	    "enrold_runs_total{feed=\"hr\",status=\"refused\"} 1\n"
	    "enrold_runs_total{feed=\"hr\",status=\"discarded\"} 1\n"
	    "enrold_runs_total{feed=\"hr\",status=\"previewed\"} 1\n"
	    "enrold_runs_total{feed=\"hr\",status=\"held\"} 1\n");
	expect_lines(text, "enrold_records_total",
	    "enrold_records_total{feed=\"default\"} 0\nenrold_records_total{feed=\"hr\"} 14\n");
	expect_lines(text, "enrold_records_in_error_total",
	    "enrold_records_in_error_total{feed=\"default\"} 0\n"
	    "enrold_records_in_error_total{feed=\"hr\"} 4\n");
	expect_lines(text, "enrold_codes_total",
	    "enrold_codes_total{feed=\"hr\",code=\"enrolled\"} 10\n"
	    "enrold_codes_total{feed=\"hr\",code=\"user_not_found\"} 6\n");
	cr_expect(strstr(text, "_seconds_bucket{feed=\"hr\",le=\"0.100000\"} 1\n"), "%s", text);
	cr_expect(strstr(text, "_seconds_bucket{feed=\"hr\",le=\"1\"} 1\n"));
	cr_expect(strstr(text, "_seconds_bucket{feed=\"hr\",le=\"5\"} 2\n"));
	cr_expect(strstr(text, "_seconds_bucket{feed=\"hr\",le=\"+Inf\"} 2\n"));
	cr_expect(strstr(text, "_seconds_sum{feed=\"hr\"} 1.600000\n"));
	cr_expect(strstr(text, "_seconds_count{feed=\"hr\"} 2\n"));
	cr_expect(strstr(text, "_bytes_bucket{feed=\"hr\",le=\"1024\"} 1\n"));
	cr_expect(strstr(text, "_bytes_bucket{feed=\"hr\",le=\"8192\"} 2\n"));
	cr_expect_null(strstr(text, "feed=\"gone\""));
	free(text);
	metrics_free(metrics);
}

Test(metrics, keep_their_counters_when_the_feeds_change)
{
	struct metrics *metrics = metrics_of(2, "default", "hr");
	struct metrics_now now = metrics_unknown(1);
	struct run_report report = report_of("hr");
	metrics_count(metrics, &report, 1767225700);
	struct config config = config_of(2, "alumni", "hr");
	struct error error = metrics_use(metrics, &config);
	cr_assert_not(is_error(&error));
	metrics_count(metrics, &report, 1767225700);
	report = report_of("alumni");
	metrics_count(metrics, &report, 1767225700);
	char *text = text_of(metrics, &now);
	expect_lines(text, "enrold_runs_total",
	    "enrold_runs_total{feed=\"alumni\",status=\"done\"} 1\n"
	    "enrold_runs_total{feed=\"alumni\",status=\"refused\"} 0\n"
	    "enrold_runs_total{feed=\"alumni\",status=\"discarded\"} 0\n"
	    "enrold_runs_total{feed=\"alumni\",status=\"previewed\"} 0\n"
	    "enrold_runs_total{feed=\"alumni\",status=\"held\"} 0\n"
	    "enrold_runs_total{feed=\"hr\",status=\"done\"} 2\n"
	    "enrold_runs_total{feed=\"hr\",status=\"refused\"} 0\n"
	    "enrold_runs_total{feed=\"hr\",status=\"discarded\"} 0\n"
	    "enrold_runs_total{feed=\"hr\",status=\"previewed\"} 0\n"
	    "enrold_runs_total{feed=\"hr\",status=\"held\"} 0\n");
	free(text);
	metrics_free(metrics);
}

Test(metrics, tell_how_things_stand)
{
	struct metrics *metrics = metrics_of(1, "hr", NULL);
	struct metrics_now_feed feed = {.name = "hr",
	    .files_waiting = 3,
	    .oldest_age_s = 90,
	    .running = 1,
	    .rows_done = 182500,
	    .rows_expected = 300000,
	    .blocked = 0,
	    .paused = 1,
	    .late = 1,
	    .stale = 1,
	    .held = 2,
	    .refused = 4,
	    .removals_withheld = 31,
	    .due_people = 12,
	    .last_success_s = 1767225600};
	struct metrics_now now = {.time_s = 5,
	    .node = "host-a",
	    .engine = "postgresql",
	    .database_up = 1,
	    .chain_height = 412,
	    .checkpoint_number = 410,
	    .checkpoint_s = 1767225601,
	    .checkpoint_given = 400,
	    .checkpoint_trouble = 1,
	    .held_files = 6,
	    .quarantine_files = 7,
	    .notices = 8,
	    .notices_oldest_age_s = 3601,
	    .spool_size = 4000,
	    .spool_free = 1000,
	    .feeds = &feed,
	    .feeds_count = 1};
	char *text = text_of(metrics, &now);
	expect_lines(text, "enrold_build_info",
	    "enrold_build_info{version=\"" ENROLD_VERSION
	    "\",engine=\"postgresql\",node=\"host-a\"} 1\n");
	expect_lines(text, "enrold_database_up", "enrold_database_up{engine=\"postgresql\"} 1\n");
	expect_lines(text, "enrold_chain_height", "enrold_chain_height 412\n");
	expect_lines(text, "enrold_checkpoint_number", "enrold_checkpoint_number 410\n");
	expect_lines(text, "enrold_checkpoint_timestamp_seconds",
	    "enrold_checkpoint_timestamp_seconds 1767225601\n");
	expect_lines(
	    text, "enrold_checkpoint_given_number", "enrold_checkpoint_given_number 400\n");
	expect_lines(text, "enrold_checkpoint_trouble", "enrold_checkpoint_trouble 1\n");
	expect_lines(text, "enrold_spool_size_bytes", "enrold_spool_size_bytes 4000\n");
	expect_lines(text, "enrold_spool_free_bytes", "enrold_spool_free_bytes 1000\n");
	expect_lines(text, "enrold_spool_held_files", "enrold_spool_held_files 6\n");
	expect_lines(text, "enrold_spool_quarantine_files", "enrold_spool_quarantine_files 7\n");
	expect_lines(text, "enrold_notices_waiting", "enrold_notices_waiting 8\n");
	expect_lines(text, "enrold_notices_oldest_waiting_seconds",
	    "enrold_notices_oldest_waiting_seconds 3601\n");
	static const struct {
		const char *name;
		int64_t value;
	} gauges[] = {{"files_waiting", 3}, {"oldest_waiting_seconds", 90}, {"running", 1},
	    {"running_rows_done", 182500}, {"running_rows_expected", 300000}, {"blocked", 0},
	    {"paused", 1}, {"late", 1}, {"stale", 1}, {"held", 2}, {"refused", 4},
	    {"removals_withheld", 31}, {"due_people", 12},
	    {"last_success_timestamp_seconds", 1767225600}};
	for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++) {
		char name[80], line[120];
		snprintf(name, sizeof name, "enrold_feed_%s", gauges[i].name);
		snprintf(
		    line, sizeof line, "%s{feed=\"hr\"} %lld\n", name, (long long)gauges[i].value);
		expect_lines(text, name, line);
	}
	free(text);
	metrics_free(metrics);
}

/* R: refused, P: a preview, refused, X: discarded, H: held, D: done, O: an order, carried out. */
static const struct {
	const char *runs;
	int64_t known_refused, known_success_s; /* by somebody else */
	int64_t refused, success_s;
} recalled[] = {
    {"", -1, -1, -1, -1},
    {"", 3, 1767220000, 3, 1767220000},
    {"R", -1, -1, 1, -1},
    {"RR", -1, 1767220000, 2, 1767220000},
    {"RD", -1, 1767220000, 0, 1767225700},
    {"DR", -1, -1, 1, 1767225700},
    {"DRPX", -1, 1767225800, 1, 1767225800},
    {"PX", -1, -1, -1, -1},
    {"DR", 0, -1, 0, 1767225700},
    {"RH", -1, -1, 1, -1},
    {"RO", -1, 1767220000, 1, 1767220000},
};

Test(metrics, recall_what_nobody_knows_better)
{
	for (size_t i = 0; i < sizeof recalled / sizeof *recalled; i++) {
		struct metrics *metrics = metrics_of(1, "hr", NULL);
		struct metrics_now_feed feed = metrics_feed_unknown("hr");
		for (const char *run = recalled[i].runs; *run; run++) {
			struct run_report report = report_of("hr");
			report.is_refused = *run == 'R' || *run == 'P';
			report.is_discarded = *run == 'X';
			report.is_held = *run == 'H';
			if (*run == 'O')
				snprintf(report.ordered, sizeof report.ordered,
				    "20261126-021003-118204");
			report.lane.is_preview = *run == 'P';
			metrics_count(metrics, &report, 1767225700);
		}
		feed.refused = recalled[i].known_refused;
		feed.last_success_s = recalled[i].known_success_s;
		metrics_recall(metrics, &feed);
		cr_expect_eq(feed.refused, recalled[i].refused, "%zu", i);
		cr_expect_eq(feed.last_success_s, recalled[i].success_s, "%zu", i);
		metrics_free(metrics);
	}
}

Test(metrics, are_not_broken_by_what_a_label_holds)
{
	struct metrics *metrics = metrics_of(1, "a\"b\\c\nd\x01\xff", NULL);
	struct metrics_now now = metrics_unknown(1);
	now.node = "\"} 1\n";
	char *text = text_of(metrics, &now);
	expect_lines(
	    text, "enrold_records_total", "enrold_records_total{feed=\"a\\\"b\\\\c\\nd??\"} 0\n");
	expect_lines(text, "enrold_build_info",
	    "enrold_build_info{version=\"" ENROLD_VERSION "\",node=\"\\\"} 1\\n\"} 1\n");
	free(text);
	metrics_free(metrics);
}

/* Years of large files. */
Test(metrics, lose_nothing_of_large_sums)
{
	struct metrics *metrics = metrics_of(1, "hr", NULL);
	struct metrics_now now = metrics_unknown(1);
	struct run_report report = report_of("hr");
	report.bytes = UINT64_C(1) << 60;
	report.took_us = (UINT64_C(1) << 60) + 1;
	for (int i = 0; i < 8; i++)
		metrics_count(metrics, &report, 1767225700);
	char *text = text_of(metrics, &now);
	cr_expect(strstr(text, "enrold_input_size_bytes_sum{feed=\"hr\"} 9223372036854775808\n"));
	cr_expect(
	    strstr(text, "enrold_run_duration_seconds_sum{feed=\"hr\"} 9223372036854.775816\n"));
	free(text);
	metrics_free(metrics);
}
