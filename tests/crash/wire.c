#include "wire.h"

#include "direction.h"
#include "fatal.h"
#include "moment.h"
#include "movement.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS_MAX = 64, SERVERS_MAX = 4, LOOK_EVERY_MS = 20 };

struct pair {
	struct direction up, down;
	bool is_doomed; /* cut when the server has something to say */
	bool is_answered;
};

struct wire {
	pthread_t thread;
	struct sockaddr_un here; /* without a path on a port */
	struct sockaddr_un beyond[SERVERS_MAX];
	atomic_size_t servers;
	size_t turn;
	unsigned port;
	int listener, cut; /* cut: readable when it has come to pass */
	struct pair *pairs[PAIRS_MAX];
	size_t count;
	atomic_bool is_over, is_silent, hangs_up;
	struct garbling garbling;
	atomic_long messages, turns, cut_at;
	atomic_int how, delay_ms;
};

/* ---- connections ---- */

static void pair_close(struct wire *wire, size_t index)
{
	struct pair *pair = wire->pairs[index];
	close(pair->up.from);
	close(pair->down.from);
	direction_empty(&pair->up);
	direction_empty(&pair->down);
	free(pair);
	wire->pairs[index] = wire->pairs[--wire->count];
}

static void pair_add(struct wire *wire)
{
	const int yes = 1;
	int client = accept4(wire->listener, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		return;
	(void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* if it is TCP */
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (wire->count == PAIRS_MAX)
		fatal("too many connections for the wire");
	const struct sockaddr_un *beyond =
	    &wire->beyond[wire->turn++ % atomic_load(&wire->servers)];
	if (connect(server, (const struct sockaddr *)beyond, sizeof *beyond) < 0) {
		close(client);
		close(server);
		return;
	}
	struct pair *pair = calloc(1, sizeof *pair);
	if (!pair)
		fatal("out of memory");
	direction_init(&pair->up, client, server);
	pair->up.garbling = &wire->garbling;
	direction_init(&pair->down, server, client);
	wire->pairs[wire->count++] = pair;
}

static void cut_tell(const struct wire *wire)
{
	const uint64_t one = 1;
	if (write(wire->cut, &one, sizeof one) < 0)
		fatal("cannot tell of a cut: %s", strerror(errno));
}

/* All of them, at the next look. */
static void die(struct wire *wire)
{
	close(wire->listener);
	wire->listener = -1;
}

/* What becomes of the message that a client sends now. */
static enum wire_cut fate(struct wire *wire, struct pair *pair)
{
	long number = atomic_fetch_add(&wire->messages, 1) + 1;
	atomic_fetch_add(&wire->turns, pair->is_answered);
	pair->is_answered = false;
	if (number != atomic_load(&wire->cut_at))
		return WIRE_WHOLE;
	cut_tell(wire);
	return (enum wire_cut)atomic_load(&wire->how);
}

/* False: the pair is to be closed. */
static bool client_speaks(struct wire *wire, struct pair *pair)
{
	enum wire_cut how = fate(wire, pair);
	if (how == WIRE_DEAD)
		die(wire);
	if (how == WIRE_BEFORE || how == WIRE_DEAD)
		return false;
	if (how == WIRE_SILENT) {
		atomic_store(&wire->is_silent, true);
		return true;
	}
	pair->is_doomed = pair->is_doomed || how == WIRE_BEFORE_ANSWER;
	return direction_take(&pair->up, atomic_load(&wire->delay_ms));
}

static bool server_speaks(struct wire *wire, struct pair *pair)
{
	pair->is_answered = true;
	return !pair->is_doomed && direction_take(&pair->down, atomic_load(&wire->delay_ms));
}

static bool is_stuck(const struct wire *wire)
{
	return atomic_load(&wire->is_silent);
}

/* False: the pair is to be closed. */
static bool pair_serve(struct wire *wire, struct pair *pair, const struct pollfd polled[2])
{
	int64_t now_ms = moment_now_ms();
	bool lives = wire->listener >= 0;
	if (lives && !is_stuck(wire) && polled[0].revents)
		lives = client_speaks(wire, pair);
	if (lives && !is_stuck(wire) && polled[1].revents)
		lives = server_speaks(wire, pair);
	if (!lives || is_stuck(wire))
		return lives;
	return direction_deliver(&pair->up, now_ms) && direction_deliver(&pair->down, now_ms);
}

/* ---- the thread ---- */

/* Until somebody speaks, something is due, or it is time to look whether it is over. */
static void wire_wait(const struct wire *wire, struct pollfd *polled)
{
	int64_t now_ms = moment_now_ms();
	int ms = LOOK_EVERY_MS;
	bool is_deaf = is_stuck(wire);
	polled[0] = (struct pollfd){is_deaf ? -1 : wire->listener, POLLIN, 0};
	for (size_t i = 0; i < wire->count; i++) {
		const struct pair *pair = wire->pairs[i];
		polled[1 + 2 * i] = (struct pollfd){is_deaf ? -1 : pair->up.from, POLLIN, 0};
		polled[2 + 2 * i] = (struct pollfd){is_deaf ? -1 : pair->down.from, POLLIN, 0};
		if (!is_deaf)
			ms = direction_patience(
			    &pair->down, now_ms, direction_patience(&pair->up, now_ms, ms));
	}
	poll(polled, 1 + 2 * wire->count, ms);
}

static void all_close(struct wire *wire)
{
	while (wire->count > 0)
		pair_close(wire, 0);
}

static void *wire_main(void *argument)
{
	struct wire *wire = argument;
	while (!atomic_load(&wire->is_over)) {
		struct pollfd polled[1 + 2 * PAIRS_MAX];
		wire_wait(wire, polled);
		for (size_t i = wire->count; i-- > 0;)
			if (!pair_serve(wire, wire->pairs[i], polled + 1 + 2 * i))
				pair_close(wire, i);
		if (atomic_load(&wire->hangs_up))
			all_close(wire);
		atomic_store(&wire->hangs_up, false);
		if (wire->listener >= 0 && polled[0].revents)
			pair_add(wire);
	}
	all_close(wire);
	return NULL;
}

/* ---- beginning and end ---- */

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address.sun_path)
		fatal("%s is too long for a socket", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	return address;
}

static bool path_listen(struct wire *wire, const char *here)
{
	wire->here = address_of(here);
	wire->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(wire->listener, (struct sockaddr *)&wire->here, sizeof wire->here) == 0 &&
	       listen(wire->listener, 64) == 0;
}

static bool port_listen(struct wire *wire)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof address;
	wire->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_good = bind(wire->listener, (struct sockaddr *)&address, size) == 0 &&
	               listen(wire->listener, 64) == 0 &&
	               getsockname(wire->listener, (struct sockaddr *)&address, &size) == 0;
	wire->port = ntohs(address.sin_port);
	return is_good;
}

