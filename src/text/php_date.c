/*
 * php_date: what Moodle's uploader makes of a date, which is PHP's strtotime: the forms that people
 * write of those it takes, read to the same moment (tried beside PHP 8.2). Days that there are not
 * (31 February), which PHP counts on into March, are no date here.
 */
#include "php_date.h"

#include "php_parts.h"

#include <time.h>

/* ---- dates ---- */

static bool date_set(struct reading *reading, int year, int month, int day)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (reading->has_date || year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > lengths[month - 1] + (month == 2 && leap))
		return false;
	reading->has_date = true;
	reading->tm.tm_year = year - 1900;
	reading->tm.tm_mon = month - 1;
	reading->tm.tm_mday = day;
	return true;
}

/* 2026-12-31, 2026/12/31, 31-12-2026, 31.12.2026, 12/31/2026, 20261231. */
static bool numeric_date_take(struct reading *reading)
{
	struct reading ahead = *reading;
	int a, b, c;
	char first, second;
	if (php_digits_count(ahead.rest) == 8 && php_number_take(&ahead, 8, 8, &a)) {
		bool is_good =
		    ahead.rest.size == 0 && date_set(&ahead, a / 10000, a / 100 % 100, a % 100);
		*reading = is_good ? ahead : *reading;
		return is_good;
	}
	if (!php_number_take(&ahead, 1, 4, &a) || !php_char_take(&ahead, "-/.", &first) ||
	    !php_number_take(&ahead, 1, 2, &b) || !php_char_take(&ahead, "-/.", &second) ||
	    first != second || !php_number_take(&ahead, 1, 4, &c))
		return false;
	bool year_first = a > 99 && first != '.';
	bool is_good = year_first     ? c <= 31 && date_set(&ahead, a, b, c)
	               : c < 1000     ? false
	               : first == '/' ? date_set(&ahead, c, a, b)
	                              : date_set(&ahead, c, b, a);
	*reading = is_good ? ahead : *reading;
	return is_good;
}

static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December"};

static bool month_take(struct reading *reading, int *month)
{
	int found = php_word_find(reading->rest, months, 12, true);
	if (found < 0)
		return false;
	php_pass(reading, php_letters_count(reading->rest));
	*month = found + 1;
	return true;
}

/* 1, 01, 1st, 2nd, 3rd, 4th */
static bool day_take(struct reading *reading, int *day)
{
	static const char *const endings[] = {"st", "nd", "rd", "th"};
	if (!php_number_take(reading, 1, 2, day))
		return false;
	if (php_word_find(reading->rest, endings, 4, false) >= 0)
		php_pass(reading, 2);
	return true;
}

static void joints_pass(struct reading *reading)
{
	while (reading->rest.size > 0 && strchr(" \t,-.", reading->rest.bytes[0]))
		php_pass(reading, 1);
}

/* A year, unless a time follows whose hours it would be. */
static bool year_take(struct reading *reading, int *year)
{
	struct reading ahead = *reading;
	joints_pass(&ahead);
	if (!php_number_take(&ahead, 4, 4, year))
		return false;
	*reading = ahead;
	return true;
}

/* 31 December 2026, 31-Dec-2026, December 31st, 2026, December 2026, 31 December. */
static bool worded_date_take(struct reading *reading)
{
	struct reading ahead = *reading;
	int day = 0, month, year = reading->tm.tm_year + 1900;
	bool day_first = day_take(&ahead, &day);
	if (day_first)
		joints_pass(&ahead);
	if (!month_take(&ahead, &month))
		return false;
	if (!day_first) {
		struct reading before = ahead;
		joints_pass(&ahead);
		bool has_day = php_digits_count(ahead.rest) <= 2 && day_take(&ahead, &day);
		ahead = has_day ? ahead : before;
	}
	bool has_year = year_take(&ahead, &year);
	php_blanks_pass(&ahead);
	/* Behind a day and a month PHP takes the hour of a time for the year. */
	if (!has_year && (day == 0 || ahead.rest.size > 0))
		return false;
	if (!date_set(&ahead, year, month, day == 0 ? 1 : day))
		return false;
	*reading = ahead;
	return true;
}

/* ---- times ---- */

static void time_set(struct reading *reading, int hour, int minute, int second)
{
	reading->has_time = true;
	reading->tm.tm_hour = hour;
	reading->tm.tm_min = minute;
	reading->tm.tm_sec = second;
}

/* "am", "p.m."; -1: neither. */
static int half_take(struct reading *reading)
{
	static const char *const halves[] = {"am", "pm"};
	struct reading ahead = *reading;
	php_blanks_pass(&ahead);
	int half = php_word_find(ahead.rest, halves, 2, false);
	if (half < 0)
		return -1;
	php_pass(&ahead, 2);
	*reading = ahead;
	return half;
}

