#include "clients.h"

#include "enrold/control.h"
#include "enrold/log.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ACCEPTS_AT_ONCE = 16, GROUPS_MAX = 256, MODE_STEER = 0660, MODE_READ = 0666 };
/* Nobody loses his place to others before that; so often it is looked. */
enum { PLACE_MS = 1000 };
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

static void coming_poll(struct clients *clients);
static void client_read(struct client *client);
static void client_write(struct client *client);

/* ---- memory ---- */

static void on_handle_closed(uv_handle_t *handle)
{
	struct clients *clients = handle->data;
	if (--clients->handles == 0 && clients->is_stopped)
		free(clients);
}

static void on_listener_closed(uv_handle_t *handle)
{
	on_handle_closed(handle);
	free(handle);
}

static void on_client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct clients *clients = client->all;
	client->state = CLIENT_FREE;
	coming_poll(clients);
	handle->data = clients;
	on_handle_closed(handle);
}

static void client_drop(struct client *client)
{
	if (client->state == CLIENT_FREE || client->is_dropped)
		return;
	client->is_dropped = true;
	if (client->state == CLIENT_LENT) {
		shutdown(client->socket, SHUT_RDWR); /* its thread finds out */
		return;
	}
	uv_close((uv_handle_t *)&client->poll, on_client_closed);
	close(client->socket);
	free(client->in);
	buffer_done(&client->out);
	client->in = NULL;
}

/* ---- who they are ---- */

