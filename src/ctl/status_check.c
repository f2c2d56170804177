#include "status_check.h"

#include "terminal.h"
#include "words.h"

#include <stdbool.h>
#include <string.h>

static size_t files_waiting(const json_t *feeds)
{
	size_t i, count = 0;
	const json_t *feed;
	json_array_foreach(feeds, i, feed) count +=
	    (size_t)words_number(json_object_get(feed, "waiting"), "files");
	return count;
}

static size_t runs_running(const json_t *feeds)
{
	size_t i, count = 0;
	const json_t *feed;
	json_array_foreach(feeds, i, feed) count +=
	    json_array_size(json_object_get(feed, "running"));
	return count;
}

/* The worst comes first. */
static int worst_find(const json_t *needs, const json_t **worst)
{
	size_t i;
	const json_t *need;
	int level = STATUS_OK;
	*worst = NULL;
	json_array_foreach(needs, i, need)
	{
		bool is_critical = strcmp(words_text(need, "level"), "critical") == 0;
		int its = is_critical ? STATUS_CRITICAL : STATUS_WARNING;
		if (its > level)
			*worst = need;
		level = its > level ? its : level;
	}
	return level;
}

/* Behind a | come numbers. */
static void check_write(const char *text, FILE *to)
{
	char line[800];
	snprintf(line, sizeof line, "%s", text);
	for (char *bar = line; (bar = strchr(bar, '|'));)
		*bar = '/';
	terminal_write(to, line);
}

static void worst_print(const json_t *worst, size_t count, FILE *to)
{
	const char *feed = words_text(worst, "feed");
	fprintf(to, "%s%s", feed, *feed ? ": " : "");
	check_write(words_text(worst, "what"), to);
	if (count > 1)
		fprintf(to, ", and %zu more", count - 1);
}

int status_check_print(const json_t *feeds, const json_t *needs, const char *missing, FILE *to)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL"};
	const json_t *worst;
	int level = worst_find(needs, &worst);
	level = missing ? STATUS_CRITICAL : level;
	fprintf(to, "ENROLD %s - ", words[level]);
	if (missing)
		check_write(missing, to);
	else if (worst)
		worst_print(worst, json_array_size(needs), to);
	else
		fprintf(to, "%zu feed%s", json_array_size(feeds),
		    json_array_size(feeds) == 1 ? "" : "s");
	fprintf(to, " | waiting=%zu running=%zu needs=%zu feeds=%zu\n", files_waiting(feeds),
	    runs_running(feeds), json_array_size(needs), json_array_size(feeds));
	return fflush(to) == 0 ? level : STATUS_CRITICAL;
}
