/*
 * service: the daemon, run as systemd would run it. It is ready when it says READY=1 on the notify
 * socket, stopped with SIGTERM, and has to say STOPPING=1, exit with 0 and have logged nothing but
 * JSON objects, one a line. Nothing here sleeps: the socket, inotify and the process are polled.
 */
#ifndef SUPPORT_SERVICE_H
#define SUPPORT_SERVICE_H

#include "program.h"
#include "rig.h"

struct service {
	struct program program;
	int notify;
	struct buffer heard; /* all notifications, a line each */
};

/* Returns when it is ready. */
void service_start(struct service *service, const struct rig *rig);
/* Does not wait, and says how it is started. */
void service_begin(struct service *service, const char *const *argv);
/* Polls what it has logged, for what there is no other sign of; fatal when it does not come. */
void service_await_log(struct service *service, const char *words);
/* Waits until a line that starts so has been heard; fatal when it is not. */
void service_hear(struct service *service, const char *start);
/* Waits for so many answers in the outbox ("" or "hr"); fatal when they do not come. */
void service_await(
    struct service *service, const struct rig *rig, const char *feed, size_t answers);
/* Waits until something has been claimed, so that there is work to interrupt. */
void service_await_claim(struct service *service, const struct rig *rig);
/* Waits until nothing is under way: all that was dropped has been put away, too. */
void service_await_idle(struct service *service, const struct rig *rig);
void service_stop(struct service *service);
void service_kill(struct service *service);
/* It ends by itself. Given to the caller. */
struct finished service_await_end(struct service *service);
size_t service_descriptors(const struct service *service);
size_t service_memory(const struct service *service); /* resident, in bytes */

#endif
