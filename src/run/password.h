/*
 * password: the hashes that Moodle's uploader stores: SHA-512 crypt of 5000 rounds
 * (lms/README 2.4).
 */
#ifndef RUN_PASSWORD_H
#define RUN_PASSWORD_H

#include "enrold/error.h"
#include "enrold/slice.h"

/* Of SHA-512 crypt, and the NUL. */
enum { PASSWORD_MAX = 128, PASSWORD_HASH_SIZE = 128 };

struct crypt_data;

/* What is to be stored, NUL-terminated; takes milliseconds. `data` is room to work in, which its
 * owner wipes. CONFIG: it is longer than PASSWORD_MAX. */
struct error password_hash(
    struct slice password, struct crypt_data *data, char hash[PASSWORD_HASH_SIZE]) MUST_CHECK;

#endif
