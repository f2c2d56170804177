/*
 * db_open: the engines of this build, and which of them a URL asks for.
 */
#include "engine.h"

#include "enrold/secret.h"

static const struct engine *const engines[] = {
    &sqlite_engine,
#ifdef ENROLD_POSTGRESQL
    &postgresql_engine,
#endif
#ifdef ENROLD_MARIADB
    &mariadb_engine,
#endif
};

static bool has_scheme(const char *url, const char *scheme)
{
	return strncmp(url, scheme, strlen(scheme)) == 0;
}

struct error db_open(const struct lms_options *options, enum db_mode mode, struct db **db)
{
	*db = NULL;
	for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
		if (!has_scheme(options->url, engines[i]->scheme))
			continue;
		if (engines[i]->is_server && !secret_is_clear_url(options->url))
			return error_config("lms.url: what a user or password has of @ : / ? # %% "
			                    "is written %%40 %%3A %%2F %%3F %%23 %%25");
		return engines[i]->open(engines[i], options, mode, db);
	}
	/* It is not shown: it may hold a password. */
	return error_config("lms.url: no engine of this build");
}
