/*
 * feed_state: feeds from the inside, as feeds.c and its neighbours share it. Nobody else includes
 * it.
 */
#ifndef DAEMON_FEED_STATE_H
#define DAEMON_FEED_STATE_H

#include "expect.h"
#include "feeds.h"
#include "inbox.h"
#include "metrics.h"
#include "news.h"
#include "overview.h"

#include "enrold/orders.h"

#include <jansson.h>

enum {
	DELAY_FIRST_MS = 100,
	DELAY_MAX_MS = 30000,
};

/* Logged once, however often it is tried again, each time after twice the delay. */
struct trouble {
	int64_t since; /* INT64_MAX: none */
	int64_t delay_ms;
	char text[400];
};

/* Runs in work/, oldest first. */
struct kept_run {
	char id[RUN_ID_SIZE + 1];
	char file[FILE_NAME_SIZE];
	uint64_t rows, rows_done; /* rows 0: not known */
};

struct run_list {
	struct kept_run *runs;
	size_t count, room;
};

struct feed_state {
	struct feeds *all;
	struct lane lane;
	struct inbox *inbox;
	struct run_list runs;    /* to go on with */
	struct run_list stopped; /* that wait for a person */
	bool is_paused;          /* takes no file */
	bool is_in_review; /* the same, until a person has said what becomes of the last one */
	int64_t scan_at, scan_not_before;
	int64_t scan_took_ms; /* so far, of the one that is under way */
	bool is_asked;        /* for a scan, which has not come yet */
	int64_t retry_at;     /* nothing is begun before */
	int64_t due_at;       /* when it is looked whose grace is over; INT64_MAX: never */
	int64_t keep_at;      /* when it is looked what is kept no longer; INT64_MAX: never */
	int keep_day;         /* for which that was done */
	struct trouble running, scanning;
	int64_t left_until_ms; /* since a minute before so many files ... */
	unsigned left_count;   /* ... were told to stay in the inbox */
	unsigned file_tries;   /* how often the next file failed for reasons of its own */
	bool is_busy;
	bool is_elsewhere;   /* another daemon serves it */
	struct job job;      /* what it is busy with, or was */
	struct kept_run now; /* the same; id "": it is a new file */
	bool is_unwatched;   /* which has been said */
	/* Of the lane of files, as of the last look at the ledger: */
	struct expect_verdict verdict;
	struct expect_told told;
	int64_t judged_s; /* when that was */
	int due_told_day; /* on which people were told who is due; 0: on none */
};

struct feeds {
	const struct config *config;
	const struct spool *spool;
	uint64_t answered, refused;
	struct orders orders; /* as last read */
	bool is_stale;        /* what was opened at the start is no longer there */
	size_t next;          /* whose turn it is */
	size_t count;
	struct feed_state states[];
};

/* ---- feed_log.c ---- */

int64_t feed_clock_ms(void);
/* Fields of a line: run and file may be "". */
json_t *feed_about(const char *run, const struct lane *lane, const char *file);
void feed_log_answer(const struct run_report *report);
/* The inbox's callbacks; the context is the feed's state. */
void feed_log_skipped(void *context, const char *name, const char *why);
void feed_log_full(void *context);
/* How many lines of a minute were held back. */
void feed_log_rest(struct feed_state *state);

bool trouble_is_on(const struct trouble *trouble);
/* True when it is new, or another one. */
bool trouble_note(struct trouble *trouble, const struct error *error, int64_t now_ms);
int64_t trouble_delay(struct trouble *trouble);
/* True when there was one. */
bool trouble_end(struct trouble *trouble);
void feed_waits(struct feed_state *state, const struct run_report *report, int64_t now_ms);
void feed_goes_on(struct feed_state *state);

/* ---- feed_expect.c ---- */

/* Its last accepted file, what was refused since, whether it is late, and when the next is due. */
void feed_expect_status(
    const struct feed_state *state, const struct overview *overview, json_t *feed, json_t *needs);
/* The same as numbers. */
void feed_expect_tell(
    const struct feed_state *state, const struct overview *overview, struct metrics_now_feed *feed);

/* ---- feed_orders.c ---- */

/* NULL: none. Borrowed until the orders are read again. */
const struct order *feed_next_order(const struct feed_state *state);
/* It has been carried out, or cannot be. */
void feed_forget_order(struct feed_state *state, enum order_kind kind, const char *subject);
/* Its files wait, one after the other, for a person. */
bool feed_is_in_review(const struct feed_state *state);

/* ---- feeds.c ---- */

bool feed_has_work(const struct feed_state *state);
/* It is time to look whose grace is over. */
bool feed_has_due(const struct feed_state *state, int64_t now_ms);
/* It is time to look what is kept no longer. */
bool feed_has_keep(const struct feed_state *state, int64_t now_ms);
/* To be gone on with, unless a person has said that it is to wait. */
struct error feed_keep_run(struct feed_state *state, const struct kept_run *run) MUST_CHECK;
bool run_list_has(const struct run_list *list, const char *run);
void run_list_remove(struct run_list *list, size_t index);

#endif
