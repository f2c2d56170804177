/*
 * notice: the queue that enrold-notify works off. A name there without a dot in front is whole and
 * durable: it is written under another, and moved.
 */
#include "notice_text.h"

#include "enrold/disk.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MODE_QUEUE = 0750, MODE_NOTICE = 0640 };
enum { PART_AGE_S = 3600 }; /* whoever writes so long is dead */

#define QUEUE "notify/queue"
#define ENDING ".json"

struct error notice_open_queue(int root, int *directory)
{
	int notify;
	struct error error = disk_open_directory(root, "notify", MODE_QUEUE, &notify);
	if (is_error(&error))
		return error;
	error = disk_open_directory(notify, "queue", MODE_QUEUE, directory);
	close(notify);
	return is_error(&error) ? error_wrap(error, "notify") : OK;
}

static bool is_notice(const char *name)
{
	size_t length = strlen(name), ending = strlen(ENDING);
	return *name != '.' && length > ending && strcmp(name + length - ending, ENDING) == 0;
}

/* The beginning of one, by somebody who was killed. */
static bool is_left(int directory, const char *name)
{
	struct stat stat;
	size_t length = strlen(name);
	bool is_part = *name == '.' && length > 4 && strcmp(name + length - 4, ".tmp") == 0;
	return is_part && fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
	       stat.st_mtime < time(NULL) - PART_AGE_S;
}

/* How many wait; what was left by the dead goes. */
static struct error queue_look(int directory, size_t *count)
{
	const struct dirent *entry;
	DIR *listing = disk_list(directory);
	*count = 0;
	while (listing && (errno = 0, entry = readdir(listing))) {
		*count += is_notice(entry->d_name);
		if (is_left(directory, entry->d_name))
			unlinkat(directory, entry->d_name, 0);
	}
	struct error error = !listing || errno != 0 ? error_errno("cannot list " QUEUE) : OK;
	if (listing)
		closedir(listing);
	return error;
}

/* Several daemons may write the same one at the same time, each under a name of its own; what one
 * that was killed has begun is its own, too. */
static struct error text_store(
    int directory, const struct notice *notice, const char *name, struct slice text)
{
	char part[NAME_MAX + 1];
	bool is_taken = false;
	snprintf(part, sizeof part, ".%s.%.64s.tmp", name, notice->node ? notice->node : "");
	unlinkat(directory, part, 0); /* of somebody killed */
	struct error error = disk_create(directory, part, MODE_NOTICE, text);
	if (!is_error(&error))
		error = disk_move_unless(directory, part, directory, name, &is_taken);
	if (is_error(&error) || is_taken)
		unlinkat(directory, part, 0);
	return error;
}

static struct error queue_add(
    int directory, const struct notice *notice, struct slice text, bool *is_full)
{
	char name[NOTICE_ID_MAX + sizeof ENDING];
	size_t count;
	struct error error = queue_look(directory, &count);
	snprintf(name, sizeof name, "%s" ENDING, notice->id);
	bool is_there = disk_has(directory, name);
	*is_full = !is_error(&error) && !is_there && count >= NOTICE_QUEUE_MAX;
	if (is_error(&error) || *is_full)
		return error;
	if (!is_there)
		error = text_store(directory, notice, name, text);
	return is_error(&error) ? error : disk_sync(directory, ".");
}

struct error notice_queue(int root, const struct notice *notice, bool *is_full)
{
	int directory = -1;
	struct buffer text = {0};
	*is_full = false;
	assert(notice_is_id(notice->id));
	notice_format(notice, &text);
	struct error error = notice_open_queue(root, &directory);
	if (!is_error(&error) && (text.failed || text.size > NOTICE_TEXT_MAX))
		error = error_memory("writing a notice");
	if (!is_error(&error))
		error = queue_add(directory, notice, buffer_slice(&text), is_full);
	if (directory >= 0)
		close(directory);
	buffer_done(&text);
	return is_error(&error) ? error_wrap(error, QUEUE) : OK;
}

static void age_note(int directory, const char *name, int64_t *oldest_s)
{
	struct stat stat;
	if (fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (*oldest_s == 0 || stat.st_mtime < *oldest_s))
		*oldest_s = stat.st_mtime;
}

struct error notice_count(int root, size_t *count, int64_t *oldest_s)
{
	*count = 0;
	*oldest_s = 0;
	int directory = openat(root, QUEUE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return errno == ENOENT ? OK : error_errno("cannot open " QUEUE);
	const struct dirent *entry;
	DIR *listing = disk_list(directory);
	while (listing && (errno = 0, entry = readdir(listing))) {
		if (!is_notice(entry->d_name))
			continue;
		*count += 1;
		age_note(directory, entry->d_name, oldest_s);
	}
	struct error error = !listing || errno != 0 ? error_errno("cannot list " QUEUE) : OK;
	if (listing)
		closedir(listing);
	close(directory);
	return error;
}
