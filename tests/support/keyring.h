/*
 * keyring: keys and messages of people who send files, made by gpg itself, as they make them. The
 * agent that gpg starts for that is ended each time.
 */
#ifndef SUPPORT_KEYRING_H
#define SUPPORT_KEYRING_H

#include "files.h"

enum { KEYRING_FINGERPRINT_SIZE = 41 };

/* What is asked of a key that keyring_add makes; zeroed: it has no end, made now. */
struct keyring_wish {
	const char *ends; /* as gpg takes it: "seconds=60", "10d" */
	const char *now;  /* a time to make it at: "20260101T000000!" */
};

/* A folder of keys, 0700. */
void keyring_make(const char *home);
/* "hr <hr@x>": a key to sign with, and one below it to encrypt for; without passphrase. */
void keyring_add(const char *home, const char *user, const struct keyring_wish *wish,
    char fingerprint[KEYRING_FINGERPRINT_SIZE]);
/* The public half of one, from home to home. */
void keyring_give(const char *from, const char *user, const char *to);
/* A shell's command, in which `g` is gpg with that home; fatal when it fails. */
void keyring_run(const char *home, const char *format, ...) PRINTF_LIKE(2, 3);
/* There is a gpg here, and an agent. */
bool keyring_is_possible(void);

#endif
