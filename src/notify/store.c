#include "store.h"

#include "enrold/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MODE_NOTIFY = 0750,
	MODE_OWN = 0700,
	MODE_FILE = 0600,
	LARGEST = 16 << 20,
	DAY_S = 24 * 3600,
	SENT_KEPT_S = 8 * DAY_S,
	FAILED_KEPT_S = 90 * DAY_S,
};

#define ENDING ".json"

/* ---- opening ---- */

static bool ends(const char *name, const char *end)
{
	size_t length = strlen(name), size = strlen(end);
	return length > size && strcmp(name + length - size, end) == 0;
}

static void parts_remove(int directory)
{
	const struct dirent *entry;
	DIR *listing = disk_list(directory);
	while (listing && (entry = readdir(listing)))
		if (entry->d_name[0] == '.' && ends(entry->d_name, ".tmp"))
			unlinkat(directory, entry->d_name, 0);
	if (listing)
		closedir(listing);
}

static struct error places_open(struct store *store, int notify)
{
	const struct {
		const char *name;
		int *directory;
	} places[] = {{"state", &store->state}, {"out", &store->out}, {"sent", &store->sent},
	    {"failed", &store->failed}};
	struct error error = OK;
	for (size_t i = 0; i < sizeof places / sizeof *places && !is_error(&error); i++)
		error = disk_open_directory(notify, places[i].name, MODE_OWN, places[i].directory);
	if (!is_error(&error)) {
		store->lock =
		    openat(notify, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, MODE_FILE);
		if (store->lock < 0)
			error = error_errno("cannot open .lock");
	}
	return error;
}

struct error store_open(struct store *store, const char *spool)
{
	int notify = -1;
	*store = STORE_CLOSED;
	store->root = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->root < 0)
		return error_at_start(error_errno("cannot open the spool %s", spool));
	struct error error = disk_open_directory(store->root, "notify", MODE_NOTIFY, &notify);
	if (!is_error(&error)) {
		error = places_open(store, notify);
		close(notify);
	}
	if (!is_error(&error))
		error = notice_open_queue(store->root, &store->queue);
	if (is_error(&error))
		store_close(store);
	return is_error(&error) ? error_at_start(error_wrap(error, "%s/notify", spool)) : OK;
}

/* Of the open file: a lock that other machines see on a file server, too. */
struct error store_lock(struct store *store, bool *is_ours)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	*is_ours = fcntl(store->lock, F_OFD_SETLK, &lock) == 0;
	if (!*is_ours && errno != EAGAIN && errno != EACCES)
		return error_errno("cannot lock notify/.lock");
	if (*is_ours) {
		parts_remove(store->out);
		parts_remove(store->state);
	}
	return OK;
}

void store_close(struct store *store)
{
	const int open[] = {store->root, store->queue, store->state, store->out, store->sent,
	    store->failed, store->lock};
	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		if (open[i] >= 0)
			close(open[i]);
	*store = STORE_CLOSED;
}

/* ---- looking ---- */

struct dated {
	int64_t written_ns;
	const char *name;
};

static int dated_compare(const void *a, const void *b)
{
	const struct dated *left = a, *right = b;
	if (left->written_ns != right->written_ns)
		return left->written_ns < right->written_ns ? -1 : 1;
	return strcmp(left->name, right->name);
}

static void names_sort(struct dated *dated, struct arena *arena, struct store_names *names)
{
	if (!dated)
		return; /* there is none */
	qsort(dated, names->count, sizeof *dated, dated_compare);
	names->items = arena_alloc(arena, names->count * sizeof *names->items);
	for (size_t i = 0; names->items && i < names->count; i++)
		names->items[i] = dated[i].name;
}

