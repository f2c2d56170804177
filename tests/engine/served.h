/*
 * served: a spool whose site is in a database of the server's, for tests that run the real programs
 * on it. The site is made in SQLite and pushed; in the end it is pulled, so that the law can look
 * at it.
 */
#ifndef ENGINE_SERVED_H
#define ENGINE_SERVED_H

#include "mirror.h"
#include "rig.h"

struct served {
	struct rig rig;
	struct path sqlite_url;
	struct mirror mirror;
	const char *settings;
};

bool served_by_postgresql(void);
/* Borrows options->settings. */
void served_make(struct served *site, const struct rig_options *options);
/* The law holds, and all of it is removed. */
void served_close(struct served *site);

/* A configuration that reaches the server by this URL, with the settings of the options. */
struct path served_config(const struct served *site, const char *url);
/* As the server's administrator. */
void served_execute(const struct served *site, const char *sql);
/* A command that must end well. */
void served_shell(const char *command);

#endif
