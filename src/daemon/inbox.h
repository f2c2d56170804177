/*
 * inbox: what lies in one feed's inbox, and which of it is ready to be taken.
 *
 *     seen --unchanged for settle, or vouched--> ready --inbox_next--> given to a worker
 *       |                                          |
 *       +--no regular file, bad name, ...----> left: reported once, until it changes
 *       +--what must lie beside it is missing-> reported once, and waited for
 *
 * The directory is the truth: every scan reads it whole, and what is known from earlier scans only
 * says since when a file has been as it is. A file that was given and is still there at the next
 * scan is ready again. Time is the caller's monotonic milliseconds. On the loop's thread.
 */
#ifndef DAEMON_INBOX_H
#define DAEMON_INBOX_H

#include "beside.h"

#include "enrold/error.h"
#include "enrold/names.h"

#include <stddef.h>
#include <stdint.h>

struct inbox;

/* Files beyond that wait for their turn; one that can never be taken takes nobody's place. */
enum { INBOX_FILES_MAX = 250000, INBOX_LEFT_MAX = 10000 };

/* Why a directory does not belong there; NULL: it does (the feeds' own). */
typedef const char *inbox_classify_directory(void *context, const char *directory);
/* Something that will never be taken as it is. */
typedef void inbox_on_left(void *context, const char *name, const char *why);
/* There is more than is looked at; not said again before a scan has seen all. */
typedef void inbox_on_full(void *context);

struct inbox_rules {
	uint32_t settle_ms;
	struct beside_rules beside;
	inbox_classify_directory *classify_directory;
	inbox_on_left *on_skipped;
	inbox_on_full *on_full;
	void *context;
};

struct inbox *inbox_create(struct inbox_rules rules); /* NULL: out of memory */
void inbox_free(struct inbox *inbox);

/* The writer of this name has closed it, or it was moved in: it need not settle. Holds for the next
 * scan to begin. */
void inbox_vouch(struct inbox *inbox, const char *name);
/*
 * Begins a scan, or goes on with it, so many entries at a time: a full directory keeps nobody else
 * waiting for the loop. What was ready before the scan remains so until inbox_is_scanning is false
 * again. directory: stays the caller's, and need not be the same again.
 */
enum { INBOX_ENTRIES_AT_ONCE = 2000 };
struct error inbox_scan(struct inbox *inbox, int directory, int64_t now_ms) MUST_CHECK;
bool inbox_is_scanning(const struct inbox *inbox);

/* The first by arrival (ctime), then name; NULL when there is none. Valid until the next scan. */
const char *inbox_next(struct inbox *inbox);
/* How large that will be; false: there is none. */
bool inbox_peek(const struct inbox *inbox, uint64_t *size);
/* The name cannot be taken, and is not given again before that time or a change of the file: the
 * obstacle may lie beside it. True: that is news. */
bool inbox_leave(struct inbox *inbox, const char *name, int64_t until_ms);

size_t inbox_ready(const struct inbox *inbox);

/*
 * What status tells, in constant time, as of the last whole scan: files that can never be taken as
 * they are do not count. Names are as they stand in the directory, for value_show.
 */
enum { INBOX_BESIDE_SIZE = FILE_NAME_SIZE + 64 };
/* How many files wait for what has to lie beside them. */
size_t inbox_incomplete(const struct inbox *inbox);
/* What the oldest of them waits for, "staff.csv.done", and since when the file has been as it is,
 * by the clock of inbox_scan (a start of the daemon begins anew). False: there is none. */
bool inbox_waits_for(const struct inbox *inbox, char name[INBOX_BESIDE_SIZE], int64_t *since_ms);
/* How many entries can never be taken as they are, and the name of one of them. */
size_t inbox_left(const struct inbox *inbox, char name[FILE_NAME_SIZE]);
/* The file that has lain there longest, whatever it waits for: its turn, its writer, something
 * beside it. arrived_s: its ctime, seconds since 1970. False: there is none. */
bool inbox_oldest(const struct inbox *inbox, char name[FILE_NAME_SIZE], int64_t *arrived_s);

/* Names those that still wait for what has to lie beside them. */
void inbox_log_waiting(struct inbox *inbox, int directory);
/* When the next one will be named by a scan; INT64_MAX: none. */
int64_t inbox_tells_at(const struct inbox *inbox);
/* When the next file will have settled; INT64_MAX: none is waiting for that. */
int64_t inbox_settles_at(const struct inbox *inbox);

#endif
