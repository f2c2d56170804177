/*
 * active: of how many people limits take their shares (limits.h). Counts, asked only where a limit
 * could trip: each reads many rows.
 */
#ifndef ENROLD_ACTIVE_H
#define ENROLD_ACTIVE_H

#include "enrold/error.h"

#include <stddef.h>
#include <stdint.h>

struct lms;

/* Distinct people, not deleted, with an enrolment in one of the courses, by whatever method, that
 * is neither suspended nor over at that time. RETRY also: no memory for 8 bytes a person. */
struct error lms_count_active(struct lms *lms, const int64_t *courses, size_t count, int64_t now,
    uint64_t *people) MUST_CHECK;

/* Accounts of the site that are neither deleted nor suspended, without the guest's. */
struct error lms_count_accounts(struct lms *lms, uint64_t *accounts) MUST_CHECK;

#endif
