/*
 * home: where the keys of a feed lie, and whether they may be used from there. It is a folder of
 * the daemon's that nobody else can look into, or a credential of the unit (systemd.exec(5)), which
 * is one file: an exported secret key, and behind it the public keys of signers.
 */
#ifndef PGP_HOME_H
#define PGP_HOME_H

#include "enrold/error.h"
#include "enrold/policy.h"

#include <limits.h>

enum { HOME_RING_SIZE = PATH_MAX + 32 };

struct pgp_home {
	char path[PATH_MAX];       /* the folder, or the credential's file */
	char ring[HOME_RING_SIZE]; /* of public keys, as gpg is told of it */
	bool has_ring;             /* it is there */
	bool is_credential;
};

/* The ring of a folder that is gpg's. */
void pgp_home_set_ring(struct pgp_home *home, const char *folder);
/* CONFIG: it is not there, others may look into it, keys in it cannot be read. */
struct error pgp_home_find(const struct policy_pgp *policy, struct pgp_home *home) MUST_CHECK;
/* Makes the folder, 0700, where it is missing. CONFIG: also of a credential. */
struct error pgp_home_make(const struct policy_pgp *policy, struct pgp_home *home) MUST_CHECK;

#endif
