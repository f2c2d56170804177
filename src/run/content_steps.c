/*
 * content_steps: from the bytes that were dropped to the text that is read, one step after the
 * other. What a step leaves is a file without a name; it takes the place of the one before it.
 */
#include "making.h"

#include "enrold/disk.h"
#include "enrold/pgp.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* A child of gpg that does nothing for so long is ended. */
enum { QUIET_MS = 120000 };

/* What is at hand is left for what was made of it. */
static void file_take(struct making *making, int file)
{
	if (making->is_ours)
		close(making->file);
	making->file = file;
	making->is_ours = true;
}

static void ending_drop(struct making *making, const char *ending)
{
	size_t size = strlen(making->name), end = strlen(ending);
	if (size > end && strcasecmp(making->name + size - end, ending) == 0)
		making->name[size - end] = '\0';
}

/* ---- the steps ---- */

/* In epoch seconds: a file does not grow old while it waits for us. */
static int64_t taken_at(const struct run *run)
{
	int64_t epoch_us = 0;
	run_id_parse(run->id, &epoch_us);
	return epoch_us / 1000000;
}

static struct error decrypt(struct making *making, struct slice beginning)
{
	static const char *const endings[] = {".pgp", ".gpg", ".asc"};
	struct run *run = making->run;
	struct policy_pgp policy = *making->pgp;
	struct pgp_verdict verdict = {0};
	const struct pgp_limits limits = {
	    .bytes_max = run->runner->shared->config->max_file_size,
	    .quiet_ms = QUIET_MS,
	    .now = taken_at(run),
	    .progress = run->runner->shared->progress,
	    .has_to_stop = making_has_to_stop,
	    .context = making,
	};
	int to = -1;
	if (!content_is_encrypted(making->pgp, beginning))
		return OK;
	if (making->is_again)
		policy.signed_within_ms = PERIOD_ENDLESS;
	struct error error = disk_open_nameless(run->directory, &to);
	if (is_error(&error))
		return error;
	if (lseek(making->file, 0, SEEK_SET) < 0)
		error = error_errno("cannot read the copy of the input");
	if (!is_error(&error))
		error = pgp_decrypt(&policy, making->file, to, &limits, &verdict);
	/* Without its keys no file of the feed can be read: they wait until somebody has mended it.
	 */
	if (error.class == ERROR_CONFIG) {
		error.class = ERROR_RETRY;
		error.owner = OWNER_FOLDER;
	}
	file_take(making, to);
	making->content->bytes = verdict.bytes;
	making->is_encrypted = true;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		ending_drop(making, endings[i]);
	return error;
}

/* Nobody packs what is packed, or encrypts what is in an archive, but to get it past somebody. */
static struct error nested(const char *name)
{
	return error_reject("archive_nested", 0,
	    "%.*s is an archive, or encrypted, within an archive: pack the files once, and then "
	    "encrypt",
	    *name ? 100 : 17, *name ? name : "what is packed in");
}

static bool is_plain(struct slice beginning)
{
	return unpack_recognise(beginning) == UNPACK_NONE && !pgp_recognise(beginning);
}

/* One file, whatever it came in: by the policy of its kind, as it stands or composed. */
static struct error one_make(struct making *making)
{
	struct content *content = making->content;
	struct slice beginning = SLICE("");
	bool is_whole = false;
	struct error error = making_beginning(making, making->file, &beginning, &is_whole);
	if (!is_error(&error) && making->is_unpacked && !is_plain(beginning))
		error = nested(making->name);
	if (!is_error(&error))
		error = kind_take(making, making->name, beginning, is_whole);
	if (is_error(&error))
		return error;
	meaning_temper(making);
	if (compose_is_wanted(making->policy))
		return compose_one(making);
	content->file = making->is_ours ? making->file : -1;
	making->is_ours = false;
	return OK;
}

