#include "enrold/packed.h"

#include "enrold/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { CHUNK_SIZE = 256 << 10, MEMORY_MAX = 16 << 20 };
enum { GZIP = 15 + 16 }; /* zlib's window, with gzip's own head and tail */

enum { NAME_SIZE = 1024 }; /* it may be a path */

/* What lies in the outbox, as its plain bytes. */
struct source {
	char name[NAME_SIZE];
	int file; /* -1: there is none */
	bool is_packed;
	bool is_ended; /* packed: its last byte has come */
	uint64_t bytes, bytes_max;
	z_stream stream;
	unsigned char *in, *out; /* in: packed only; CHUNK_SIZE each */
};

static struct error source_open(
    struct source *source, int directory, const char *name, const char *suffix)
{
	snprintf(source->name, NAME_SIZE, "%s%s", name, suffix);
	source->file =
	    openat(directory, source->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	source->is_packed = *suffix;
	return source->file >= 0 || errno == ENOENT ? OK
	                                            : error_errno("cannot open %s", source->name);
}

static struct error source_find(struct source *source, int directory, const char *name)
{
	struct error error = source_open(source, directory, name, "");
	return is_error(&error) || source->file >= 0
	           ? error
	           : source_open(source, directory, name, PACKED_SUFFIX);
}

static struct error source_prepare(struct source *source, uint64_t bytes_max)
{
	source->bytes_max = bytes_max;
	source->out = malloc(CHUNK_SIZE);
	if (!source->out)
		return error_memory("reading an answer");
	if (!source->is_packed)
		return OK;
	source->in = malloc(CHUNK_SIZE);
	if (!source->in || inflateInit2(&source->stream, GZIP) != Z_OK)
		return error_memory("unpacking an answer");
	return OK;
}

static void source_end(struct source *source)
{
	if (source->file >= 0)
		close(source->file);
	inflateEnd(&source->stream); /* nothing, when it was not begun */
	free(source->in);
	free(source->out);
}

static struct error source_fill(const struct source *source, unsigned char *chunk, size_t *size)
{
	ssize_t got;
	do
		got = read(source->file, chunk, CHUNK_SIZE);
	while (got < 0 && errno == EINTR);
	*size = got > 0 ? (size_t)got : 0;
	return got < 0 ? error_errno("cannot read %s", source->name) : OK;
}

static struct error altered(const struct source *source, const char *how)
{
	return error_reject("altered", 0, "%s cannot be unpacked: %s", source->name, how);
}

static struct error more_packed(struct source *source)
{
	size_t size;
	struct error error = source_fill(source, source->in, &size);
	if (!is_error(&error) && size == 0)
		error = altered(source, "it ends too early");
	source->stream.next_in = source->in;
	source->stream.avail_in = (unsigned)size;
	return error;
}

/* Nothing follows the one that was packed. */
static struct error source_check_end(struct source *source)
{
	size_t size = source->stream.avail_in;
	struct error error = size > 0 ? OK : source_fill(source, source->in, &size);
	return !is_error(&error) && size > 0 ? altered(source, "something follows its end") : error;
}

/* At most CHUNK_SIZE bytes of out; size 0: it ends. */
static struct error unpack(struct source *source, size_t *size)
{
	z_stream *stream = &source->stream;
	struct error error = OK;
	stream->next_out = source->out;
	stream->avail_out = CHUNK_SIZE;
	while (!source->is_ended && stream->avail_out > 0 && !is_error(&error)) {
		if (stream->avail_in == 0)
			error = more_packed(source);
		int state = is_error(&error) ? Z_OK : inflate(stream, Z_NO_FLUSH);
		source->is_ended = state == Z_STREAM_END;
		if (source->is_ended)
			error = source_check_end(source);
		else if (state == Z_MEM_ERROR)
			error = error_memory("unpacking an answer");
		else if (state != Z_OK && state != Z_BUF_ERROR)
			error = altered(source, stream->msg ? stream->msg : "it is no gzip file");
	}
	*size = CHUNK_SIZE - stream->avail_out;
	if (!is_error(&error) && source->bytes + *size > source->bytes_max)
		error = error_reject("altered", 0,
		    "%s unpacks to more than the %" PRIu64 " byte%s it had", source->name,
		    source->bytes_max, source->bytes_max == 1 ? "" : "s");
	return error;
}

static struct error source_read(struct source *source, size_t *size)
{
	struct error error =
	    source->is_packed ? unpack(source, size) : source_fill(source, source->out, size);
	source->bytes += *size;
	return error;
}

/* A large one beside what is packed, else wherever temporary files may lie: who only reads the
 * outbox cannot write there. */
static int nameless(int directory, uint64_t bytes)
{
	enum { FLAGS = O_TMPFILE | O_RDWR | O_CLOEXEC, MODE = 0600 };
	int file = -1;
	if (bytes > MEMORY_MAX)
		file = openat(directory, ".", FLAGS, MODE);
	if (bytes > MEMORY_MAX && file < 0)
		file = open(P_tmpdir, FLAGS, MODE);
	return file >= 0 ? file : memfd_create("unpacked", MFD_CLOEXEC);
}

static struct error source_copy(struct source *source, int file)
{
	size_t size = 0;
	struct error error;
	do {
		error = source_read(source, &size);
		if (!is_error(&error))
			error = disk_write(
			    file, (struct slice){(char *)source->out, size}, "what is unpacked");
	} while (!is_error(&error) && size > 0);
	if (!is_error(&error) && lseek(file, 0, SEEK_SET) < 0)
		error = error_errno("cannot read what is unpacked");
	return error;
}

/* Those of what lies there: by them one sees whether it was changed. */
static struct error times_set(const struct source *source, int file)
{
	struct stat stat;
	if (fstat(source->file, &stat) == 0 &&
	    futimens(file, (const struct timespec[]){stat.st_atim, stat.st_mtim}) == 0)
		return OK;
	return error_errno("cannot read what is unpacked");
}

static struct error unpacked_open(struct source *source, int directory, int *file)
{
	*file = nameless(directory, source->bytes_max);
	struct error error = *file < 0 ? error_errno("cannot make a file for what is unpacked")
	                               : source_copy(source, *file);
	if (!is_error(&error))
		error = times_set(source, *file);
	if (is_error(&error) && *file >= 0) {
		close(*file);
		*file = -1;
	}
	return error;
}

struct error packed_open(int directory, const char *name, uint64_t bytes_max, int *file)
{
	struct source source = {.file = -1};
	struct error error = source_find(&source, directory, name);
	*file = source.file;
	if (is_error(&error) || source.file < 0 || !source.is_packed)
		return error;
	*file = -1;
	error = source_prepare(&source, bytes_max);
	if (!is_error(&error))
		error = unpacked_open(&source, directory, file);
	source_end(&source);
	return error;
}

static struct error source_hash(struct source *source, struct packed_found *found)
{
	struct hash *hash = hash_create();
	struct error error = hash ? OK : error_memory("hashing an answer");
	size_t size = 1;
	while (!is_error(&error) && size > 0) {
		error = source_read(source, &size);
		if (!is_error(&error))
			hash_add(hash, source->out, size);
	}
	if (!is_error(&error))
		hash_finish(hash, found->sha256);
	found->bytes = source->bytes;
	hash_free(hash);
	return error;
}

static struct error found_hash(
    struct source *source, uint64_t bytes_max, struct packed_found *found)
{
	struct error error = OK;
	*found =
	    (struct packed_found){.is_there = source->file >= 0, .is_packed = source->is_packed};
	if (found->is_there)
		error = source_prepare(source, bytes_max);
	if (!is_error(&error) && found->is_there)
		error = source_hash(source, found);
	source_end(source);
	return error;
}

struct error packed_hash(
    int directory, const char *name, uint64_t bytes_max, struct packed_found *found)
{
	struct source source = {.file = -1};
	*found = (struct packed_found){.is_there = false};
	struct error error = source_find(&source, directory, name);
	return is_error(&error) ? error : found_hash(&source, bytes_max, found);
}

struct error packed_check(
    int directory, const char *file, const struct packed_known *known, bool *is_it)
{
	struct source source = {.file = -1};
	struct packed_found found;
	*is_it = false;
	struct error error = source_open(&source, directory, file, "");
	source.is_packed = true;
	if (!is_error(&error))
		error = found_hash(&source, known->bytes, &found);
	*is_it =
	    !is_error(&error) && found.is_there && slice_is(slice_of(found.sha256), known->sha256);
	return error.class == ERROR_REJECT ? OK : error;
}
