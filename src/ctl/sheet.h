/*
 * sheet: a small CSV file read whole into memory, with a header of known names in any order: what
 * lms add-courses and add-users take. Not for what HR drops; that is src/roster's.
 */
#ifndef CTL_SHEET_H
#define CTL_SHEET_H

#include "enrold/arena.h"
#include "enrold/error.h"

enum { SHEET_COLUMNS_MAX = 8 };

struct sheet_row {
	uint64_t line;
	struct slice cells[SHEET_COLUMNS_MAX]; /* by the order of the names asked for */
};

struct sheet {
	struct sheet_row *rows;
	size_t count;
};

/* path "-": the standard input. names ends with NULL; the first is required. REJECT: the file is
 * not such a sheet, "file:line: ...", or cannot be opened. The cells are UTF-8 without control
 * characters. */
struct error sheet_load(const char *path, const char *const *names, struct arena *arena,
    struct sheet *sheet) MUST_CHECK;

#endif
