/*
 * protocol: one line of the control socket, understood: what somebody asks of the daemon.
 * enrold(8) has the protocol:
 *
 *     {"v":1,"command":"show","spool":"/var/lib/enrold","run":"last"}
 *
 * and back, a line each, as many as there are, and one that is the last:
 *
 *     {"v":1,"data":{...}}
 *     {"v":1,"exit":0,"message":""}
 *
 * Whatever the bytes are, the answer is a request or a sentence. Members that the command does not
 * have are refused, so that a newer enrolctl is not half understood. Pure.
 */
#ifndef ENROLD_PROTOCOL_H
#define ENROLD_PROTOCOL_H

#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/history.h"

#include <jansson.h>

enum { PROTOCOL_LINE_MAX = 64 << 10, PROTOCOL_VERSION = 1, PROTOCOL_WHY_MAX = 200 };

/* How an answer ends: the exit codes of enrolctl(1), after sysexits.h. */
enum protocol_exit {
	PROTOCOL_EXIT_DONE = 0,
	PROTOCOL_EXIT_NO = 1, /* a negative answer */
	PROTOCOL_EXIT_USAGE = 64,
	PROTOCOL_EXIT_NO_DAEMON = 69,
	PROTOCOL_EXIT_TRY_LATER = 75,
	PROTOCOL_EXIT_CONFIG = 78,
};
/* That of what came of it. */
enum protocol_exit protocol_exit(const struct error *error);

enum protocol_command {
	PROTOCOL_STATUS,
	PROTOCOL_RUNS,
	PROTOCOL_SHOW,
	PROTOCOL_EXPLAIN,
	PROTOCOL_PAUSE,
	PROTOCOL_RESUME,
	PROTOCOL_STOP,
	PROTOCOL_RELEASE,
	PROTOCOL_DISCARD,
	PROTOCOL_UNDO,
	PROTOCOL_PRUNE,
	PROTOCOL_RELOAD,
	PROTOCOL_COMMANDS,
};

/* Texts lie in `json`, which is owned. */
struct protocol_request {
	enum protocol_command command;
	json_t *json;
	const char *spool;            /* that of the daemon that is meant; NULL: whatever it is */
	int64_t login;                /* as whom the asker says to have logged in; -1: not given */
	const char *feed, *run, *why; /* of what steers; why: NULL: not given */
	int64_t before_s;             /* epoch seconds; 0: not given */
	const json_t *courses;        /* an array of texts; NULL: not given */
	struct history_query history; /* of what looks back */
};

/* REJECT bad_request: what is wrong with it. Nothing is owned then. */
struct error protocol_parse(struct slice line, struct protocol_request *request) MUST_CHECK;
void protocol_done(struct protocol_request *request);

const char *protocol_name(enum protocol_command command);
/* Whom or what a request that looks back is about, for the log. */
enum { PROTOCOL_ABOUT_SIZE = 512 };
void protocol_about(const struct protocol_request *request, char about[PROTOCOL_ABOUT_SIZE]);
/* Only looks: whoever may read may ask it. */
bool protocol_is_reading(enum protocol_command command);

/* Lines of an answer, each with its newline. data: borrowed. */
void protocol_answer(struct buffer *out, const json_t *data);
void protocol_end(struct buffer *out, enum protocol_exit exit, const char *message);

#endif
