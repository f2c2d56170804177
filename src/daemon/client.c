/*
 * client: the bytes between one client and us: lines in, answers out, and its going.
 */
#include "client_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void client_read(struct client *client);
static void client_write(struct client *client);

/* ---- going ---- */

static void on_client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	client->state = CLIENT_FREE;
	client->all->on_free(client->all);
}

void client_drop(struct client *client)
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

void client_poll(struct client *client)
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