static bool has_group(const struct client *client, gid_t first, gid_t wanted)
{
	gid_t groups[GROUPS_MAX];
	socklen_t size = sizeof groups;
	if (first == wanted)
		return true;
	if (getsockopt(client->socket, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return false;
	for (size_t i = 0; i < size / sizeof *groups; i++)
		if (groups[i] == wanted)
			return true;
	return false;
}

/* False: it may not ask. */
static bool peer_find(struct client *client)
{
	const struct clients *clients = client->all;
	struct ucred peer;
	socklen_t size = sizeof peer;
	if (getsockopt(client->socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return false;
	client->uid = peer.uid;
	client->pid = peer.pid;
	bool may_steer =
	    peer.uid == 0 || peer.uid == geteuid() || has_group(client, peer.gid, clients->group);
	client->is_reader = !may_steer;
	return may_steer ||
	       (clients->has_read_group && has_group(client, peer.gid, clients->read_group));
}

bool client_is_reader(const struct client *client)
{
	return client->is_reader;
}

/* As whom that process's user logged in: what a sudo hides. */
static bool login_find(pid_t pid, uid_t *login)
{
	char path[64];
	unsigned found;
	snprintf(path, sizeof path, "/proc/%ld/loginuid", (long)pid);
	FILE *file = fopen(path, "re");
	bool is_there = file && fscanf(file, "%u", &found) == 1 && found != (unsigned)-1;
	if (file)
		fclose(file);
	*login = is_there ? found : 0;
	return is_there;
}

struct client_user client_user(const struct client *client)
{
	struct client_user user = {.uid = client->uid, .login = client->uid};
	uid_t login;
	if (login_find(client->pid, &login))
		user.login = login;
	return user;
}

static void uid_name(uid_t uid, char name[CLIENT_NAME_SIZE])
{
	char memory[4096];
	struct passwd entry, *found = NULL;
	if (getpwuid_r(uid, &entry, memory, sizeof memory, &found) == 0 && found)
		snprintf(name, CLIENT_NAME_SIZE, "%s", found->pw_name);
	else
		snprintf(name, CLIENT_NAME_SIZE, "uid %u", (unsigned)uid);
}

void client_user_name(const struct client_user *user, char name[CLIENT_NAME_SIZE])
{
	char login[CLIENT_NAME_SIZE];
	uid_name(user->uid, name);
	if (user->login == user->uid)
		return;
	uid_name(user->login, login);
	size_t length = strlen(name);
	snprintf(name + length, CLIENT_NAME_SIZE - length, " (login %.24s)", login);
}

/* ---- lines in ---- */

static void on_client(uv_poll_t *poll, int status, int events)
{
	struct client *client = poll->data;
	if (status < 0)
		client_drop(client);
	else if (events & UV_WRITABLE)
		client_write(client);
	else if (events & UV_READABLE)
		client_read(client);
}

/* It came behind the one that was just answered, and is for the next turn. */
static bool has_line(const struct client *client)
{
	return client->state == CLIENT_READING && client->in_size > 0 &&
	       memchr(client->in, '\n', client->in_size);
}

/* Asks for what can happen next: one thing at a time. */
static void client_poll(struct client *client)
{
	if (client->state == CLIENT_FREE || client->is_dropped)
		return;
	if (client->out_sent < client->out.size || has_line(client))
		uv_poll_start(&client->poll, UV_WRITABLE, on_client);
	else if (client->state == CLIENT_READING && !client->has_ended)
		uv_poll_start(&client->poll, UV_READABLE, on_client);
	else if (client->state == CLIENT_READING)
		client_drop(client);
	else
		uv_poll_stop(&client->poll);
}

static void request_take(struct client *client, size_t size)
{
	struct protocol_request request;
	struct error error = protocol_parse((struct slice){client->in, size}, &request);
	client->in_size -= size + 1;
	memmove(client->in, client->in + size + 1, client->in_size);
	client->state = CLIENT_ASKING;
	client->heard_at = uv_now(client->all->loop);
	if (is_error(&error))
		client_end(client, PROTOCOL_EXIT_USAGE, error.text);
	else
		client->all->on_request(client->all->context, client, &request);
}

/* One line, if there is one; what lies behind it is for later. */
static void line_take(struct client *client)
{
	const char *end = client->in_size > 0 ? memchr(client->in, '\n', client->in_size) : NULL;
	if (!end) {
		if (client->in_size < PROTOCOL_LINE_MAX)
			return;
		client->state = CLIENT_ASKING;
		client->has_ended = true;
		client->in_size = 0; /* it is said once */
		client_end(client, PROTOCOL_EXIT_USAGE, "a request has at most 64 KiB");
		return;
	}
	request_take(client, (size_t)(end - client->in));
}

static void client_read(struct client *client)
{
	if (!client->in)
		client->in = malloc(PROTOCOL_LINE_MAX);
	if (!client->in) {
		client_drop(client);
		return;
	}
	ssize_t size = recv(
	    client->socket, client->in + client->in_size, PROTOCOL_LINE_MAX - client->in_size, 0);
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size < 0) {
		client_drop(client);
		return;
	}
	client->has_ended = size == 0;
	client->in_size += (size_t)size;
	line_take(client);
	client_poll(client);
}

/* ---- lines out ---- */

/* As much as it takes. False: it has gone. */
static bool client_send(struct client *client)
{
	const char *rest = client->out.bytes + client->out_sent;
	size_t left = client->out.size - client->out_sent;
	ssize_t size = left > 0 ? send(client->socket, rest, left, MSG_NOSIGNAL) : 0;
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (size < 0) {
		client_drop(client);
		return false;
	}
	client->heard_at = uv_now(client->all->loop);
	client->out_sent += (size_t)size;
	if (client->out_sent == client->out.size) {
		buffer_done(&client->out);
		client->out_sent = 0;
	}
	return true;
}

static void client_write(struct client *client)
{
	if (!client_send(client))
		return;
	if (client->out.size == 0 && has_line(client))
		line_take(client);
	client_poll(client);
}

void client_answer(struct client *client, const json_t *data)
{
	protocol_answer(&client->out, data);
}

void client_leave(struct client *client)
{
	client->state = CLIENT_READING;
	client->is_dropped = false; /* while it was lent */
	client_drop(client);
}

void client_end(struct client *client, enum protocol_exit exit, const char *message)
{
	if (client->is_dropped) {
		client_leave(client);
		return;
	}
	client->state = CLIENT_READING;
	protocol_end(&client->out, exit, message);
	client->heard_at = uv_now(client->all->loop);
	/* At once: the loop may be about to end. */
	if (client->out.failed)
		client_drop(client);
	else if (client_send(client))
		client_poll(client);
}

int client_lend(struct client *client)
{
	client->state = CLIENT_LENT;
	client_poll(client);
	return client->socket;
}

void client_wait(struct client *client)
{
	client->state = CLIENT_WAITING;
	client_poll(client);
}

void clients_end_waiting(struct clients *clients, enum protocol_exit exit, const char *message)
{
	for (size_t i = 0; clients && i < CLIENTS_MAX; i++)
		if (clients->clients[i].state == CLIENT_WAITING)
			client_end(&clients->clients[i], exit, message);
}

/* ---- coming ---- */

static struct client *client_of_index(struct clients *clients, size_t index)
{
	return &clients->clients[index];
}

static struct client *place_find(struct clients *clients)
{
	uint64_t now = uv_now(clients->loop);
	struct client *idlest = NULL;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = client_of_index(clients, i);
		if (client->state == CLIENT_FREE)
			return client;
		if (client->state == CLIENT_READING && !client->is_dropped &&
		    (!idlest || client->heard_at < idlest->heard_at))
			idlest = client;
	}
	/* Its place is free when the loop has closed it. */
	if (idlest && now - idlest->heard_at >= PLACE_MS)
		client_drop(idlest);
	return NULL;
}

static void client_begin(struct clients *clients, struct client *client, int socket)
{
	*client = (struct client){.all = clients, .socket = socket};
	if (!peer_find(client) || uv_poll_init(clients->loop, &client->poll, socket) < 0) {
		close(socket);
		return;
	}
	client->poll.data = client;
	client->state = CLIENT_READING;
	client->heard_at = uv_now(clients->loop);
	clients->handles++;
	client_poll(client);
}

/* There is no place for it: it waits in the kernel's queue until somebody goes. */
static void on_coming(uv_poll_t *poll, int status, int events)
{
	struct clients *clients = poll->data;
	(void)events;
	for (int i = 0; status == 0 && i < ACCEPTS_AT_ONCE; i++) {
		struct client *place = place_find(clients);
		if (!place) {
			uv_poll_stop(poll);
			return;
		}
		int socket = accept4(clients->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (socket < 0 && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			uv_poll_stop(poll); /* no descriptor, no memory: perhaps in a while */
		if (socket < 0)
			return;
		client_begin(clients, place, socket);
	}
}

static void coming_poll(struct clients *clients)
{
	if (clients->listening >= 0)
		uv_poll_start(clients->listener, UV_READABLE, on_coming);
}

static void on_idle(uv_timer_t *timer)
{
	struct clients *clients = timer->data;
	uint64_t now = uv_now(clients->loop);
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = client_of_index(clients, i);
		if (client->state == CLIENT_READING && now - client->heard_at >= CLIENT_IDLE_MS)
			client_drop(client);
	}
	coming_poll(clients);
}

/* ---- the socket ---- */

struct error clients_create(
    uv_loop_t *loop, clients_on_request *on_request, void *context, struct clients **result)
{
	struct clients *clients = calloc(1, sizeof *clients);
	if (!clients)
		return error_memory("starting");
	clients->loop = loop;
	clients->on_request = on_request;
	clients->context = context;
	clients->listening = -1;
	uv_timer_init(loop, &clients->idle);
	clients->idle.data = clients;
	clients->handles = 1;
	uv_timer_start(&clients->idle, on_idle, PLACE_MS, PLACE_MS);
	uv_unref((uv_handle_t *)&clients->idle);
	*result = clients;
	return OK;
}

/* What has its name may be another daemon's by now. */
static void listening_end(struct clients *clients)
{
	struct stat there;
	if (clients->listening < 0)
		return;
	uv_close((uv_handle_t *)clients->listener, on_listener_closed);
	close(clients->listening);
	clients->listening = -1;
	if (lstat(clients->path, &there) == 0 && there.st_ino == clients->inode)
		unlink(clients->path);
}

static struct error groups_find(struct clients *clients, const struct config *config)
{
	const char *name = config->socket_read;
	const struct group *group = name ? getgrnam(name) : NULL;
	snprintf(clients->read_name, sizeof clients->read_name, "%s", name ? name : "");
	clients->has_read_group = group;
	if (group)
		clients->read_group = group->gr_gid;
	return name && !group ? error_config("socket_read: there is no group %s", name) : OK;
}

static struct error listening_begin(struct clients *clients, const struct config *config)
{
	struct stat there;
	struct error error = groups_find(clients, config);
	if (is_error(&error))
		return error;
	error = control_listen(
	    clients->path, config->socket_read ? MODE_READ : MODE_STEER, &clients->listening);
	if (is_error(&error))
		return error;
	clients->listener = malloc(sizeof *clients->listener);
	if (lstat(clients->path, &there) < 0 || !clients->listener ||
	    uv_poll_init(clients->loop, clients->listener, clients->listening) < 0) {
		free(clients->listener);
		close(clients->listening);
		clients->listening = -1;
		unlink(clients->path);
		return error_retry("cannot listen on %s", clients->path);
	}
	clients->inode = there.st_ino;
	clients->group = there.st_gid;
	clients->listener->data = clients;
	clients->handles++;
	coming_poll(clients);
	return OK;
}

static bool is_in_place(
    const struct clients *clients, const struct config *config, const char *path)
{
	struct stat there;
	const char *readers = config->socket_read ? config->socket_read : "";
	return clients->listening >= 0 && strcmp(clients->path, path) == 0 &&
	       strcmp(clients->read_name, readers) == 0 && lstat(path, &there) == 0 &&
	       there.st_ino == clients->inode;
}

void clients_listen(struct clients *clients, const struct config *config)
{
	char path[PATH_MAX];
	control_path(config, path);
	if (is_in_place(clients, config, path))
		return;
	listening_end(clients);
	memcpy(clients->path, path, sizeof path);
	struct error error = listening_begin(clients, config);
	if (is_error(&error) && !clients->is_troubled)
		log_event(LOG_WARNING, "control_away", NULL,
		    "%s: enrolctl cannot ask or steer until that is mended; files are run as ever",
		    error.text);
	else if (!is_error(&error) && clients->is_troubled)
		log_event(LOG_INFO, "control_back", NULL, "%s is there: enrolctl can ask again",
		    clients->path);
	clients->is_troubled = is_error(&error);
}

void clients_stop(struct clients *clients)
{
	if (!clients)
		return;
	listening_end(clients);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		client_drop(client_of_index(clients, i));
	clients->is_stopped = true;
	uv_close((uv_handle_t *)&clients->idle, on_handle_closed);
}
