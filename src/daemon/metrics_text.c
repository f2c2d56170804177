#include "metrics_parts.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

static const char *const status_names[STATUSES] = {
    "done", "refused", "discarded", "previewed", "held"};

struct page {
	const struct metrics *metrics;
	const struct metrics_now *now;
	struct buffer *out;
	const char *name; /* of the family */
};

struct label {
	const char *name, *value;
};

/* Anything but printable ASCII, which no name of ours has, is a question mark. */
static void value_add(struct buffer *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			buffer_add_char(out, '\\');
		if (*value == '\n')
			buffer_add_text(out, "\\n");
		else
			buffer_add_char(out, *value < ' ' || *value > '~' ? '?' : *value);
	}
}

/* Name and labels, up to the value. Labels without a value are left out. */
static void sample_begin(
    const struct page *page, const char *suffix, const struct label *labels, size_t count)
{
	bool has_labels = false;
	buffer_add_text(page->out, page->name);
	buffer_add_text(page->out, suffix);
	for (size_t i = 0; i < count; i++) {
		if (!labels[i].value)
			continue;
		buffer_print(page->out, "%s%s=\"", has_labels ? "," : "{", labels[i].name);
		value_add(page->out, labels[i].value);
		buffer_add_char(page->out, '"');
		has_labels = true;
	}
	buffer_add_text(page->out, has_labels ? "} " : " ");
}

static void sample_add(
    const struct page *page, const struct label *labels, size_t count, uint64_t value)
{
	sample_begin(page, "", labels, count);
	buffer_print(page->out, "%" PRIu64 "\n", value);
}

#define LABELS(...)                                                                                \
	(const struct label[]){__VA_ARGS__},                                                       \
	    sizeof((const struct label[]){__VA_ARGS__}) / sizeof(struct label)

/* ---- the process and its surroundings ---- */

static void build_add(const struct page *page)
{
	sample_add(page,
	    LABELS({"version", ENROLD_VERSION}, {"engine", page->now->engine},
	        {"node", page->now->node}),
	    1);
}

static void start_add(const struct page *page)
{
	sample_add(page, NULL, 0, (uint64_t)page->metrics->start_s);
}

static void database_add(const struct page *page)
{
	if (page->now->database_up >= 0)
		sample_add(
		    page, LABELS({"engine", page->now->engine}), (uint64_t)page->now->database_up);
}

/* ---- counters of each feed ---- */

static void runs_add(const struct page *page)
{
	for (size_t i = 0; i < page->metrics->count; i++) {
		const struct feed_counters *feed = &page->metrics->feeds[i];
		for (int status = 0; status < STATUSES; status++)
			sample_add(page,
			    LABELS({"feed", feed->name}, {"status", status_names[status]}),
			    feed->runs[status]);
	}
}

static void records_add(const struct page *page)
{
	for (size_t i = 0; i < page->metrics->count; i++)
		sample_add(page, LABELS({"feed", page->metrics->feeds[i].name}),
		    page->metrics->feeds[i].records);
}

static void bad_records_add(const struct page *page)
{
	for (size_t i = 0; i < page->metrics->count; i++)
		sample_add(page, LABELS({"feed", page->metrics->feeds[i].name}),
		    page->metrics->feeds[i].records_in_error);
}

static void outcomes_add(const struct page *page)
{
	for (size_t i = 0; i < page->metrics->count; i++) {
		const struct feed_counters *feed = &page->metrics->feeds[i];
		for (enum outcome_kind kind = 0; kind < OUTCOME_KINDS; kind++)
			sample_add(page,
			    LABELS({"feed", feed->name}, {"outcome", outcome_kind_name(kind)}),
			    feed->outcomes[kind]);
	}
}

/* Of so many codes a feed ever has a few. */
static void codes_add(const struct page *page)
{
	for (size_t i = 0; i < page->metrics->count; i++) {
		const struct feed_counters *feed = &page->metrics->feeds[i];
		for (enum code code = 0; code < CODES; code++)
			if (feed->codes[code] > 0)
				sample_add(page,
				    LABELS({"feed", feed->name}, {"code", outcome_code_name(code)}),
				    feed->codes[code]);
	}
}