void wire_add(struct wire *wire, const char *server)
{
	size_t count = atomic_load(&wire->servers);
	if (count == SERVERS_MAX)
		fatal("too many servers for the wire");
	wire->beyond[count] = address_of(server);
	atomic_store(&wire->servers, count + 1);
}

struct wire *wire_start(const char *here, const char *server)
{
	struct wire *wire = calloc(1, sizeof *wire);
	if (!wire)
		fatal("out of memory");
	wire_add(wire, server);
	wire->cut = eventfd(0, EFD_CLOEXEC);
	bool listens = here ? path_listen(wire, here) : port_listen(wire);
	if (!listens || wire->cut < 0 || pthread_create(&wire->thread, NULL, wire_main, wire) != 0)
		fatal("cannot listen on %s: %s", here ? here : "a port", strerror(errno));
	return wire;
}

void wire_stop(struct wire *wire)
{
	atomic_store(&wire->is_over, true);
	pthread_join(wire->thread, NULL);
	if (wire->listener >= 0)
		close(wire->listener);
	if (*wire->here.sun_path)
		unlink(wire->here.sun_path);
	close(wire->cut);
	free(wire);
}

unsigned wire_port(const struct wire *wire)
{
	return wire->port;
}

void wire_cut_at(struct wire *wire, long message, enum wire_cut how)
{
	atomic_store(&wire->messages, 0);
	atomic_store(&wire->turns, 0);
	atomic_store(&wire->is_silent, false);
	atomic_store(&wire->how, (int)how);
	atomic_store(&wire->cut_at, message);
}

void wire_await_cut(const struct wire *wire)
{
	struct pollfd polled = {wire->cut, POLLIN, 0};
	struct movement movement;
	movement_start(&movement, MOVEMENT_QUIET_MS);
	if (movement_poll(&movement, &polled, 1) != 1)
		fatal("the wire was not cut: only %ld messages came by", wire_messages(wire));
}

void wire_hang_up(struct wire *wire)
{
	const struct timespec pause = {.tv_nsec = 1000 * 1000};
	atomic_store(&wire->hangs_up, true);
	while (atomic_load(&wire->hangs_up))
		nanosleep(&pause, NULL);
}

void wire_garble(struct wire *wire, const char *from, const char *to)
{
	wire->garbling.from = from;
	wire->garbling.to = to;
	atomic_store(&wire->garbling.is_on, true);
}

void wire_delay(struct wire *wire, int ms)
{
	atomic_store(&wire->delay_ms, ms);
}

long wire_messages(const struct wire *wire)
{
	return atomic_load(&wire->messages);
}

long wire_turns(const struct wire *wire)
{
	return atomic_load(&wire->turns);
}
