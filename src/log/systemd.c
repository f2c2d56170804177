#include "enrold/systemd.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

/* sd_notify(3): a path, or with a leading @ an abstract name. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
	size_t length = strlen(name);
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (length < 2 || length >= sizeof address->sun_path || !strchr("/@", name[0]))
		return 0;
	memcpy(address->sun_path, name, length);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (name[0] == '/'));
}

void systemd_open(struct systemd *notify)
{
	struct sockaddr_un address;
	const char *name = getenv("NOTIFY_SOCKET");
	socklen_t size = name ? address_of(name, &address) : 0;
	notify->socket =
	    size > 0 ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
	if (notify->socket >= 0 &&
	    connect(notify->socket, (const struct sockaddr *)&address, size) < 0)
		systemd_close(notify);
}

void systemd_close(struct systemd *notify)
{
	if (notify->socket >= 0)
		close(notify->socket);
	notify->socket = -1;
}

void systemd_state(const char *state)
{
	sd_notify(0, state);
}

void systemd_reloading(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

uint64_t systemd_watchdog_ms(void)
{
	uint64_t every_us = 0;
	return sd_watchdog_enabled(0, &every_us) > 0 ? every_us / 2000 : 0;
}

void systemd_status(const struct systemd *notify, const char *status)
{
	if (notify->socket < 0)
		return;
	ssize_t ignored = send(notify->socket, status, strlen(status), MSG_NOSIGNAL);
	(void)ignored; /* the next status says it anew */
}
