/*
 * columns: the one table of columns that a header may have, and the header of one file read by it.
 *
 * Header cells are trimmed and matched without regard to case. A numbered column is a name and
 * digits; the digits are text, so course01 goes with role01, never with role1 (facts 1). Columns
 * of one number form a slot.
 */
#ifndef ENROLD_COLUMNS_H
#define ENROLD_COLUMNS_H

#include "enrold/arena.h"
#include "enrold/csvin.h"
#include "enrold/error.h"
#include "enrold/policy.h"

enum column_id {
	COLUMN_USERNAME,
	COLUMN_COURSE,
	COLUMN_ROLE,
	COLUMN_TYPE,
	COLUMN_ENROLSTATUS,
	COLUMN_ENROLTIMESTART,
	COLUMN_ENROLPERIOD,
	COLUMN_REMARK, /* error_line, error_code, error_message: a retry file's own, ignored */
	COLUMN_IDS,
	COLUMN_UNKNOWN = COLUMN_IDS, /* with unknown_columns: ignore */
};

struct column {
	const char *name; /* of a numbered column: without the number */
	enum column_id id;
	bool is_numbered;
	uint16_t characters_max;
	const char *meaning;
};

const struct column *columns_all(size_t *count);

struct header_column {
	enum column_id id;
	uint16_t characters_max; /* 0: no limit of its own */
	struct slice name;       /* canonical: lower case, as in the result's `column` */
	struct slice cell;       /* as written */
	uint32_t slot;           /* numbered columns */
};

/* Which column of the file holds what of slot s: slots[s].columns[COLUMN_ROLE], COLUMN_NONE if
 * none. */
struct header_slot {
	struct slice number;
	uint32_t columns[COLUMN_IDS];
};

struct header {
	size_t columns_count;
	struct header_column *columns;
	size_t slots_count;
	struct header_slot *slots;
	uint32_t username; /* its column */
};

/*
 * Everything lies in the arena. REJECT at the record's line: header_broken, header_too_few_columns,
 * header_unknown_column, header_duplicate_column, header_without_username.
 */
struct error header_parse(const struct csvin_record *record, const struct policy *policy,
    struct arena *arena, struct header **header) MUST_CHECK;

#endif
