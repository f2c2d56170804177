#include "client_state.h"

#include "enrold/control.h"
#include "enrold/log.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_AT_ONCE = 16, MODE_STEER = 0660, MODE_READ = 0666 };
/* Nobody loses his place to others before that; so often it is looked. */
enum { PLACE_MS = 1000 };

static void coming_poll(struct clients *clients);

/* ---- memory ---- */

/* One of all handles, whoever's. */
static void handle_forget(struct clients *clients)
{
	if (--clients->handles == 0 && clients->is_stopped)
		free(clients);
}

static void on_handle_closed(uv_handle_t *handle)
{
	handle_forget(handle->data);
}

static void on_listener_closed(uv_handle_t *handle)
{
	handle_forget(handle->data);
	free(handle);
}

static void on_free(struct clients *clients)
{
	coming_poll(clients);
	handle_forget(clients);
}

/* ---- coming ---- */

static struct client *place_find(struct clients *clients)
{
	uint64_t now = uv_now(clients->loop);
	struct client *idlest = NULL;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *client = &clients->clients[i];
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
	if (!client_find_user(client) || uv_poll_init(clients->loop, &client->poll, socket) < 0) {
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
		struct client *client = &clients->clients[i];
		if (client->state == CLIENT_READING && now - client->heard_at >= CLIENT_IDLE_MS)
			client_drop(client);
	}
	coming_poll(clients);
}

void clients_end_waiting(struct clients *clients, enum protocol_exit exit, const char *message)
{
	for (size_t i = 0; clients && i < CLIENTS_MAX; i++)
		if (clients->clients[i].state == CLIENT_WAITING)
			client_end(&clients->clients[i], exit, message);
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
	clients->on_free = on_free;
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
		client_drop(&clients->clients[i]);
	clients->is_stopped = true;
	uv_close((uv_handle_t *)&clients->idle, on_handle_closed);
}
