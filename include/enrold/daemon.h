/*
 * daemon: the loop that watches the inboxes and hands files to workers, until told to stop or, with
 * `once`, until the inboxes are empty.
 */
#ifndef ENROLD_DAEMON_H
#define ENROLD_DAEMON_H

#include "enrold/config.h"

/* Exit codes of sysexits.h, as enrold(8) names them. */
enum daemon_exit {
	DAEMON_OK = 0,
	DAEMON_TRY_LATER = 75, /* another daemon has the spool; database or disk stayed away */
	DAEMON_CONFIG = 78,    /* the operator must act */
};

/*
 * Everything it has to say goes to the log. Takes the file; path is where SIGHUP finds the next
 * one. A bad one changes nothing, nor does one with another spool or node.
 */
enum daemon_exit daemon_run(const char *path, struct config_file *file, bool once);

#endif
