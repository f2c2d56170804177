/*
 * hash: SHA-256 over bytes as they come, as lower-case hex.
 */
#ifndef ENROLD_HASH_H
#define ENROLD_HASH_H

#include "enrold/error.h"
#include "enrold/slice.h"

enum { HASH_TEXT_SIZE = 64 };

struct hash;

/* At the very beginning of a program: OpenSSL gets its memory from patient.h from now on. */
void hash_prepare(void);

struct hash *hash_create(void); /* NULL: out of memory */
void hash_free(struct hash *hash);
void hash_add(struct hash *hash, const void *bytes, size_t size);
/* Forgets all bytes added, also behind hash_finish: for many small texts, since making one costs
 * more than hashing them. */
void hash_restart(struct hash *hash);
/* The hash of all bytes added. After that, only hash_free and hash_restart. */
void hash_finish(struct hash *hash, char text[HASH_TEXT_SIZE + 1]);
/* Hashes bytes that are all there. RETRY: out of memory. */
struct error hash_text(struct slice bytes, char text[HASH_TEXT_SIZE + 1]) MUST_CHECK;

#endif
