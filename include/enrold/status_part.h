/*
 * status_part: what each part of the status is made of.
 */
#ifndef DAEMON_STATUS_PART_H
#define DAEMON_STATUS_PART_H

#include <jansson.h>
#include <stdint.h>

/* Something that a person has to do something about. feed: NULL: all of them. level: "warning", or
 * "critical": files do not get on. */
void status_need(
    json_t *needs, const char *feed, const char *level, const char *what, const char *to_do);
/* Of trouble that may be over soon: a warning, and critical after five minutes. */
const char *status_level(int64_t lasted_s);
/* RFC 3339, UTC, whole seconds. */
json_t *status_time(int64_t epoch_s);

#endif
