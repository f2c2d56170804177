/*
 * order: what a person tells enrold to do, given to the daemon, or where none runs written into the
 * spool, for the next one.
 */
#ifndef CTL_ORDER_H
#define CTL_ORDER_H

#include "ctl.h"

#include "enrold/orders.h"

/* command: as the protocol has it. done: the sentence for eyes, before what it is about. */
struct order_command {
	const char *command;
	enum order_kind kind; /* of a feed, or of a run in work/ */
	bool is_taken_back;
	enum order_kind of_ended; /* of a run that has ended; one that is not for a run: none */
	const char *done;
};

/* About the first argument. */
enum ctl_exit order_do(const struct ctl *ctl, const struct order_command *command);
/* The same, about that feed or run. */
enum ctl_exit order_do_about(
    const struct ctl *ctl, const struct order_command *command, const char *about);

#endif
