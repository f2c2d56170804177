/*
 * feed_own: what the configuration says itself of a feed that has a preset. It is printed in the
 * place of what holds: a key of the preset that was printed as the feed's would win over it when it
 * is read again, and no longer be the preset's to change.
 */
#ifndef CONFIG_FEED_OWN_H
#define CONFIG_FEED_OWN_H

#include "enrold/policy.h"

#include "keys.h"

struct feed_own {
	struct policy policy; /* the feed's keys over the defaults */
	struct keys_given given;
};

#endif
