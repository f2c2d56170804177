/*
 * systemd: what it is told (sd_notify(3)). libsystemd's sd_notify waits when the other side does
 * not read, and the loop must not: a status is sent without waiting and may be lost, a change of
 * state arrives.
 */
#ifndef ENROLD_SYSTEMD_H
#define ENROLD_SYSTEMD_H

#include <stdint.h>

struct systemd {
	int socket; /* -1: nobody listens */
};

void systemd_open(struct systemd *notify);
void systemd_close(struct systemd *notify);

/* "READY=1", "STOPPING=1": rare, and must arrive. */
void systemd_state(const char *state);
/* A new configuration is coming; READY=1 follows. */
void systemd_reloading(void);
/* How often systemd wants to hear from us, halved; 0: never. */
uint64_t systemd_watchdog_ms(void);
/* "STATUS=...", "WATCHDOG=1" */
void systemd_status(const struct systemd *notify, const char *status);

#endif
