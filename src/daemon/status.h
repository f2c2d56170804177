/*
 * status: how things stand, as one JSON object; enrolctl(1) lists its members. Made on the loop's
 * thread from what is known there: it asks no disk and no database, and takes well under a
 * millisecond.
 */
#ifndef DAEMON_STATUS_H
#define DAEMON_STATUS_H

#include "overview.h"
#include "workers.h"

#include "enrold/status_part.h"

#include <jansson.h>

struct daemon;
struct feeds;
struct metrics_now_feed;

/* "sqlite", "postgresql" or "mariadb". */
const char *status_engine(const char *url);

/* NULL: no memory. */
json_t *status_make(const struct daemon *daemon);

/* ---- feed_status.c ---- */

/* What of it a feed's status needs. */
struct status_moment {
	int64_t now_ms, now_s; /* monotonic; epoch */
	const struct overview *overview;
	struct workers *workers;
};

/* All feeds, as an array. What somebody has to do something about is added to `needs`:
 * {"feed","level","what","do"}. */
json_t *feeds_status_make(
    const struct feeds *feeds, const struct status_moment *moment, json_t *needs);

/* ---- feed_metrics.c ---- */

/* The same as numbers, of each feed of the configuration in its order. */
void feeds_tell(
    const struct feeds *feeds, const struct status_moment *moment, struct metrics_now_feed *now);

#endif
