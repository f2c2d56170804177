#include "day.h"

#include <time.h>

struct slice day_text(struct arena *arena, int64_t epoch)
{
	char text[16] = "";
	time_t time = (time_t)epoch;
	struct tm tm;
	localtime_r(&time, &tm);
	strftime(text, sizeof text, "%Y-%m-%d", &tm);
	return arena_print(arena, "%s", text);
}
