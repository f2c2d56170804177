/*
 * feed_expect: which feeds are late or stale, by what the ledger said at the last look; and what is
 * told of that, in the log and to people: once, by the daemon that serves the feed, or, where none
 * does, by the first of all by name. On the loop's thread.
 */
#include "feed_state.h"
#include "status.h"

#include "enrold/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MOMENT_SIZE = 32, SENTENCE_SIZE = 400 };

/* By the site's clocks, which are the process's. */
static void moment_show(int64_t moment_s, char text[MOMENT_SIZE])
{
	struct tm tm;
	time_t time = (time_t)moment_s;
	if (!localtime_r(&time, &tm) || strftime(text, MOMENT_SIZE, "%F %H:%M", &tm) == 0)
		*text = '\0';
}

/* ---- sentences ---- */

static bool has_accepted(const struct arrival *arrival)
{
	return arrival && *arrival->run;
}

/* "no file was accepted since 2026-11-26 02:10, and by 2026-11-27 06:00 one was expected" */
static void late_say(
    const struct expect_verdict *verdict, const struct arrival *arrival, char text[SENTENCE_SIZE])
{
	char last[MOMENT_SIZE] = "", by[MOMENT_SIZE];
	if (has_accepted(arrival))
		moment_show(arrival->accepted_s, last);
	moment_show(verdict->late_s, by);
	snprintf(text, SENTENCE_SIZE, "no file was accepted%s%s, and by %s one was expected",
	    *last ? " since " : " so far", last, by);
}

static void stale_say(const struct arrival *arrival, char text[SENTENCE_SIZE])
{
	char since[MOMENT_SIZE];
	moment_show(arrival->changed_s, since);
	snprintf(text, SENTENCE_SIZE, "all its files since %s are the same, byte for byte", since);
}

static void refused_say(const struct arrival *arrival, char text[SENTENCE_SIZE])
{
	snprintf(text, SENTENCE_SIZE, "%" PRIu64 " file%s refused%s", arrival->refused,
	    arrival->refused == 1 ? " was" : "s were",
	    has_accepted(arrival) ? " since the last accepted one" : "");
}

/* What stands in its way, as far as we know; else whoever sends it does. */
static void late_do(
    const struct feed_state *state, const struct arrival *arrival, char text[SENTENCE_SIZE])
{
	const char *feed = state->lane.feed;
	if (state->is_paused)
		snprintf(text, SENTENCE_SIZE, "the feed is paused: enrolctl resume %s", feed);
	else if (arrival && arrival->refused > 0)
		snprintf(text, SENTENCE_SIZE, "one was refused: enrolctl show %s says why",
		    arrival->refused_run);
	else if (inbox_incomplete(state->inbox) > 0)
		snprintf(text, SENTENCE_SIZE,
		    "a file waits for what has to lie beside it: enrolctl status names it");
	else if (feed_has_work(state) || state->is_busy)
		snprintf(
		    text, SENTENCE_SIZE, "a file is there: enrolctl status says how far it is");
	else
		snprintf(text, SENTENCE_SIZE, "ask who sends it what has become of it");
}

static const char stale_do[] = "ask who sends it whether what makes them still runs";

/* Those that nobody has seen to: a discard of the newest is about all before it, too. */
static uint64_t refused_unseen(const struct feed_state *state, const struct arrival *arrival)
{
	if (!arrival || arrival->refused == 0 ||
	    orders_find(&state->all->orders, ORDER_DISCARD, arrival->refused_run))
		return 0;
	return arrival->refused;
}

/* ---- the log ---- */

static json_t *about(const struct feed_state *state, const struct arrival *arrival)
{
	json_t *fields = feed_about("", &state->lane, "");
	if (has_accepted(arrival))
		json_object_set_new(fields, "last_run", json_string(arrival->run));
	if (arrival && arrival->refused > 0)
		json_object_set_new(fields, "refused", json_integer((json_int_t)arrival->refused));
	return fields;
}

