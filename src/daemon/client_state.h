/*
 * client_state: clients from the inside, as clients.c, client.c and client_user.c share it. Nobody
 * else includes it.
 */
#ifndef DAEMON_CLIENT_STATE_H
#define DAEMON_CLIENT_STATE_H

#include "clients.h"

#include <sys/stat.h>

enum { GROUP_NAME_SIZE = 256 };

enum client_state { CLIENT_FREE, CLIENT_READING, CLIENT_ASKING, CLIENT_WAITING, CLIENT_LENT };

struct client {
	struct clients *all;
	uv_poll_t poll; /* on the heap of all of them: a place is used again when it is closed */
	enum client_state state;
	bool is_dropped; /* as soon as it is given back */
	bool has_ended;  /* says no more; may still read */
	bool is_reader;
	int socket;
	uid_t uid;
	pid_t pid;
	uint64_t heard_at; /* a whole request; or it got something from us */
	char *in;
	size_t in_size;
	struct buffer out;
	size_t out_sent;
};

struct clients {
	uv_loop_t *loop;
	clients_on_request *on_request;
	void *context;
	void (*on_free)(
	    struct clients *clients); /* a place has become free, and its handle is closed */
	uv_poll_t *listener; /* on the heap of its own: the next may begin before it is closed */
	uv_timer_t idle;
	int listening; /* -1: nobody */
	char path[PATH_MAX];
	ino_t inode; /* of the path */
	gid_t group, read_group;
	bool has_read_group;
	char read_name[GROUP_NAME_SIZE]; /* "": nobody may only read */
	bool is_troubled;                /* which has been said */
	bool is_stopped;
	unsigned handles; /* not closed yet */
	struct client clients[CLIENTS_MAX];
};

/* ---- client.c ---- */

/* At once, or as soon as it is given back. */
void client_drop(struct client *client);
/* Asks for what can happen next: one thing at a time. */
void client_poll(struct client *client);

/* ---- client_user.c ---- */

/* Who is at the other end; false: he may not ask. */
bool client_find_user(struct client *client);

#endif
