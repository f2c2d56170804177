/*
 * version: which Moodle a site is by what its table config says, and whether it may be written to
 * now. version.c is a table of the releases that are known and the rules above it, without database
 * and clock; the rest asks.
 *
 *     config says                                     verdict
 *     totara_release                                  CONFIG, for good
 *     upgraderunning later than now                   RETRY: being upgraded; a stale one is none
 *     maintenance_enabled                             RETRY
 *     version and branch of one known release         go; CONFIG where it is too old
 *     branch above the newest that is known           CONFIG, unless lms.unknown_version says so
 *     version and branch that do not belong together  RETRY: an upgrade, cut short perhaps; of a
 *                                                     development build as for an unknown one
 *
 * While Moodle is being upgraded `version` goes from step to step and `branch` stays behind; all
 * through it maintenance_enabled is 0. `release` is for people.
 */
#ifndef ENROLD_VERSION_H
#define ENROLD_VERSION_H

#include "enrold/error.h"
#include "enrold/slice.h"

/* Values of the site's config; empty: there is none. Borrowed. */
struct version_settings {
	struct slice version, branch, release, upgraderunning, maintenance, totara;
};

/* What a verdict that lets go says of the site. */
struct version {
	int branch;           /* 405 is Moodle 4.5 */
	bool is_known;        /* false: it was let go all the same */
	bool checks_profiles; /* its uploader drops rows for their profile fields (MDL-73037) */
};

/* Numbers of config are decimal texts: "2024100706", "2025090200.01", "405". */
struct error version_judge(const struct version_settings *settings, int64_t now,
    bool allows_unknown, struct version *version) MUST_CHECK;

struct db;
struct arena;
/* What the site says; texts are put into the arena. Errors stay with the database. */
void version_load(struct db *db, struct version_settings *settings, struct arena *arena);

/* "4.2" and "5.3": of the oldest and newest that may be written to. */
const char *version_oldest(void);
const char *version_newest(void);

#endif
