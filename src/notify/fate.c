#include "fate.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const int64_t second = 1000, hour = INT64_C(3600) * 1000; /* milliseconds */

enum { HOURS = 24 };

static bool starts(const char *words, const char *start)
{
	return strncmp(words, start, strlen(start)) == 0;
}

enum fate fate_of_mail(bool is_ok, long code, const char *words, bool is_whole)
{
	/* What is said before that is about the sender, or about everybody: a person may have to
	 * mend it, and then it goes. */
	bool is_own = is_whole || starts(words, "RCPT failed") || starts(words, "DATA failed");
	if (is_ok)
		return FATE_SENT;
	if (is_own && code >= 500 && code < 600)
		return FATE_REFUSED;
	return is_own && code >= 400 && code < 500 ? FATE_LATER : FATE_AWAY;
}

enum fate fate_of_webhook(long status)
{
	if (status >= 200 && status < 300)
		return FATE_SENT;
	bool is_passing =
	    status < 300 || status == 408 || status == 425 || status == 429 || status >= 500;
	return is_passing ? FATE_AWAY : FATE_REFUSED;
}

struct pace pace_usual(void)
{
	return (struct pace){.first = 30 * second,
	    .most = hour,
	    .give_up = 24 * hour,
	    .connect = 15 * second,
	    .whole = 60 * second};
}

bool pace_is_over(const struct pace *pace, int64_t age_ms, int64_t known_ms)
{
	return age_ms >= pace->give_up && known_ms >= pace->give_up / HOURS;
}

bool pace_parse(const char *text, struct pace *pace)
{
	int64_t *const parts[] = {
	    &pace->first, &pace->most, &pace->give_up, &pace->connect, &pace->whole};
	enum { PARTS = sizeof parts / sizeof *parts };
	for (size_t i = 0; i < PARTS; i++) {
		char *end;
		*parts[i] = strtol(text, &end, 10);
		if (end == text || *parts[i] < 0 || *end != (i + 1 < PARTS ? ',' : '\0'))
			return false;
		text = end + 1;
	}
	return true;
}

int64_t pace_pause(
    const struct pace *pace, unsigned failures, int64_t retry_after_ms, uint32_t chance)
{
	int64_t pause = pace->first;
	for (unsigned i = 1; i < failures && pause < pace->most; i++)
		pause *= 2;
	pause += pause * ((int64_t)(chance % 401) - 200) / 1000;
	pause = pause > retry_after_ms ? pause : retry_after_ms;
	return pause < pace->most ? pause : pace->most;
}
