/*
 * prune_stays: what of a feed's has to stay whatever its age, as the ledger, work/ and orders/ say.
 */
#ifndef RUN_PRUNE_STAYS_H
#define RUN_PRUNE_STAYS_H

#include "prune_rules.h"

#include "enrold/kept.h"

struct stays {
	struct arena *arena; /* lives as long */
	struct keep_limits limits;
	/* Sorted. Runs that have an open plan; whose input an open plan is about that does not go;
	 * of which a grace is not over; by which others are measured. */
	struct kept_ids planned, sources, suspended, measures;
	/* As last looked: runs in work/, and those that an order is about. */
	struct kept_ids working, ordered;
};

struct error stays_find(
    const struct prune_terms *terms, struct arena *arena, struct stays *stays) MUST_CHECK;
/* Again, once runs have been read of which some may have ended since. */
struct error stays_look(
    const struct prune_terms *terms, struct arena *arena, struct stays *stays) MUST_CHECK;
/* Not whether it is a record. */
void stays_facts(const struct stays *stays, const struct kept_run *run, struct keep_facts *facts);

#endif
