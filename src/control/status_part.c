#include "enrold/status_part.h"

#include "enrold/log.h"

#include <stdio.h>
#include <time.h>

enum { SOON_S = 300 };

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
	json_array_append_new(needs, json_pack("{s:s?, s:s, s:o, s:o}", "feed", feed, "level",
	                                 level, "what", log_text(what), "do", log_text(to_do)));
}

const char *status_level(int64_t lasted_s)
{
	return lasted_s < SOON_S ? "warning" : "critical";
}

json_t *status_file(const char *name, int64_t since_s)
{
	return *name
	           ? json_pack("{s:o, s:o}", "file", log_text(name), "since", status_time(since_s))
	           : json_null();
}

json_t *status_order(const struct order *order)
{
	return order ? json_pack("{s:o, s:o, s:o}", "by", log_text(order->by), "why",
	                   log_text(order->why), "since", status_time(order->at_s))
	             : json_null();
}

json_t *status_stopped(
    const char *feed, const char *run, const char *file, const struct order *order, json_t *needs)
{
	char what[80], to_do[160];
	json_t *stopped = order ? status_order(order) : json_object();
	json_object_set_new(stopped, "run", json_string(run));
	json_object_set_new(stopped, "file", log_text(file));
	snprintf(what, sizeof what, "run %s was stopped, and waits", run);
	snprintf(to_do, sizeof to_do,
	    "enrolctl release %s goes on with it, enrolctl discard %s leaves it as it is", run,
	    run);
	status_need(needs, feed, "warning", what, to_do);
	return stopped;
}
