/*
 * when: a time as somebody types it: a date, with or without a time of day (enrold.csv(5) has the
 * forms), today, yesterday, now, or how long ago: 90m, 24h, 7d, 2w. Pure, but for the time zone,
 * which is this machine's.
 */
#ifndef CTL_WHEN_H
#define CTL_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/* False: it is none of these, or not after 1970. */
bool when_parse(const char *text, int64_t now_s, int64_t *epoch_us);

#endif
