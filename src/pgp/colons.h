/*
 * colons: gpg's list of keys (doc/DETAILS of GnuPG, --with-colons --with-secret). A key is as good
 * as the part of it that is used: one of ours, to decrypt; another's, whichever. Pure.
 */
#ifndef PGP_COLONS_H
#define PGP_COLONS_H

#include "enrold/pgp.h"

/* Their texts in the arena. RETRY: memory. */
struct error pgp_colons_parse(
    struct slice text, struct arena *arena, struct pgp_keys *keys) MUST_CHECK;

#endif
