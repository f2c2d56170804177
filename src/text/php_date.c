/*
 * php_date: what Moodle's uploader makes of a date, which is PHP's strtotime: the forms that people
 * write of those it takes, read to the same moment (tried beside PHP 8.2). Days that there are not
 * (31 February), which PHP counts on into March, are no date here.
 */
#include "php_date.h"

#include <strings.h>
#include <time.h>

/* Hours are left out: where the clocks change PHP has counted them in more than one way. */
enum unit { DAYS, WEEKS, FORTNIGHTS, MONTHS, YEARS, UNITS };

struct reading {
	struct slice rest;
	struct tm tm; /* local: what the relative parts are relative to */
	bool has_date, has_time, has_offset, has_relative, has_day_word, has_weekday;
	long offset;       /* seconds east of UTC */
	int moves[UNITS];  /* how many of each unit later */
	int weekday, way;  /* 0: today if it is one, 1: strictly later, -1: strictly earlier */
	bool is_plain_day; /* a weekday without "next" and the like */
	int first_or_last; /* 1: first day of the month, -1: last */
};

/* ---- words and numbers ---- */

static void blanks_pass(struct reading *reading)
{
	while (reading->rest.size > 0 && strchr(" \t,", reading->rest.bytes[0])) {
		reading->rest.bytes++;
		reading->rest.size--;
	}
}

static void pass(struct reading *reading, size_t size)
{
	reading->rest.bytes += size;
	reading->rest.size -= size;
}

static size_t letters_count(struct slice text)
{
	size_t count = 0;
	while (count < text.size && ((text.bytes[count] | 0x20) >= 'a') &&
	       ((text.bytes[count] | 0x20) <= 'z'))
		count++;
	return count;
}

static size_t digits_count(struct slice text)
{
	size_t count = 0;
	while (count < text.size && text.bytes[count] >= '0' && text.bytes[count] <= '9')
		count++;
	return count;
}

/* The word that begins the text is one of these, or of its first three letters where it may be. */
static int word_find(struct slice text, const char *const *words, int count, bool may_be_short)
{
	size_t size = letters_count(text);
	for (int i = 0; i < count; i++) {
		size_t whole = strlen(words[i]);
		bool is_whole = size == whole && strncasecmp(text.bytes, words[i], whole) == 0;
		bool is_short = may_be_short && size == 3 && whole > 3 &&
		                strncasecmp(text.bytes, words[i], 3) == 0;
		if (is_whole || is_short)
			return i;
	}
	return -1;
}

static bool word_take(struct reading *reading, const char *word)
{
	if (word_find(reading->rest, &word, 1, false) < 0)
		return false;
	pass(reading, strlen(word));
	return true;
}

/* So many digits, and then none. */
static bool number_take(struct reading *reading, size_t least, size_t most, int *number)
{
	size_t count = digits_count(reading->rest);
	if (count < least || count > most)
		return false;
	*number = 0;
	for (size_t i = 0; i < count; i++)
		*number = *number * 10 + (reading->rest.bytes[i] - '0');
	pass(reading, count);
	return true;
}

static bool char_take(struct reading *reading, const char *of, char *taken)
{
	if (reading->rest.size == 0 || !reading->rest.bytes[0] ||
	    !strchr(of, reading->rest.bytes[0]))
		return false;
	*taken = reading->rest.bytes[0];
	pass(reading, 1);
	return true;
}

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
	if (digits_count(ahead.rest) == 8 && number_take(&ahead, 8, 8, &a)) {
		bool is_good =
		    ahead.rest.size == 0 && date_set(&ahead, a / 10000, a / 100 % 100, a % 100);
		*reading = is_good ? ahead : *reading;
		return is_good;
	}
	if (!number_take(&ahead, 1, 4, &a) || !char_take(&ahead, "-/.", &first) ||
	    !number_take(&ahead, 1, 2, &b) || !char_take(&ahead, "-/.", &second) ||
	    first != second || !number_take(&ahead, 1, 4, &c))
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
	int found = word_find(reading->rest, months, 12, true);
	if (found < 0)
		return false;
	pass(reading, letters_count(reading->rest));
	*month = found + 1;
	return true;
}

