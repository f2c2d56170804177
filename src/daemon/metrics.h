/*
 * metrics: what Prometheus is told, in its text format: counters of the answers that this process
 * has given, and how things stand just now.
 *
 * Pure: no clock, no file. Labels are configured feeds and words of ours, so that there are never
 * more series than feeds times words; no file's and no person's name, whatever was dropped. What is
 * not known is left out rather than told as 0. enrold(8) lists each metric, and a test compares it
 * with metrics_families. On any one thread at a time.
 */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include "enrold/buffer.h"
#include "enrold/config.h"
#include "enrold/run.h"

struct metrics;

/* The counters begin at 0. start_s: of the process, seconds since 1970. NULL: no memory. */
struct metrics *metrics_create(int64_t start_s);
void metrics_free(struct metrics *metrics);
/* The feeds to tell of from now on; those that were there before keep their counters. */
struct error metrics_use(struct metrics *metrics, const struct config *config) MUST_CHECK;

/* An answer (RUN_ANSWERED). One of a feed that is not configured any more is not counted. */
void metrics_count(struct metrics *metrics, const struct run_report *report, int64_t now_s);

/* How a feed stands. -1 of a number: not known, or there is nothing to tell. */
struct metrics_now_feed {
	const char *name; /* borrowed */
	int64_t files_waiting;
	int64_t oldest_age_s;             /* of the file that has lain in the inbox longest */
	int64_t running;                  /* files */
	int64_t rows_done, rows_expected; /* of what is running */
	int64_t blocked;                  /* 1: by trouble that is not over */
	int64_t paused;                   /* 1: by a person */
	int64_t late;                     /* 1: see `expect` */
	int64_t stale;                    /* 1: the same, of `fresh` */
	int64_t held;                     /* runs and plans that wait for release or discard */
	int64_t refused;           /* files since the last accepted one, without those discarded */
	int64_t removals_withheld; /* by its newest full file, if it tells absence */
	int64_t due_people;        /* are unenrolled within three days, the same */
	int64_t last_success_s;    /* since 1970 */
};

/* How all stands, for whoever can tell; the same of numbers. */
struct metrics_now {
	int64_t time_s;     /* of the writing, since 1970 */
	const char *node;   /* borrowed; NULL: not known */
	const char *engine; /* the same: "sqlite", "postgresql", "mariadb" */
	int64_t database_up;
	int64_t chain_height;                 /* runs in the chain */
	int64_t checkpoint_number;            /* of the newest */
	int64_t checkpoint_s;                 /* when it was made, since 1970 */
	int64_t checkpoint_given;             /* the last that its command has taken */
	int64_t checkpoint_trouble;           /* 1: none can be made, or given */
	int64_t spool_size, spool_free;       /* bytes of the spool's disk */
	int64_t held_files, quarantine_files; /* in these folders of the spool */
	int64_t notices;                      /* that wait for enrold-notify */
	int64_t notices_oldest_age_s;         /* of these; 0: there is none */
	struct metrics_now_feed *feeds;       /* borrowed */
	size_t feeds_count;
};

/* What this process has seen of the feed's last files, where nobody knows better. */
void metrics_recall(const struct metrics *metrics, struct metrics_now_feed *now);

/* Nothing is known. */
struct metrics_now_feed metrics_feed_unknown(const char *name);
struct metrics_now metrics_unknown(int64_t time_s);

void metrics_format(
    const struct metrics *metrics, const struct metrics_now *now, struct buffer *out);

/* One metric of the text. */
struct metrics_family {
	const char *name;
	const char *type; /* "counter", "gauge", "histogram" */
	const char *help; /* one sentence */
};

/* Number `index` in the order of the text; false: there are no more. */
bool metrics_family_at(size_t index, struct metrics_family *family);

#endif
