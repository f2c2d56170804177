/*
 * status_part: what the status is made of, whoever tells it: the daemon, or enrolctl where none
 * runs. enrolctl(1) lists the members. Texts may be of any bytes. Pure.
 */
#ifndef ENROLD_STATUS_PART_H
#define ENROLD_STATUS_PART_H

#include "enrold/absences.h"
#include "enrold/held.h"
#include "enrold/orders.h"

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
/* {"file","since"}; name "": null. */
json_t *status_file(const char *name, int64_t since_s);
/* {"by","why","since"}; NULL: null. */
json_t *status_order(const struct order *order);
/* The same with "run" and "file": a run that was stopped. What to do about it is added to needs. */
json_t *status_stopped(
    const char *feed, const char *run, const char *file, const struct order *order, json_t *needs);

/* The open plans of the feed, the first of them: {"run","file","whole","code","reason","rows",
 * "people","since","ordered"}. What nobody has said anything about is added to needs. */
json_t *status_plans(
    const char *feed, const struct held_plans *plans, const struct orders *orders, json_t *needs);
/* How many of them there are; first: the one that waits longest, or NULL. */
size_t status_plans_count(
    const char *feed, const struct held_plans *plans, const struct held_plan **first);

/* {"last_full","withheld","blocked","due"}; NULL: null. What was withheld and has no plan that says
 * so, and courses that nobody can leave, are added to needs. */
json_t *status_absence(
    const struct absence_standing *standing, const struct held_plans *plans, json_t *needs);

/* {"waiting","since"}: what enrold-notify has not seen to yet (notice.h), the oldest since then; 0:
 * nothing waits. That it has done so for an hour is added to needs. */
json_t *status_notices(size_t count, int64_t oldest_s, int64_t now_s, json_t *needs);

#endif
