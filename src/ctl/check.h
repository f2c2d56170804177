/*
 * check: the parts of `enrolctl check`, each of which says what it finds.
 */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include "findings.h"

#include "enrold/places_look.h"

#include <limits.h>

enum { CHECK_TEXT_SIZE = 400 };

/* ---- folders (check_folders.c) ---- */

/* The spool as it ought to be and as it is. */
struct check_spool {
	const struct config *config;
	const char *config_path;
	struct places places;
	struct place_view *views;
	struct access *seen; /* of each place; nobody's where it was not seen */
	struct place_owner owner;
	pid_t daemon; /* 0: none runs here, or it is not known */
};

/* All of it in the arena. CONFIG: there is no spool and nobody to own it. */
struct error check_spool_look(
    const struct ctl *ctl, struct arena *arena, struct check_spool *spool) MUST_CHECK;
void check_folders(const struct check_spool *spool, struct findings *findings);

/* ---- who drops and reads (check_feeds.c) ---- */

void check_feeds(const struct check_spool *spool, struct findings *findings);

/* ---- files that hold secrets, and the database's (check_files.c) ---- */

/* The database's file, where it is SQLite's. */
bool check_database_path(const struct config *config, char path[PATH_MAX]);
/* What of these files somebody could read or write who is not to, in words; false: nothing. */
bool check_files_may(
    const struct check_spool *spool, const struct person *person, char text[CHECK_TEXT_SIZE]);
void check_files(const struct check_spool *spool, struct findings *findings);
void check_files_mend(const struct check_spool *spool, const struct place_mending *mending);

/* ---- the machine (check_disk.c, check_clock.c, check_daemon.c) ---- */

struct check_disk {
	uint64_t free_bytes, bytes;
	uint64_t free_files, files; /* files 0: it has no such limit */
	const char *network;        /* "NFS"; NULL: a disk of this machine */
};
/* Pure. */
enum finding check_disk_judge(const struct check_disk *disk, char text[CHECK_TEXT_SIZE]);
void check_disks(const struct config *config, struct findings *findings);

struct check_clock {
	bool is_synchronised;
	bool knows_zone;
	int64_t now_s, newest_s; /* epoch seconds; newest_s: of the newest run, 0: there is none */
	const char *zone;        /* of the site; "": not known */
};
/* Pure. */
enum finding check_clock_judge(const struct check_clock *clock, char text[CHECK_TEXT_SIZE]);
/* Asks the database, as whoever we are then. */
void check_clock(const struct config *config, struct findings *findings);

/* The process that has locked the spool; 0: none of this machine. */
pid_t check_daemon_find(const struct config *config);
/* 1: that process is in the group, 0: it is not, -1: nobody tells. */
int check_daemon_has_group(pid_t daemon, gid_t group);
void check_daemon(const struct check_spool *spool, struct findings *findings);
/* The groups beside those of feeds: socket_read, approvers. */
void check_groups(const struct config *config, struct findings *findings);

/* ---- keys of encrypted feeds (check_pgp.c) ---- */

enum check_key_use { CHECK_KEY_OURS, CHECK_KEY_SIGNER, CHECK_KEY_ANSWER };

struct check_key {
	enum check_key_use use;
	const char *fingerprint;
	bool is_usable;
	int64_t ends, now_s; /* epoch seconds; ends 0: never */
};
/* Pure. GOOD: nothing is to be said. */
enum finding check_key_judge(const struct check_key *key, char text[CHECK_TEXT_SIZE]);
/* Those in folders, as the daemon. */
void check_pgp(const struct config *config, struct findings *findings);
/* Those that are credentials, as who we are. */
void check_pgp_credentials(const struct config *config, struct findings *findings);

/* ---- the site (lms.c) ---- */

struct error check_site(const struct config *config, struct findings *findings) MUST_CHECK;

#endif
