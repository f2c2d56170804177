/*
 * explain_today: what enrolctl explain says around the table of what was done: who, which answers
 * are gone, and how things are today.
 */
#ifndef CTL_EXPLAIN_TODAY_H
#define CTL_EXPLAIN_TODAY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* False: no memory. */
bool explain_person_tell(const json_t *answer, int64_t now_s);
bool explain_enrolment_tell(const json_t *answer, int64_t now_s);
/* Else the enrolment is all that is known. */
bool explain_has_person(const json_t *answer);
bool explain_today_tell(const json_t *answer, int64_t now_s);

#endif
