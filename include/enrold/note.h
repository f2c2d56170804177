/*
 * note: a checkpoint of the chain, as a signed note of C2SP (https://c2sp.org/signed-note) with an
 * Ed25519 signature, for a witness outside:
 *
 *     example.org/enrold
 *     4711
 *     9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
 *
 *     — example.org/enrold 4hWCzk...==
 *
 * origin, number of runs, head: the first `number` runs of the chain end in `head`. The name of the
 * key is the origin. Others may have signed it as well: their signatures are passed over. Pure.
 */
#ifndef ENROLD_NOTE_H
#define ENROLD_NOTE_H

#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	NOTE_ORIGIN_MAX = 128,
	NOTE_KEY_HASH_SIZE = 8,     /* hex */
	NOTE_SIZE_MAX = 1 << 16,    /* of a note that is read */
	NOTE_SIGNATURES_MAX = 100,  /* of all keys */
	NOTE_KEY_FILE_MAX = 1 << 14 /* of a key that is read */
};

struct note {
	char origin[NOTE_ORIGIN_MAX + 1];
	uint64_t number; /* from 1 */
	char head[HASH_TEXT_SIZE + 1];
};

struct note_key; /* private, or public alone */

/* UTF-8 without blanks, controls and +, and not longer than it may be. */
bool note_is_origin(struct slice name);

/*
 * A private key from PEM (PKCS#8, without a passphrase); a public one from PEM, from a verifier key
 * (name+hash+base64), or from both, as note_key_format_public writes them. Given. CONFIG: it is
 * none, and no sentence shows anything of it.
 */
struct error note_key_parse(struct slice text, struct note_key **key) MUST_CHECK;
/* A new private one. RETRY. */
struct error note_key_make(struct note_key **key) MUST_CHECK;
void note_key_free(struct note_key *key);
bool note_key_is_private(const struct note_key *key);
/* The name in its verifier key; "": it came without. */
const char *note_key_name(const struct note_key *key);
/* Of the public half under that name: what tells keys apart. RETRY: out of memory. */
struct error note_key_hash(
    const struct note_key *key, const char *origin, char hash[NOTE_KEY_HASH_SIZE + 1]) MUST_CHECK;
/* PEM (PKCS#8). CONFIG: it is a public one. Whoever has `out` wipes it. */
struct error note_key_format_private(const struct note_key *key, struct buffer *out) MUST_CHECK;
/* The verifier key, without a newline. RETRY: out of memory. */
struct error note_key_format_verifier(
    const struct note_key *key, const char *origin, struct buffer *out) MUST_CHECK;
/* Its verifier key in a line, then its PEM: OpenSSL passes over the line. RETRY: out of memory. */
struct error note_key_format_public(
    const struct note_key *key, const char *origin, struct buffer *out) MUST_CHECK;

/* Appends it. CONFIG: the key is a public one, or the origin none. */
struct error note_sign(
    const struct note *note, const struct note_key *key, struct buffer *out) MUST_CHECK;
/* REJECT: it is no such note. Its signatures have the form of some, no more. */
struct error note_parse(struct slice whole, struct note *note) MUST_CHECK;
/* Whether it is signed by the key under the note's origin. False also when the key came with
 * another name, or has signed it more than once and not each time well. */
bool note_is_by(struct slice text, const struct note_key *key);

/* The same for any text: lines, of which the last ends. */
struct error note_sign_text(
    struct slice text, const char *name, const struct note_key *key, struct buffer *out) MUST_CHECK;
bool note_text_is_by(struct slice signed_text, struct slice name, const struct note_key *key);

#endif
