/* way: one direction of a connection that goes through a wire, and what is under way on it. */
#ifndef CRASH_WAY_H
#define CRASH_WAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct chunk;

/* Bytes of what is taken that become others, where one read has them whole. */
struct garbling {
	atomic_bool is_on;
	const char *from, *to;
};

struct way {
	int from, to; /* borrowed */
	struct chunk *first, **last;
	const struct garbling *garbling; /* NULL: none */
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
