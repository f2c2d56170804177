#include "news.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void news_add(struct news_list *list, const struct news *news)
{
	if (list->count == NEWS_MAX)
		return;
	if (list->count == list->room) {
		size_t room = list->room * 2 + 8;
		struct news *items = reallocarray(list->items, room, sizeof *items);
		if (!items)
			return;
		list->items = items;
		list->room = room;
	}
	list->items[list->count++] = *news;
}

void news_done(struct news_list *list)
{
	free(list->items);
	*list = (struct news_list){0};
}

struct notice news_notice(const struct news *news, const char *node)
{
	return (struct notice){
	    .kind = news->kind,
	    .id = news->id,
	    .feed = news->feed,
	    .node = node,
	    .at_us = news->at_s * 1000000,
	    .since_us = news->since_s * 1000000,
	    .expected = *news->expected ? news->expected : NULL,
	    .people = news->people,
	    .day = *news->day ? news->day : NULL,
	};
}

/* ---- making ---- */

/* By the process's clocks, which are the site's. */
static struct tm local_of(int64_t moment_s)
{
	struct tm tm = {0};
	time_t moment = (time_t)moment_s;
	localtime_r(&moment, &tm);
	return tm;
}

/* "late-hr-20261126T060000Z": in UTC, which no clock is set back in. */
static struct news news_of(enum notice_kind kind, const char *feed, int64_t moment_s)
{
	struct news news = {.kind = kind};
	char stamp[24] = "";
	struct tm tm;
	time_t moment = (time_t)moment_s;
	if (gmtime_r(&moment, &tm))
		strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
	snprintf(news.id, sizeof news.id, "%s-%s-%s", notice_kind_name(kind), feed, stamp);
	snprintf(news.feed, sizeof news.feed, "%s", feed);
	return news;
}

struct news news_of_late(const char *feed, const struct expect_verdict *verdict, int64_t now_s)
{
	struct news news = news_of(NOTICE_LATE, feed, verdict->missed_s);
	const struct tm missed = local_of(verdict->missed_s);
	news.at_s = now_s;
	news.since_s = verdict->late_s;
	strftime(news.expected, sizeof news.expected, "%H:%M", &missed);
	return news;
}

struct news news_of_stale(const char *feed, int64_t changed_s, int64_t now_s)
{
	struct news news = news_of(NOTICE_STALE, feed, changed_s);
	news.at_s = now_s;
	news.since_s = changed_s;
	return news;
}

struct news news_of_on_time(const char *feed, int64_t accepted_s, int64_t now_s)
{
	struct news news = news_of(NOTICE_ON_TIME, feed, accepted_s);
	news.at_s = now_s;
	return news;
}

struct news news_of_due(const char *feed, const struct absence_standing *absence, int64_t now_s)
{
	struct news news = news_of(NOTICE_DUE, feed, now_s);
	const struct tm now = local_of(now_s), first = local_of(absence->due_s);
	char today[16];
	strftime(today, sizeof today, "%Y%m%d", &now);
	snprintf(news.id, sizeof news.id, "due-%s-%s", feed, today);
	news.at_s = now_s;
	news.people = absence->due_people;
	strftime(news.day, sizeof news.day, "%F", &first);
	return news;
}
