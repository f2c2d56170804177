/*
 * child: a program of ours that cannot outlive us: it is killed when the thread that has started it
 * ends, and all that it starts is killed with it. It has the descriptors that it is given, no
 * other; no terminal, and an environment of its own.
 */
#ifndef PGP_CHILD_H
#define PGP_CHILD_H

#include "enrold/error.h"

#include <sys/types.h>

enum { CHILD_FILES_MAX = 4 };

struct pgp_child {
	pid_t pid;  /* 0: none, or it has ended */
	int status; /* as waitpid has it, once it has ended */
};

struct child_start {
	const char *const *arguments; /* the program's path first; ended by NULL */
	const char *const *environment;
	int files[CHILD_FILES_MAX]; /* become 0, 1, ...; -1: nothing can be read or written there */
	size_t files_count;
};

/* CONFIG: there is no such program. RETRY. */
struct error pgp_child_start(const struct child_start *start, struct pgp_child *child) MUST_CHECK;
/* True: it has ended, and its status is known. */
bool pgp_child_has_ended(struct pgp_child *child);
/* Kills it and what it has started, and waits for its end. */
void pgp_child_end(struct pgp_child *child);

#endif
