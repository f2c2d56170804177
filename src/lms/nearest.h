/*
 * nearest: the name that was probably meant. Pure.
 */
#ifndef LMS_NEAREST_H
#define LMS_NEAREST_H

#include "enrold/slice.h"

/* Of the names the one that differs from `name` in letter case only, else in at most two slips;
 * "": none is that close. Takes names_count times the square of the length. */
struct slice nearest_find(const struct slice *names, size_t names_count, struct slice name);

#endif