/* 8:00, 08:00:00, 8am, 8:30 pm, T08:00 */
static bool time_take(struct reading *reading)
{
	struct reading ahead = *reading;
	int hour, minute = 0, second = 0;
	char taken;
	bool has_letter = php_char_take(&ahead, "Tt", &taken);
	if (reading->has_time || !php_number_take(&ahead, 1, 2, &hour))
		return false;
	bool has_minutes = php_char_take(&ahead, ":", &taken);
	if (has_minutes && !php_number_take(&ahead, 2, 2, &minute))
		return false;
	if (has_minutes && php_char_take(&ahead, ":", &taken) &&
	    !php_number_take(&ahead, 2, 2, &second))
		return false;
	int half = has_letter ? -1 : half_take(&ahead);
	bool is_ended = half < 0 || ahead.rest.size == 0 || ahead.rest.bytes[0] == ' ';
	if (!is_ended || (half < 0 && !has_minutes) || (half >= 0 && (hour < 1 || hour > 12)))
		return false;
	if (half >= 0)
		hour = hour % 12 + 12 * half;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	time_set(&ahead, hour, minute, second);
	*reading = ahead;
	return true;
}

/* Z, UTC, GMT, +01:00, -0500; behind a time only. */
static bool offset_take(struct reading *reading)
{
	struct reading ahead = *reading;
	int hours, minutes;
	char sign, colon;
	if (!reading->has_time || reading->has_offset || reading->has_relative)
		return false;
	reading->has_offset = php_word_take(reading, "Z") || php_word_take(reading, "UTC") ||
	                      php_word_take(reading, "GMT");
	if (reading->has_offset)
		return true;
	if (!php_char_take(&ahead, "+-", &sign) || php_digits_count(ahead.rest) < 2)
		return false;
	bool is_joined = php_digits_count(ahead.rest) == 4;
	if (!php_number_take(&ahead, is_joined ? 4 : 2, is_joined ? 4 : 2, &hours))
		return false;
	minutes = is_joined ? hours % 100 : 0;
	hours = is_joined ? hours / 100 : hours;
	if (!is_joined &&
	    (!php_char_take(&ahead, ":", &colon) || !php_number_take(&ahead, 2, 2, &minutes)))
		return false;
	if (hours > 14 || minutes > 59)
		return false;
	ahead.has_offset = true;
	ahead.offset = (sign == '-' ? -1L : 1L) * (hours * 3600L + minutes * 60L);
	*reading = ahead;
	return true;
}

/* ---- the whole ---- */

static bool part_take(struct reading *reading)
{
	return numeric_date_take(reading) || time_take(reading) || worded_date_take(reading) ||
	       offset_take(reading) || php_counted_take(reading) || php_edge_take(reading) ||
	       php_day_word_take(reading) || php_named_take(reading);
}

static int64_t epoch_of(struct reading *reading)
{
	const int *moves = reading->moves;
	bool is_midnight = reading->has_date || reading->has_weekday;
	if (!reading->has_time && is_midnight && !reading->has_day_word)
		reading->tm.tm_hour = 0;
	if (!reading->has_time && (is_midnight || reading->has_day_word))
		reading->tm.tm_min = reading->tm.tm_sec = 0;
	if (reading->has_weekday)
		php_weekday_move(reading);
	reading->tm.tm_mday += moves[DAYS] + 7 * moves[WEEKS] + 14 * moves[FORTNIGHTS];
	reading->tm.tm_mon += moves[MONTHS];
	reading->tm.tm_year += moves[YEARS];
	if (reading->first_or_last > 0)
		reading->tm.tm_mday = 1;
	if (reading->first_or_last < 0) {
		reading->tm.tm_mon++;
		reading->tm.tm_mday = 0;
	}
	reading->tm.tm_isdst = -1;
	return reading->has_offset ? (int64_t)timegm(&reading->tm) - reading->offset
	                           : (int64_t)mktime(&reading->tm);
}

bool php_date_parse(struct slice cell, int64_t now, int64_t *epoch)
{
	struct reading reading = {.rest = cell};
	time_t time = (time_t)now;
	localtime_r(&time, &reading.tm);
	php_blanks_pass(&reading);
	if (reading.rest.size == 0)
		return false;
	while (reading.rest.size > 0) {
		if (!part_take(&reading))
			return false;
		php_blanks_pass(&reading);
	}
	if (!php_weekday_agrees(&reading))
		return false;
	*epoch = epoch_of(&reading);
	return *epoch >= 0;
}
