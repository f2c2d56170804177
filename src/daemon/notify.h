/*
 * notify: what systemd is told. libsystemd's sd_notify waits when the other side does not read, and
 * the loop must not: a status goes without waiting and may be lost, a change of state is said.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

struct notify {
	int socket; /* -1: nobody listens */
};

void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* "READY=1", "STOPPING=1": rare, and must arrive. */
void notify_state(const char *state);
/* "STATUS=..." */
void notify_status(const struct notify *notify, const char *status);

#endif
