/*
 * remark: what a run has to say of its file as a whole: columns that have no effect, columns that
 * the feed waits for in vain, values that are left out all through the file. Each is said once, in
 * the summary and in the log, however many rows it is about; what is about one cell is an outcome.
 *
 * Bounded in number and size, whatever the file. One table (remark.c) holds every code with its
 * meaning; enrold.csv(5) is compared with it by a test. Pure.
 */
#ifndef ENROLD_REMARK_H
#define ENROLD_REMARK_H

#include "enrold/arena.h"
#include "enrold/slice.h"

#include <stddef.h>
#include <stdint.h>

enum remark_code {
	REMARK_MAPPED_COLUMN_MISSING,
	REMARK_COLUMN_IGNORED,
	REMARK_COLUMN_WITHOUT_NAME,
	REMARK_COLUMN_WITHOUT_EFFECT,
	REMARK_COLUMN_WITHOUT_PARTNER,
	REMARK_COLUMN_NOT_WRITTEN,
	REMARK_DETAILS_KEPT,
	REMARK_PASSWORDS_KEPT,
	REMARK_NAMES_KEPT,
	REMARK_TYPES_OVERRULED,
	REMARK_COURSES_OVERRULED,
	REMARK_UNUSED_CELL,
	REMARK_WORDS_NOT_MAPPED,
	REMARK_NO_FINAL_NEWLINE,
	REMARK_NO_ROWS,
	REMARK_NOT_A_FULL_FILE,
	REMARK_ABSENCE_PAUSED,
	REMARK_REMOVALS_WITHHELD,
	REMARK_OUT_OF_REACH,
	REMARK_CHANGES_WITHHELD, /* by_cell, accounts */
	REMARK_NEW_PLAN,         /* a release met more than was shown */
	REMARK_PLAN_CLOSED,      /* nothing_left, or equal to one that was discarded */
	REMARK_LIMIT_WOULD_TRIP, /* of a preview */
	REMARK_MEMBER_NOT_USED,  /* of an archive */
	REMARK_OLDER_ROWS,       /* newest_by */
	REMARK_PASSWORDS_ARCHIVED,
	REMARK_CODES,
};

enum { REMARKS_MAX = 32, REMARK_NAMES_MAX = 32 };

/* Names of columns, as many as there is room for, and how many there are. Long ones are cut
 * (value_brief). */
struct remark_names {
	struct slice names[REMARK_NAMES_MAX]; /* as they stand in the file */
	struct slice shown[REMARK_NAMES_MAX]; /* and as a sentence names them: "'Dept'" */
	size_t count;
};

struct remark {
	enum remark_code code;
	struct slice message;        /* one sentence */
	const struct slice *columns; /* that it is about, REMARK_NAMES_MAX at most */
	size_t columns_count;
};

/* All lies in the arena, which remembers a failure. Zero-initialised but for the arena. */
struct remarks {
	struct arena *arena;
	struct remark items[REMARKS_MAX];
	size_t count;
	size_t left_out; /* more than there may be */
};

/* names: NULL, or the columns that it is about. */
void remark_add(struct remarks *remarks, enum remark_code code, const struct remark_names *names,
    struct slice message);

/* More of them are only counted. */
static inline bool remark_is_full(const struct remark_names *names)
{
	return names->count >= REMARK_NAMES_MAX;
}

/* shown: empty: the name in quotes. */
void remark_name(
    struct remark_names *names, struct slice name, struct slice shown, struct arena *arena);
/* 'Dept', as a sentence names it: cut where it is long, its line breaks blanks. */
struct slice remark_quote(struct slice name, struct arena *arena);
/* The same of a cell, which may be no text. */
struct slice remark_quote_cell(struct slice cell, struct arena *arena);
/* "'a'", "'a' and 'b'", "'a', 'b' and 30 more". */
struct slice remark_list(const struct remark_names *names, struct arena *arena);

const char *remark_code_name(enum remark_code code);
const char *remark_code_meaning(enum remark_code code);

#endif
