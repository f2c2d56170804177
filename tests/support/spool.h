/*
 * spool: a site to test with, in a fresh directory of its own: a configuration, an LMS database
 * with people and courses, the spool directory, and a record of every file that was ever dropped,
 * which the conservation law (law.h) is checked against.
 *
 *     <root>/enrold.yaml   <root>/lms.db   <root>/spool/inbox ...   <root>/stage
 *
 * People: p1, p2, ... (user names), all may be enrolled. Courses: C1, C2, ..., each with a manual
 * enrolment method. Building them takes lms init a while, so the first spool of a shape leaves its
 * database in <build>/prepared and the others copy it.
 *
 * spool_remove is the last thing a test that passed does; a failed one leaves its directory behind
 * and its path is printed.
 */
#ifndef SUPPORT_SPOOL_H
#define SUPPORT_SPOOL_H

#include "files.h"

#include <sqlite3.h>
#include <stdint.h>

#define SPOOL_NODE "test-node"

/* For feeds of tests that are not about what a feed may reach: it makes cohorts and groups and
 * gives any role, and nobody is protected from it but administrators and guest. */
#define SPOOL_MAY_ALL                                                                              \
	"may: { roles: ['*'], system_roles: ['*'], unprotected: ['*'],"                            \
	" create: { groups: true, cohorts: true } }"

/* What differs from the usual; zero-initialised is the usual. Texts are YAML values. */
struct spool_options {
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
};

struct spool {
	struct path root;
	struct path directory; /* the spool itself */
	struct path config;
	struct path database;
	struct drop *drops;
	size_t drops_count, drops_room;
	/* Largest ids before enrold did anything. */
	int64_t enrolments_before, assignments_before, events_before;
};

void spool_make(struct spool *spool, const struct spool_options *options);
void spool_remove(struct spool *spool);

/* <spool>/<what is printed>. */
struct path spool_path(const struct spool *spool, const char *format, ...) PRINTF_LIKE(2, 3);

/*
 * A file of this name appears in the inbox ("hr/staff.csv": in that feed's), whole, by rename. The
 * others are pieces of it, for tests that write in other ways: where it goes, and the note that it
 * has been dropped.
 */
void spool_drop(struct spool *spool, const char *name, const char *text);
void spool_drop_bytes(struct spool *spool, const char *name, const void *bytes, size_t size);
struct path spool_inbox(const struct spool *spool, const char *name);
void spool_note(struct spool *spool, const char *name, const void *bytes, size_t size);

/* One line "enrold --once" and its end: exit status 0, nothing else to be said. */
void spool_once(const struct spool *spool);

/* The database while no program uses it. Open fails fatally. */
sqlite3 *spool_database(const struct spool *spool);
/* Statements that prepare the site (before the first drop: then what they made counts as having
 * been there) or break it. */
void spool_execute(struct spool *spool, const char *sql);
void spool_count_before(struct spool *spool);
int64_t spool_number(const struct spool *spool, const char *sql);
/* All rows: cells joined by '|', rows ended by a newline. */
struct buffer spool_query(const struct spool *spool, const char *sql);
/* Who is enrolled where, how, and in which roles: the same for equal effects, whenever made. */
struct buffer spool_state(const struct spool *spool);

#endif
