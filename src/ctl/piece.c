#include "piece.h"

#include "enrold/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, BESIDE_BYTES_MAX = 64 << 10, NAME_ROOM = FILE_NAME_SIZE + 64 };
enum { MODE_PART = 0600, MODE_SHARED = 0640, MODE_OPEN = 0644 };

struct error piece_of_caller(struct error error)
{
	if (error.class == ERROR_RETRY && error.is_lasting)
		error.class = ERROR_REJECT;
	return error;
}

static void name_of(const struct piece *piece, const struct drop *drop, char name[NAME_ROOM])
{
	snprintf(name, NAME_ROOM, "%s%s", drop->name, piece->end);
}

/* ---- its bytes ---- */

/* Where the file system can, it has no name until it is whole. */
static struct error make(struct piece *piece, int inbox)
{
	uint64_t chance;
	if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance)
		return error_errno("cannot find a name");
	snprintf(piece->part, sizeof piece->part, ".enrolctl-%016" PRIx64 ".tmp", chance);
	piece->file = openat(inbox, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, MODE_PART);
	if (piece->file >= 0)
		return OK;
	piece->file = openat(
	    inbox, piece->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE_PART);
	piece->has_part = piece->file >= 0;
	return piece->file < 0 ? error_errno("cannot write into the inbox") : OK;
}

static struct error chunk_copy(
    struct piece *piece, struct slice chunk, uint64_t bytes_max, struct hash *hash)
{
	piece->bytes += chunk.size;
	if (piece->bytes > bytes_max)
		return error_reject(
		    "too_large", 0, "it has more than %" PRIu64 " bytes", bytes_max);
	hash_add(hash, chunk.bytes, chunk.size);
	return disk_write(piece->file, chunk, "into the inbox");
}

static struct error copy(struct piece *piece, int from, uint64_t bytes_max, struct hash *hash)
{
	char *chunk = malloc(CHUNK);
	struct error error = chunk ? OK : error_memory("copying");
	while (!is_error(&error)) {
		ssize_t got = read(from, chunk, CHUNK);
		if (got == 0)
			break;
		if (got > 0)
			error =
			    chunk_copy(piece, (struct slice){chunk, (size_t)got}, bytes_max, hash);
		else if (errno != EINTR)
			error = error_errno("cannot read it");
	}
	free(chunk);
	return error;
}

/* To enrold, by the folder's group, or else to everybody who may look into the folder. */
static struct error share(const struct piece *piece, int inbox)
{
	struct stat folder, file;
	if (fstat(inbox, &folder) < 0 || fstat(piece->file, &file) < 0)
		return error_errno("cannot look at the inbox");
	bool is_shared = file.st_uid == folder.st_uid || file.st_gid == folder.st_gid ||
	                 fchown(piece->file, (uid_t)-1, folder.st_gid) == 0;
	if (fchmod(piece->file, is_shared ? MODE_SHARED : MODE_OPEN) < 0 || fsync(piece->file) < 0)
		return error_errno("cannot flush what was written");
	return OK;
}

/* How old a file is tells an older list from a newer one. A pipe has no age. */
static void date(const struct piece *piece, int from)
{
	struct stat stat;
	if (from < 0 || fstat(from, &stat) < 0 || !S_ISREG(stat.st_mode))
		return;
	const struct timespec times[] = {stat.st_mtim, stat.st_mtim};
	int ignored = futimens(piece->file, times); /* then it is as new as it looks */
	(void)ignored;
}

struct error piece_write(struct piece *piece, const struct drop *drop, const char *end, int from)
{
	uint64_t bytes_max = *end == '\0' ? drop->config->max_file_size : BESIDE_BYTES_MAX;
	struct hash *hash = hash_create();
	piece->end = end;
	struct error error = hash ? make(piece, drop->inbox) : error_memory("copying");
	if (!is_error(&error) && from >= 0)
		error = copy(piece, from, bytes_max, hash);
	if (!is_error(&error))
		error = share(piece, drop->inbox);
	date(piece, from);
	if (!is_error(&error))
		hash_finish(hash, piece->sha256);
	hash_free(hash);
	return is_error(&error) ? error_wrap(piece_of_caller(error), "%s%s", drop->name, end) : OK;
}

/* ---- its name ---- */

static struct error part_name(struct piece *piece, int inbox)
{
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d", piece->file);
	if (!piece->has_part && linkat(AT_FDCWD, path, inbox, piece->part, AT_SYMLINK_FOLLOW) < 0)
		return error_errno("cannot write into the inbox");
	piece->has_part = true;
	return OK;
}

static bool has_bytes(const struct piece *piece, int inbox, const char *name)
{
	char sha256[HASH_TEXT_SIZE + 1] = "";
	struct slice text = {0};
	struct arena *arena = arena_create();
	struct error error = arena ? disk_load(inbox, name, arena, &text) : error_memory("a look");
	if (!is_error(&error))
		error = hash_text(text, sha256);
	arena_free(arena);
	return !is_error(&error) && strcmp(sha256, piece->sha256) == 0;
}

static bool serves(const struct piece *piece, const struct drop *drop, const char *name)
{
	struct stat stat;
	const char *marker = drop->feed->policy.marker;
	if (*piece->end == '\0' || fstatat(drop->inbox, name, &stat, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(stat.st_mode) || stat.st_nlink > 1 || stat.st_size > BESIDE_BYTES_MAX)
		return false;
	return (marker && strcmp(piece->end, marker) == 0) || has_bytes(piece, drop->inbox, name);
}

static struct error taken(const struct drop *drop, const struct piece *piece, const char *name)
{
	if (*piece->end == '\0')
		return error_retry("%s waits in %s/%s already: try again when it was taken", name,
		    drop->config->spool, drop->place);
	return error_retry("%s lies in %s/%s already, without its file: look whose it is, and take "
	                   "it away",
	    name, drop->config->spool, drop->place);
}

struct error piece_place(struct piece *piece, struct drop *drop)
{
	char name[NAME_ROOM];
	bool is_taken;
	struct stat stat;
	if (!piece->end)
		return OK;
	name_of(piece, drop, name);
	if (fstat(piece->file, &stat) < 0)
		return error_errno("cannot look at %s", name);
	struct error error = part_name(piece, drop->inbox);
	if (!is_error(&error))
		error = disk_move_unless(drop->inbox, piece->part, drop->inbox, name, &is_taken);
	if (is_error(&error))
		return piece_of_caller(error);
	if (is_taken)
		return serves(piece, drop, name) ? OK : taken(drop, piece, name);
	piece->has_part = false;
	piece->is_placed = true;
	if (*piece->end == '\0')
		drop->inode = stat.st_ino;
	return OK;
}

void piece_take_back(struct piece *piece, const struct drop *drop)
{
	char name[NAME_ROOM];
	if (!piece->is_placed)
		return;
	name_of(piece, drop, name);
	unlinkat(drop->inbox, name, 0);
	piece->is_placed = false;
}

void piece_done(struct piece *piece, const struct drop *drop)
{
	if (piece->has_part)
		unlinkat(drop->inbox, piece->part, 0);
	if (piece->file >= 0)
		close(piece->file);
	*piece = PIECE_NONE;
}
