#include "proof.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct error proof_open(const struct config *config, struct proof *proof)
{
	proof->spool.root = open(config->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (proof->spool.root < 0)
		return error_at_start(error_errno("cannot open the spool %s", config->spool));
	proof->chunk = malloc(PROOF_CHUNK);
	proof->hash = hash_create();
	if (!proof->chunk || !proof->hash ||
	    !proof_grow((void **)&proof->findings, 0, &proof->room, sizeof *proof->findings))
		return error_memory("reading the outbox");
	struct error error = last_run_find(&proof->spool, &proof->last);
	if (!is_error(&error))
		error = lms_open(&config->lms, &proof->lms);
	if (!is_error(&error))
		proof->db = lms_db(proof->lms);
	return error;
}

static void proof_close(struct proof *proof)
{
	lms_close(proof->lms);
	if (proof->spool.root >= 0)
		close(proof->spool.root);
	chain_done(&proof->chain);
	hash_free(proof->hash);
	free(proof->chunk);
	free(proof->records);
	free(proof->pruned);
	free(proof->forked);
	free(proof->fork_heads);
	free(proof->findings);
	free(proof->told);
}

static struct error chain_check(struct proof *proof)
{
	struct error error = links_load(proof);
	if (!is_error(&error))
		error = lists_load(proof);
	if (!is_error(&error))
		error = links_walk(proof);
	lists_sift(proof);
	proof->answer->runs = proof->chain.links.count;
	proof->answer->number = proof->head.number;
	memcpy(proof->answer->head, proof->head.chain, sizeof proof->answer->head);
	return error;
}

struct error verify(const struct config *config, const struct verify_terms *terms,
    struct arena *arena, struct verify_answer *answer)
{
	struct proof proof = {
	    .terms = terms, .answer = answer, .arena = arena, .spool = SPOOL_CLOSED};
	*answer = (struct verify_answer){.count = 0};
	chain_init(&proof.chain);
	struct error error = proof_open(config, &proof);
	if (!is_error(&error))
		error = chain_check(&proof);
	if (!is_error(&error))
		error = files_check(&proof);
	if (!is_error(&error))
		error = strays_check(&proof);
	if (!is_error(&error))
		error = lists_explain(&proof);
	if (!is_error(&error))
		forks_walk(&proof);
	if (!is_error(&error))
		error = witness_head(&proof);
	if (!is_error(&error))
		error = witness_check(&proof);
	if (!is_error(&error)) {
		lists_tell(&proof);
		error = proof_give(&proof);
	}
	proof_close(&proof);
	return error;
}
