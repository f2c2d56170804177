/*
 * notify: what systemd is told. libsystemd's sd_notify waits when the other side does not read, and
 * the loop must not: a status is sent without waiting and may be lost, a change of state arrives.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdint.h>

struct notify {
	int socket; /* -1: nobody listens */
};

void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* "READY=1", "STOPPING=1": rare, and must arrive. */
void notify_state(const char *state);
/* A new configuration is coming; READY=1 follows. */
void notify_reloading(void);
/* How often systemd wants to hear from us, halved; 0: never. */
uint64_t notify_watchdog_ms(void);
/* "STATUS=...", "WATCHDOG=1" */
void notify_status(const struct notify *notify, const char *status);

#endif
