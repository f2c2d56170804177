/*
 * hash: SHA-256 over bytes as they come, as lower-case hex.
 */
#ifndef ENROLD_HASH_H
#define ENROLD_HASH_H

#include "enrold/error.h"
#include "enrold/slice.h"

enum { HASH_TEXT_SIZE = 64 };

struct hash;

/*
 * At the very beginning of a program, before there are threads; false: out of memory, the program
 * has to end. OpenSSL left to set itself up when first used may be left half done, and a later use
 * would be the end of the process.
 */
bool hash_prepare(void) MUST_CHECK;

struct hash *hash_create(void); /* NULL: out of memory */
void hash_free(struct hash *hash);
void hash_add(struct hash *hash, const void *bytes, size_t size);
/* The hash of all bytes so far; starts afresh. */
void hash_finish(struct hash *hash, char text[HASH_TEXT_SIZE + 1]);

#endif
