#include "enrold/ledger.h"

static const char *const state_names[] = {
    [RUN_UNKNOWN] = "unknown",
    [RUN_RUNNING] = "running",
    [RUN_APPLIED] = "applied",
    [RUN_PREVIEWED] = "previewed",
    [RUN_REFUSED] = "refused",
    [RUN_DISCARDED] = "discarded",
    [RUN_HELD] = "held",
};

enum run_state ledger_state_parse(struct slice name)
{
	for (enum run_state state = RUN_RUNNING; state < RUN_STATES; state++)
		if (slice_is(name, slice_of(state_names[state])))
			return state;
	return RUN_UNKNOWN;
}

const char *ledger_state_name(enum run_state state)
{
	return state_names[state];
}
