/*
 * owners: what lies where something else belongs may be another run's: then it is not altered, but
 * reordered. The ledger is asked for that only when there is such a thing.
 */
#include "proof.h"

#include <stdlib.h>
#include <string.h>

struct owners {
	struct finding **strangers; /* by what was found */
	size_t count;
};

static int by_digest(const void *a, const void *b)
{
	const struct finding *x = *(struct finding *const *)a, *y = *(struct finding *const *)b;
	return memcmp(x->is, y->is, DIGEST_SIZE);
}

static void stranger_name(struct proof *proof, struct finding *finding,
    const struct ledger_run *row, enum proof_file file)
{
	if (finding->fault != VERIFY_ALTERED || slice_is(row->run, slice_of(finding->run)))
		return;
	finding->fault = VERIFY_REORDERED;
	finding->what = arena_print(proof->arena, "what lies there is the %s of run %.*s",
	    proof_file_name(file), SLICE_ARG(row->run))
	                    .bytes;
}

static void owner_mark(
    struct proof *proof, struct slice sha256, const struct ledger_run *row, enum proof_file file)
{
	const struct owners *owners = proof->owners;
	struct finding wanted;
	size_t low = 0, high = owners->count;
	if (!digest_parse(sha256, wanted.is))
		return;
	const struct finding *key = &wanted;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_digest(&owners->strangers[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < owners->count && by_digest(&owners->strangers[low], &key) == 0; low++)
		stranger_name(proof, owners->strangers[low], row, file);
}

static struct error on_owner(struct proof *proof, const struct ledger_run *row)
{
	owner_mark(proof, row->summary_sha256, row, PROOF_SUMMARY);
	owner_mark(proof, row->sha256, row, PROOF_INPUT);
	owner_mark(proof, row->archived_sha256, row, PROOF_INPUT);
	for (enum proof_file file = 0; file < PROOF_SUMMARY; file++)
		owner_mark(proof, row->hashes[file], row, file);
	return OK;
}

struct error owners_find(struct proof *proof)
{
	struct owners owners = {.strangers = calloc(proof->count + 1, sizeof(struct finding *))};
	if (!owners.strangers)
		return error_memory("looking whose a file is");
	for (size_t i = 0; i < proof->count; i++)
		if (proof->findings[i].is_stranger)
			owners.strangers[owners.count++] = &proof->findings[i];
	qsort(owners.strangers, owners.count, sizeof(struct finding *), by_digest);
	proof->owners = &owners;
	struct error error = owners.count > 0 ? proof_rows(proof, 0, on_owner) : OK;
	proof->owners = NULL;
	free(owners.strangers);
	return error;
}
