/*
 * row_count: a control total, staff.csv.rows: one number in decimal digits, with nothing but blanks
 * and line breaks around it. Pure: the bytes come from whoever may drop files.
 */
#ifndef RUN_ROW_COUNT_H
#define RUN_ROW_COUNT_H

#include "enrold/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* False: it is anything else. */
bool row_count_parse(struct slice text, uint64_t *rows);

#endif
