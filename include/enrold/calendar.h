/*
 * calendar: the words in which settings speak of days and times of day. Pure: it knows no clock and
 * no time zone.
 */
#ifndef ENROLD_CALENDAR_H
#define ENROLD_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

/* Of the calendar, both inclusive; days since 1970-01-01. */
struct calendar_span {
	int64_t first, last;
};

/* "06:00", 00:00 to 23:59: minutes since midnight. */
bool calendar_parse_time(const char *text, int *minutes);
/* "mon": 0 is Sunday, as in struct tm. */
bool calendar_parse_weekday(const char *text, int *weekday);
/* "2026-12-24" or "2026-12-24..2027-01-06": days that there are, the first not after the last. */
bool calendar_parse_span(const char *text, struct calendar_span *span);

#endif
