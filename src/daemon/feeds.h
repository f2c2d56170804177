/*
 * feeds: what each feed has to do next. Runs begun earlier go first, then the files of its inbox,
 * one after the other; a feed in trouble waits, twice as long each time.
 *
 *     waiting --feeds_next--> busy --feeds_done--> waiting | retrying after a delay
 *
 * A run that has yielded waits like any other, at the front of its feed. No feed takes the last of
 * two workers with its files and its previews while another waits.
 *
 * Decides and reports, runs nothing. Time is the caller's monotonic milliseconds. On the loop's
 * thread.
 */
#ifndef DAEMON_FEEDS_H
#define DAEMON_FEEDS_H

#include "watch.h"
#include "workers.h"

#include "enrold/orders.h"

struct feeds;
struct overview;
struct news_list;

struct feeds_status {
	size_t feeds, ready, runs, busy; /* of paused feeds only what they have begun */
	size_t unsettled;                /* feeds where files may be about to be ready */
	uint64_t answered, refused;
	int64_t trouble_since; /* the oldest trouble, INT64_MAX: none */
	char trouble[400];
	bool is_stale; /* the spool has to be opened anew, by a new start */
};

/* Borrows both until free. */
struct error feeds_create(
    const struct config *config, const struct spool *spool, struct feeds **result) MUST_CHECK;
/* The counters of the one before, which a new configuration ends, and what has been said. */
void feeds_inherit(struct feeds *feeds, const struct feeds *before);
void feeds_free(struct feeds *feeds);

/* A run in work/ to go on with, which is logged: "which was cut short". */
struct error feeds_add_run(struct feeds *feeds, const char *run, const char *which) MUST_CHECK;

/* What people have told enrold to do, which is taken. What is about a run that is under way is the
 * caller's to see to. */
void feeds_take_orders(struct feeds *feeds, struct orders *orders);
const struct orders *feeds_orders(const struct feeds *feeds);
/* A feed of that name has such a run in work/, under way or waiting. */
bool feeds_has_run(const struct feeds *feeds, const char *run);

/* How often is looked whether it is told of or not. */
int64_t feeds_rescan_every_ms(const struct feeds *feeds);

/* How many places a watch needs, and what it heard. */
size_t feeds_places(const struct feeds *feeds);
void feeds_hear(struct feeds *feeds, size_t place, const char *name, int64_t now_ms);

/* Scans what is due; watch may be NULL. */
void feeds_scan(struct feeds *feeds, struct watch *watch, int64_t now_ms);
/* Something to do just now that is no heavier; false: nothing. */
bool feeds_next(struct feeds *feeds, int64_t now_ms, enum job_weight heaviest, struct job *job);
/* Where that is a short file, others of its feed that wait may go with it: the job has them then.
 */
void feeds_join(struct feeds *feeds, struct job *job);
/* Whether there is such a thing. */
bool feeds_is_waiting(const struct feeds *feeds, int64_t now_ms, enum job_weight heaviest);
void feeds_done(struct feeds *feeds, const struct job *job, int64_t now_ms);
/* When feeds_scan or feeds_next will next have something to do by themselves, files that wait for a
 * worker aside. */
int64_t feeds_wake_at(const struct feeds *feeds, int64_t now_ms);
/* Names the files that wait for what has to lie beside them: nobody is going to look again. */
void feeds_log_waiting(struct feeds *feeds);
void feeds_status_find(const struct feeds *feeds, struct feeds_status *status);

/* ---- feed_expect.c ---- */

/* Which of them are late or stale, as the last look found the ledger, and says what is news.
 * known_s: since when the settings are as they are. What people are to be told of it, where a feed
 * has somebody to tell, and who is due soon, is added to the news. */
void feeds_judge(
    struct feeds *feeds, const struct overview *overview, int64_t known_s, struct news_list *news);

#endif
