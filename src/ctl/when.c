#include "when.h"

#include "enrold/value.h"

#include <string.h>
#include <strings.h>
#include <time.h>

enum { SECOND_US = 1000000 };

static int64_t midnight(int64_t now_s, int days_ago)
{
	time_t now = now_s;
	struct tm tm;
	if (!localtime_r(&now, &tm))
		return 0;
	tm.tm_mday -= days_ago;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm);
}

/* "24h" */
static bool ago_parse(const char *text, int64_t now_s, int64_t *epoch_s)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	size_t digits = strspn(text, "0123456789");
	int64_t number;
	if (digits == 0 || strlen(text) != digits + 1 ||
	    !value_parse_whole((struct slice){text, digits}, &number))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (text[digits] == units[i].unit && number <= now_s / units[i].seconds) {
			*epoch_s = now_s - number * units[i].seconds;
			return true;
		}
	return false;
}

bool when_parse(const char *text, int64_t now_s, int64_t *epoch_us)
{
	int64_t epoch_s = 0;
	bool is_known = true;
	if (strcasecmp(text, "now") == 0)
		epoch_s = now_s;
	else if (strcasecmp(text, "today") == 0)
		epoch_s = midnight(now_s, 0);
	else if (strcasecmp(text, "yesterday") == 0)
		epoch_s = midnight(now_s, 1);
	else
		is_known =
		    ago_parse(text, now_s, &epoch_s) || value_parse_date(slice_of(text), &epoch_s);
	if (!is_known || epoch_s <= 0 || epoch_s > INT64_MAX / SECOND_US)
		return false;
	*epoch_us = epoch_s * SECOND_US;
	return true;
}
