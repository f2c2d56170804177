/*
 * compose: the files of an archive, or one file of whose rows not each counts as it stands, to one
 * CSV text that the reader reads like any other. Pure; it holds what one record needs, and of each
 * key that newest_by wants 32 bytes.
 *
 *     every member, in order:  COMPOSE_LOOK   headings; which row of a key is the newest
 *     the same again:          COMPOSE_WRITE  the text
 *
 * The text is UTF-8 with commas, quotes where needed, LF. Its headings are those of all members
 * (preset_heading), each once; in front stands COMPOSE_LINE, and in front of each record its line.
 * Lines are counted through: a member's begin behind those of the one before it. No row is lost,
 * and a bad one stays as bad: composed_record has it as its member had it. One whose date
 * newest_by cannot read is bad, and the others of its key count without it. A cell with several
 * values (policy.split) is a record for each, of the same line, of which the others are empty but
 * for the key and what goes with the split column by its number; the rest of its row stands in the
 * first.
 */
#ifndef ENROLD_COMPOSE_H
#define ENROLD_COMPOSE_H

#include "enrold/csvin.h"
#include "enrold/error.h"
#include "enrold/preset.h"
#include "enrold/remark.h"
#include "enrold/slice.h"

#define COMPOSE_LINE "#line"
enum { COMPOSE_MEMBERS_MAX = 64 };

enum compose_pass { COMPOSE_LOOK, COMPOSE_WRITE };

/* Open data; the caller's, borrowed. */
struct compose_member {
	const char *name;
	const struct preset_kind *kind; /* NULL: headings stay as they are */
	const struct policy *policy;    /* by which it is read */
	/* Known when it has been written: */
	uint64_t lines;
	uint64_t first_line; /* of the whole; the first member's is 1 */
	uint64_t records;    /* rows that it has, */
	uint64_t older; /* and of these such as have a newer one of their key, or are of days to
	                 * come, */
	uint64_t older_line; /* the first of them, of the whole; 0: there are none */
};

struct compose_terms {
	struct compose_member *members;
	size_t members_count;
	uint64_t field_max;
	int64_t now; /* epoch seconds: later than that is to come */
};

/* An error returned ends the composing. */
typedef struct error compose_on_text(void *context, struct slice text);

struct composer;

/* RETRY: out of memory. */
struct error composer_create(const struct compose_terms *terms, compose_on_text *on_text,
    void *context, struct composer **result) MUST_CHECK;
void composer_free(struct composer *composer);

/* REJECT, with the member's name in front: what records.h refuses; compose_newest: no row
 * has such a date, or the file no such column; too_many_keys. */
struct error composer_begin(
    struct composer *composer, enum compose_pass pass, size_t member) MUST_CHECK;
struct error composer_feed(struct composer *composer, const char *bytes, size_t size) MUST_CHECK;
struct error composer_end(struct composer *composer) MUST_CHECK;

/* The policy asks for it: the file is not read as it stands. */
bool compose_is_wanted(const struct policy *policy);

/* ---- reading the text ---- */

/* The same, of a text that is written as all composed ones are. */
struct policy composed_policy(const struct policy *policy);
/* The record as it was in its file: its line, its fault, and without the cell of COMPOSE_LINE,
 * which is "7", "7 broken", or "7 undated 3". False: that is nothing that the composer writes. */
bool composed_record(const struct csvin_record *record, struct csvin_record *was);

#endif
