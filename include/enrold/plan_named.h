/*
 * plan_named: which rows of a plan later files have settled: those whose person, and course where
 * the row has one, a later answer names, whatever became of it there. Memory is some bytes for each
 * person and course of the plan; each answer is read once.
 */
#ifndef ENROLD_PLAN_NAMED_H
#define ENROLD_PLAN_NAMED_H

#include "enrold/approval.h"
#include "enrold/error.h"

struct plan_named;

/* Of a plan (plan_sheet.h), borrowed until it is freed. REJECT altered. */
struct error plan_named_open(int plan, const char *sha256, struct plan_named **result) MUST_CHECK;
void plan_named_free(struct plan_named *named); /* NULL: nothing */

/* A later result.csv of that size and hash. REJECT altered: it is not, and nobody is named. */
struct error plan_named_answer(
    struct plan_named *named, int result, uint64_t bytes, struct slice sha256) MUST_CHECK;
/* Somebody, in whatever course. */
void plan_named_person(struct plan_named *named, struct slice username);
/* The cells of such rows, ended. */
struct error plan_named_end(struct plan_named *named, struct approval *superseded) MUST_CHECK;

#endif
