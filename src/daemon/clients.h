/*
 * clients: who asks over the control socket, and the bytes between us. Lines come in, each is
 * parsed (protocol.h) and handed on; what it is about is known elsewhere (steer.c).
 *
 *     reading --a whole line--> asking --client_end--> reading
 *                                  \--client_lend--> lent to a thread --client_end--> reading
 *
 * Bounded in every way: CLIENTS_MAX at a time, PROTOCOL_LINE_MAX a line, a few acceptances and one
 * request a turn of the loop. One that says nothing, or does not read, is dropped after a while, or
 * when others want its place. Who may not ask is told nothing. On the loop's thread.
 */
#ifndef DAEMON_CLIENTS_H
#define DAEMON_CLIENTS_H

#include "enrold/config.h"
#include "enrold/protocol.h"

#include <sys/types.h>
#include <uv.h>

enum { CLIENTS_MAX = 32, CLIENT_IDLE_MS = 30000 };

struct clients;
struct client;

/* The request is taken by on_request, which ends it with client_end, at once or later. */
typedef void clients_on_request(
    void *context, struct client *client, struct protocol_request *request);

/* Listens to nobody yet. */
struct error clients_create(uv_loop_t *loop, clients_on_request *on_request, void *context,
    struct clients **result) MUST_CHECK;
/* Where the configuration has it, as it is now; what cannot be had is logged once, and tried again
 * with the next call. */
void clients_listen(struct clients *clients, const struct config *config);
/* Drops all; those that are lent go when they are given back. The memory goes with the loop. */
void clients_stop(struct clients *clients);

/* Reads only, by `socket_read`; else it may steer as well. */
bool client_is_reader(const struct client *client);
/* Who it is, and as whom that user has logged in: himself where that is not known. What the request
 * says of that is believed of root alone, and only where we cannot see it ourselves, as in a unit
 * with ProtectProc=invisible: root could have logged in as anybody. */
struct client_user {
	uid_t uid, login;
	bool has_login;
};
struct client_user client_user(const struct client *client, const struct protocol_request *request);
/* "root", "root (login anna)", "uid 1000". On a thread: whoever knows the names may take his time.
 */
enum { CLIENT_NAME_SIZE = 96 };
void client_user_name(const struct client_user *user, char name[CLIENT_NAME_SIZE]);
/* All groups of whoever is at the other end, of a client that was lent; how many. */
enum { CLIENT_GROUPS_MAX = 256 };
size_t client_groups(int socket, gid_t groups[CLIENT_GROUPS_MAX]);

void client_answer(struct client *client, const json_t *data);
/* The next request may come. */
void client_end(struct client *client, enum protocol_exit exit, const char *message);
/* Until client_end it is a thread's, which may write to the descriptor; that does not block. It
 * stays valid, even when the client has gone. */
int client_lend(struct client *client);
/* In place of client_end: nothing more is said to it, and it goes. */
void client_leave(struct client *client);
/* Ends whoever waits for a reload. */
void client_wait(struct client *client);
void clients_end_waiting(struct clients *clients, enum protocol_exit exit, const char *message);

#endif
