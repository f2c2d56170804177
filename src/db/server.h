/*
 * server: what the engines behind a network share: where a password comes from.
 */
#ifndef DB_SERVER_H
#define DB_SERVER_H

#include "enrold/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { PASSWORD_SIZE = 512 };

/* The first line of the file into `password`; CONFIG when it cannot be read, is too long or may be
 * read by others. */
struct error password_read(const char *path, char password[PASSWORD_SIZE]) MUST_CHECK;

/* The systemd credential "lms-password" ($CREDENTIALS_DIRECTORY); "" when there is none. */
struct error password_credential(char password[PASSWORD_SIZE]) MUST_CHECK;

/* A name on this machine: a socket's directory, "localhost", a loopback address. */
bool server_is_local(const char *host);

#endif
