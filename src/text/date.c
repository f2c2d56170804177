/*
 * date: the date forms that mean one thing only. A table of forms, each a pattern in which a letter
 * stands for a number's digits and every other character for itself; "N" is a month's name.
 */
#include "enrold/value.h"

#include "php_date.h"

#include <strings.h>
#include <time.h>

struct civil {
	int year, month, day, hour, minute, second;
	bool has_time, has_offset;
	int offset; /* seconds east of UTC */
};

/* y4 m2 d2 H2 M2 S2; D: one or two digits of a day; N: month name; Z: "Z" or +hh:mm or +hhmm. */
static const char *const forms[] = {
    "y-m-d",
    "y-m-d H:M",
    "y-m-d H:M:S",
    "y-m-dTH:M",
    "y-m-dTH:M:S",
    "y-m-dTH:MZ",
    "y-m-dTH:M:SZ",
    "y-m-d H:M:SZ",
    "D.k.y",
    "D.k.y H:M",
    "D N y",
};

static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December"};

static bool take_digits(struct slice *rest, size_t least, size_t most, int *number)
{
	size_t count = 0;
	int value = 0;
	while (count < most && count < rest->size && rest->bytes[count] >= '0' &&
	       rest->bytes[count] <= '9')
		value = value * 10 + (rest->bytes[count++] - '0');
	if (count < least)
		return false;
	rest->bytes += count;
	rest->size -= count;
	*number = value;
	return true;
}

static bool take_char(struct slice *rest, char c)
{
	if (rest->size == 0 || rest->bytes[0] != c)
		return false;
	rest->bytes++;
	rest->size--;
	return true;
}

static bool take_month(struct slice *rest, int *month)
{
	for (int i = 0; i < 12; i++) {
		size_t whole = strlen(months[i]);
		size_t size = rest->size >= whole && !strncasecmp(rest->bytes, months[i], whole)
		                  ? whole
		              : rest->size >= 3 && !strncasecmp(rest->bytes, months[i], 3) ? 3
		                                                                           : 0;
		if (size == 0)
			continue;
		rest->bytes += size;
		rest->size -= size;
		*month = i + 1;
		return true;
	}
	return false;
}

static bool take_offset(struct slice *rest, struct civil *civil)
{
	civil->has_offset = true;
	if (take_char(rest, 'Z'))
		return true;
	int sign = take_char(rest, '+') ? 1 : take_char(rest, '-') ? -1 : 0;
	int hours, minutes;
	if (!sign || !take_digits(rest, 2, 2, &hours))
		return false;
	(void)take_char(rest, ':');
	if (!take_digits(rest, 2, 2, &minutes) || hours > 14 || minutes > 59)
		return false;
	civil->offset = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool take_part(struct slice *rest, char part, struct civil *civil)
{
	switch (part) {
	case 'y': return take_digits(rest, 4, 4, &civil->year);
	case 'm': return take_digits(rest, 2, 2, &civil->month);
	case 'k': return take_digits(rest, 1, 2, &civil->month);
	case 'd': return take_digits(rest, 2, 2, &civil->day);
	case 'D': return take_digits(rest, 1, 2, &civil->day);
	case 'H': civil->has_time = true; return take_digits(rest, 2, 2, &civil->hour);
	case 'M': return take_digits(rest, 2, 2, &civil->minute);
	case 'S': return take_digits(rest, 2, 2, &civil->second);
	case 'N': return take_month(rest, &civil->month);
	case 'Z': return take_offset(rest, civil);
	default: return take_char(rest, part);
	}
}

static bool form_matches(const char *form, struct slice cell, struct civil *civil)
{
	*civil = (struct civil){0};
	for (; *form; form++)
		if (!take_part(&cell, *form, civil))
			return false;
	return cell.size == 0;
}

enum { EPOCH_YEAR = 1970 };

static bool civil_is_real(const struct civil *civil)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (civil->year < 1 || civil->month < 1 || civil->month > 12 || civil->day < 1)
		return false;
	bool leap = (civil->year % 4 == 0 && civil->year % 100 != 0) || civil->year % 400 == 0;
	int length = lengths[civil->month - 1] + (civil->month == 2 && leap);
	return civil->day <= length && civil->hour < 24 && civil->minute < 60 && civil->second < 60;
}

