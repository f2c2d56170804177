/*
 * plan_details: what the LMS says of the person and the course of a plan's row, for whoever reads
 * the plan (plan_sheet.h).
 */
#ifndef ENROLD_PLAN_DETAILS_H
#define ENROLD_PLAN_DETAILS_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/policy.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lms;

struct plan_detail {
	/* Asked, as the row names them; "": none. */
	struct slice username, course;
	enum course_key_by by; /* what the course is called by */
	bool is_absent;        /* asked of somebody whom the run's file does not list */
	/* The answer; of nobody, or of no course, empty. */
	struct slice fullname, course_fullname;
	int64_t last_listed_at; /* epoch seconds; 0: never, or nobody knows */
	bool has_grades;
};

/* Of some hundred, by what the feed has listed. Texts are put into the arena. */
struct error lms_load_plan_details(struct lms *lms, struct slice feed, struct plan_detail *details,
    size_t count, struct arena *arena) MUST_CHECK;

#endif
