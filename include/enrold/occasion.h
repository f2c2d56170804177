/*
 * occasion: what people can be told of a feed, the words of `notify.on`. enrold-notify decides what
 * each means (src/notify/rule.h).
 */
#ifndef ENROLD_OCCASION_H
#define ENROLD_OCCASION_H

#include "enrold/policy.h"

#include <stdbool.h>

enum { OCCASIONS = 7 };

bool occasion_is_known(const char *word);
/* Whether the feed's people want to hear of it: errors, held, refused, late and recovered, where
 * `on` is not given. */
bool policy_tells_of(const struct policy *policy, const char *word);

#endif