/* 1, 01, 1st, 2nd, 3rd, 4th */
static bool day_take(struct reading *reading, int *day)
{
	static const char *const endings[] = {"st", "nd", "rd", "th"};
	if (!number_take(reading, 1, 2, day))
		return false;
	if (word_find(reading->rest, endings, 4, false) >= 0)
		pass(reading, 2);
	return true;
}

static void joints_pass(struct reading *reading)
{
	while (reading->rest.size > 0 && strchr(" \t,-.", reading->rest.bytes[0]))
		pass(reading, 1);
}

/* A year, unless a time follows whose hours it would be. */
static bool year_take(struct reading *reading, int *year)
{
	struct reading ahead = *reading;
	joints_pass(&ahead);
	if (!number_take(&ahead, 4, 4, year))
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
		bool has_day = digits_count(ahead.rest) <= 2 && day_take(&ahead, &day);
		ahead = has_day ? ahead : before;
	}
	bool has_year = year_take(&ahead, &year);
	blanks_pass(&ahead);
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
	blanks_pass(&ahead);
	int half = word_find(ahead.rest, halves, 2, false);
	if (half < 0)
		return -1;
	pass(&ahead, 2);
	*reading = ahead;
	return half;
}

/* 8:00, 08:00:00, 8am, 8:30 pm, T08:00 */
static bool time_take(struct reading *reading)
{
	struct reading ahead = *reading;
	int hour, minute = 0, second = 0;
	char taken;
	bool has_letter = char_take(&ahead, "Tt", &taken);
	if (reading->has_time || !number_take(&ahead, 1, 2, &hour))
		return false;
	bool has_minutes = char_take(&ahead, ":", &taken);
	if (has_minutes && !number_take(&ahead, 2, 2, &minute))
		return false;
	if (has_minutes && char_take(&ahead, ":", &taken) && !number_take(&ahead, 2, 2, &second))
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
	reading->has_offset =
	    word_take(reading, "Z") || word_take(reading, "UTC") || word_take(reading, "GMT");
	if (reading->has_offset)
		return true;
	if (!char_take(&ahead, "+-", &sign) || digits_count(ahead.rest) < 2)
		return false;
	bool is_joined = digits_count(ahead.rest) == 4;
	if (!number_take(&ahead, is_joined ? 4 : 2, is_joined ? 4 : 2, &hours))
		return false;
	minutes = is_joined ? hours % 100 : 0;
	hours = is_joined ? hours / 100 : hours;
	if (!is_joined && (!char_take(&ahead, ":", &colon) || !number_take(&ahead, 2, 2, &minutes)))
		return false;
	if (hours > 14 || minutes > 59)
		return false;
	ahead.has_offset = true;
	ahead.offset = (sign == '-' ? -1L : 1L) * (hours * 3600L + minutes * 60L);
	*reading = ahead;
	return true;
}

/* ---- relative ---- */

static const char *const days[] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

/* One move, of a date or of now: how several add up, and "ago" behind them, is PHP's secret. */
static bool unit_move(struct reading *reading, const struct reading *ahead, int unit, int count)
{
	if (reading->has_relative || reading->has_day_word || reading->has_weekday)
		return false;
	*reading = *ahead;
	reading->moves[unit] += count;
	reading->has_relative = true;
	return true;
}

static int unit_take(struct reading *reading)
{
	static const char *const units[] = {"day", "week", "fortnight", "month", "year"};
	static const char *const plurals[] = {"days", "weeks", "fortnights", "months", "years"};
	struct reading ahead = *reading;
	blanks_pass(&ahead);
	int unit = word_find(ahead.rest, units, UNITS, false);
	unit = unit >= 0 ? unit : word_find(ahead.rest, plurals, UNITS, false);
	if (unit < 0)
		return -1;
	pass(&ahead, letters_count(ahead.rest));
	*reading = ahead;
	return unit;
}

/* +3 days, -1 week, 2 months ago */
static bool counted_take(struct reading *reading)
{
	struct reading ahead = *reading;
	char sign = '+';
	int count;
	(void)char_take(&ahead, "+-", &sign);
	blanks_pass(&ahead);
	if (!number_take(&ahead, 1, 5, &count))
		return false;
	int unit = unit_take(&ahead);
	if (unit < 0)
		return false;
	struct reading behind = ahead;
	blanks_pass(&behind);
	bool is_ago = word_take(&behind, "ago");
	ahead = is_ago ? behind : ahead;
	return unit_move(reading, &ahead, unit, (sign == '-') != is_ago ? -count : count);
}