static void number_format(char text[40], uint64_t value, unsigned divisor)
{
	if (value % divisor == 0)
		snprintf(text, 40, "%" PRIu64, value / divisor);
	else
		snprintf(text, 40, "%" PRIu64 ".%06" PRIu64, value / divisor, value % divisor);
}

static void histogram_format(const struct page *page, const char *feed,
    const struct histogram *histogram, const struct buckets *buckets)
{
	uint64_t count = 0;
	char text[40];
	for (int i = 0; i <= buckets->count; i++) {
		count += histogram->counts[i];
		if (i < buckets->count)
			number_format(text, buckets->bounds[i], buckets->divisor);
		sample_begin(page, "_bucket",
		    LABELS({"feed", feed}, {"le", i < buckets->count ? text : "+Inf"}));
		buffer_print(page->out, "%" PRIu64 "\n", count);
	}
	number_format(text, histogram->sum, buckets->divisor);
	sample_begin(page, "_sum", LABELS({"feed", feed}));
	buffer_print(page->out, "%s\n", text);
	sample_begin(page, "_count", LABELS({"feed", feed}));
	buffer_print(page->out, "%" PRIu64 "\n", count);
}

static void durations_add(const struct page *page)
{
	for (size_t i = 0; i < page->metrics->count; i++)
		histogram_format(page, page->metrics->feeds[i].name,
		    &page->metrics->feeds[i].duration, &metrics_durations);
}

static void sizes_add(const struct page *page)
{
	for (size_t i = 0; i < page->metrics->count; i++)
		histogram_format(page, page->metrics->feeds[i].name, &page->metrics->feeds[i].size,
		    &metrics_sizes);
}

/* ---- how things stand ---- */

static int64_t number_at(const void *base, size_t offset)
{
	int64_t number;
	memcpy(&number, (const char *)base + offset, sizeof number);
	return number;
}

static void now_add(const struct page *page, size_t offset)
{
	int64_t number = number_at(page->now, offset);
	if (number >= 0)
		sample_add(page, NULL, 0, (uint64_t)number);
}

static void feeds_add(const struct page *page, size_t offset)
{
	for (size_t i = 0; i < page->now->feeds_count; i++) {
		const struct metrics_now_feed *feed = &page->now->feeds[i];
		int64_t number = number_at(feed, offset);
		if (number >= 0)
			sample_add(page, LABELS({"feed", feed->name}), (uint64_t)number);
	}
}

/* ---- all of it ---- */

#define NOW(field) .gauge = now_add, .offset = offsetof(struct metrics_now, field)
#define FEED(field) .gauge = feeds_add, .offset = offsetof(struct metrics_now_feed, field)