static void news_log(const struct feed_state *state, const struct arrival *arrival, unsigned news)
{
	const char *feed = state->lane.feed;
	char what[SENTENCE_SIZE], to_do[SENTENCE_SIZE];
	if (news & EXPECT_ON_TIME)
		log_event(LOG_INFO, "feed_on_time", about(state, arrival),
		    "feed %s was late, and has sent a file now", feed);
	if (news & EXPECT_FRESH)
		log_event(LOG_INFO, "feed_fresh", about(state, arrival),
		    "feed %s was stale, and has sent something new", feed);
	if (news & EXPECT_LATE) {
		late_say(&state->verdict, arrival, what);
		late_do(state, arrival, to_do);
		json_t *fields = about(state, arrival);
		json_object_set_new(fields, "deadline", status_time(state->verdict.missed_s));
		log_event(
		    LOG_WARNING, "feed_late", fields, "feed %s is late: %s; %s", feed, what, to_do);
	}
	if (news & EXPECT_STALE) {
		stale_say(arrival, what);
		log_event(LOG_WARNING, "feed_stale", about(state, arrival),
		    "feed %s is stale: %s; %s", feed, what, stale_do);
	}
}

/* ---- people ---- */

static void news_tell(const struct feed_state *state, const struct expect_history *history,
    unsigned what, struct news_list *news)
{
	const char *feed = state->lane.feed;
	int64_t now_s = state->judged_s;
	struct news one;
	if (what & (EXPECT_ON_TIME | EXPECT_FRESH)) {
		one = news_of_on_time(feed, history->accepted_s, now_s);
		news_add(news, &one);
	}
	if (what & EXPECT_LATE) {
		one = news_of_late(feed, &state->verdict, now_s);
		news_add(news, &one);
	}
	if (what & EXPECT_STALE) {
		one = news_of_stale(feed, history->changed_s, now_s);
		news_add(news, &one);
	}
}

static int day_of(int64_t moment_s)
{
	struct tm tm;
	time_t moment = (time_t)moment_s;
	return localtime_r(&moment, &tm) ? tm.tm_year * 1000 + tm.tm_yday : 0;
}

/* Once a day. */
static void due_tell(
    struct feed_state *state, const struct absence_standing *absence, struct news_list *news)
{
	int today = day_of(state->judged_s);
	if (!absence || absence->due_people == 0 || state->due_told_day == today)
		return;
	struct news due = news_of_due(state->lane.feed, absence, state->judged_s);
	news_add(news, &due);
	state->due_told_day = today;
}

/* ---- judging ---- */

static bool is_teller(const struct feeds *feeds, const struct overview *overview, const char *feed)
{
	const char *holder = overview_holder(overview, feed);
	const char *first = overview->nodes_count > 0 ? overview->nodes[0].name : "";
	for (size_t i = 1; i < overview->nodes_count; i++)
		if (strcmp(overview->nodes[i].name, first) < 0)
			first = overview->nodes[i].name;
	const char *teller = *holder ? holder : first;
	return *teller == '\0' || strcmp(teller, feeds->config->node) == 0;
}

static struct expect_history history_of(const struct arrival *arrival, int64_t known_s)
{
	struct expect_history history = {.known_s = known_s};
	if (has_accepted(arrival)) {
		history.accepted_s = arrival->accepted_s;
		history.changed_s = arrival->changed_s;
		history.is_repeated = arrival->is_repeated;
	}
	return history;
}

