#include "figure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MINUTE_S = 60, HOUR_S = 60 * MINUTE_S, DAY_S = 24 * HOUR_S, NEAR_S = 183 * DAY_S };

void figure_number(char text[FIGURE_SIZE], uint64_t number)
{
	char digits[FIGURE_SIZE];
	int count = snprintf(digits, sizeof digits, "%" PRIu64, number), used = 0;
	for (int i = 0; i < count; i++) {
		if (i > 0 && (count - i) % 3 == 0)
			text[used++] = ',';
		text[used++] = digits[i];
	}
	text[used] = '\0';
}

void figure_duration(char text[FIGURE_SIZE], int64_t seconds)
{
	static const struct {
		int64_t unit_s;
		const char *name;
	} units[] = {{DAY_S, "days"}, {HOUR_S, "h"}, {MINUTE_S, "min"}, {1, "s"}};
	size_t u = 0;
	/* From two of a unit on. */
	while (units[u].unit_s > 1 && seconds < 2 * units[u].unit_s)
		u++;
	seconds = seconds > 0 ? seconds : 0;
	snprintf(text, FIGURE_SIZE, "%" PRId64 " %s", seconds / units[u].unit_s, units[u].name);
}

void figure_bytes(char text[FIGURE_SIZE], uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	uint64_t tenths = 0;
	size_t u = 0;
	for (; bytes >= 1024; u++) {
		tenths = bytes % 1024 * 10 / 1024;
		bytes /= 1024;
	}
	if (u > 0 && bytes < 10)
		snprintf(text, FIGURE_SIZE, "%" PRIu64 ".%" PRIu64 " %s", bytes, tenths, units[u]);
	else
		snprintf(text, FIGURE_SIZE, "%" PRIu64 " %s", bytes, units[u]);
}

void figure_time(char text[FIGURE_SIZE], int64_t epoch_s, int64_t now_s)
{
	time_t then = epoch_s, now = now_s;
	struct tm at, today;
	if (!localtime_r(&then, &at) || !localtime_r(&now, &today))
		snprintf(text, FIGURE_SIZE, "%" PRId64, epoch_s);
	else if (at.tm_year == today.tm_year && at.tm_yday == today.tm_yday)
		strftime(text, FIGURE_SIZE, "%H:%M", &at);
	else if (epoch_s > now_s - NEAR_S && epoch_s < now_s + NEAR_S)
		strftime(text, FIGURE_SIZE, "%e %b %H:%M", &at);
	else
		strftime(text, FIGURE_SIZE, "%e %b %Y", &at);
	if (text[0] == ' ')
		memmove(text, text + 1, strlen(text));
}
