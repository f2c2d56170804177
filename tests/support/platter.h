/*
 * platter: a disk that forgets at a power cut what was not flushed. It is told each change, as the
 * kernel is, and can say what may be left of them:
 *
 *     data        what fsync was called for; of later writes any may be there or not
 *     names       PLATTER_ORDERED: as journalling file systems keep them, in their order: those
 *                 before the last fsync of anything, and some of those after it
 *                 PLATTER_STRICT: as POSIX promises them: those whose directory was fsynced; of the
 *                 others each may be there or not, a rename as a whole
 *
 * Paths are absolute. What cannot be, such as a name that is not there, changes nothing, as the
 * call that asked for it fails.
 */
#ifndef SUPPORT_PLATTER_H
#define SUPPORT_PLATTER_H

#include "files.h"

#include <stdint.h>

enum platter_kind { PLATTER_ORDERED, PLATTER_STRICT };

struct platter;

/* All that lies below the directory, as if it had been there for ever. */
struct platter *platter_load(const char *directory);
void platter_free(struct platter *platter);

void platter_make_directory(struct platter *platter, const char *path);
/* mode: of a new file. */
void platter_create(struct platter *platter, const char *path, mode_t mode, bool truncates);
void platter_write(
    struct platter *platter, const char *path, uint64_t offset, const void *bytes, size_t size);
void platter_append(struct platter *platter, const char *path, const void *bytes, size_t size);
void platter_truncate(struct platter *platter, const char *path, uint64_t size);
/* replaces: a file of the new name gives way. */
void platter_rename(struct platter *platter, const char *path, const char *to, bool replaces);
void platter_unlink(struct platter *platter, const char *path);
void platter_sync(struct platter *platter, const char *path);

/* What a power cut now may leave, chosen by the seed, in the directory in place of all that is
 * there. Every file gets the same time: clocks are not what is lost. */
void platter_cut(const struct platter *platter, enum platter_kind kind, unsigned int seed,
    const char *directory);

#endif
