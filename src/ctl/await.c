#include "await.h"

#include "answers.h"

#include "enrold/disk.h"
#include "enrold/names.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

/* A daemon that is started anew is away for a moment. */
enum { LOOK_MS = 1000, LOOKS_ALONE_MAX = 4 };

void await_close(struct await *await)
{
	if (await->outbox >= 0)
		close(await->outbox);
	if (await->notify >= 0)
		close(await->notify);
	await->outbox = await->notify = -1;
}

/* ---- one look ---- */

/* The name is that of an answer to such a file: its run. */
static bool is_answer(const struct drop *drop, const char *name, char run[RUN_ID_SIZE + 1])
{
	const char *end = drop->lane.is_preview ? ".preview.summary.json" : ".summary.json";
	char wanted[FILE_NAME_SIZE];
	if (!name_find_answer(name, ".summary.json", run))
		return false;
	name_make(wanted, drop->name, run, end);
	return strcmp(name, wanted) == 0;
}

/* NULL: it is not about our file, or no answer at all. */
static json_t *summary_load(struct await *await, const char *name)
{
	const char *file = "", *sha256 = "";
	json_t *summary = answers_load(await->outbox, name);
	await->is_closed |= !summary && errno == EACCES;
	bool is_ours = json_unpack(summary, "{s:{s:s, s:s}}", "input", "name", &file, "sha256",
	                   &sha256) == 0 &&
	               (!*sha256 || strcmp(sha256, await->drop->sha256) == 0);
	if (is_ours)
		return summary;
	json_decref(summary);
	return NULL;
}

/* NULL: there is no such folder yet. */
static DIR *list(struct await *await)
{
	if (await->outbox < 0)
		await->outbox = answers_open(await->drop->config, await->drop->feed->name);
	return await->outbox < 0 ? NULL : disk_list(await->outbox);
}

/* The first that is ours, of those that are newer than what is known not to be. */
static json_t *look(struct await *await, bool is_placed, char newest[RUN_ID_SIZE + 1])
{
	char run[RUN_ID_SIZE + 1];
	json_t *found = NULL;
	const struct dirent *entry;
	DIR *listing = list(await);
	while (listing && !found && (entry = readdir(listing))) {
		if (!is_answer(await->drop, entry->d_name, run) || strcmp(run, await->newest) <= 0)
			continue;
		if (strcmp(run, newest) > 0)
			memcpy(newest, run, sizeof run);
		if (is_placed)
			found = summary_load(await, entry->d_name);
	}
	if (listing)
		closedir(listing);
	return found;
}

struct error await_open(const struct drop *drop, struct await *await)
{
	char newest[RUN_ID_SIZE + 1] = "";
	*await = (struct await){.drop = drop, .outbox = -1, .notify = -1};
	answers_place(drop->config, drop->feed->name, await->place);
	look(await, false, newest);
	if (await->outbox < 0 && errno != ENOENT)
		return error_reject("unreadable", 0,
		    "you may not read the answers in %s: nothing was dropped, for that would do "
		    "without --wait only",
		    await->place);
	memcpy(await->newest, newest, sizeof newest);
	await->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (await->notify >= 0)
		inotify_add_watch(await->notify, await->place, IN_MOVED_TO | IN_CREATE);
	return OK; /* without it there is a look every now and then */
}

/* What is answered while the file waits is not about it. */
static json_t *find(struct await *await)
{
	char newest[RUN_ID_SIZE + 1];
	memcpy(newest, await->newest, sizeof newest);
	json_t *found = look(await, true, newest);
	if (!drop_waits(await->drop))
		return found;
	json_decref(found);
	memcpy(await->newest, newest, sizeof newest);
	await->is_closed = false;
	return NULL;
}

/* ---- looking until it is there ---- */

/* False: no event was about such an answer. */
static bool events_take(const struct await *await)
{
	_Alignas(struct inotify_event) char events[4096];
	char run[RUN_ID_SIZE + 1];
	bool is_about = false;
	ssize_t size;
	while ((size = read(await->notify, events, sizeof events)) > 0)
		for (ssize_t at = 0; at < size;) {
			const struct inotify_event *event = (const void *)(events + at);
			is_about |= event->mask & IN_Q_OVERFLOW ||
			            (event->len > 0 && is_answer(await->drop, event->name, run));
			at += (ssize_t)(sizeof *event + event->len);
		}
	return is_about;
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until an answer may have come, or for LOOK_MS. */
static void rest(const struct await *await)
{
	struct pollfd wanted = {.fd = await->notify, .events = POLLIN};
	int64_t until_ms = now_ms() + LOOK_MS;
	for (int64_t left_ms = LOOK_MS; left_ms > 0; left_ms = until_ms - now_ms())
		if (poll(&wanted, 1, (int)left_ms) > 0 && events_take(await))
			return;
}

json_t *await_answer(struct await *await)
{
	const struct config *config = await->drop->config;
	for (int looks_alone = 0; looks_alone < LOOKS_ALONE_MAX; rest(await)) {
		/* In this order: a daemon may have ended with our answer. */
		bool is_taken = spool_is_taken(config) || config_is_shared(config);
		json_t *summary = find(await);
		if (summary || await->is_closed)
			return summary;
		looks_alone = is_taken ? 0 : looks_alone + 1;
	}
	return NULL;
}
