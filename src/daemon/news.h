/*
 * news: what has happened to a feed without a run, as it is to be told to people (notice.h): copies
 * that wait until a thread writes them down. The ID has in it what happened and when, so that a
 * daemon that starts anew tells the same under the same.
 */
#ifndef DAEMON_NEWS_H
#define DAEMON_NEWS_H

#include "expect.h"

#include "enrold/absences.h"
#include "enrold/config.h"
#include "enrold/notice.h"

enum { NEWS_MAX = 5000 }; /* of all feeds, that wait */

struct news {
	enum notice_kind kind;
	char id[NOTICE_ID_MAX + 1];
	char feed[FEED_NAME_MAX + 1];
	int64_t at_s, since_s; /* epoch seconds */
	char expected[8];      /* "06:00" */
	uint64_t people;
	char day[16]; /* "2026-12-01" */
};

struct news_list {
	struct news *items;
	size_t count, room;
};

/* What does not fit any more, or for which there is no memory, is not told. */
void news_add(struct news_list *list, const struct news *news);
void news_done(struct news_list *list);
/* Texts are borrowed. */
struct notice news_notice(const struct news *news, const char *node);

/* now_s: of the look at the ledger. Days and times of day are the process's, and so the site's. */
struct news news_of_late(const char *feed, const struct expect_verdict *verdict, int64_t now_s);
struct news news_of_stale(const char *feed, int64_t changed_s, int64_t now_s);
/* By the file that was accepted then. */
struct news news_of_on_time(const char *feed, int64_t accepted_s, int64_t now_s);
/* One a day: whose grace is over within ABSENCES_DUE_DAYS, the first of them on that day. */
struct news news_of_due(const char *feed, const struct absence_standing *absence, int64_t now_s);

#endif
