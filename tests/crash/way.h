/* way: one direction of a connection that goes through a wire, and what is under way on it. */
#ifndef CRASH_WAY_H
#define CRASH_WAY_H

#include <stdbool.h>
#include <stdint.h>

struct chunk;

struct way {
	int from, to; /* borrowed */
	struct chunk *first, **last;
};

void way_init(struct way *way, int from, int to);
/* One read; what it got arrives after the delay. False at the end, when all has arrived. */
bool way_take(struct way *way, int delay_ms);
/* What is due by then arrives. False: nobody takes it. */
bool way_deliver(struct way *way, int64_t by_ms);
/* How long to wait for the next that is due: `ms` at most. */
int way_patience(const struct way *way, int64_t now_ms, int ms);
void way_empty(struct way *way);

#endif
