/*
 * hook: the command that a feed's after_run names, run when a file of the feed has been applied and
 * answered. What it says is logged; that it fails changes nothing.
 */
#ifndef RUN_HOOK_H
#define RUN_HOOK_H

#include "run_state.h"

/* Waits for its end, at most after_run_timeout; then its whole process group is ended. */
void hook_run(const struct run *run);

#endif
