/* decrypt: pgp_decrypt with other programs, for tests of what they may do. */
#ifndef PGP_DECRYPT_H
#define PGP_DECRYPT_H

#include "session.h"

/* What is to be read and written. */
struct pgp_files {
	int from, to;
};

struct error pgp_decrypt_by(const struct pgp_programs *programs, const struct policy_pgp *policy,
    const struct pgp_files *files, const struct pgp_limits *limits,
    struct pgp_verdict *verdict) MUST_CHECK;

#endif
