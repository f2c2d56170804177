/*
 * drop: a file goes into a feed's inbox as a good writer puts it there: written under a name that
 * enrold passes over, or none at all, flushed, and given its name in one step, which never replaces
 * what has it; what lies beside a file (its checksum, its number of rows) comes before it, the
 * feed's marker after it. A drop that fails, or is killed, leaves nothing that would be taken.
 *
 * Whoever may write into the folder may do this. What is made there is enrold's to read.
 */
#ifndef CTL_DROP_H
#define CTL_DROP_H

#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/names.h"
#include "enrold/sidecar_kind.h"
#include "enrold/spool.h"

#include <sys/types.h>

/* By sidecar_kind; then the file itself, and its marker. */
enum { DROP_PIECES = SIDECAR_KINDS + 2 };

/* Where from. */
struct drop_source {
	int file;
	int beside[DROP_PIECES]; /* -1: there is none */
	char name[FILE_NAME_SIZE];
};

struct drop {
	const struct config *config;
	const struct feed *feed;
	struct lane lane;
	int inbox;
	char name[FILE_NAME_SIZE];
	char place[SPOOL_PATH_SIZE]; /* below the spool */
	char sha256[HASH_TEXT_SIZE + 1];
	uint64_t bytes;
	ino_t inode;
};

/* NULL: this name may be dropped there; else why it would never be taken. */
const char *drop_judge(const struct config *config, const struct lane *lane, const char *name);

/* Opens the file, and what lies beside it for this feed; path "-": the standard input, under a name
 * of its own. With the rights of who has called. REJECT: it is none that can be dropped. */
struct error drop_open_source(
    const struct feed *feed, const char *path, struct drop_source *source) MUST_CHECK;
/* Nothing is open. */
void drop_no_source(struct drop_source *source);
void drop_close_source(struct drop_source *source);

/* Opens the inbox; nothing is in it yet. REJECT: there is none for whoever calls. */
struct error drop_open(const struct config *config, const struct lane *lane, const char *name,
    struct drop *drop) MUST_CHECK;
void drop_close(struct drop *drop);

/* wanted: its sha256, NULL: any. RETRY: that name waits there already, among others. REJECT: too
 * large, empty, or not what is wanted. */
struct error drop_put(
    struct drop *drop, const struct drop_source *source, const char *wanted) MUST_CHECK;
/* It still lies there, untaken. */
bool drop_waits(const struct drop *drop);

#endif
