/*
 * reading: a file from its beginning to its end, in large pieces, and its hash. What a year of
 * answers holds is not to push everything else out of memory.
 */
#include "proof.h"

#include "enrold/packed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* *at -1 and no error: there is no such directory. */
static struct error place_open(
    const struct proof *proof, const char *path, int *at, const char **name)
{
	char directory[PROOF_PATH_SIZE];
	const char *slash = strrchr(path, '/');
	snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) : 1,
	    slash ? path : ".");
	*name = slash ? slash + 1 : path;
	*at = openat(proof->spool.root, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool is_gone = *at < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP);
	return *at >= 0 || is_gone ? OK : error_errno("cannot open %s", directory);
}

static struct error file_hash(struct proof *proof, int file, const char *path, uint64_t *bytes)
{
	struct stat stat;
	*bytes = 0;
	if (fstat(file, &stat) < 0 || !S_ISREG(stat.st_mode))
		return OK; /* somebody has put something else there: it has another hash */
	posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL);
	ssize_t size;
	while ((size = read(file, proof->chunk, PROOF_CHUNK)) > 0 || (size < 0 && errno == EINTR))
		if (size > 0) {
			hash_add(proof->hash, proof->chunk, (size_t)size);
			*bytes += (uint64_t)size;
		}
	return size < 0 ? error_errno("cannot read %s", path) : OK;
}

static struct error plain_read(
    struct proof *proof, int file, const char *path, struct packed_found *found)
{
	found->is_there = true;
	hash_restart(proof->hash);
	struct error error = file_hash(proof, file, path, &found->bytes);
	hash_finish(proof->hash, found->sha256);
	close(file);
	return error;
}

struct error proof_read(
    struct proof *proof, const char *path, uint64_t bytes_max, struct packed_found *found)
{
	int at;
	const char *name;
	*found = (struct packed_found){.is_there = false};
	struct error error = place_open(proof, path, &at, &name);
	if (is_error(&error) || at < 0)
		return error;
	int file = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file >= 0)
		error = plain_read(proof, file, path, found);
	else if (errno == ELOOP)
		found->is_there = true; /* a link, which enrold never makes */
	else if (errno != ENOENT)
		error = error_errno("cannot open %s", path);
	else
		error = packed_hash(at, name, bytes_max, found);
	close(at);
	/* What cannot be unpacked is there, and not what it was. */
	if (error.class == ERROR_REJECT) {
		*found = (struct packed_found){.is_there = true};
		return OK;
	}
	proof->answer->files += !is_error(&error) && found->is_there;
	proof->answer->bytes += found->bytes;
	return error;
}

enum { TEXT_MAX = 256 << 20 };

struct error proof_load(
    struct proof *proof, const char *path, struct arena *arena, struct slice *text)
{
	int at, file = -1;
	const char *name;
	struct stat stat;
	*text = (struct slice){NULL, 0};
	struct error error = place_open(proof, path, &at, &name);
	if (!is_error(&error) && at >= 0) {
		error = packed_open(at, name, TEXT_MAX, &file);
		close(at);
	}
	if (error.class == ERROR_REJECT)
		return OK;
	if (is_error(&error) || file < 0)
		return error;
	if (fstat(file, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size <= TEXT_MAX) {
		char *bytes = arena_alloc(arena, (size_t)stat.st_size + 1);
		ssize_t size = bytes ? pread(file, bytes, (size_t)stat.st_size, 0) : -1;
		if (!bytes)
			error = error_memory("reading the outbox");
		else if (size < 0)
			error = error_errno("cannot read %s", path);
		else
			*text = (struct slice){bytes, (size_t)size};
	}
	close(file);
	return error;
}
