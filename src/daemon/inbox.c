#include "inbox.h"

#include "enrold/disk.h"
#include "enrold/keyhash.h"
#include "enrold/names.h"

/* uthash: out of memory is not the end of the process, the file waits for the next scan. */
#define HASH_NONFATAL_OOM 1
/* Whoever drops files chooses their names. */
#define HASH_FUNCTION(bytes, size, hash) ((hash) = (unsigned)keyhash((bytes), (size)))

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

/* A file is known again by this, and shows a change. */
struct signature {
	uint64_t inode;
	int64_t size, mtime_ns, ctime_ns;
};

struct file {
	UT_hash_handle hh;
	struct signature signature;
	int64_t since_ms; /* as it is now */
	unsigned scan;    /* the last that saw it */
	unsigned vouched; /* for this scan */
	bool is_ready;
	bool is_settled;         /* it is done; what lies beside it may not be */
	bool is_left;            /* as it is it will never be taken */
	const char *missing;     /* the ending of what does not lie beside it yet; NULL: nothing */
	const char *told;        /* the ending of which that has been said; NULL: none */
	int64_t missing_ms;      /* since when */
	uint64_t beside;         /* the state of what does lie there */
	int64_t beside_since_ms; /* as it is now */
	int64_t left_until_ms;   /* by inbox_leave; INT64_MIN: it has not been */
	char name[];
};

struct inbox {
	struct inbox_rules rules;
	struct file *files;
	unsigned scan;
	DIR *listing;        /* of the scan that is under way; NULL: none is */
	struct file **ready; /* in the order in which they will be given */
	size_t ready_count, ready_next, ready_room;
	int64_t settles_at, tells_at;
	/* Since the last scan: */
	size_t incomplete;                             /* files that miss something */
	size_t left;                                   /* entries that can never be taken */
	const struct file *one_left;                   /* of them, or NULL */
	const struct file *oldest, *oldest_incomplete; /* of those that are not ready; or NULL */
	const char *oldest_missing; /* of the latter; a scan under way may know better */
	/* This scan: */
	size_t files_seen, left_seen;
	bool has_failed; /* something could not be remembered */
	bool is_full;    /* something was not looked at, there being so much */
	bool was_full;   /* the scan before, which has been said */
};

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

/* ---- one entry ---- */

static void skip(struct inbox *inbox, struct file *file, const char *why)
{
	if (!file->is_left)
		inbox->rules.on_skipped(inbox->rules.context, file->name, why);
	file->is_left = true;
	file->is_ready = false;
}

static struct signature signature_of(const struct stat *stat)
{
	return (struct signature){.inode = (uint64_t)stat->st_ino,
	    .size = (int64_t)stat->st_size,
	    .mtime_ns = (int64_t)stat->st_mtim.tv_sec * 1000000000 + stat->st_mtim.tv_nsec,
	    .ctime_ns = (int64_t)stat->st_ctim.tv_sec * 1000000000 + stat->st_ctim.tv_nsec};
}

static bool is_same(const struct signature *a, const struct signature *b)
{
	return a->inode == b->inode && a->size == b->size && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns;
}

static const char *find_fault(const struct inbox *inbox, const char *name, const struct stat *stat)
{
	if (name_classify(name) == NAME_REFUSED)
		return "its name is not UTF-8 or has control characters: rename it";
	if (S_ISLNK(stat->st_mode))
		return "it is a symbolic link: move the file itself in";
	if (S_ISDIR(stat->st_mode))
		return inbox->rules.classify_directory(inbox->rules.context, name);
	if (!S_ISREG(stat->st_mode))
		return "it is not a regular file";
	if (stat->st_nlink > 1)
		return "it has another name too (a hard link): move it in instead";
	if (!beside_has_room(&inbox->rules.beside, name))
		return "its name is so long that what it has to wait for cannot lie beside it: "
		       "shorten it";
	return NULL;
}

/* An empty file was often only just made, by a writer who will open it again. */
static bool is_vouched(const struct inbox *inbox, const struct file *file)
{
	return file->vouched == inbox->scan && file->signature.size > 0;
}

static void waiting_tell(struct inbox *inbox, int directory, struct file *file)
{
	char why[BESIDE_TEXT_SIZE];
	struct beside beside = beside_look(&inbox->rules.beside, directory, file->name);
	if (!beside.missing)
		return; /* it has only just come */
	beside_tell(&inbox->rules.beside, directory, file->name, &beside, why);
	inbox->rules.on_skipped(inbox->rules.context, file->name, why);
	file->told = beside.missing;
}

