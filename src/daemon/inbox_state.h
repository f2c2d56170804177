/*
 * inbox_state: an inbox from the inside, as inbox.c and inbox_entry.c share it. Nobody else
 * includes it.
 */
#ifndef DAEMON_INBOX_STATE_H
#define DAEMON_INBOX_STATE_H

#include "inbox.h"

#include "enrold/keyhash.h"

/* uthash: out of memory is not the end of the process, the file waits for the next scan. */
#define HASH_NONFATAL_OOM 1
/* Whoever drops files chooses their names. */
#define HASH_FUNCTION(bytes, size, hash) ((hash) = (unsigned)keyhash((bytes), (size)))

#include <dirent.h>
#include <sys/stat.h>
#include <uthash.h>

/* A file is known again by this, and shows a change. */
struct signature {
	uint64_t inode;
	int64_t size, mtime_ns, ctime_ns;
};

struct file {
	UT_hash_handle hh;
	struct signature signature;
	int64_t since_ms; /* as it is now */
	unsigned scan;    /* the last that saw it */
	unsigned vouched; /* for this scan */
	bool is_ready;
	bool is_settled;         /* it is done; what lies beside it may not be */
	bool is_left;            /* as it is it will never be taken */
	const char *missing;     /* the ending of what does not lie beside it yet; NULL: nothing */
	const char *told;        /* the ending of which that has been said; NULL: none */
	int64_t missing_ms;      /* since when */
	uint64_t beside;         /* the state of what does lie there */
	int64_t beside_since_ms; /* as it is now */
	int64_t left_until_ms;   /* by inbox_leave; INT64_MIN: it has not been */
	char name[];
};

struct inbox {
	struct inbox_rules rules;
	struct file *files;
	unsigned scan;
	DIR *listing;        /* of the scan that is under way; NULL: none is */
	struct file **ready; /* in the order in which they will be given */
	size_t ready_count, ready_next, ready_room;
	int64_t settles_at, tells_at;
	/* Since the last scan: */
	size_t incomplete;                             /* files that miss something */
	size_t left;                                   /* entries that can never be taken */
	const struct file *one_left;                   /* of them, or NULL */
	const struct file *oldest, *oldest_incomplete; /* of those that are not ready; or NULL */
	const char *oldest_missing; /* of the latter; a scan under way may know better */
	/* This scan: */
	size_t files_seen, left_seen;
	bool has_failed; /* something could not be remembered */
	bool is_full;    /* something was not looked at, there being so much */
	bool was_full;   /* the scan before, which has been said */
};

/* ---- inbox_entry.c ---- */

/* Why it can never be taken as it is; NULL: it can. */
const char *entry_find_fault(const struct inbox *inbox, const char *name, const struct stat *stat);
/* What the scan under way makes of a file that it sees so. */
void entry_classify(struct inbox *inbox, int directory, struct file *file, const struct stat *stat,
    const char *fault, int64_t now_ms);
/* Names what it waits for. */
void entry_tell_waiting(struct inbox *inbox, int directory, struct file *file);

#endif
