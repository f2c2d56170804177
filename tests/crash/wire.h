/*
 * wire: stands between enrold and a database server, both on sockets, and cuts a connection at a
 * chosen moment. One thread of this process; one wire at a time.
 */
#ifndef CRASH_WIRE_H
#define CRASH_WIRE_H

#include "files.h"

enum wire_cut {
	WIRE_WHOLE,         /* nothing happens */
	WIRE_BEFORE,        /* the message does not reach the server */
	WIRE_BEFORE_ANSWER, /* it does, and is carried out, but the answer does not come back */
};

struct wire;

/* Listens on `here` and passes on to the server's socket. */
struct wire *wire_start(const char *here, const char *server);
void wire_stop(struct wire *wire);
/* The connection that carries the message of this number, from now on counted from 1, is cut. */
void wire_cut_at(struct wire *wire, long message, enum wire_cut how);
/* Messages that have come by since then. */
long wire_messages(struct wire *wire);

#endif
