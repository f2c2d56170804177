/*
 * spool: the directories of enrold(8), opened once, and the lock that keeps a second daemon out.
 *
 * The inbox is not among them: people remove it, rename it and mount over it, so it is opened by
 * its path each time. Open data, shared by all threads, constant after spool_open.
 */
#ifndef ENROLD_SPOOL_H
#define ENROLD_SPOOL_H

#include "enrold/config.h"
#include "enrold/error.h"
#include "enrold/slice.h"

struct spool {
	int root;
	int lock;
	int work; /* work/<node> */
	int late;
	int outbox;
	int archive;
	int quarantine;
	int orders;
	const char *network; /* "NFS": other machines write here, and the kernel does not tell of
	                      * it; NULL: a disk of this machine's */
};

/* None of them is open. */
#define SPOOL_CLOSED ((struct spool){-1, -1, -1, -1, -1, -1, -1, -1, NULL})

/*
 * Makes what is missing of the places. CONFIG: a place cannot be made or lies on another file
 * system than the rest (moving a file must be one step). RETRY: another process has the spool; its
 * pid is in the text.
 */
struct error spool_open(const struct config *config, struct spool *spool) MUST_CHECK;
/* Makes what is missing of the feeds' inboxes and outboxes, and where people are told of some, of
 * the queue for that (notice.h). A fault in those of one feed is no error here: whoever looks into
 * them finds it again. */
struct error spool_open_feeds(const struct config *config, const struct spool *spool) MUST_CHECK;
void spool_close(struct spool *spool);

/* Its name when other machines may write to it: "NFS"; NULL: a disk of this machine's. */
const char *spool_network(int directory);

/* A lock on a file server may be lost without a word, as when the network is cut for longer than
 * the server waits. Any error: it is no longer surely ours. */
struct error spool_check_lock(const struct spool *spool, const struct config *config) MUST_CHECK;
/* Whether a daemon of this machine has the spool; whoever may not look into the spool is told that
 * one has. Takes no lock, which could be in the way of a daemon that starts. */
bool spool_is_taken(const struct config *config);
/* How often to look into an inbox of which the kernel tells nothing. */
enum { SPOOL_NETWORK_RESCAN_MS = 2000 };

/*
 * A lane is one inbox directory: a feed's own, or that for its previews. Its place below inbox/ is
 * also its place below work/<node>/R/inbox/.
 *
 *     default  inbox/     inbox/preview/
 *     hr       inbox/hr/  inbox/hr/preview/
 */
struct lane {
	char feed[FEED_NAME_MAX + 1];
	bool is_preview;
};

/* "inbox", "inbox/hr", "inbox/preview", "inbox/hr/preview". */
enum { SPOOL_PATH_SIZE = FEED_NAME_MAX + 32 };
void spool_inbox(char path[SPOOL_PATH_SIZE], const struct lane *lane);

/* Where files of a run lie for good: "outbox", "outbox/hr", "archive/2026/11/27" of its day,
 * "quarantine", "held/hr". */
enum spool_folder { SPOOL_ARCHIVE, SPOOL_OUTBOX, SPOOL_QUARANTINE, SPOOL_HELD, SPOOL_FOLDERS };
void spool_folder(
    enum spool_folder folder, struct slice feed, const char *run, char path[SPOOL_PATH_SIZE]);

/* Opens it, for the caller to close, without following what somebody else may have put on the way.
 * RETRY; what is wrong with this lane's folders alone is OWNER_FOLDER. */
struct error spool_open_inbox(
    const struct spool *spool, const struct lane *lane, int *directory) MUST_CHECK;
/* The same, and what is missing is made. */
struct error spool_make_inbox(
    const struct spool *spool, const struct lane *lane, int *directory) MUST_CHECK;
/* Makes inbox/ sticky where that is needed and possible. */
void spool_guard_inbox(int inbox);
/* How many files lie in held/ itself or quarantine/ for a person to look at: reasons, sidecars and
 * the folders of feeds (held.h) aside. */
size_t spool_count_files(int directory);
/* Whether a file of this run lies in quarantine/. */
bool spool_has_quarantined(const struct spool *spool, const char *run);
/* The feed's directory below the outbox, made when it is missing; the caller closes it. */
struct error spool_open_outbox(
    const struct spool *spool, const char *feed, int *directory) MUST_CHECK;
/* The same for aftercare/: what Moodle has to do, a file per run. */
struct error spool_open_aftercare(const struct spool *spool, int *directory) MUST_CHECK;
/* The same for index/: where in the answers people are named. */
struct error spool_open_index(const struct spool *spool, int *directory) MUST_CHECK;
/* The same for listed/: whom each feed's last file lists, a file per feed. */
struct error spool_open_listed(const struct spool *spool, int *directory) MUST_CHECK;

#endif
