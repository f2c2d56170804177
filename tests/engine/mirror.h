/*
 * mirror: a site in SQLite, copied to a server and back, so that tests made for SQLite are tests of
 * the server's engine too.
 *
 * $ENROLD_TEST_URL is the server's URL with %s in the place of the database's name,
 * $ENROLD_TEST_DIRECTORY where its locks lie (see with_server.sh). All calls end the process on
 * trouble.
 */
#ifndef ENGINE_MIRROR_H
#define ENGINE_MIRROR_H

#include "enrold/config.h"

enum { MIRROR_URL_SIZE = 512 };

/* A database of the server's, nobody else's until close. */
struct mirror {
	char url[MIRROR_URL_SIZE];
	struct lms_options sqlite, server; /* server.url is `url` */
	int lock;
	char database[32];
};

/* False: no server is to be tested. */
bool mirror_is_wanted(void);
/* Of a site on MariaDB: $ENROLD_TEST_COLLATION, or what Moodle recommends. */
const char *mirror_collation(void);
void mirror_open(struct mirror *mirror, const struct lms_options *sqlite);
/* The same database by another way: %s of the pattern is its name. */
void mirror_url(const struct mirror *mirror, const char *pattern, char url[MIRROR_URL_SIZE]);
void mirror_close(struct mirror *mirror);
/* A database of this name, made if need be, gets the site for good. */
void mirror_fill(const struct lms_options *sqlite, const char *database);
/* All rows of all tables, in place of what is there. */
void mirror_push(const struct mirror *mirror);
void mirror_pull(const struct mirror *mirror);

#endif
