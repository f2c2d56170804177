#include "metrics_parts.h"

#include <stdio.h>
#include <stdlib.h>

#define S UINT64_C(1000000)
#define KIB UINT64_C(1024)

const struct buckets metrics_durations = {11, S,
    {S / 10, S / 2, S, 5 * S, 15 * S, 60 * S, 300 * S, 900 * S, 3600 * S, 14400 * S, 86400 * S}};
const struct buckets metrics_sizes = {10, 1,
    {KIB, KIB << 3, KIB << 5, KIB << 8, KIB << 10, KIB << 13, KIB << 16, KIB << 19, KIB << 22,
        KIB << 25}};

struct metrics *metrics_create(int64_t start_s)
{
	struct metrics *metrics = calloc(1, sizeof *metrics);
	if (metrics)
		metrics->start_s = start_s;
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	free(metrics->feeds);
	free(metrics);
}

static struct feed_counters *feed_find(const struct metrics *metrics, const char *name)
{
	for (size_t i = 0; i < metrics->count; i++)
		if (strcmp(metrics->feeds[i].name, name) == 0)
			return &metrics->feeds[i];
	return NULL;
}

struct error metrics_use(struct metrics *metrics, const struct config *config)
{
	struct feed_counters *feeds = calloc(config->feeds_count, sizeof *feeds);
	if (!feeds)
		return error_memory("counting");
	for (size_t i = 0; i < config->feeds_count; i++) {
		const struct feed_counters *before = feed_find(metrics, config->feeds[i].name);
		if (before)
			feeds[i] = *before;
		snprintf(feeds[i].name, sizeof feeds[i].name, "%s", config->feeds[i].name);
	}
	free(metrics->feeds);
	metrics->feeds = feeds;
	metrics->count = config->feeds_count;
	return OK;
}

static void histogram_add(
    struct histogram *histogram, const struct buckets *buckets, uint64_t value)
{
	int i = 0;
	while (i < buckets->count && value > buckets->bounds[i])
		i++;
	histogram->counts[i]++;
	histogram->sum += value;
}

static void effects_count(struct feed_counters *feed, const struct run_report *report)
{
	const struct tally *tally = &report->tally;
	feed->records += tally->rows;
	feed->records_in_error += tally->rows_in_error;
	for (int i = 0; i < OUTCOME_KINDS; i++)
		feed->outcomes[i] += tally->outcomes[i];
	for (int i = 0; i < CODES; i++)
		feed->codes[i] += tally->codes[i];
	histogram_add(&feed->duration, &metrics_durations, report->took_us);
	histogram_add(&feed->size, &metrics_sizes, report->bytes);
}

static enum run_status status_of(const struct run_report *report)
{
	if (report->lane.is_preview)
		return STATUS_PREVIEWED;
	if (report->is_discarded)
		return STATUS_DISCARDED;
	if (report->is_held)
		return STATUS_HELD;
	return report->is_refused ? STATUS_REFUSED : STATUS_DONE;
}

void metrics_count(struct metrics *metrics, const struct run_report *report, int64_t now_s)
{
	struct feed_counters *feed = feed_find(metrics, report->lane.feed);
	enum run_status status = status_of(report);
	if (!feed)
		return;
	feed->runs[status]++;
	feed->refused_since += status == STATUS_REFUSED;
	if (status != STATUS_DONE)
		return;
	effects_count(feed, report);
	if (*report->ordered)
		return; /* no file of the feed's */
	feed->refused_since = 0;
	feed->last_done_s = now_s;
}

void metrics_recall(const struct metrics *metrics, struct metrics_now_feed *now)
{
	const struct feed_counters *feed = feed_find(metrics, now->name);
	if (!feed)
		return;
	if (feed->last_done_s > 0 && feed->last_done_s > now->last_success_s)
		now->last_success_s = feed->last_done_s;
	if (now->refused < 0 && feed->runs[STATUS_DONE] + feed->runs[STATUS_REFUSED] > 0)
		now->refused = (int64_t)feed->refused_since;
}

struct metrics_now_feed metrics_feed_unknown(const char *name)
{
	return (struct metrics_now_feed){
	    name, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
}

struct metrics_now metrics_unknown(int64_t time_s)
{
	return (struct metrics_now){.time_s = time_s,
	    .database_up = -1,
	    .chain_height = -1,
	    .spool_size = -1,
	    .spool_free = -1,
	    .checkpoint_number = -1,
	    .checkpoint_s = -1,
	    .checkpoint_given = -1,
	    .checkpoint_trouble = -1,
	    .held_files = -1,
	    .quarantine_files = -1,
	    .notices = -1,
	    .notices_oldest_age_s = -1};
}
