#include "inbox_state.h"

#include "enrold/disk.h"
#include "enrold/names.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct inbox *inbox_create(struct inbox_rules rules)
{
	struct inbox *inbox = calloc(1, sizeof *inbox);
	if (inbox) {
		inbox->rules = rules;
		inbox->settles_at = inbox->tells_at = INT64_MAX;
	}
	return inbox;
}

static void file_remove(struct inbox *inbox, struct file *file)
{
	HASH_DEL(inbox->files, file);
	free(file);
}

void inbox_free(struct inbox *inbox)
{
	if (!inbox)
		return;
	struct file *file, *next;
	HASH_ITER (hh, inbox->files, file, next)
		file_remove(inbox, file);
	if (inbox->listing)
		closedir(inbox->listing);
	free(inbox->ready);
	free(inbox);
}

static struct file *file_find(struct inbox *inbox, const char *name)
{
	struct file *file;
	HASH_FIND_STR(inbox->files, name, file);
	return file;
}

/* Files that the last scan saw may have gone; they are forgotten at the end of this one. */
static bool has_room(const struct inbox *inbox)
{
	return HASH_COUNT(inbox->files) < INBOX_FILES_MAX + INBOX_LEFT_MAX;
}

/* NULL: out of memory, or too many; the next scan tries again. */
static struct file *file_make(struct inbox *inbox, const char *name)
{
	size_t size = strlen(name) + 1;
	if (!has_room(inbox))
		return NULL;
	struct file *file = calloc(1, sizeof *file + size);
	if (!file)
		return NULL;
	file->left_until_ms = INT64_MIN;
	memcpy(file->name, name, size);
	HASH_ADD_STR(inbox->files, name, file);
	if (!file->hh.tbl) {
		free(file);
		return NULL;
	}
	return file;
}

void inbox_vouch(struct inbox *inbox, const char *name)
{
	if (inbox->rules.settle_ms == 0 || name_classify(name) != NAME_INPUT)
		return;
	struct file *file = file_find(inbox, name);
	if (!file)
		file = file_make(inbox, name);
	if (file)
		file->vouched = inbox->scan + 1;
}

static bool is_expected(const struct inbox *inbox, const char *name, const struct stat *stat)
{
	return S_ISDIR(stat->st_mode) &&
	       !inbox->rules.classify_directory(inbox->rules.context, name);
}

static void entry_see(struct inbox *inbox, int directory, const char *name, int64_t now_ms)
{
	struct stat stat;
	if (name_classify(name) == NAME_IGNORED || beside_is_marker(&inbox->rules.beside, name) ||
	    fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) < 0 ||
	    is_expected(inbox, name, &stat))
		return;
	const char *fault = entry_find_fault(inbox, name, &stat);
	bool is_one_too_many =
	    fault ? inbox->left_seen == INBOX_LEFT_MAX : inbox->files_seen == INBOX_FILES_MAX;
	struct file *file = is_one_too_many ? NULL : file_find(inbox, name);
	if (!file && !is_one_too_many)
		file = file_make(inbox, name);
	if (!file) {
		bool is_full = is_one_too_many || !has_room(inbox);
		inbox->is_full |= is_full;
		inbox->has_failed |= !is_full;
		return;
	}
	*(fault ? &inbox->left_seen : &inbox->files_seen) += 1;
	file->scan = inbox->scan;
	entry_classify(inbox, directory, file, &stat, fault, now_ms);
}

/* ---- the whole directory ---- */

static int by_arrival(const void *a, const void *b)
{
	const struct file *x = *(struct file *const *)a, *y = *(struct file *const *)b;
	if (x->signature.ctime_ns != y->signature.ctime_ns)
		return x->signature.ctime_ns < y->signature.ctime_ns ? -1 : 1;
	return strcmp(x->name, y->name);
}

static const struct file *older(const struct file *a, const struct file *b)
{
	return !a || (b && by_arrival(&b, &a) < 0) ? b : a;
}

/* What lies there and is not ready, but may be one day. */
static void waiting_note(struct inbox *inbox, const struct file *file)
{
	inbox->oldest = older(inbox->oldest, file);
	inbox->incomplete += file->missing != NULL;
	if (!file->missing)
		return;
	inbox->oldest_incomplete = older(inbox->oldest_incomplete, file);
	inbox->oldest_missing = inbox->oldest_incomplete->missing;
}

static struct error ready_reserve(struct inbox *inbox)
{
	size_t count = HASH_COUNT(inbox->files);
	if (count <= inbox->ready_room)
		return OK;
	struct file **ready = reallocarray(inbox->ready, count, sizeof(struct file *));
	if (!ready)
		return error_memory("scanning the inbox");
	inbox->ready = ready;
	inbox->ready_room = count;
	return OK;
}

