/* direction: one of the two of a connection that goes through a wire, and what is under way on it.
 */
#ifndef CRASH_DIRECTION_H
#define CRASH_DIRECTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct chunk;

/* Bytes of what is taken that become others, where one read has them whole. */
struct garbling {
	atomic_bool is_on;
	const char *from, *to;
};

struct direction {
	int from, to; /* borrowed */
	struct chunk *first, **last;
	const struct garbling *garbling; /* NULL: none */
};

void direction_init(struct direction *direction, int from, int to);
/* One read; what it got arrives after the delay. False at the end, when all has arrived. */
bool direction_take(struct direction *direction, int delay_ms);
/* What is due by then arrives. False: nobody takes it. */
bool direction_deliver(struct direction *direction, int64_t by_ms);
/* How long to wait for the next that is due: `ms` at most. */
int direction_patience(const struct direction *direction, int64_t now_ms, int ms);
void direction_empty(struct direction *direction);

#endif
