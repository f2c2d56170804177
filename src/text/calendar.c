#include "enrold/calendar.h"

#include <string.h>
#include <time.h>

/* So many digits; -1: something else stands there. */
static int digits_parse(const char **text, int count)
{
	int number = 0;
	for (int i = 0; i < count; i++, ++*text) {
		if (**text < '0' || **text > '9')
			return -1;
		number = number * 10 + (**text - '0');
	}
	return number;
}

static bool mark_parse(const char **text, const char *mark)
{
	size_t length = strlen(mark);
	bool is_there = strncmp(*text, mark, length) == 0;
	*text += is_there ? length : 0;
	return is_there;
}

bool calendar_parse_time(const char *text, int *minutes)
{
	int hour = digits_parse(&text, 2);
	int minute = hour >= 0 && mark_parse(&text, ":") ? digits_parse(&text, 2) : -1;
	*minutes = hour * 60 + minute;
	return hour < 24 && minute >= 0 && minute < 60 && *text == '\0';
}

bool calendar_parse_weekday(const char *text, int *weekday)
{
	static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	for (*weekday = 0; *weekday < 7; ++*weekday)
		if (strcmp(days[*weekday], text) == 0)
			return true;
	return false;
}

static bool date_parse(const char **text, int64_t *date)
{
	int year = digits_parse(text, 4);
	int month = year >= 1970 && mark_parse(text, "-") ? digits_parse(text, 2) : -1;
	int day = month >= 1 && mark_parse(text, "-") ? digits_parse(text, 2) : -1;
	if (month > 12 || day < 1 || day > 31)
		return false;
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
	*date = (int64_t)timegm(&tm) / 86400;
	return tm.tm_mday == day; /* 31 April has become 1 May */
}

bool calendar_parse_span(const char *text, struct calendar_span *span)
{
	if (!date_parse(&text, &span->first))
		return false;
	span->last = span->first;
	if (mark_parse(&text, "..") && !date_parse(&text, &span->last))
		return false;
	return *text == '\0' && span->first <= span->last;
}
