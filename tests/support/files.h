/*
 * files: what tests do with files and directories. Everything that goes wrong is fatal: a test has
 * no business going on after it. Paths are cut never: what does not fit is fatal, too.
 */
#ifndef SUPPORT_FILES_H
#define SUPPORT_FILES_H

#include "enrold/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PATH_SIZE = 1024, HASH_SIZE = 65 };

struct path {
	char text[PATH_SIZE];
};

/* The feed of a file that lies there below the inbox: "hr/preview/staff.csv" is hr's. */
struct path path_feed(const char *below);
struct path path_of(const char *format, ...) PRINTF_LIKE(1, 2);
const char *path_base(const char *path);

bool files_exist(const char *path);        /* anything of that name, a dangling link too */
bool files_exist_packed(const char *path); /* or as an answer that was packed */
/* The whole file, or what is packed where there is none, with a NUL behind its bytes that does not
 * count. Given to the caller. */
struct buffer files_read(const char *path);
void files_write(const char *path, const void *bytes, size_t size, mode_t mode);
void files_copy(const char *from, const char *to);
void files_rename(const char *from, const char *to);
void files_make_directory(const char *path); /* with its parents */
void files_remove(const char *path);         /* with everything below; a missing one is fine */

void files_hash(const char *path, char hash[HASH_SIZE]);
void files_hash_bytes(const void *bytes, size_t size, char hash[HASH_SIZE]);

/* Everything below a directory, as paths relative to it, sorted by bytes. */
struct listing_entry {
	char *path;
	mode_t mode; /* of lstat */
};

struct listing {
	struct listing_entry *entries;
	size_t count;
	size_t room;
};

struct listing files_list(const char *directory); /* empty when there is no such directory */
void listing_done(struct listing *listing);

bool text_starts(const char *text, const char *start);
bool text_ends(const char *text, const char *end);

/* How many files straight in the directory have names that end so. */
size_t files_count(const char *directory, const char *end);
/*
 * Waits until there are at least `count` of them, by inotify, never by sleeping. False when nothing
 * moves any more, or as soon as `alive` (a pidfd, -1: none) says that who should make them has
 * ended.
 */
bool files_await(const char *directory, const char *end, size_t count, int alive);

/* The same until there is nothing in the directory. */
bool files_await_empty(const char *directory, int alive);

/* Nobody can remove it then, nor write to it; of a directory, make or remove anything there. False:
 * that cannot be had here; only root can, and not everywhere. */
bool files_immutable(const char *path, bool is);

#endif
