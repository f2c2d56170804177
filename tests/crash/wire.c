#include "wire.h"

#include "fatal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PAIRS_MAX = 64 };

struct pair {
	int client, server;
	bool is_doomed; /* cut when the server has something to say */
};

struct wire {
	pthread_t thread;
	struct sockaddr_un here, beyond;
	int listener;
	struct pair pairs[PAIRS_MAX];
	size_t count;
	atomic_bool is_over;
	atomic_long messages, cut_at;
	atomic_int how;
};

static void pair_close(struct wire *wire, size_t index)
{
	close(wire->pairs[index].client);
	close(wire->pairs[index].server);
	wire->pairs[index] = wire->pairs[--wire->count];
}

static void pair_add(struct wire *wire)
{
	struct pair pair = {.client = accept4(wire->listener, NULL, NULL, SOCK_CLOEXEC)};
	if (pair.client < 0)
		return;
	pair.server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (wire->count == PAIRS_MAX)
		fatal("too many connections for the wire");
	if (connect(pair.server, (struct sockaddr *)&wire->beyond, sizeof wire->beyond) < 0) {
		close(pair.client);
		close(pair.server);
		return;
	}
	wire->pairs[wire->count++] = pair;
}

static bool pass(int from, int to)
{
	char bytes[64 << 10];
	ssize_t size = read(from, bytes, sizeof bytes);
	for (ssize_t done = 0; done < size;) {
		ssize_t written = send(to, bytes + done, (size_t)(size - done), MSG_NOSIGNAL);
		if (written < 0)
			return false;
		done += written;
	}
	return size > 0;
}

/* False: the pair is to be closed. */
static bool client_speaks(struct wire *wire, struct pair *pair)
{
	long number = atomic_fetch_add(&wire->messages, 1) + 1;
	int how = number == atomic_load(&wire->cut_at) ? atomic_load(&wire->how) : WIRE_WHOLE;
	if (how == WIRE_BEFORE)
		return false;
	pair->is_doomed = pair->is_doomed || how == WIRE_BEFORE_ANSWER;
	return pass(pair->client, pair->server);
}

static bool server_speaks(struct pair *pair)
{
	return !pair->is_doomed && pass(pair->server, pair->client);
}

static void *wire_main(void *argument)
{
	struct wire *wire = argument;
	while (!atomic_load(&wire->is_over)) {
		struct pollfd polled[1 + 2 * PAIRS_MAX];
		polled[0] = (struct pollfd){wire->listener, POLLIN, 0};
		size_t count = wire->count;
		for (size_t i = 0; i < count; i++) {
			polled[1 + 2 * i] = (struct pollfd){wire->pairs[i].client, POLLIN, 0};
			polled[2 + 2 * i] = (struct pollfd){wire->pairs[i].server, POLLIN, 0};
		}
		poll(polled, 1 + 2 * count, 20);
		for (size_t i = count; i-- > 0;) {
			bool lives = true;
			if (polled[1 + 2 * i].revents)
				lives = client_speaks(wire, &wire->pairs[i]);
			if (lives && polled[2 + 2 * i].revents)
				lives = server_speaks(&wire->pairs[i]);
			if (!lives)
				pair_close(wire, i);
		}
		if (polled[0].revents)
			pair_add(wire);
	}
	while (wire->count > 0)
		pair_close(wire, 0);
	return NULL;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path)
		fatal("%s is too long for a socket", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	return address;
}

struct wire *wire_start(const char *here, const char *server)
{
	struct wire *wire = calloc(1, sizeof *wire);
	if (!wire)
		fatal("out of memory");
	wire->here = address_of(here);
	wire->beyond = address_of(server);
	wire->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(wire->listener, (struct sockaddr *)&wire->here, sizeof wire->here) < 0 ||
	    listen(wire->listener, 64) < 0 ||
	    pthread_create(&wire->thread, NULL, wire_main, wire) != 0)
		fatal("cannot listen on %s: %s", here, strerror(errno));
	return wire;
}

void wire_stop(struct wire *wire)
{
	atomic_store(&wire->is_over, true);
	pthread_join(wire->thread, NULL);
	close(wire->listener);
	unlink(wire->here.sun_path);
	free(wire);
}

void wire_cut_at(struct wire *wire, long message, enum wire_cut how)
{
	atomic_store(&wire->messages, 0);
	atomic_store(&wire->how, (int)how);
	atomic_store(&wire->cut_at, message);
}

long wire_messages(struct wire *wire)
{
	return atomic_load(&wire->messages);
}
