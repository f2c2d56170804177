#include "answers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SUMMARY ".summary.json"
#define PREVIEW ".preview"

void answers_place(const struct config *config, const char *feed, char place[PATH_MAX])
{
	bool is_default = strcmp(feed, "default") == 0;
	snprintf(place, PATH_MAX, "%s/outbox%s%s", config->spool, is_default ? "" : "/",
	    is_default ? "" : feed);
}

int answers_open(const struct config *config, const char *feed)
{
	char place[PATH_MAX];
	answers_place(config, feed, place);
	return open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The size of what is left of the name without that end, or of the whole. */
static size_t without(const char *name, size_t size, const char *end)
{
	size_t tail = strlen(end);
	return size >= tail && memcmp(name + size - tail, end, tail) == 0 ? size - tail : size;
}

bool answers_run(const char *name, char run[RUN_ID_SIZE + 1])
{
	int64_t time;
	size_t whole = strlen(name), size = without(name, whole, SUMMARY);
	if (size == whole)
		return false;
	size = without(name, size, PREVIEW);
	if (size <= RUN_ID_SIZE || name[size - RUN_ID_SIZE - 1] != '.')
		return false;
	snprintf(run, RUN_ID_SIZE + 1, "%s", name + size - RUN_ID_SIZE);
	return run_id_parse(run, &time);
}

json_t *answers_load(int outbox, const char *name)
{
	int file = openat(outbox, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return NULL;
	json_t *summary = json_loadfd(file, JSON_REJECT_DUPLICATES, NULL);
	close(file);
	errno = 0;
	if (json_is_object(summary))
		return summary;
	json_decref(summary);
	return NULL;
}
