/*
 * verify: whether anybody has touched what this spool has answered: the chain from the first
 * summary to the ledger's head, the hash of every file of every answer and of every input, ledger
 * against outbox, in one pass, with so many bytes of memory for each run and none for each byte.
 *
 * What is told without a witness outside is what somebody forgot who touched it: whoever rewrites
 * outbox, ledger and .head in agreement is found out only by a head, or a checkpoint, that has left
 * this machine.
 */
#ifndef ENROLD_VERIFY_H
#define ENROLD_VERIFY_H

enum verify_fault {
	VERIFY_ALTERED,
	VERIFY_MISSING,
	VERIFY_ADDED,
	VERIFY_REORDERED,
	VERIFY_CUT_OFF, /* at the end */
	VERIFY_MISSING_IN_LEDGER,
	/* No faults, but told: */
	VERIFY_FORKED, /* after reconcile on ... */
	VERIFY_PRUNED, /* by rule ... */
	VERIFY_FAULTS,
};

#endif
