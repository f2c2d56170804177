/*
 * session: gpg with an agent of its own for as long as one thing is done, and then neither is left.
 *
 * The agent, which has the secret keys, runs in the foreground on a socket that we have opened
 * (gpg-agent --supervised): started by gpg itself it would be a daemon that nobody ends, and one
 * that several share could be ended under another's hands. The socket is in a folder for this
 * session, the keys stay where they are: a home is only read, but to make a key. The keys of a
 * credential are imported into that folder, which has to be in memory.
 *
 *     $RUNTIME_DIRECTORY, or $TMPDIR, or /tmp
 *         enrold-pgp.XXXXXX/   0700, locked while it is in use; what a kill has left is removed
 *                              by the next
 */
#ifndef PGP_SESSION_H
#define PGP_SESSION_H

#include "home.h"
#include "talk.h"

/* Where they are; others in tests. */
struct pgp_programs {
	const char *gpg, *agent;
};
extern const struct pgp_programs pgp_programs;

struct pgp_session {
	const struct pgp_programs *programs;
	struct pgp_home home;
	char folder[64]; /* a socket's path is no longer than 107 */
	int lock;
	struct pgp_child agent;
};

/* What one call of gpg is to do. */
struct pgp_call {
	const char *const *arguments; /* ended by NULL, behind those of every call */
	int input;                    /* read from its beginning; -1: nothing */
	struct talk_sink sink;
	const struct pgp_limits *limits;
};

/* How it ended; status: what it said. */
struct pgp_end {
	struct pgp_status status;
	bool is_well; /* by itself, with 0 */
	bool is_stopped, is_large;
	char words[TALK_WORDS_SIZE];
};

/* Trouble with the child of one file is that file's: it is tried a few times, and others go on. */
struct error pgp_file_error(struct error error);
/* is_making: the home is made, and may be written to. CONFIG, RETRY. */
struct error pgp_session_open(const struct pgp_programs *programs, const struct policy_pgp *policy,
    bool is_making, struct pgp_session *session) MUST_CHECK;
/* RETRY: it was killed, hung, or its agent has ended; the disk. */
struct error pgp_session_call(
    struct pgp_session *session, struct pgp_call *call, struct pgp_end *end) MUST_CHECK;
void pgp_session_close(struct pgp_session *session);

#endif