void feeds_judge(
    struct feeds *feeds, const struct overview *overview, int64_t known_s, struct news_list *news)
{
	if (!overview->is_up || overview->arrived_s == 0)
		return; /* nobody knows what has come */
	for (size_t i = 0; i < feeds->count; i += 2) {
		struct feed_state *state = &feeds->states[i];
		const char *feed = state->lane.feed;
		const struct arrival *arrival = overview_arrival(overview, feed);
		const struct expect_history history = history_of(arrival, known_s);
		const struct policy *policy = &feeds->config->feeds[i / 2].policy;
		expect_judge(&policy->expect, &history, overview->arrived_s, &state->verdict);
		state->judged_s = overview->arrived_s;
		unsigned what = expect_tell(&state->told, &state->verdict, history.accepted_s);
		if (!is_teller(feeds, overview, feed))
			continue;
		news_log(state, arrival, what);
		if (!policy_tells(policy))
			continue;
		news_tell(state, &history, what, news);
		due_tell(state, overview_absence(overview, feed), news);
	}
}

/* ---- metrics ---- */

void feed_expect_tell(
    const struct feed_state *state, const struct overview *overview, struct metrics_now_feed *feed)
{
	const struct arrival *arrival = overview_arrival(overview, state->lane.feed);
	if (overview->arrived_s == 0)
		return;
	if (state->verdict.next_s > 0 || state->verdict.late_s > 0)
		feed->late = state->verdict.late_s > 0;
	feed->refused = (int64_t)refused_unseen(state, arrival);
	feed->stale = state->verdict.stale_s > 0;
	if (has_accepted(arrival))
		feed->last_success_s = arrival->accepted_s;
}

/* ---- status ---- */

static json_t *accepted_make(const struct arrival *arrival)
{
	if (!has_accepted(arrival))
		return json_null();
	return json_pack("{s:s, s:o, s:I, s:o, s:o}", "run", arrival->run, "file",
	    log_text(arrival->file), "rows", (json_int_t)arrival->rows, "finished",
	    status_time(arrival->accepted_s), "same_since",
	    arrival->is_repeated ? status_time(arrival->changed_s) : json_null());
}

static json_t *refused_make(const struct feed_state *state, const struct arrival *arrival)
{
	uint64_t count = refused_unseen(state, arrival);
	return json_pack("{s:I, s:s}", "files", (json_int_t)count, "newest",
	    count > 0 ? arrival->refused_run : "");
}

static json_t *late_make(const struct expect_verdict *verdict)
{
	if (verdict->late_s == 0)
		return json_null();
	return json_pack("{s:o, s:o}", "since", status_time(verdict->late_s), "missed",
	    status_time(verdict->missed_s));
}

static void needs_add(const struct feed_state *state, const struct arrival *arrival, json_t *needs)
{
	const char *feed = state->lane.feed;
	char what[SENTENCE_SIZE], to_do[SENTENCE_SIZE];
	if (state->verdict.late_s > 0) {
		late_say(&state->verdict, arrival, what);
		late_do(state, arrival, to_do);
		status_need(needs, feed, "warning", what, to_do);
	}
	if (state->verdict.stale_s > 0 && has_accepted(arrival)) {
		stale_say(arrival, what);
		status_need(needs, feed, "warning", what, stale_do);
	}
	if (refused_unseen(state, arrival) > 0) {
		const char *run = arrival->refused_run;
		refused_say(arrival, what);
		snprintf(to_do, sizeof to_do,
		    "enrolctl show %s says why; it is over with the next accepted file, or "
		    "enrolctl discard %s",
		    run, run);
		status_need(needs, feed, "warning", what, to_do);
	}
}

void feed_expect_status(
    const struct feed_state *state, const struct overview *overview, json_t *feed, json_t *needs)
{
	const struct arrival *arrival = overview_arrival(overview, state->lane.feed);
	const struct expect_verdict *verdict = &state->verdict;
	json_object_set_new(feed, "accepted", accepted_make(arrival));
	json_object_set_new(feed, "refused", refused_make(state, arrival));
	json_object_set_new(
	    feed, "due", verdict->next_s > 0 ? status_time(verdict->next_s) : json_null());
	json_object_set_new(feed, "late", late_make(verdict));
	json_object_set_new(feed, "stale",
	    verdict->stale_s > 0 ? json_pack("{s:o}", "since", status_time(verdict->stale_s))
	                         : json_null());
	needs_add(state, arrival, needs);
}
