/*
 * prune_list: the list of a run that prunes, as its parts share it.
 */
#ifndef RUN_PRUNE_LIST_H
#define RUN_PRUNE_LIST_H

#include "run_state.h"

#include "enrold/prune.h"

/* As it lies in work/; -1: errno says why, ENOENT that it has left. */
int prune_list_open(const struct run *run);

#endif
