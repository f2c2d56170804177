/*
 * asker: somebody at the daemon's control socket: bytes as they are, or a question and its whole
 * answer. The protocol is in enrolctl(1). Nothing here sleeps: who waits looks whether anything
 * moves.
 */
#ifndef SUPPORT_ASKER_H
#define SUPPORT_ASKER_H

#include "rig.h"

#include <jansson.h>
#include <stdbool.h>

struct asker {
	int socket; /* blocking; -1: not there */
	struct buffer in;
	size_t read; /* of it */
};

/* Where the daemon of a rig has it. */
struct path asker_path(const struct rig *rig);
/* False: nobody listens there, or we may not; errno says why. A path of any length. */
bool asker_try(struct asker *asker, const char *path);
/* Fatal when nobody does. */
void asker_open(struct asker *asker, const char *path);
void asker_send(struct asker *asker, const void *bytes, size_t size);
/* The next line, for json_decref; NULL: the daemon has closed, or reset. Fatal: no JSON, or nothing
 * moves any more. */
json_t *asker_line(struct asker *asker);
void asker_close(struct asker *asker);

struct told {
	json_t *data; /* an array */
	int exit;     /* -1: it was cut off */
	char message[600];
};

/* What comes of one request, whose members are given: "\"command\":\"status\"". */
void asker_ask(struct asker *asker, const char *members, struct told *told);
/* The same of a new one. */
void ask_rig(const struct rig *rig, const char *members, struct told *told);
void told_done(struct told *told);
/* Fatal unless it ends with that exit code. */
void ask_expect(const struct rig *rig, int exit, const char *members);

/* status, as one object, for json_decref. */
json_t *ask_status(const struct rig *rig);
/* The feed of that name in it, borrowed; fatal when it is not there. */
json_t *status_feed(json_t *status, const char *feed);
/* Until the feed has this state. */
void ask_await_state(const struct rig *rig, const char *feed, const char *state);
/* Until a run of the feed is applied and has done some rows, but not all: its id. */
struct path ask_await_running(const struct rig *rig, const char *feed);

#endif