/* Of days that are named one is enough, and a time stands behind it: PHP forgets one before. */
static bool alone_take(struct reading *reading, struct reading *ahead, bool *has)
{
	if (*has || reading->has_time || reading->has_relative || reading->has_day_word ||
	    reading->has_weekday || reading->first_or_last != 0)
		return false;
	*has = true;
	*reading = *ahead;
	return true;
}

/* next monday, last week, this friday, monday */
static bool named_take(struct reading *reading)
{
	static const char *const ways[] = {"last", "this", "next", "previous"};
	struct reading ahead = *reading;
	int way = word_find(ahead.rest, ways, 4, false);
	if (way >= 0)
		pass(&ahead, letters_count(ahead.rest));
	blanks_pass(&ahead);
	int step = way < 0 ? 0 : way == 3 ? -1 : way - 1;
	int weekday = word_find(ahead.rest, days, 7, true);
	if (weekday >= 0) {
		pass(&ahead, letters_count(ahead.rest));
		ahead.weekday = weekday;
		ahead.way = step;
		ahead.is_plain_day = way < 0;
		return alone_take(reading, &ahead, &ahead.has_weekday);
	}
	int unit = way < 0 ? -1 : unit_take(&ahead);
	/* Of a week it matters to PHP which day it is. */
	if (unit < 0 || unit == WEEKS)
		return false;
	return unit_move(reading, &ahead, unit, step);
}

static bool day_word_take(struct reading *reading)
{
	static const struct {
		const char *word;
		int days, hour;
	} words[] = {{"today", 0, 0}, {"midnight", 0, 0}, {"tomorrow", 1, 0}, {"yesterday", -1, 0},
	    {"noon", 0, 12}};
	struct reading ahead = *reading;
	if (word_take(reading, "now"))
		return true;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!word_take(&ahead, words[i].word))
			continue;
		ahead.moves[DAYS] += words[i].days;
		ahead.tm.tm_hour = words[i].hour;
		return alone_take(reading, &ahead, &ahead.has_day_word);
	}
	return false;
}

/* first day of next month, last day of December 2026 */
static bool edge_take(struct reading *reading)
{
	struct reading ahead = *reading;
	bool is_first = word_take(&ahead, "first");
	if (!is_first && !word_take(&ahead, "last"))
		return false;
	blanks_pass(&ahead);
	if (!word_take(&ahead, "day"))
		return false;
	blanks_pass(&ahead);
	if (!word_take(&ahead, "of"))
		return false;
	if (ahead.first_or_last != 0 || ahead.has_day_word || ahead.has_weekday)
		return false;
	ahead.first_or_last = is_first ? 1 : -1;
	*reading = ahead;
	return true;
}

/* ---- the whole ---- */

static bool part_take(struct reading *reading)
{
	return numeric_date_take(reading) || time_take(reading) || worded_date_take(reading) ||
	       offset_take(reading) || counted_take(reading) || edge_take(reading) ||
	       day_word_take(reading) || named_take(reading);
}

static void weekday_move(struct reading *reading)
{
	struct tm day = reading->tm;
	day.tm_hour = 12;
	day.tm_isdst = -1;
	(void)timegm(&day); /* which day of the week that is */
	int ahead = (reading->weekday - day.tm_wday + 7) % 7;
	if (reading->way > 0 && ahead == 0)
		ahead = 7;
	if (reading->way < 0)
		ahead = ahead == 0 ? -7 : ahead - 7;
	reading->tm.tm_mday += ahead;
}

/* A weekday beside a date has to say again what that says. */
static bool weekday_agrees(const struct reading *reading)
{
	struct reading moved = *reading;
	if (!reading->has_weekday || !reading->has_date)
		return true;
	weekday_move(&moved);
	return reading->is_plain_day && moved.tm.tm_mday == reading->tm.tm_mday;
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
		weekday_move(reading);
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
	blanks_pass(&reading);
	if (reading.rest.size == 0)
		return false;
	while (reading.rest.size > 0) {
		if (!part_take(&reading))
			return false;
		blanks_pass(&reading);
	}
	if (!weekday_agrees(&reading))
		return false;
	*epoch = epoch_of(&reading);
	return *epoch >= 0;
}
