/*
 * steer: what is done about each request of the control socket. Looking is answered at once, or by
 * a thread that looks back into ledger and outbox; what a person orders is written down first
 * (orders.h), then obeyed, then answered. On the loop's thread.
 */
#ifndef DAEMON_STEER_H
#define DAEMON_STEER_H

#include "clients.h"

struct daemon;

/* clients_on_request, with the daemon as context. */
void steer_on_request(void *context, struct client *client, struct protocol_request *request);

#endif
