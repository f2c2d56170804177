#include "answers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
