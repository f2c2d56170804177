/*
 * reading: a file of settings being read, event by event, and where in it one is. Only what reads
 * such files includes it.
 */
#ifndef CONFIG_READING_H
#define CONFIG_READING_H

#include "enrold/config.h"

#include "keys.h"

#include <stdio.h>
#include <yaml.h>

enum { PLACE_MAX = 160 };

struct config_file;

struct reading {
	const char *path; /* for people */
	const char *noun; /* "the configuration" */
	FILE *input;
	struct arena *arena; /* of what is read */
	yaml_parser_t parser;
	yaml_event_t event;       /* the one being looked at */
	struct config_file *file; /* a configuration's */
	struct keys_given given;  /* keys of the top level */
	char place[PLACE_MAX];    /* where in the file that is: "feeds.hr.csv.delimiter" */
};

/* Goes in, to the key or feed of that name. What it gives leads out again. */
size_t reading_enter(struct reading *reading, const char *name);
void reading_leave(struct reading *reading, size_t length);

/* Up to the first event of the document's content, which is a map; and behind it to the end.
 * CONFIG: there is no map, or more than one document. */
struct error reading_open(struct reading *reading) MUST_CHECK;
struct error reading_close(struct reading *reading) MUST_CHECK;
/* The next event. CONFIG: it is no YAML, or a short cut of YAML's that is not used here. */
struct error reading_next(struct reading *reading) MUST_CHECK;
const char *reading_text(const struct reading *reading); /* of a scalar */
bool reading_is_null(const struct reading *reading);
/* What stands where something else was expected; NULL: a text, which speaks for itself. */
const char *reading_found(const struct reading *reading);

/* The error with its place in front: that of a mark, or of the event and the key. */
struct error reading_error_at(
    const struct reading *reading, yaml_mark_t mark, struct error error) MUST_CHECK;
struct error reading_error(const struct reading *reading, struct error error) MUST_CHECK;

#endif
