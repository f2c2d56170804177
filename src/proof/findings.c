#include "proof.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *verify_word(enum verify_fault fault)
{
	static const char *const words[VERIFY_FAULTS] = {
	    [VERIFY_ALTERED] = "altered",
	    [VERIFY_MISSING] = "missing",
	    [VERIFY_ADDED] = "added",
	    [VERIFY_REORDERED] = "reordered",
	    [VERIFY_CUT_OFF] = "cut off at the end",
	    [VERIFY_MISSING_IN_LEDGER] = "missing in the ledger",
	    [VERIFY_FORKED] = "forked after reconcile on",
	    [VERIFY_PRUNED] = "pruned by rule",
	    [VERIFY_UNPROVED] = "not proved",
	};
	return words[fault];
}

/* ---- what is found ---- */

bool proof_grow(void **items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return true;
	size_t more = *room + *room / 2 + 64;
	void *grown = reallocarray(*items, more, size);
	if (!grown)
		return false;
	*items = grown;
	*room = more;
	return true;
}

void proof_tell(struct proof *proof, enum verify_fault fault, int64_t run_us, const char *path,
    const char *what, ...)
{
	char text[512];
	va_list arguments;
	if (!proof_grow(
	        (void **)&proof->findings, proof->count, &proof->room, sizeof *proof->findings)) {
		arena_fail(proof->arena);
		proof->count--; /* callers look at the last one; there is one, see proof_open */
	}
	va_start(arguments, what);
	vsnprintf(text, sizeof text, what, arguments);
	va_end(arguments);
	const struct link *link = run_us > 0 ? chain_find(&proof->chain, run_us) : NULL;
	struct finding *finding = &proof->findings[proof->count++];
	*finding = (struct finding){.fault = fault,
	    .run_us = run_us,
	    .number = link ? link->place : 0,
	    .path = arena_copy(proof->arena, slice_of(path)).bytes,
	    .what = arena_copy(proof->arena, slice_of(text)).bytes};
	if (run_us > 0)
		run_id_format(run_us, finding->run);
}

struct error proof_note_told(struct proof *proof, int64_t run_us)
{
	if (!proof_grow(
	        (void **)&proof->told, proof->told_count, &proof->told_room, sizeof *proof->told))
		return error_memory("listing the outbox");
	proof->told[proof->told_count++] = run_us;
	return OK;
}

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

bool proof_has_told(const struct proof *proof, int64_t run_us)
{
	return proof->told_count > 0 &&
	       bsearch(&run_us, proof->told, proof->told_count, sizeof *proof->told, by_time);
}

void proof_sort_told(struct proof *proof)
{
	if (proof->told_count > 1)
		qsort(proof->told, proof->told_count, sizeof *proof->told, by_time);
}

void proof_hash(struct proof *proof, struct slice text, char sha256[HASH_TEXT_SIZE + 1])
{
	hash_restart(proof->hash);
	hash_add(proof->hash, text.bytes ? text.bytes : "", text.size);
	hash_finish(proof->hash, sha256);
}

/* ---- the answer ---- */

static int by_place(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	bool is_x = verify_is_fault(x->fault), is_y = verify_is_fault(y->fault);
	if (is_x != is_y)
		return is_x ? -1 : 1;
	/* What is in no place of the chain comes behind. */
	if (x->number != y->number)
		return x->number - 1 < y->number - 1 ? -1 : 1;
	int order = strcmp(x->run, y->run);
	return order != 0 ? order : strcmp(x->path, y->path);
}

/* "forked after reconcile on 2026-12-27" */
static const char *word_of(struct proof *proof, const struct finding *finding)
{
	char day[16] = "";
	struct tm tm;
	time_t seconds = finding->when_us / 1000000;
	if (finding->when_us == 0 || !localtime_r(&seconds, &tm))
		return verify_word(finding->fault);
	strftime(day, sizeof day, "%Y-%m-%d", &tm);
	return arena_print(proof->arena, "%s %s", verify_word(finding->fault), day).bytes;
}

struct error proof_give(struct proof *proof)
{
	struct verify_answer *answer = proof->answer;
	for (size_t i = 0; i < proof->count; i++) {
		struct finding *finding = &proof->findings[i];
		const struct link *link =
		    finding->run_us > 0 ? chain_find(&proof->chain, finding->run_us) : NULL;
		if (link)
			finding->number = link->place;
		/* Whoever wrote the end anew may have done so from anywhere on. */
		answer->is_vague |= strcmp(finding->path, ".head") == 0;
	}
	if (proof->count > 1)
		qsort(proof->findings, proof->count, sizeof *proof->findings, by_place);
	answer->findings = arena_alloc(proof->arena, (proof->count + 1) * sizeof *answer->findings);
	for (size_t i = 0; answer->findings && i < proof->count; i++) {
		const struct finding *finding = &proof->findings[i];
		answer->findings[answer->count++] = (struct verify_finding){.fault = finding->fault,
		    .number = finding->number,
		    .word = word_of(proof, finding),
		    .path = finding->path,
		    .what = finding->what};
		memcpy(answer->findings[i].run, finding->run, sizeof finding->run);
		answer->faults += verify_is_fault(finding->fault);
	}
	return arena_has_failed(proof->arena) ? error_memory("telling what was found") : OK;
}
