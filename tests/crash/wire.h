/*
 * wire: stands between enrold and a database server, and is as bad as networks are: slow, cut at a
 * chosen moment, silent, or dead. Each has a thread of this process.
 */
#ifndef CRASH_WIRE_H
#define CRASH_WIRE_H

#include "files.h"

enum wire_cut {
	WIRE_WHOLE,         /* nothing happens */
	WIRE_BEFORE,        /* the message does not reach the server */
	WIRE_BEFORE_ANSWER, /* it does, and is carried out, but the answer does not come back */
	WIRE_SILENT,        /* nothing passes any more, either way, and nothing is closed */
	WIRE_DEAD,          /* all connections are closed, and nobody listens any more */
};

struct wire;

/* Listens on the socket `here`, NULL: on a port of 127.0.0.1, and passes on to the server's socket.
 */
struct wire *wire_start(const char *here, const char *server);
/* Another server: from now on connections go to all of them in turn. */
void wire_add(struct wire *wire, const char *server);
void wire_stop(struct wire *wire);
unsigned wire_port(const struct wire *wire);
/* The connection that carries the message of this number, from now on counted from 1, is cut; so
 * are, or are not, all others: see above. */
void wire_cut_at(struct wire *wire, long message, enum wire_cut how);
/* Waits until that has come to pass; fatal when it does not. */
void wire_await_cut(const struct wire *wire);
/* All connections are closed, from both sides, as by a proxy that finds them idle for too long; who
 * comes anew is welcome. Returns when that has come to pass. */
void wire_hang_up(struct wire *wire);
/* From now on everything that clients send has these bytes in place of those, which are as many. */
void wire_garble(struct wire *wire, const char *from, const char *to);
/* From now on everything is under way for so long, each way; how much passes is not limited. */
void wire_delay(struct wire *wire, int ms);
/* Messages that have come by since wire_cut_at: what one read took of what a client had sent. */
long wire_messages(const struct wire *wire);
/* How often, since then, a client spoke after its server had: what a delay is paid for. */
long wire_turns(const struct wire *wire);

#endif
