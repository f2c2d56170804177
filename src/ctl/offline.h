/*
 * offline: how things stand as far as the spool and the database tell it themselves, where no
 * daemon answers: the same object as the daemon's status, without what only a daemon knows.
 */
#ifndef CTL_OFFLINE_H
#define CTL_OFFLINE_H

#include "enrold/config.h"

#include <jansson.h>

/* NULL: no memory. */
json_t *offline_status(const struct config *config);

#endif
