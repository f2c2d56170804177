/*
 * credential: a secret as it stands in a file: a path, or the name of one of the unit's
 * credentials ($CREDENTIALS_DIRECTORY). Read anew at each use, wiped after it, and never said.
 */
#ifndef NOTIFY_CREDENTIAL_H
#define NOTIFY_CREDENTIAL_H

#include "enrold/buffer.h"
#include "enrold/error.h"

enum { CREDENTIAL_MAX = 4096 };

/* key: of the settings, for messages: "mail.credential". The first line, which ends with a NUL that
 * does not count. CONFIG, RETRY. */
struct error credential_load(const char *key, const char *name, struct buffer *secret) MUST_CHECK;
void credential_wipe(struct buffer *secret);

#endif
