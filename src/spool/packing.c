/*
 * packing: a file of an answer becomes a packed one (packed.h): a part beside it, checked, renamed;
 * then the plain one goes. Killed anywhere, the plain one is there, or the packed one is whole.
 */
#include "enrold/packed.h"

#include "enrold/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK_SIZE = 256 << 10, NAME_SIZE = 512 };
/* zlib's window with gzip's own head and tail, and its usual memory. */
enum { LEVEL = 6, GZIP = 15 + 16, MEMORY = 8 };

struct packing {
	const struct packed_known *known;
	const char *name, *part;
	char packed[NAME_SIZE];
	const atomic_bool *is_wanted;
	int directory, from, to; /* to: the part */
	struct stat stat;        /* of what is packed */
	struct hash *hash;
	unsigned char *in, *out;
	z_stream stream;
};

static bool is_broken_off(const struct packing *packing)
{
	return atomic_load(packing->is_wanted);
}

static struct error altered(const struct packing *packing)
{
	return error_reject("altered", 0, "%s is not as the ledger has it", packing->name);
}

/* ---- the part ---- */

/* size 0: that was all. */
static struct error chunk_pack(struct packing *packing, size_t size)
{
	z_stream *stream = &packing->stream;
	struct error error;
	stream->next_in = packing->in;
	stream->avail_in = (unsigned)size;
	do {
		stream->next_out = packing->out;
		stream->avail_out = CHUNK_SIZE;
		(void)deflate(stream, size > 0 ? Z_NO_FLUSH : Z_FINISH); /* it has room */
		error = disk_write(packing->to,
		    (struct slice){(char *)packing->out, CHUNK_SIZE - stream->avail_out},
		    packing->part);
	} while (!is_error(&error) && stream->avail_out == 0);
	return error;
}

static struct error chunk_read(const struct packing *packing, size_t *size)
{
	ssize_t got;
	do
		got = read(packing->from, packing->in, CHUNK_SIZE);
	while (got < 0 && errno == EINTR);
	*size = got > 0 ? (size_t)got : 0;
	return got < 0 ? error_errno("cannot read %s", packing->name) : OK;
}

static struct error chunks_pack(struct packing *packing)
{
	char sha256[HASH_TEXT_SIZE + 1];
	struct error error;
	size_t size;
	do {
		error = chunk_read(packing, &size);
		if (is_error(&error))
			return error;
		hash_add(packing->hash, packing->in, size);
		error = chunk_pack(packing, size);
	} while (!is_error(&error) && size > 0 && !is_broken_off(packing));
	if (is_error(&error) || size > 0)
		return error;
	hash_finish(packing->hash, sha256);
	return slice_is(slice_of(sha256), packing->known->sha256) ? OK : altered(packing);
}

/* Always the same bytes for the same bytes: neither name nor time are in them. */
static struct error bytes_pack(struct packing *packing)
{
	packing->in = malloc(CHUNK_SIZE);
	packing->out = malloc(CHUNK_SIZE);
	packing->hash = hash_create();
	bool is_ready = packing->in && packing->out && packing->hash &&
	                deflateInit2(&packing->stream, LEVEL, Z_DEFLATED, GZIP, MEMORY,
	                    Z_DEFAULT_STRATEGY) == Z_OK;
	struct error error = is_ready ? chunks_pack(packing) : error_memory("packing an answer");
	deflateEnd(&packing->stream); /* nothing, when it was not begun */
	hash_free(packing->hash);
	free(packing->in);
	free(packing->out);
	return error;
}

/* Whoever could read the plain one reads it, and it is as old. In a folder that hands on its group
 * a new file has that already. */
static struct error likeness_set(const struct packing *packing)
{
	struct stat made;
	const struct stat *stat = &packing->stat;
	const struct timespec times[] = {stat->st_atim, stat->st_mtim};
	bool is_alike =
	    fstat(packing->to, &made) == 0 &&
	    (made.st_gid == stat->st_gid || fchown(packing->to, (uid_t)-1, stat->st_gid) == 0) &&
	    fchmod(packing->to, stat->st_mode & 0777) == 0 && futimens(packing->to, times) == 0;
	return is_alike ? OK
	                : error_errno("cannot give %s the group, mode and time of %s",
	                      packing->part, packing->name);
}

static struct error part_write(struct packing *packing)
{
	unlinkat(packing->directory, packing->part, 0); /* of an attempt that was cut short */
	packing->to = openat(packing->directory, packing->part,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (packing->to < 0)
		return error_errno("cannot make %s in the outbox", packing->part);
	struct error error = bytes_pack(packing);
	if (!is_error(&error))
		error = likeness_set(packing);
	if (!is_error(&error) && !is_broken_off(packing) && fsync(packing->to) < 0)
		error = error_errno("cannot flush %s in the outbox", packing->part);
	close(packing->to);
	return error;
}

/* ---- into its place ---- */

/* Unless the plain one has been removed meanwhile: then nobody wants it any more. */
static struct error part_publish(const struct packing *packing, const char *run)
{
	bool is_it;
	struct error error =
	    packed_check(packing->directory, packing->part, packing->known, &is_it);
	if (!is_error(&error) && !is_it)
		error = error_retry(
		    "%s of the outbox does not unpack to what was packed", packing->part);
	if (is_error(&error) || !disk_has(packing->directory, packing->name))
		return error;
	return disk_move_first(
	    packing->directory, packing->part, packing->directory, packing->packed, run);
}

static struct error plain_remove(const struct packing *packing)
{
	struct error error = disk_sync(packing->directory, ".");
	if (is_error(&error))
		return error;
	if (unlinkat(packing->directory, packing->name, 0) == 0)
		return disk_sync(packing->directory, ".");
	if (errno != ENOENT)
		return error_errno("cannot remove %s", packing->name);
	unlinkat(packing->directory, packing->packed, 0); /* somebody has removed the answer */
	return OK;
}

static struct error pack(struct packing *packing, const char *run)
{
	bool is_there; /* of an attempt that was cut short between the two */
	if (!S_ISREG(packing->stat.st_mode) ||
	    (uint64_t)packing->stat.st_size != packing->known->bytes)
		return altered(packing);
	struct error error =
	    packed_check(packing->directory, packing->packed, packing->known, &is_there);
	if (!is_error(&error) && !is_there) {
		error = part_write(packing);
		if (!is_error(&error) && !is_broken_off(packing))
			error = part_publish(packing, run);
		unlinkat(packing->directory, packing->part, 0); /* what has come to nothing */
	}
	return is_error(&error) || is_broken_off(packing) ? error : plain_remove(packing);
}

struct error packed_make(int directory, const char *name, const struct packed_known *known,
    const struct packed_part *part, const atomic_bool *is_wanted)
{
	struct packing packing = {.known = known,
	    .name = name,
	    .part = part->name,
	    .is_wanted = is_wanted,
	    .directory = directory};
	snprintf(packing.packed, sizeof packing.packed, "%s" PACKED_SUFFIX, name);
	packing.from = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (packing.from < 0)
		return errno == ENOENT ? OK : error_errno("cannot open %s", name);
	struct error error = fstat(packing.from, &packing.stat) < 0
	                         ? error_errno("cannot look at %s", name)
	                         : pack(&packing, part->run);
	close(packing.from);
	return error;
}
