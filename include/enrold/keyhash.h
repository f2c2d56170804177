/*
 * keyhash: the one hash of what comes out of files: SipHash-1-3 under a key that each process draws
 * for itself, so that nobody can write a file whose names all fall into one place of a table. Never
 * stored, never shown: the next process's is another. Any thread.
 */
#ifndef ENROLD_KEYHASH_H
#define ENROLD_KEYHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t keyhash(const void *bytes, size_t size);

/* The same under a key of the caller's, for the published test vectors. */
uint64_t keyhash_with(const uint64_t key[2], const void *bytes, size_t size);

#endif