/* Forgets what is gone and sorts what is ready. */
static struct error conclude(struct inbox *inbox)
{
	struct error error = ready_reserve(inbox);
	struct file *file, *next;
	inbox->ready_count = inbox->ready_next = 0;
	inbox->incomplete = 0;
	inbox->oldest = inbox->oldest_incomplete = inbox->one_left = NULL;
	inbox->left = 0;
	if (is_error(&error))
		return error;
	HASH_ITER (hh, inbox->files, file, next) {
		if (file->scan != inbox->scan && file->vouched <= inbox->scan)
			file_remove(inbox, file);
		else if (file->scan == inbox->scan && file->is_ready)
			inbox->ready[inbox->ready_count++] = file;
		else if (file->scan == inbox->scan && !file->is_left)
			waiting_note(inbox, file);
		else if (file->scan == inbox->scan) {
			inbox->left++;
			inbox->one_left = file;
		}
	}
	if (inbox->ready_count > 1)
		qsort(inbox->ready, inbox->ready_count, sizeof *inbox->ready, by_arrival);
	return OK;
}

static struct error scan_begin(struct inbox *inbox, int directory)
{
	inbox->listing = disk_list(directory);
	if (!inbox->listing)
		return error_errno("cannot list the inbox");
	inbox->scan++;
	inbox->files_seen = inbox->left_seen = 0;
	inbox->has_failed = inbox->is_full = false;
	inbox->settles_at = inbox->tells_at = INT64_MAX;
	return OK;
}

static struct error scan_end(struct inbox *inbox, struct error error)
{
	closedir(inbox->listing);
	inbox->listing = NULL;
	if (inbox->is_full && !inbox->was_full)
		inbox->rules.on_full(inbox->rules.context);
	inbox->was_full = inbox->is_full;
	/* Files that were seen can still be taken. */
	struct error concluded = conclude(inbox);
	if (is_error(&concluded))
		return concluded;
	return inbox->has_failed ? error_memory("scanning the inbox") : error;
}

struct error inbox_scan(struct inbox *inbox, int directory, int64_t now_ms)
{
	struct error error = inbox->listing ? OK : scan_begin(inbox, directory);
	if (is_error(&error))
		return error;
	assert(inbox->listing);
	const struct dirent *entry = NULL;
	for (int i = 0; i < INBOX_ENTRIES_AT_ONCE; i++) {
		errno = 0;
		entry = readdir(inbox->listing);
		if (!entry)
			return scan_end(inbox, errno ? error_errno("cannot list the inbox") : OK);
		entry_see(inbox, dirfd(inbox->listing), entry->d_name, now_ms);
	}
	return OK;
}

bool inbox_is_scanning(const struct inbox *inbox)
{
	return inbox->listing;
}

bool inbox_peek(const struct inbox *inbox, uint64_t *size)
{
	if (inbox->ready_next == inbox->ready_count)
		return false;
	*size = (uint64_t)inbox->ready[inbox->ready_next]->signature.size;
	return true;
}

const char *inbox_next(struct inbox *inbox)
{
	if (inbox->ready_next == inbox->ready_count)
		return NULL;
	return inbox->ready[inbox->ready_next++]->name;
}

bool inbox_leave(struct inbox *inbox, const char *name, int64_t until_ms)
{
	struct file *file = file_find(inbox, name);
	if (!file)
		return true;
	bool is_news = file->left_until_ms == INT64_MIN;
	file->left_until_ms = until_ms;
	file->is_ready = file->is_settled = false;
	inbox->oldest = older(inbox->oldest, file);
	return is_news;
}

size_t inbox_ready(const struct inbox *inbox)
{
	return inbox->ready_count - inbox->ready_next;
}

size_t inbox_incomplete(const struct inbox *inbox)
{
	return inbox->incomplete;
}

bool inbox_waits_for(const struct inbox *inbox, char name[INBOX_BESIDE_SIZE], int64_t *since_ms)
{
	const struct file *file = inbox->oldest_incomplete;
	if (!file)
		return false;
	snprintf(name, INBOX_BESIDE_SIZE, "%s%s", file->name, inbox->oldest_missing);
	*since_ms = file->since_ms;
	return true;
}

bool inbox_oldest(const struct inbox *inbox, char name[FILE_NAME_SIZE], int64_t *arrived_s)
{
	const struct file *ready = inbox_ready(inbox) > 0 ? inbox->ready[inbox->ready_next] : NULL;
	const struct file *file = older(ready, inbox->oldest);
	if (!file)
		return false;
	snprintf(name, FILE_NAME_SIZE, "%s", file->name);
	*arrived_s = file->signature.ctime_ns / 1000000000;
	return true;
}

size_t inbox_left(const struct inbox *inbox, char name[FILE_NAME_SIZE])
{
	if (inbox->left > 0)
		snprintf(name, FILE_NAME_SIZE, "%s", inbox->one_left->name);
	return inbox->left;
}

int64_t inbox_settles_at(const struct inbox *inbox)
{
	return inbox->settles_at;
}

int64_t inbox_tells_at(const struct inbox *inbox)
{
	return inbox->tells_at;
}

void inbox_log_waiting(struct inbox *inbox, int directory)
{
	struct file *file, *next;
	HASH_ITER (hh, inbox->files, file, next)
		if (file->scan == inbox->scan && file->missing && file->told != file->missing &&
		    !file->is_left)
			entry_tell_waiting(inbox, directory, file);
}