/* is_end: of a day without a time, the end. */
static int64_t civil_epoch(const struct civil *civil, bool is_end)
{
	struct tm tm = {
	    .tm_year = civil->year - 1900,
	    .tm_mon = civil->month - 1,
	    .tm_mday = civil->day + (is_end && !civil->has_time),
	    .tm_hour = civil->hour,
	    .tm_min = civil->minute,
	    .tm_sec = civil->second,
	    .tm_isdst = -1,
	};
	return civil->has_offset ? (int64_t)timegm(&tm) - civil->offset : (int64_t)mktime(&tm);
}

/* What was before 1970 is no date of an LMS, which counts from there. */
static bool civil_read(const struct civil *civil, const struct date_rules *rules, int64_t *epoch)
{
	if (!civil_is_real(civil) || (civil->year < EPOCH_YEAR && !rules->takes_old))
		return false;
	*epoch = civil->year < EPOCH_YEAR ? 0 : civil_epoch(civil, rules->is_end);
	return *epoch >= 0;
}

static bool date_parse(struct slice cell, const struct date_rules *rules, int64_t *epoch)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct civil civil;
		if (form_matches(forms[i], cell, &civil))
			return civil_read(&civil, rules, epoch);
	}
	return false;
}

bool value_parse_date(struct slice cell, int64_t *epoch)
{
	static const struct date_rules none = {0};
	return date_parse(cell, &none, epoch);
}

/* ---- what a feed takes besides ---- */

enum { DATE_TEXT_MAX = 64 };

/* One of these conversions stands in the form. */
static bool has_part(const char *form, const char *parts)
{
	for (; *form; form++)
		if (*form == '%' && strchr(parts, *++form))
			return *form != '\0';
	return false;
}

static bool form_parse(
    const char *form, const char *text, const struct date_rules *rules, int64_t *epoch)
{
	struct tm tm = {.tm_mday = 1, .tm_isdst = -1};
	const char *rest = strptime(text, form, &tm);
	if (!rest || *rest != '\0')
		return false;
	/* strptime lets 31 February pass. */
	const struct civil civil = {.year = tm.tm_year + 1900,
	    .month = tm.tm_mon + 1,
	    .day = tm.tm_mday,
	    .hour = tm.tm_hour,
	    .minute = tm.tm_min,
	    .second = tm.tm_sec,
	    .has_time = has_part(form, "HIklMSTRrXcs"),
	    .has_offset = has_part(form, "zs"), /* seconds are read as of this machine */
	    .offset = (int)tm.tm_gmtoff};
	return civil_read(&civil, rules, epoch);
}

/* "tomorrow" is a midnight, and a day; "+1 week" is a moment. */
static bool php_end(const char *text, int64_t *epoch)
{
	time_t time = (time_t)*epoch;
	struct tm tm;
	localtime_r(&time, &tm);
	bool is_day = !strchr(text, ':') && tm.tm_hour == 0 && tm.tm_min == 0 && tm.tm_sec == 0;
	tm.tm_mday += is_day;
	tm.tm_isdst = -1;
	*epoch = (int64_t)mktime(&tm);
	return *epoch >= 0;
}

bool value_parse_feed_date(struct slice cell, const struct date_rules *rules, int64_t *epoch)
{
	char text[DATE_TEXT_MAX + 1];
	if (date_parse(cell, rules, epoch))
		return true;
	if (cell.size == 0 || cell.size > DATE_TEXT_MAX || memchr(cell.bytes, '\0', cell.size))
		return false;
	memcpy(text, cell.bytes, cell.size);
	text[cell.size] = '\0';
	for (size_t i = 0; i < rules->forms_count; i++)
		if (form_parse(rules->forms[i], text, rules, epoch))
			return true;
	if (!rules->is_moodle)
		return false;
	if (cell.bytes[0] == '@')
		return value_parse_whole((struct slice){cell.bytes + 1, cell.size - 1}, epoch);
	return php_date_parse(cell, rules->now, epoch) && (!rules->is_end || php_end(text, epoch));
}
