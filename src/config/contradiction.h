/*
 * contradiction: settings of a feed each of which is good, and which cannot stand beside each
 * other: no file could be read by them, or not as whoever wrote them believes. What does no harm is
 * advice (advice.c).
 */
#ifndef CONFIG_CONTRADICTION_H
#define CONFIG_CONTRADICTION_H

#include "enrold/arena.h"
#include "enrold/policy.h"

/* "csv.positions is given, and ...": static, and begins with the key's name in a feed. NULL: there
 * is none. */
const char *contradiction_find(const struct policy *policy, struct arena *arena);

#endif
