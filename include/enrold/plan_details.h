/*
 * plan_details: what the LMS says of the people and courses that a plan names (plan_sheet.h).
 */
#ifndef ENROLD_PLAN_DETAILS_H
#define ENROLD_PLAN_DETAILS_H

#include "enrold/plan_sheet.h"

struct lms;

/* Fills them in; some hundred at once. feed: whose listings tell when somebody was listed last. */
struct error lms_load_plan_details(struct lms *lms, struct slice feed, struct plan_detail *details,
    size_t count, struct arena *arena) MUST_CHECK;

#endif