static const struct family {
	struct metrics_family told;
	void (*add)(const struct page *page); /* or: */
	void (*gauge)(const struct page *page, size_t offset);
	size_t offset;
} families[] = {
    {{"enrold_build_info", "gauge", "1, and what is running, in its labels."}, .add = build_add},
    {{"enrold_start_time_seconds", "gauge", "When the daemon was started, since 1970."},
        .add = start_add},
    {{"enrold_written_timestamp_seconds", "gauge",
         "When this was written, since 1970: older than a minute, and the daemon is dead."},
        NOW(time_s)},
    {{"enrold_database_up", "gauge", "1 when the database of the LMS can be reached."},
        .add = database_add},
    {{"enrold_chain_height", "gauge", "Answers in the chain, as counted once an hour."},
        NOW(chain_height)},
    {{"enrold_checkpoint_number", "gauge",
         "How many runs the newest checkpoint is about; 0: there is none."},
        NOW(checkpoint_number)},
    {{"enrold_checkpoint_timestamp_seconds", "gauge",
         "When the newest checkpoint was made, since 1970."},
        NOW(checkpoint_s)},
    {{"enrold_checkpoint_given_number", "gauge",
         "How many runs the last checkpoint is about that the command of checkpoints.to has "
         "taken."},
        NOW(checkpoint_given)},
    {{"enrold_checkpoint_trouble", "gauge",
         "1: no checkpoint can be made, or the command does not take it."},
        NOW(checkpoint_trouble)},
    {{"enrold_spool_size_bytes", "gauge", "Size of the disk of the spool."}, NOW(spool_size)},
    {{"enrold_spool_free_bytes", "gauge", "What is left of it for enrold."}, NOW(spool_free)},
    {{"enrold_spool_held_files", "gauge",
         "Files in held/ of the spool, at which a person must look."},
        NOW(held_files)},
    {{"enrold_spool_quarantine_files", "gauge", "Files in quarantine/ of the spool."},
        NOW(quarantine_files)},
    {{"enrold_notices_waiting", "gauge",
         "What is to be told to people and waits for enrold-notify."},
        NOW(notices)},
    {{"enrold_notices_oldest_waiting_seconds", "gauge",
         "How long that has waited which has done so longest."},
        NOW(notices_oldest_age_s)},
    {{"enrold_runs_total", "counter", "Files answered since the start, by how they ended."},
        .add = runs_add},
    {{"enrold_records_total", "counter", "Lines of the files that were applied."},
        .add = records_add},
    {{"enrold_records_in_error_total", "counter",
         "Lines of the files that were applied with an error or more."},
        .add = bad_records_add},
    {{"enrold_rows_total", "counter",
         "Rows of the results of the files that were applied, one for each thing asked."},
        .add = outcomes_add},
    {{"enrold_codes_total", "counter",
         "The same rows by their codes, of those that there have been."},
        .add = codes_add},
    {{"enrold_run_duration_seconds", "histogram",
         "From the taking of a file that was applied to its answer."},
        .add = durations_add},
    {{"enrold_input_size_bytes", "histogram", "Sizes of the files that were applied."},
        .add = sizes_add},
    {{"enrold_feed_files_waiting", "gauge",
         "Files that wait: for their turn, to be gone on with, or for what has to lie beside "
         "them."},
        FEED(files_waiting)},
    {{"enrold_feed_oldest_waiting_seconds", "gauge",
         "How long the file has lain there that has done so longest."},
        FEED(oldest_age_s)},
    {{"enrold_feed_running", "gauge", "1 while a file of the feed is run."}, FEED(running)},
    {{"enrold_feed_running_rows_done", "gauge", "How many of its rows are done."}, FEED(rows_done)},
    {{"enrold_feed_running_rows_expected", "gauge", "How many rows it has."}, FEED(rows_expected)},
    {{"enrold_feed_blocked", "gauge", "1 while trouble keeps the feed waiting."}, FEED(blocked)},
    {{"enrold_feed_paused", "gauge", "1 while somebody has paused the feed."}, FEED(paused)},
    {{"enrold_feed_late", "gauge", "1 when the file that the feed expects has not come."},
        FEED(late)},
    {{"enrold_feed_stale", "gauge", "1 when the feed brings nothing but the same file."},
        FEED(stale)},
    {{"enrold_feed_held", "gauge",
         "Stopped runs and open plans that wait for a person to release or discard them."},
        FEED(held)},
    {{"enrold_feed_refused", "gauge",
         "Files refused since the last accepted one, which nobody has discarded."},
        FEED(refused)},
    {{"enrold_feed_removals_withheld", "gauge",
         "Removals that its newest full file withheld, of a feed that tells absence."},
        FEED(removals_withheld)},
    {{"enrold_feed_due_people", "gauge",
         "People whom absence has suspended, and who are unenrolled within three days."},
        FEED(due_people)},
    {{"enrold_feed_last_success_timestamp_seconds", "gauge",
         "When a file of the feed was accepted last, since 1970."},
        FEED(last_success_s)},
};

enum { FAMILIES_COUNT = sizeof families / sizeof *families };

void metrics_format(
    const struct metrics *metrics, const struct metrics_now *now, struct buffer *out)
{
	for (size_t i = 0; i < FAMILIES_COUNT; i++) {
		const struct metrics_family *told = &families[i].told;
		struct page page = {metrics, now, out, told->name};
		buffer_print(out, "# HELP %s %s\n# TYPE %s %s\n", told->name, told->help,
		    told->name, told->type);
		if (families[i].add)
			families[i].add(&page);
		else
			families[i].gauge(&page, families[i].offset);
	}
}

bool metrics_family_at(size_t index, struct metrics_family *family)
{
	if (index >= FAMILIES_COUNT)
		return false;
	*family = families[index].told;
	return true;
}
