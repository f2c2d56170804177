/*
 * mariadb_url: mariadb://user:password@host:port,host:port/database?key=value, taken apart.
 * Percent escapes are undone. Pure.
 */
#ifndef DB_MARIADB_URL_H
#define DB_MARIADB_URL_H

#include "enrold/error.h"

enum { MARIADB_HOSTS_MAX = 8, MARIADB_TEXT_SIZE = 256 };

enum mariadb_tls {
	MARIADB_TLS_DEFAULT, /* verify-full; to this machine, without a CA: disable */
	MARIADB_TLS_DISABLE,
	MARIADB_TLS_REQUIRE,
	MARIADB_TLS_VERIFY,
};

struct mariadb_url {
	char user[MARIADB_TEXT_SIZE], password[MARIADB_TEXT_SIZE], database[MARIADB_TEXT_SIZE];
	struct {
		char name[MARIADB_TEXT_SIZE];
		unsigned port; /* 0: the usual one */
	} hosts[MARIADB_HOSTS_MAX];
	unsigned hosts_count;
	char socket[MARIADB_TEXT_SIZE], passfile[MARIADB_TEXT_SIZE];
	char ca[MARIADB_TEXT_SIZE], cert[MARIADB_TEXT_SIZE], key[MARIADB_TEXT_SIZE];
	enum mariadb_tls tls;
};

/* CONFIG, with what is wrong; never with the password in it. */
struct error mariadb_url_parse(const char *text, struct mariadb_url *url) MUST_CHECK;

#endif
