/*
 * folder: a session's own, with a lock that ends with us; others' whose lock is free are removed,
 * for in them can be a secret key.
 */
#ifndef PGP_FOLDER_H
#define PGP_FOLDER_H

#include "enrold/error.h"

#include <stddef.h>

/* RETRY: it cannot be made. */
struct error pgp_folder_make(char *path, size_t size, int *lock) MUST_CHECK;
void pgp_folder_remove(const char *path, int lock);

#endif
