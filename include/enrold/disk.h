/*
 * disk: the few things done to files and directories on a file's way. Errors are RETRY: the disk
 * may be full, the permission may come back.
 */
#ifndef ENROLD_DISK_H
#define ENROLD_DISK_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/slice.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Opens the directory, having made it when it is missing; then it outlasts a power cut before
 * anything is moved into it. Never through a symbolic link. */
struct error disk_open_directory(int at, const char *name, mode_t mode, int *directory) MUST_CHECK;
struct error disk_sync(int at, const char *name) MUST_CHECK; /* a file or directory */
struct error disk_write(int file, struct slice bytes, const char *name) MUST_CHECK;
/* Appends to a large file, which has so many bytes with these, as room.h lets it. What is nothing
 * but zeros becomes a hole: a sparse file must not fill our disk. */
struct error disk_extend(int file, const char *name, uint64_t size, struct slice bytes) MUST_CHECK;
/* Appends the rest of one file to another, chunk by chunk. */
struct error disk_copy(int from, int to, char *chunk, size_t size) MUST_CHECK;
/* A new file with these bytes, or what is left of an older attempt's. */
struct error disk_write_new(int at, const char *name, mode_t mode, struct slice bytes) MUST_CHECK;
/* The same, durable. */
struct error disk_create(int at, const char *name, mode_t mode, struct slice bytes) MUST_CHECK;
/* A new and empty file without a name on the directory's disk, to write and read: it is gone when
 * it is closed, whoever kills the process. Where the disk knows no such files it has a name for a
 * moment, and whoever is killed then leaves it: one at a time in a directory. */
#define DISK_NAMELESS ".nameless.part"
struct error disk_open_nameless(int directory, int *file) MUST_CHECK;
bool disk_has(int at, const char *name);
/* The whole of a small file; bytes NULL: there is none. */
struct error disk_load(
    int at, const char *name, struct arena *arena, struct slice *text) MUST_CHECK;
/* Moves into a directory that nobody else writes to, under the same name, in one step. Returns as
 * renameat does. */
int disk_claim(int from, const char *name, int to);
/* What disk_claim leaves there when it is killed: it is nobody's file, and is removed. */
bool disk_drop_placeholder(int at, const char *name);
/*
 * Never replaces, and never fails because a name is taken: then it gets a number, and when somebody
 * has taken the first of these too, the run and what nobody can guess.
 */
struct error disk_move(
    int from, const char *name, int to, const char *new_name, const char *run) MUST_CHECK;
/* *is_taken: there is something of that name already, and nothing was moved. */
struct error disk_move_unless(
    int from, const char *name, int to, const char *new_name, bool *is_taken) MUST_CHECK;
/* As disk_move, but it is what already has the new name that evades. */
struct error disk_move_first(
    int from, const char *name, int to, const char *new_name, const char *run) MUST_CHECK;

int64_t disk_time_ns(struct timespec time);

/* A listing of the directory from its beginning, for closedir; NULL: errno says why. The directory
 * stays open. */
DIR *disk_list(int directory);

#endif