/* A packed file takes the place of its archive. */
static struct error only_make(struct making *making, struct unpacked *only)
{
	file_take(making, only->file);
	only->file = -1;
	making->content->bytes = only->bytes;
	memcpy(making->content->sha256, only->sha256, sizeof only->sha256);
	ending_drop(making, ".gz");
	ending_drop(making, ".zip");
	if (only->name && *only->name)
		snprintf(making->name, sizeof making->name, "%s", only->name);
	return one_make(making);
}

static struct error several_make(struct making *making, struct unpacked_list *list)
{
	struct members members = {.count = 0};
	if (!making->preset)
		return error_reject("archive_needs_preset", 0,
		    "the archive holds %zu files, and nothing says what they are to each other: "
		    "set "
		    "`preset` for the feed (enrolctl preset list), or drop each file by itself",
		    list->count);
	struct error error = members_sort(making, list, &members);
	if (!is_error(&error))
		error = meaning_temper_archive(making, &members);
	return is_error(&error) ? error : compose_members(making, &members);
}

static struct error unpacked_make(struct making *making, enum unpack_format format)
{
	struct run *run = making->run;
	struct unpacked_list list = {.count = 0};
	const struct unpack_limits limits = {
	    .bytes_max = run->runner->shared->config->max_file_size,
	    .entries_max = UNPACK_ENTRIES_MAX,
	    .progress = run->runner->shared->progress,
	    .has_to_stop = making_has_to_stop,
	    .context = making,
	};
	making->is_unpacked = true;
	struct error error =
	    lseek(making->file, 0, SEEK_SET) < 0
	        ? error_errno("cannot read the copy of the input")
	        : unpack(making->file, format, run->directory, &limits, making->arena, &list);
	if (!is_error(&error) && !run->is_stopped) {
		bool is_one = format == UNPACK_GZIP || (list.count == 1 && !making->preset);
		error = is_one ? only_make(making, &list.items[0]) : several_make(making, &list);
	}
	unpack_done(&list);
	return error;
}

static struct error steps(struct making *making)
{
	struct slice beginning = SLICE("");
	bool is_whole = false;
	struct error error = making_beginning(making, making->file, &beginning, &is_whole);
	if (!is_error(&error))
		error = decrypt(making, beginning);
	if (is_error(&error) || making->run->is_stopped)
		return error;
	if (making->is_encrypted)
		error = making_beginning(making, making->file, &beginning, &is_whole);
	enum unpack_format format = is_error(&error) ? UNPACK_NONE : unpack_recognise(beginning);
	if (is_error(&error))
		return error;
	return format == UNPACK_NONE ? one_make(making) : unpacked_make(making, format);
}

/* ---- the whole ---- */

/* Absence asks the time of what was dropped. */
static struct error time_keep(const struct making *making, const struct stat *dropped)
{
	const struct timespec times[] = {dropped->st_mtim, dropped->st_mtim};
	if (making->content->file >= 0 && futimens(making->content->file, times) < 0)
		return error_errno("cannot set the time of what was unpacked");
	return OK;
}

static struct error hash_find(const struct making *making)
{
	struct content *content = making->content;
	struct stat stat;
	if (content->file < 0 || *content->sha256)
		return OK;
	if (fstat(content->file, &stat) < 0)
		return error_errno("cannot look at what was made of the input");
	content->bytes = (uint64_t)stat.st_size;
	return archive_hash(making->run, content->file, content->sha256);
}

struct error making_run(struct making *making, int file)
{
	struct stat dropped;
	making->file = file;
	struct error error =
	    fstat(file, &dropped) < 0 ? error_errno("cannot look at the input") : OK;
	if (!is_error(&error))
		error = steps(making);
	if (making->is_ours)
		close(making->file);
	making->is_ours = false;
	making->content->is_open = !making->is_encrypted;
	making->content->is_plain = !making->is_encrypted && !making->is_unpacked;
	if (!is_error(&error) && !making->run->is_stopped)
		error = hash_find(making);
	if (!is_error(&error))
		error = time_keep(making, &dropped);
	/* What was refused for want of memory is not the file's fault. */
	if ((!is_error(&error) || error.class == ERROR_REJECT) && arena_has_failed(making->arena))
		error = error_memory("making what is read of a file");
	return making->run->is_stopped ? OK : error;
}
