/*
 * member: what is in a JSON object, without a word about what is not.
 */
#ifndef CTL_MEMBER_H
#define CTL_MEMBER_H

#include <jansson.h>
#include <stdint.h>

/* "": there is none, or it is no text. */
const char *member_text(const json_t *object, const char *name);
json_int_t member_number(const json_t *object, const char *name);
/* Of an RFC 3339 time in UTC, seconds since 1970; -1: there is none. */
int64_t member_time(const json_t *object, const char *name);

#endif
