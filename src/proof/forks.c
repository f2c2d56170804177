/*
 * forks: the answers that somebody has gone on without are chained as well: from each of them
 * something leads back to the chain that is in force.
 */
#include "proof.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int by_chain(const void *a, const void *b)
{
	const struct fork_head *x = a, *y = b;
	return memcmp(x->link.chain, y->link.chain, DIGEST_SIZE);
}

const struct fork_head *forks_find(
    const struct proof *proof, const unsigned char chain[DIGEST_SIZE])
{
	struct fork_head wanted;
	memcpy(wanted.link.chain, chain, DIGEST_SIZE);
	return proof->fork_heads_count > 0 ? bsearch(&wanted, proof->fork_heads,
	                                         proof->fork_heads_count, sizeof wanted, by_chain)
	                                   : NULL;
}

static bool is_known(struct proof *proof, const unsigned char chain[DIGEST_SIZE])
{
	const unsigned char zeros[DIGEST_SIZE] = {0};
	const struct link *link = chain_find_head(&proof->chain, chain);
	return memcmp(chain, zeros, DIGEST_SIZE) == 0 || (link && link->place > 0) ||
	       forks_find(proof, chain);
}

static void gap_tell(struct proof *proof, const struct fork_head *head)
{
	proof_tell(proof, VERIFY_MISSING, 0, "",
	    "number %" PRIu64
	    ", which %.200s was chained to, is not there any more, neither in the chain nor among "
	    "the answers that were accepted as lost",
	    head->link.number - 1, head->path);
	proof->findings[proof->count - 1].number = head->link.number - 1;
}

void forks_walk(struct proof *proof)
{
	size_t count = proof->fork_heads_count;
	if (count > 1)
		qsort(proof->fork_heads, count, sizeof *proof->fork_heads, by_chain);
	for (size_t i = 0; i < count; i++) {
		const struct fork_head *head = &proof->fork_heads[i];
		if (!head->link.is_whole)
			proof_tell(proof, VERIFY_ALTERED, head->link.run_us, head->path,
			    "this summary of an answer that was accepted as lost is not the one "
			    "which was chained");
		else if (head->link.number > 1 && !is_known(proof, head->link.previous))
			gap_tell(proof, head);
	}
}
