/*
 * space: how full the disks are that enrold writes to, for those who are told that one is.
 */
#ifndef DAEMON_SPACE_H
#define DAEMON_SPACE_H

#include "enrold/config.h"

#include <limits.h>

enum { SPACE_TEXT_SIZE = 512 };

/* "; of the disk of /var/lib/enrold (the spool) 12.0 KiB of 64.0 MiB are free", and the same of a
 * SQLite database that lies on another; "" when the error is of another kind. */
void space_describe(
    const struct config *config, const struct error *error, char text[SPACE_TEXT_SIZE]);

/* Where a SQLite database lies; false: it is a server's. */
bool space_database_folder(const struct config *config, char folder[PATH_MAX]);

#endif
