/*
 * php_relative: dates that are relative to another, or to now. Only those that PHP counts in one
 * way, whatever the day: no hours, no "next week", no two moves at once.
 */
#include "php_parts.h"

#include <string.h>

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
	php_blanks_pass(&ahead);
	int unit = php_word_find(ahead.rest, units, UNITS, false);
	unit = unit >= 0 ? unit : php_word_find(ahead.rest, plurals, UNITS, false);
	if (unit < 0)
		return -1;
	php_pass(&ahead, php_letters_count(ahead.rest));
	*reading = ahead;
	return unit;
}

/* +3 days, -1 week, 2 months ago */
bool php_counted_take(struct reading *reading)
{
	struct reading ahead = *reading;
	char sign = '+';
	int count;
	(void)php_char_take(&ahead, "+-", &sign);
	php_blanks_pass(&ahead);
	if (!php_number_take(&ahead, 1, 5, &count))
		return false;
	int unit = unit_take(&ahead);
	if (unit < 0)
		return false;
	struct reading behind = ahead;
	php_blanks_pass(&behind);
	bool is_ago = php_word_take(&behind, "ago");
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
bool php_named_take(struct reading *reading)
{
	static const char *const ways[] = {"last", "this", "next", "previous"};
	struct reading ahead = *reading;
	int way = php_word_find(ahead.rest, ways, 4, false);
	if (way >= 0)
		php_pass(&ahead, php_letters_count(ahead.rest));
	php_blanks_pass(&ahead);
	int step = way < 0 ? 0 : way == 3 ? -1 : way - 1;
	int weekday = php_word_find(ahead.rest, days, 7, true);
	if (weekday >= 0) {
		php_pass(&ahead, php_letters_count(ahead.rest));
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

bool php_day_word_take(struct reading *reading)
{
	static const struct {
		const char *word;
		int days, hour;
	} words[] = {{"today", 0, 0}, {"midnight", 0, 0}, {"tomorrow", 1, 0}, {"yesterday", -1, 0},
	    {"noon", 0, 12}};
	struct reading ahead = *reading;
	if (php_word_take(reading, "now"))
		return true;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!php_word_take(&ahead, words[i].word))
			continue;
		ahead.moves[DAYS] += words[i].days;
		ahead.tm.tm_hour = words[i].hour;
		return alone_take(reading, &ahead, &ahead.has_day_word);
	}
	return false;
}

/* first day of next month, last day of December 2026 */
bool php_edge_take(struct reading *reading)
{
	struct reading ahead = *reading;
	bool is_first = php_word_take(&ahead, "first");
	if (!is_first && !php_word_take(&ahead, "last"))
		return false;
	php_blanks_pass(&ahead);
	if (!php_word_take(&ahead, "day"))
		return false;
	php_blanks_pass(&ahead);
	if (!php_word_take(&ahead, "of"))
		return false;
	if (ahead.first_or_last != 0 || ahead.has_day_word || ahead.has_weekday)
		return false;
	ahead.first_or_last = is_first ? 1 : -1;
	*reading = ahead;
	return true;
}

void php_weekday_move(struct reading *reading)
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
bool php_weekday_agrees(const struct reading *reading)
{
	struct reading moved = *reading;
	if (!reading->has_weekday || !reading->has_date)
		return true;
	php_weekday_move(&moved);
	return reading->is_plain_day && moved.tm.tm_mday == reading->tm.tm_mday;
}
