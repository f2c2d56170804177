/*
 * prune_show: what goes, or has gone, a line for each thing.
 */
#ifndef CTL_PRUNE_SHOW_H
#define CTL_PRUNE_SHOW_H

#include "enrold/prune.h"

#include <jansson.h>

struct prune_shown {
	bool is_json;
	json_t *list; /* is_json */
	size_t files, others;
	uint64_t bytes;
};

/* A prune_on_row; the context is one of these. */
struct error prune_show(void *context, const struct prune_row *row) MUST_CHECK;
/* is_done: it has gone. */
void prune_show_end(struct prune_shown *shown, bool is_done);

#endif
