/*
 * metrics_parts: the counters from the inside, as metrics.c counts and metrics_text.c tells them.
 * Nobody else includes it.
 */
#ifndef DAEMON_METRICS_PARTS_H
#define DAEMON_METRICS_PARTS_H

#include "metrics.h"

enum { BUCKETS_MAX = 12 };

/* What is counted is told divided by the divisor: sums stay whole numbers, which lose nothing in
 * years. */
struct buckets {
	int count;
	unsigned divisor;
	uint64_t bounds[BUCKETS_MAX];
};

struct histogram {
	uint64_t counts[BUCKETS_MAX + 1]; /* each bucket's own; the last is above all bounds */
	uint64_t sum;
};

/* A rehearsal is previewed, whatever came of it: it needs nobody. */
enum run_status {
	STATUS_DONE,
	STATUS_REFUSED,
	STATUS_DISCARDED,
	STATUS_PREVIEWED,
	STATUS_HELD,
	STATUSES
};

struct feed_counters {
	char name[FEED_NAME_MAX + 1];
	uint64_t runs[STATUSES];
	int64_t last_done_s;    /* since 1970; 0: not in this process */
	uint64_t refused_since; /* refused after that */
	/* Of files that were applied. */
	uint64_t records, records_in_error;
	uint64_t outcomes[OUTCOME_KINDS];
	uint64_t codes[CODES];
	struct histogram duration, size; /* microseconds, bytes */
};

struct metrics {
	int64_t start_s;
	struct feed_counters *feeds;
	size_t count;
};

extern const struct buckets metrics_durations, metrics_sizes;

#endif
