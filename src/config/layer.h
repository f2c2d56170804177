/*
 * layer: what one place says of a feed, without defaults, and several of them one over the other:
 * the feed over the kind over the preset (enrold.yaml(5), PRESETS).
 *
 * A key of the upper layer takes the place of the lower one's. Of maps that holds for each entry:
 * the lower layer's other entries stay. Lists are taken as a whole, because what stands in them has
 * an order (dates) or is one thing (positions).
 */
#ifndef CONFIG_LAYER_H
#define CONFIG_LAYER_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/policy.h"
#include "enrold/slice.h"

#include "keys.h"

struct layer {
	struct policy policy;
	struct keys_given given;
};

/* Lays the upper one over `layer`; texts stay where they are. CONFIG: a map has too many entries
 * then. */
struct error layer_lay(
    const struct layer *upper, struct arena *arena, struct layer *layer) MUST_CHECK;
/* Its policy with the defaults of all other keys. */
struct error layer_fill(
    const struct layer *layer, struct arena *arena, struct policy *policy) MUST_CHECK;

/* What enrold calls a column that `values` has words of: its name by the policy's `columns`, else
 * itself; folded. */
struct slice layer_column(const struct policy *policy, const char *column, struct arena *arena);

#endif
