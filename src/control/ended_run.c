/* Of which feed a run was, and whether it can have changed anything: what the names in the outbox
 * tell without a database. */
#include "enrold/plan_order.h"

#include "enrold/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum answer { ANSWER_NONE, ANSWER_PREVIEW, ANSWER_APPLIED };

static bool ends_in(const char *name, const char *run, const char *ending)
{
	char end[RUN_ID_SIZE + 32];
	snprintf(end, sizeof end, ".%s%s", run, ending);
	size_t size = strlen(name), tail = strlen(end);
	return size > tail && strcmp(name + size - tail, end) == 0;
}

static enum answer answer_of(const char *name, const char *run)
{
	return ends_in(name, run, ".summary.json")           ? ANSWER_APPLIED
	       : ends_in(name, run, ".preview.summary.json") ? ANSWER_PREVIEW
	                                                     : ANSWER_NONE;
}

static struct error feed_look(int outbox, const char *run, enum answer *answer)
{
	DIR *listing = disk_list(outbox);
	const struct dirent *entry;
	if (!listing)
		return error_errno("cannot list the outbox");
	while (*answer == ANSWER_NONE && (errno = 0, entry = readdir(listing)))
		*answer = answer_of(entry->d_name, run);
	struct error error =
	    *answer == ANSWER_NONE && errno != 0 ? error_errno("cannot list the outbox") : OK;
	closedir(listing);
	return error;
}

static struct error below_look(int outbox, const char *feed, const char *run, enum answer *answer)
{
	int directory = openat(outbox, feed, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
		           ? OK
		           : error_errno("cannot open outbox/%s", feed);
	struct error error = feed_look(directory, run, answer);
	close(directory);
	return error;
}

/* The outbox itself is that of the feed default, and has the others' in it. */
static struct error outbox_look(
    int outbox, const char *run, char feed[FEED_NAME_MAX + 1], enum answer *answer)
{
	const struct dirent *entry;
	snprintf(feed, FEED_NAME_MAX + 1, "default");
	struct error error = feed_look(outbox, run, answer);
	DIR *listing = is_error(&error) || *answer != ANSWER_NONE ? NULL : disk_list(outbox);
	while (
	    listing && !is_error(&error) && *answer == ANSWER_NONE && (entry = readdir(listing))) {
		bool is_feed = entry->d_name[0] != '.' && entry->d_type != DT_REG &&
		               strlen(entry->d_name) <= FEED_NAME_MAX;
		if (!is_feed)
			continue;
		snprintf(feed, FEED_NAME_MAX + 1, "%.*s", FEED_NAME_MAX, entry->d_name);
		error = below_look(outbox, feed, run, answer);
	}
	if (listing)
		closedir(listing);
	return error;
}

struct error plan_order_find_run(int root, const char *run, char feed[FEED_NAME_MAX + 1])
{
	enum answer answer = ANSWER_NONE;
	int outbox = openat(root, "outbox", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (outbox < 0)
		return error_errno("cannot open the outbox");
	struct error error = outbox_look(outbox, run, feed, &answer);
	close(outbox);
	if (is_error(&error) || answer == ANSWER_APPLIED)
		return error;
	return answer == ANSWER_PREVIEW
	           ? error_reject(
	                 "not_found", 0, "run %s was a preview: it has changed nothing", run)
	           : error_reject("not_found", 0,
	                 "no run %s has ended: there is no answer of it in the outbox, or it "
	                 "was pruned",
	                 run);
}
