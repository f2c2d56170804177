/*
 * rig: a site to test with, in a fresh directory of its own: a configuration, an LMS database
 * with people and courses, the spool directory, and a record of every file that was ever dropped,
 * which the conservation law (law.h) is checked against.
 *
 *     <root>/enrold.yaml   <root>/lms.db   <root>/spool/inbox ...   <root>/stage
 *
 * People: p1, p2, ... (user names), all may be enrolled. Courses: C1, C2, ..., each with a manual
 * enrolment method. Building them takes lms init a while, so the first rig of a shape leaves its
 * database in <build>/prepared and the others copy it.
 *
 * rig_remove is the last thing a test that passed does; a failed one leaves its directory behind
 * and its path is printed.
 */
#ifndef SUPPORT_RIG_H
#define SUPPORT_RIG_H

#include "files.h"
#include "program.h"

#include <sqlite3.h>
#include <stdint.h>

#define RIG_NODE "test-node"

/* For feeds of tests that are not about what a feed may reach: it makes cohorts and groups and
 * gives any role, and nobody is protected from it but administrators and guest. */
#define RIG_MAY_ALL                                                                                \
	"may: { roles: ['*'], system_roles: ['*'], unprotected: ['*'],"                            \
	" create: { groups: true, cohorts: true } }"

/* For those about what a file does, however much of it. */
#define RIG_NO_LIMITS                                                                              \
	"limits: { accounts: { count: 0, share: 0%, most: 0 },"                                    \
	" by_cell: { count: 0, share: 0%, most: 0 }, created: { count: 0, share: 0% } }"

/* What differs from the usual; zero-initialised is the usual. Texts are YAML values. */
struct rig_options {
	int people;               /* 20 */
	int courses;              /* 10 */
	const char *settle;       /* "0" */
	const char *rescan;       /* "5m": what the watch misses must show */
	const char *settings;     /* more lines at the top level, each with its newline */
	const char *feeds;        /* lines below "feeds:", two blanks in; "  default: {}\n" */
	const char *journal_mode; /* "wal" */
	const char *lms;          /* more in lms: ", events: false" */
};

struct drop {
	char *feed; /* "default" or the directory below the inbox */
	char *name;
	char hash[HASH_SIZE];
	char cut[HASH_SIZE]; /* of the same without passwords, "": it has none */
};

struct rig {
	struct path root;
	struct path directory; /* the spool itself */
	struct path config;
	struct path database;
	struct drop *drops;
	size_t drops_count, drops_room;
	const char *passwords; /* what files call that column; NULL: password */
	struct slice kept;  /* what is left of the next drops, which are in no shape that cut_copy
	                     * knows; NULL: it does */
	const char *spared; /* what a prune could not read or remove, or all in that folder: the
	                     * next list has it again */
	/* Largest ids before enrold did anything. */
	int64_t enrolments_before, assignments_before, events_before;
};

void rig_make(struct rig *rig, const struct rig_options *options);
/* The same with the tables that only a whole Moodle has, and more statements. */
void rig_make_whole(struct rig *rig, const struct rig_options *options, const char *sql);
void rig_remove(struct rig *rig);

/* <spool>/<what is printed>. */
struct path rig_path(const struct rig *rig, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * A file of this name appears in the inbox ("hr/staff.csv": in that feed's), whole, by rename. The
 * others are pieces of it, for tests that write in other ways: where it goes, and the note that it
 * has been dropped.
 */
void rig_drop(struct rig *rig, const char *name, const char *text);
void rig_drop_bytes(struct rig *rig, const char *name, const void *bytes, size_t size);
/* large.csv, of 25000 rows: of so many each the first enrols p1, p2, ... in C1, C2 or C3; the
 * others are about nobody. */
void rig_drop_long(struct rig *rig, int each);
/* So many rows that each enrol one of 200 people in two of 20 courses. */
void rig_drop_giant(struct rig *rig, const char *name, int rows);
struct path rig_inbox(const struct rig *rig, const char *name);
/* What lies beside a file: any text, or the SHA-256 of these bytes, of a file called so. */
void rig_beside(const struct rig *rig, const char *name, const char *text);
void rig_beside_sum(const struct rig *rig, const char *name, const char *of, const char *bytes);
void rig_note(struct rig *rig, const char *name, const void *bytes, size_t size);

/* "enrold --once", which must end with this status. Given to the caller. */
struct finished rig_run(const struct rig *rig, int status);
/* The same in one line, of which nothing else is to be said: status 0. */
void rig_once(const struct rig *rig);

/* "release", "decline" or "undo": the word of a person about the newest run of a file of that name,
 * whose id is given back. */
struct path rig_order(const struct rig *rig, const char *word, const char *name);

/* From now on programs start under a clock that is so many seconds wrong, by the library
 * clock_moved; those that run under it see it move. Until program_preload(NULL). */
void rig_move_clock(const struct rig *rig, const char *clock_moved, long seconds);

/* Keeps a copy of all that lies in outbox, archive, quarantine and held:
 * what law.h compares with what is pruned later. */
void rig_witness(const struct rig *rig);
/* The order to prune what the feed keeps no longer; before: of runs before that time, epoch
 * seconds, all; 0: what `keep` says. */
void rig_prune(const struct rig *rig, const char *feed, long before);

/* The database while no program uses it. Open fails fatally. */
sqlite3 *rig_database(const struct rig *rig);
/* Statements that prepare the site (before the first drop: then what they made counts as having
 * been there) or break it. */
void rig_execute(struct rig *rig, const char *sql);
void rig_count_before(struct rig *rig);
int64_t rig_number(const struct rig *rig, const char *sql);
/* All rows: cells joined by '|', rows ended by a newline. */
struct buffer rig_query(const struct rig *rig, const char *sql);
/* Fatal when those are others. */
void rig_expect(const struct rig *rig, const char *sql, const char *rows);
/* Who is enrolled where, how, and in which roles: the same for equal effects, whenever made. */
struct buffer rig_state(const struct rig *rig);

#endif
