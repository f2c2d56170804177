/*
 * order: what a person tells enrold to do, given to the daemon, or where none runs written into the
 * spool, for the next one.
 */
#ifndef CTL_ORDER_H
#define CTL_ORDER_H

#include "ctl.h"

#include "enrold/orders.h"

/* command: as the protocol has it. about: a feed's name or a run's id. done: the sentence for eyes,
 * with a %s for it. */
struct order_command {
	const char *command;
	enum order_kind kind;
	bool is_taken_back;
	const char *done;
};

enum ctl_exit order_do(const struct ctl *ctl, const struct order_command *command);

#endif
