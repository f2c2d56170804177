/*
 * owner: enrolctl that is run as root acts as the owner of the folder it writes to. What it makes
 * there, and what it asks the database for, is then the daemon's affair as if the daemon had done
 * it: a root's file in the spool would stop the daemon for good.
 */
#ifndef CTL_OWNER_H
#define CTL_OWNER_H

#include "enrold/error.h"

#include <sys/types.h>

/* "anna (by sudo, as root)"; before anybody else is acted as. */
enum { OWNER_NAME_SIZE = 128 };
void owner_name(char name[OWNER_NAME_SIZE]);

/* As whom that user has logged in; -1: not known. */
int64_t owner_login(void);
/* All groups of whoever calls; how many. */
enum { OWNER_GROUPS_MAX = 256 };
size_t owner_groups(gid_t groups[OWNER_GROUPS_MAX]);

/* Not root, no such folder, or root's own: nothing happens. Its group comes with it. */
struct error owner_become(const char *folder) MUST_CHECK;

#endif
