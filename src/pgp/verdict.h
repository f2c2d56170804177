/*
 * verdict: what is to be thought of a message, by all that gpg has said of it and how it ended.
 * Whatever is not clearly well is an error: an exit status alone says nothing, since gpg ends well
 * with what was never encrypted. Pure.
 */
#ifndef PGP_VERDICT_H
#define PGP_VERDICT_H

#include "status.h"

enum { VERDICT_AHEAD_S = 900 }; /* how far a signer's clock may be ahead of ours */

/* is_well: gpg has ended by itself, with 0. Signatures count where the policy names signers. */
struct error pgp_judge(const struct policy_pgp *policy, const struct pgp_status *status,
    bool is_well, int64_t now, struct pgp_verdict *verdict) MUST_CHECK;
/* It has said nothing of the message, whatever that is. */
bool pgp_is_silent(const struct pgp_status *status);
/* The signer is among these: by the key itself or by its primary. */
bool pgp_is_named(const struct text_list *fingerprints, const struct pgp_signature *signature);

#endif
