/*
 * beside: what has to lie beside a file before it is taken: its feed's marker, staff.csv.done, and
 * the sidecars that the feed requires, staff.csv.sha256, staff.csv.rows. One that cannot be taken
 * with its file would stay for ever, and is none.
 *
 * Looks, and remembers nothing; the inbox does. On the loop's thread.
 */
#ifndef DAEMON_BESIDE_H
#define DAEMON_BESIDE_H

#include "enrold/policy.h"
#include "enrold/sidecar_kind.h"

struct beside_rules {
	const char *marker; /* NULL: none */
	bool is_required[SIDECAR_KINDS];
};

struct beside {
	const char *missing; /* the ending of one that is not there; NULL: all are */
	const char *fault;   /* why what has its name is none, behind a semicolon; or "" */
	/* Of the required sidecars, other when one of them has changed; 0: the marker came after
	 * them all, so that they are done. */
	uint64_t state;
};

struct beside_rules beside_rules_of(const struct policy *policy);
bool beside_is_asked(const struct beside_rules *rules);
/* It is a marker, which is no file to be taken. */
bool beside_is_marker(const struct beside_rules *rules, const char *name);
/* Names of files have an end; one that is longer with these endings is never complete. */
bool beside_has_room(const struct beside_rules *rules, const char *name);

struct beside beside_look(const struct beside_rules *rules, int directory, const char *name);
/* "it waits for its marker, staff.csv.done; there is a staff.done" */
enum { BESIDE_TEXT_SIZE = 1024 };
void beside_tell(const struct beside_rules *rules, int directory, const char *name,
    const struct beside *beside, char why[BESIDE_TEXT_SIZE]);

#endif
