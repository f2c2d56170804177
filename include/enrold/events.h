/*
 * events: everything that the log can tell of, as one row of one table: its name, the id by which
 * the journal knows it, and what it means. enrold(8) lists the same, and a test compares them.
 *
 * An id is 128 random bits (`head -c 16 /dev/urandom | xxd -p`), made once and the event's for
 * ever: journalctl, catalogs and alerts of other people cite it. A name that goes out of use takes
 * its id with it.
 */
#ifndef ENROLD_EVENTS_H
#define ENROLD_EVENTS_H

#include <stddef.h>

struct event {
	const char *name;
	const char *id;      /* 32 hexadecimal digits */
	const char *meaning; /* one sentence */
};

const struct event *events_all(size_t *count);
/* NULL: there is no such event. */
const struct event *events_find(const char *name);

#endif
