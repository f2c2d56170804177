/*
 * detail: what the cells of an account's columns may hold.
 */
#ifndef ENROLD_DETAIL_H
#define ENROLD_DETAIL_H

#include "enrold/batch.h"

enum detail_verdict { DETAIL_GOOD, DETAIL_CHANGED, DETAIL_BAD, DETAIL_LEFT };

/*
 * What the cell means for a detail: DETAIL_GOOD as it is; DETAIL_CHANGED: Moodle would store what
 * is now in *value, and so does `compat: moodle`; DETAIL_BAD: not at all; DETAIL_LEFT: an empty
 * cell that cannot mean anything here. *expected says what would do.
 */
enum detail_verdict detail_read(const struct batch *batch, const struct column *column,
    struct slice cell, struct slice *value, const char **expected);
/* The same for a profile field: *value becomes what is stored. */
enum detail_verdict profile_read(const struct batch *batch, const struct profile_field *field,
    struct slice cell, struct slice *value, const char **expected);
/* 0, 1, yes, no, true, false; in any letter case. */
bool truth_read(struct slice cell, bool *truth);
bool password_is_weak(const struct password_policy *policy, struct slice password);

#endif