struct error store_list(int directory, struct arena *arena, struct store_names *names)
{
	size_t room = 0;
	struct dated *dated = NULL;
	const struct dirent *entry;
	DIR *listing = disk_list(directory);
	*names = (struct store_names){0};
	while (listing && (errno = 0, entry = readdir(listing))) {
		struct stat stat;
		if (entry->d_name[0] == '.' || !ends(entry->d_name, ENDING) ||
		    fstatat(directory, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (names->count == room) {
			room = room * 2 + 16;
			dated = arena_grow(arena, dated, names->count, room, sizeof *dated);
		}
		if (!dated)
			break;
		dated[names->count++] = (struct dated){
		    disk_time_ns(stat.st_mtim), arena_print(arena, "%s", entry->d_name).bytes};
	}
	struct error error = !listing || errno != 0 ? error_errno("cannot list notify/") : OK;
	if (listing)
		closedir(listing);
	if (!arena_has_failed(arena))
		names_sort(dated, arena, names);
	if (arena_has_failed(arena))
		error = error_memory("listing notify/");
	return error;
}

struct error store_load(int directory, const char *name, struct arena *arena, struct slice *text)
{
	struct stat stat;
	*text = (struct slice){NULL, 0};
	if (fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? OK : error_errno("cannot look at %s", name);
	return S_ISREG(stat.st_mode) && stat.st_size <= LARGEST
	           ? disk_load(directory, name, arena, text)
	           : OK;
}

/* ---- writing ---- */

static struct error file_replace(int directory, const char *name, struct slice text)
{
	char part[NAME_MAX + 1];
	snprintf(part, sizeof part, ".%.*s.tmp", NAME_MAX - 6, name);
	unlinkat(directory, part, 0); /* of somebody killed */
	struct error error = disk_create(directory, part, MODE_FILE, text);
	if (!is_error(&error) && renameat(directory, part, directory, name) < 0)
		error = error_errno("cannot put %s in its place", name);
	if (is_error(&error))
		unlinkat(directory, part, 0);
	return error;
}

struct error store_load_told(
    const struct store *store, const char *feed, struct arena *arena, struct told *told)
{
	char name[FEED_NAME_MAX + sizeof ENDING];
	struct slice text;
	*told = (struct told){0};
	snprintf(name, sizeof name, "%s" ENDING, feed);
	struct error error = store_load(store->state, name, arena, &text);
	if (is_error(&error) || !text.bytes)
		return error;
	struct error understood = told_parse(text, told);
	(void)understood; /* then it begins anew; what was sent is known by its name */
	return OK;
}

struct error store_save_told(const struct store *store, const char *feed, const struct told *told)
{
	char name[FEED_NAME_MAX + sizeof ENDING];
	struct buffer text = {0};
	snprintf(name, sizeof name, "%s" ENDING, feed);
	told_format(told, &text);
	struct error error = text.failed ? error_memory("writing what was told")
	                                 : file_replace(store->state, name, buffer_slice(&text));
	buffer_done(&text);
	return is_error(&error) ? error : disk_sync(store->state, ".");
}

struct error store_put(const struct store *store, const char *name, struct slice text)
{
	bool is_known = disk_has(store->out, name) || disk_has(store->sent, name) ||
	                disk_has(store->failed, name);
	return is_known ? OK : file_replace(store->out, name, text);
}

struct error store_flush(const struct store *store)
{
	return disk_sync(store->out, ".");
}

/* ---- moving ---- */

struct error store_remove_notice(const struct store *store, const char *name)
{
	if (unlinkat(store->queue, name, 0) < 0 && errno != ENOENT)
		return error_errno("cannot remove notify/queue/%s", name);
	return disk_sync(store->queue, ".");
}

static struct error move(int from, const char *name, int to)
{
	if (renameat(from, name, to, name) < 0) {
		struct error error = error_errno("cannot move notify/.../%s", name);
		return disk_has(from, name) ? error : OK; /* somebody has taken it away */
	}
	struct error error = disk_sync(to, ".");
	return is_error(&error) ? error : disk_sync(from, ".");
}

struct error store_reject_notice(const struct store *store, const char *name)
{
	return move(store->queue, name, store->failed);
}

/* Its text goes after the move: whoever is killed between leaves more than is needed, and no doubt
 * whether it was sent. */
struct error store_settle(const struct store *store, const char *name, bool is_sent)
{
	struct error error = move(store->out, name, is_sent ? store->sent : store->failed);
	if (is_error(&error) || !is_sent)
		return error;
	int file = openat(store->sent, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	if (file >= 0)
		close(file);
	return OK;
}

static struct error old_remove(int directory, int64_t before_s)
{
	const struct dirent *entry;
	struct stat stat;
	DIR *listing = disk_list(directory);
	if (!listing)
		return error_errno("cannot list notify/");
	while ((entry = readdir(listing)))
		if (entry->d_name[0] != '.' &&
		    fstatat(directory, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
		    stat.st_ctim.tv_sec < before_s)
			unlinkat(directory, entry->d_name, 0);
	closedir(listing);
	return OK;
}

struct error store_prune(const struct store *store, int64_t now_s)
{
	struct error error = old_remove(store->sent, now_s - SENT_KEPT_S);
	return is_error(&error) ? error : old_remove(store->failed, now_s - FAILED_KEPT_S);
}
