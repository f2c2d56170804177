/*
 * answers: a feed's folder in the outbox, as enrolctl looks into it; there may be none yet. Reads
 * only.
 */
#ifndef CTL_ANSWERS_H
#define CTL_ANSWERS_H

#include "enrold/config.h"
#include "enrold/runid.h"

#include <jansson.h>
#include <limits.h>

void answers_place(const struct config *config, const char *feed, char place[PATH_MAX]);
/* -1: errno says why not. */
int answers_open(const struct config *config, const char *feed);
/* Given to the caller; NULL: errno is why it cannot be opened, or 0: it is no JSON object. */
json_t *answers_load(int outbox, const char *name);

#endif
