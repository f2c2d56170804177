#include "status_part.h"

#include "enrold/log.h"

#include <time.h>

json_t *status_time(int64_t epoch_s)
{
	char text[40];
	struct tm tm;
	time_t at = (time_t)epoch_s;
	gmtime_r(&at, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

void status_need(
    json_t *needs, const char *feed, const char *level, const char *what, const char *to_do)
{
	json_t *need = json_object();
	json_object_set_new(need, "feed", feed ? json_string(feed) : json_null());
	json_object_set_new(need, "level", json_string(level));
	json_object_set_new(need, "what", log_text(what));
	json_object_set_new(need, "do", log_text(to_do));
	json_array_append_new(needs, need);
}

const char *status_level(int64_t lasted_s)
{
	return lasted_s < 300 ? "warning" : "critical";
}
