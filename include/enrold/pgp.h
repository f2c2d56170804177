/*
 * pgp: OpenPGP by the program gpg, as a child with a home of its own (gpg(1), doc/DETAILS). What it
 * says on its status descriptor is believed, what it says to people is not. Nothing of a plaintext
 * counts before the child has ended well: with one literal, with integrity, and where the feed
 * names signers, with a good and recent signature of one of them.
 *
 * The plaintext is written to a file without a name. The child has no network, asks nobody, and is
 * ended when it hangs or its parent dies.
 *
 * REJECT: pgp_not_encrypted (the feed requires it), pgp_no_key (for none of ours), pgp_broken (cut
 * short, altered, or no such file), pgp_no_integrity, pgp_not_signed, pgp_signer (somebody else),
 * pgp_signature (a bad one), pgp_signature_old, file_too_large. CONFIG: the home cannot be used, or
 * there is no gpg. RETRY: the child was killed, the disk is full, and the like.
 */
#ifndef ENROLD_PGP_H
#define ENROLD_PGP_H

#include "enrold/arena.h"
#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/policy.h"
#include "enrold/slice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { PGP_FINGERPRINT_MAX = 64 };

/* It begins as an OpenPGP message, binary or in armour; whatever it is called. */
bool pgp_recognise(struct slice beginning);

struct pgp_limits {
	uint64_t bytes_max;    /* of the plaintext */
	uint32_t quiet_ms;     /* a child that does nothing for so long is ended: RETRY */
	int64_t now;           /* epoch seconds */
	atomic_uint *progress; /* grows while it gets on; NULL: nobody looks */
	/* Ends it with *is_stopped and no error; NULL: never. */
	bool (*has_to_stop)(void *context);
	void *context;
};

struct pgp_verdict {
	bool is_stopped;
	uint64_t bytes;
	char key[PGP_FINGERPRINT_MAX + 1]; /* that it was encrypted for */
	char signer[PGP_FINGERPRINT_MAX +
	            1];    /* primary key; "": not signed, or nobody asked who by */
	int64_t signed_at; /* epoch seconds; 0: not signed */
};

/* from: read from its beginning; to: emptied first, an unlinked file. */
struct error pgp_decrypt(const struct policy_pgp *policy, int from, int to,
    const struct pgp_limits *limits, struct pgp_verdict *verdict) MUST_CHECK;
/* For policy->answer_to. CONFIG: there is no such key, or it has ended. */
struct error pgp_encrypt(
    const struct policy_pgp *policy, int from, int to, const struct pgp_limits *limits) MUST_CHECK;

/* ---- keys ---- */

struct pgp_key {
	char fingerprint[PGP_FINGERPRINT_MAX + 1];
	const char *user; /* in the arena */
	bool is_secret;   /* ours: files can be encrypted for it */
	int64_t ends;     /* epoch seconds; 0: never */
	bool is_usable;   /* neither revoked nor disabled, and not at its end */
};

struct pgp_keys {
	struct pgp_key *items;
	size_t count;
};

struct error pgp_list(
    const struct policy_pgp *policy, struct arena *arena, struct pgp_keys *keys) MUST_CHECK;
/* One that old senders understand: RSA, to encrypt for, without preferences that their programs do
 * not know. user: "enrold hr <hr@lms.example.org>". The home is made, 0700, when it is missing; no
 * key in it is ever overwritten. days: 0: it has no end. */
struct error pgp_make_key(const struct policy_pgp *policy, const char *user, uint32_t days,
    char fingerprint[PGP_FINGERPRINT_MAX + 1]) MUST_CHECK;
/* Its public half, in armour. */
struct error pgp_export(
    const struct policy_pgp *policy, const char *fingerprint, struct buffer *out) MUST_CHECK;

#endif
