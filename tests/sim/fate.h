/*
 * fate: what goes wrong next, drawn from one seed, so that a life that went wrong can be lived
 * again. The disk and the database of a simulation ask it before each of their steps.
 */
#ifndef SIM_FATE_H
#define SIM_FATE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

enum death { DEATH_NONE, DEATH_KILL, DEATH_POWER };

struct fate {
	unsigned int seed;
	int faults;           /* of 1000 steps so many fail; 0: none */
	enum death death;     /* what comes ... */
	long dies_in;         /* ... after so many steps more */
	jmp_buf *grave;       /* where the process is dead */
	int64_t now_us;       /* the clock on the wall, which may be set back */
	int64_t monotonic_us; /* the other, which may not */
	bool is_away;         /* the database */
	bool is_paused;       /* nothing happens: the simulation itself is at work */
	unsigned long steps, failed, deaths, cuts;
};

extern struct fate fate;

/* From 0 below n. */
int fate_draw(int n);
/* 0: go on; else errno. Does not return when this is the end of the process. */
int fate_step(void);

#endif
