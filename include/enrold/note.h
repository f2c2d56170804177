/*
 * note: a checkpoint of the chain, as a signed note of C2SP (https://c2sp.org/signed-note) with one
 * Ed25519 signature, for a witness outside:
 *
 *     example.org/enrold
 *     4711
 *     9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
 *
 *     — example.org/enrold 4hWCzk...==
 *
 * origin, number of runs, head: the first `number` runs of the chain end in `head`. Pure.
 */
#ifndef ENROLD_NOTE_H
#define ENROLD_NOTE_H

#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { NOTE_ORIGIN_MAX = 128, NOTE_KEY_TEXT_SIZE = 256 };

struct note {
	char origin[NOTE_ORIGIN_MAX + 1];
	uint64_t number;
	char head[HASH_TEXT_SIZE + 1];
};

struct note_key; /* private, or public alone */

/* A private key from PEM (PKCS#8), a public one from PEM or from a verifier key "name+hash+base64".
 * CONFIG: it is none. */
struct error note_key_parse(struct slice text, struct note_key **key) MUST_CHECK;
void note_key_free(struct note_key *key);
/* CONFIG: it is a public one. */
struct error note_sign(
    const struct note *note, const struct note_key *key, struct buffer *out) MUST_CHECK;
/* REJECT: it is no such note. */
struct error note_parse(struct slice text, struct note *note) MUST_CHECK;
/* Whether one of its signatures is that of the key, under the note's origin. */
bool note_is_by(struct slice text, const struct note_key *key);

#endif
