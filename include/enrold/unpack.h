/*
 * unpack: what is in a compressed file (gzip) or an archive (ZIP), as files without a name, which
 * are gone when their descriptors are closed, whoever kills the process. libarchive and zlib stay
 * in src/unpack. Streamed, in memory for a piece of it, and bounded by the limits, whatever the
 * file claims.
 *
 * REJECT, each with what to do: archive_broken (cut short, a wrong checksum, no such format),
 * archive_encrypted, archive_nested (an archive in it), archive_path (a name with a folder, an
 * absolute one, "..", a drive, a control character, one that is not UTF-8), archive_link (a link,
 * a device), archive_twice (a name, letter case aside), archive_too_many, archive_ratio (it grows
 * more than anything honest), file_too_large (max_file_size), archive_empty.
 * RETRY: the disk is full, and the like.
 */
#ifndef ENROLD_UNPACK_H
#define ENROLD_UNPACK_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/slice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum unpack_format { UNPACK_NONE, UNPACK_GZIP, UNPACK_ZIP };

/* By how a file begins, whatever it is called. */
enum unpack_format unpack_recognise(struct slice beginning);

enum { UNPACK_ENTRIES_MAX = 64 };

struct unpack_limits {
	uint64_t bytes_max; /* of all that is in it: max_file_size */
	uint32_t entries_max;
	/* Grows while it gets on; NULL: nobody looks. */
	atomic_uint *progress;
	/* Ends it with *is_stopped and no error; NULL: never. */
	bool (*has_to_stop)(void *context);
	void *context;
};

struct unpacked {
	const char *name; /* in the arena; of gzip: "" */
	int file;         /* at its beginning; -1 */
	uint64_t bytes;
	char sha256[HASH_TEXT_SIZE + 1];
};

struct unpacked_list {
	struct unpacked items[UNPACK_ENTRIES_MAX];
	size_t count;
	bool is_stopped;
};

/* from: read from its beginning; directory: where the files without a name are made. What is in the
 * list is the caller's to close by unpack_done, after an error too. */
struct error unpack(int from, enum unpack_format format, int directory,
    const struct unpack_limits *limits, struct arena *arena, struct unpacked_list *list) MUST_CHECK;
void unpack_done(struct unpacked_list *list);

#endif
