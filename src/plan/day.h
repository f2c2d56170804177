/*
 * day: a day as answers write it. Nobody outside of the plan includes it.
 */
#ifndef PLAN_DAY_H
#define PLAN_DAY_H

#include "enrold/arena.h"

#include <stdint.h>

/* "2026-12-31", in the site's time zone; made in the arena. */
struct slice day_text(struct arena *arena, int64_t epoch);

#endif
