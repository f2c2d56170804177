/*
 * undoing: a person's word that a run is to be undone, as it lies in orders/, and what came of it.
 */
#ifndef SUPPORT_UNDOING_H
#define SUPPORT_UNDOING_H

#include "reply.h"

void undo_order(const struct rig *rig, const char *run);
/* The same, and carried out: the answer. */
void undo_run(struct rig *rig, const char *run, struct reply *reply);
/* Its run, which outlives the answer. */
struct path undo_subject(const struct reply *reply);

#endif
