/*
 * inbox_entry: one entry of an inbox, as a scan sees it: whether it can be taken at all, whether
 * its writer is done, and what has to lie beside it.
 */
#include "inbox_state.h"

#include "enrold/disk.h"
#include "enrold/names.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

const char *entry_find_fault(const struct inbox *inbox, const char *name, const struct stat *stat)
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

void entry_tell_waiting(struct inbox *inbox, int directory, struct file *file)
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
		entry_tell_waiting(inbox, directory, file);
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

void entry_classify(struct inbox *inbox, int directory, struct file *file, const struct stat *stat,
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
