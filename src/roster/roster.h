/*
 * roster: what the files of this layer share. Nobody else includes it.
 */
#ifndef ROSTER_ROSTER_H
#define ROSTER_ROSTER_H

#include "enrold/batch.h"

/* ---- columns.c ---- */

/* By its name in lower case; NULL: there is no such column. */
const struct column *column_find(struct slice name, bool is_of_groups);
/* "course": it would be one with a number behind it. */
bool column_wants_number(struct slice name, bool is_of_groups);
/* Length of the digits at the end of a name. */
size_t column_digits(struct slice name);

/* ---- preset_heading.c ---- */

/* What enrold calls the column of a file under that heading: as the feed maps it, else folded. */
struct slice heading_name(const struct policy *policy, struct slice heading, struct arena *arena);
/* A setting that names it so, as the file does or as enrold does, means that column. */
bool heading_is(
    const struct policy *policy, struct slice heading, const char *named, struct arena *arena);

/* ---- mistakes.c: what is wrong with a header ---- */

/* All of it, which is told at once. Zero-initialised but for the arena. */
struct mistakes {
	struct arena *arena;
	struct remark_names unknown, twice;
	struct slice of_one; /* what is said when it is the only one of its kind */
	struct slice of_twice;
	bool has_mapped; /* an unknown one that the feed maps */
	struct slice keyless;
	const char *keyless_code;
};

void mistake_unknown(struct mistakes *mistakes, const struct header *header, uint32_t index);
void mistake_twice(
    struct mistakes *mistakes, const struct header *header, uint32_t first, uint32_t second);
void mistake_keyless(
    struct mistakes *mistakes, const struct policy *policy, const char *name, const char *code);
/* OK: there is none. */
struct error mistakes_tell(const struct mistakes *mistakes, uint64_t line);

/* ---- idle.c ---- */

/* Which columns are not used, and why. */
void idle_find(struct header *header, const struct policy *policy, const struct site_facts *site,
    struct arena *arena);
/* ---- record_check.c ---- */

/* A retry file's own columns are for people, who may have saved them in any character set. */
static inline bool column_is_used(const struct header_column *column)
{
	return column->idle == IDLE_NOT && column->id != COLUMN_REMARK;
}

void record_fault_find(
    const struct batch *batch, struct record *record, const struct csvin_record *source);

/* ---- record_words.c ---- */

/* Keeps what the file says, and puts what its words mean in its place. */
void record_words_read(
    struct batch *batch, struct record *record, const struct csvin_record *source);

/* ---- batch_keys.c ---- */

/* The user name that the row gives; and, once its requests are read, all that it calls people. */
void record_name_read(struct batch *batch, struct record *record);
void record_keys_read(struct batch *batch, struct record *record);

/* ---- request.c ---- */

/* Adds what the batch's next record asks from there on in header->asking, at most so many requests.
 * Returns where it has stopped. */
size_t requests_read(struct batch *batch, struct record *record, size_t from, size_t requests_max);

#endif
