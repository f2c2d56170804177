/*
 * control: where the daemon's control socket is, for whoever makes it and whoever asks. A path of
 * any length: it is reached through its directory.
 */
#ifndef ENROLD_CONTROL_H
#define ENROLD_CONTROL_H

#include "enrold/buffer.h"
#include "enrold/config.h"
#include "enrold/error.h"

#include <limits.h>
#include <sys/types.h>

/* Where this daemon makes it: the setting `socket`, or in the directory that systemd gave it
 * ($RUNTIME_DIRECTORY), or in the spool under the node's name. */
void control_path(const struct config *config, char path[PATH_MAX]);

/* A listening socket at that path, which may be taken by a dead one's. RETRY: it cannot be had. */
struct error control_listen(const char *path, mode_t mode, int *listening) MUST_CHECK;

/* Every place where a daemon of this configuration may be asked, one after the other, each given to
 * the caller as a connected socket; -1: no more. */
struct control_search {
	const struct config *config;
	size_t next;
	void *listing; /* of the spool */
	char path[PATH_MAX];
};
int control_connect_next(struct control_search *search);
void control_search_done(struct control_search *search);

#endif