/* It comes after its file, or before: nothing is logged at once. */
static void waiting_classify(struct inbox *inbox, int directory, struct file *file, int64_t now_ms)
{
	enum { PATIENCE_MS = 2000, SETTLES = 5 };
	int64_t settles_ms = (int64_t)inbox->rules.settle_ms * SETTLES;
	int64_t tells_at = file->missing_ms + (settles_ms > PATIENCE_MS ? settles_ms : PATIENCE_MS);
	if (file->told == file->missing)
		return;
	if (tells_at <= now_ms)
		waiting_tell(inbox, directory, file);
	else if (tells_at < inbox->tells_at)
		inbox->tells_at = tells_at;
}

/*
 * What the kernel knows of a file on a file server may be a minute old; opening it asks the server.
 * So a file that seems to have settled is opened first, and settles anew when it is not as it
 * seemed. The worker complains of one that we may not open.
 */
static bool is_confirmed(struct file *file, int directory)
{
	struct stat stat;
	int opened = openat(
	    directory, file->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (opened < 0)
		return errno != ENOENT && errno != ESTALE;
	bool is_seen = fstat(opened, &stat) == 0;
	close(opened);
	struct signature signature = is_seen ? signature_of(&stat) : file->signature;
	bool is_as_it_seemed = is_seen && is_same(&signature, &file->signature);
	file->signature = signature;
	return is_as_it_seemed;
}

static void settles_note(struct inbox *inbox, int64_t settles_at)
{
	if (settles_at < inbox->settles_at)
		inbox->settles_at = settles_at;
}

/* All is there that has to lie beside it, and is done. */
static bool has_company(struct inbox *inbox, int directory, struct file *file, int64_t now_ms)
{
	if (!beside_is_asked(&inbox->rules.beside))
		return true;
	struct beside beside = beside_look(&inbox->rules.beside, directory, file->name);
	if (beside.missing != file->missing)
		file->missing_ms = now_ms;
	file->missing = beside.missing;
	if (beside.state != file->beside)
		file->beside_since_ms = now_ms;
	file->beside = beside.state;
	if (beside.missing) {
		waiting_classify(inbox, directory, file, now_ms);
		return false;
	}
	int64_t settles_at = file->beside_since_ms + inbox->rules.settle_ms;
	if (beside.state == 0 || settles_at <= now_ms)
		return true;
	settles_note(inbox, settles_at);
	return false;
}

/* Markers alone decide where a feed has them. */
static bool has_settled(struct inbox *inbox, int directory, struct file *file, int64_t now_ms)
{
	if (inbox->rules.beside.marker)
		return true;
	int64_t settles_at = file->since_ms + inbox->rules.settle_ms;
	bool seems_settled = inbox->rules.settle_ms > 0 && settles_at <= now_ms &&
	                     !file->is_settled && !is_vouched(inbox, file);
	if (seems_settled && !is_confirmed(file, directory)) {
		file->since_ms = now_ms;
		settles_at = now_ms + inbox->rules.settle_ms;
	}
	bool is_settled = file->is_settled || settles_at <= now_ms || is_vouched(inbox, file);
	if (!is_settled)
		settles_note(inbox, settles_at);
	return is_settled;
}

static void classify(struct inbox *inbox, int directory, struct file *file, const struct stat *stat,
    const char *fault, int64_t now_ms)
{
	struct signature signature = signature_of(stat);
	bool is_new = !is_same(&signature, &file->signature);
	if (is_new) {
		file->signature = signature;
		file->since_ms = now_ms;
		file->is_left = file->is_settled = file->is_ready = false;
		file->missing = file->told = NULL;
		file->left_until_ms = INT64_MIN;
	}
	if (fault)
		skip(inbox, file, fault);
	if (file->is_left || file->left_until_ms > now_ms)
		return;
	file->is_settled = has_settled(inbox, directory, file, now_ms);
	file->is_ready = has_company(inbox, directory, file, now_ms) && file->is_settled;
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
	const char *fault = find_fault(inbox, name, &stat);
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
	classify(inbox, directory, file, &stat, fault, now_ms);
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
			waiting_tell(inbox, directory, file);
}
