/*
 * movement: whether those for whom a test waits are still at work. A machine may be as slow as it
 * likes: what is limited is not how long something takes but how long nothing moves. Something
 * moves when the processes below a root compute, or have in most looks a thread that would compute
 * if it were its turn, or waits for the disk. A timer that goes off now and then, or somebody who
 * asks again and again with pauses, does not count; nor does who looks. Whatever turns round and
 * round is ended by the processor's time that it has had.
 */
#ifndef SUPPORT_MOVEMENT_H
#define SUPPORT_MOVEMENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	MOVEMENT_LOOK_MS = 1000, /* who waits asks at least so often */
	/* Usual for a wait in a test: the daemon's own timers take a minute at most. */
	MOVEMENT_QUIET_MS = 120 * 1000,
	MOVEMENT_CPU_MS = 1800 * 1000,
};

struct movement {
	pid_t root;
	int look_ms, looks_max;   /* a period of so many looks */
	int64_t next_ms;          /* the next one */
	int looks, busy;          /* in this period, and those that found somebody at work */
	bool was_seen;            /* by the caller, since the last look */
	int64_t cpu_ms, start_ms; /* used when the period began, and at the first look */
	char reason[64];          /* why it is over: "nothing moved for 120 s" */
};

/* Of the whole test: what tests/support/patience.c runs and all below; by hand, this process's. */
void movement_start(struct movement *movement, int quiet_ms);
void movement_start_below(struct movement *movement, pid_t root, int quiet_ms);
/* The caller has seen somebody move: a tracer, by whom its program is stopped at each call. */
void movement_see(struct movement *movement);
/* Looks when it is time to. False: it is over, and there is a reason. */
bool movement_goes_on(struct movement *movement);

/* Until one of them has something to tell, or it is over: then 0, as poll() does. */
int movement_poll(struct movement *movement, struct pollfd *polled, size_t count);
/* For what does not tell of its own accord, and is asked again: 20 ms. False: it is over. */
bool movement_pause(struct movement *movement);

/* Calls back for a process and all below it, the root first. */
void movement_each(pid_t root, void (*on_process)(void *context, pid_t pid), void *context);

#define MOVEMENT_ROOT "ENROLD_TEST_ROOT" /* the variable that names the root */

#endif
