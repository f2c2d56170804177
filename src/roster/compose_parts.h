/*
 * compose_parts: what the parts of compose share: the columns of the whole and of each member, the
 * newest row of each key, and the text on its way out. Nobody outside of this layer includes it.
 */
#ifndef ROSTER_COMPOSE_PARTS_H
#define ROSTER_COMPOSE_PARTS_H

#include "index.h"
#include "words.h"

#include "enrold/compose.h"

enum {
	COMPOSE_COLUMNS_MAX = 4096,    /* of the whole */
	COMPOSE_VALUES_MAX = 1000,     /* of one cell */
	COMPOSE_KEYS_MAX = 3500 << 10, /* seven eighths of a table of 2^22 */
};

/* ---- compose_source.c ---- */

struct source_column {
	uint32_t target;     /* of the whole */
	struct slice number; /* "1" of course1, or of the columns of which its words are cells */
	struct slice split;  /* what separates its values; empty: it has one */
	bool is_key;         /* says who is meant */
	bool is_plain;       /* a retry file's own: nothing of it means an empty cell */
};

/* The policy's `set`. */
struct source_set {
	uint32_t target;
	struct slice number, cell;
};

/* The columns of one member. */
struct source {
	const struct compose_member *member;
	struct source_column *columns;
	size_t columns_count, named_count; /* up to the last that has a name */
	bool has_split;
	struct source_set *sets;
	size_t sets_count;
	uint32_t key, date;        /* columns of the member, for newest_by */
	const struct words *empty; /* NULL: no cell means an empty one */
	bool is_dated;             /* a row has a date */
	struct error undated;      /* about the first row that has none */
	uint64_t first_record;     /* counted through all members with newest_by */
};

/* The columns of the whole. */
struct whole {
	struct arena *arena;
	struct slice *headings;
	size_t count, room, named_count;
	struct index_entry *index; /* by heading, folded */
	uint32_t *member_of;       /* the last member that has it */
};

/* The member's headings become columns of the whole. REJECT: header_broken, compose_newest. */
struct error source_make(struct whole *whole, const struct compose_member *member, uint32_t index,
    const struct csvin_record *headings, struct source *source) MUST_CHECK;
/* Neither too few cells nor too many. */
bool source_is_even(const struct source *source, const struct csvin_record *record);

/* ---- compose_newest.c ---- */

struct newest;

struct newest *newest_create(void); /* NULL: out of memory */
void newest_free(struct newest *newest);

/* One row. */
struct newest_row {
	struct slice key;
	int64_t date;
	uint64_t record, line; /* counted through; of its member */
};

/* The row that is not the newest any more, or is not at all; record UINT64_MAX: there is none.
 * REJECT too_many_keys. */
struct error newest_add(
    struct newest *newest, const struct newest_row *row, struct newest_row *older) MUST_CHECK;
bool newest_is(const struct newest *newest, struct slice key, uint64_t record);

/* Who is meant by the row; empty: it does not say. */
struct slice newest_key(
    const struct source *source, const struct csvin_record *record, struct arena *arena);
/* REJECT compose_newest. */
struct error newest_date(const struct source *source, const struct csvin_record *record,
    int64_t now, struct arena *arena, int64_t *date) MUST_CHECK;

/* ---- compose_row.c ---- */

/* Beside the line of a record: what is wrong with it. */
#define COMPOSE_BROKEN "broken"
#define COMPOSE_LONG "long"
#define COMPOSE_UNDATED "undated" /* and the column of the whole */

/* Writes the record's rows into the text. */
struct writing {
	struct buffer out;
	struct arena *scratch; /* of one record */
	uint64_t field_max;
	const struct whole *whole;
	struct slice *cells; /* of a row, by column of the whole */
};

void heading_write(struct writing *writing);
void record_write(struct writing *writing, const struct source *source,
    const struct csvin_record *record, uint64_t line);
/* A row of which newest_by finds no date. */
void undated_write(struct writing *writing, const struct source *source,
    const struct csvin_record *record, uint64_t line);

#endif
