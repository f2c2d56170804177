/*
 * password: the hashes that Moodle's uploader stores: SHA-512 crypt of 5000 rounds (facts 2.4).
 */
#ifndef RUN_PASSWORD_H
#define RUN_PASSWORD_H

#include "enrold/arena.h"
#include "enrold/plan.h"

/* Gives each change that brings a password what is to be stored for it. Takes milliseconds each.
 */
struct error passwords_hash(const struct plan *plan, struct arena *arena) MUST_CHECK;

#endif
