/*
 * nearest: the name that was probably meant. Names are kept by length, each with the set of its
 * letters, so that a glance passes over nearly all; each word is looked for once, and a budget that
 * counts looks, not time, bounds what a catalogue of like names costs. Pure.
 */
#ifndef ENROLD_NEAREST_H
#define ENROLD_NEAREST_H

#include "enrold/slice.h"

struct nearest;

struct nearest *nearest_create(void); /* NULL: no memory */
void nearest_free(struct nearest *nearest);

/* A copy of it. The longest names are left out. False, here and below: no memory. */
bool nearest_add(struct nearest *nearest, struct slice name);

/*
 * *found: the name that differs from `word` in letter case only, else in at most two slips; "":
 * none is that close, or the budget is spent. It lives as long as `nearest`. What it cost is taken
 * off the budget: one for a look, LOOKS_PER_COMPARISON for a comparison letter by letter.
 */
enum { LOOKS_PER_COMPARISON = 50 };
bool nearest_find(struct nearest *nearest, struct slice word, size_t *budget, struct slice *found);

#endif
