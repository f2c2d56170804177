/*
 * lists: what is on record of what was kept (prune.h, accepted.h): a list counts when it is the one
 * whose hash its run's summary has, and that run is in the chain. What the ledger says without such
 * a run anybody may have written there.
 */
#include "proof.h"

#include "enrold/accepted.h"
#include "enrold/prune.h"
#include "enrold/value.h"

#include <assert.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct error lists_add(struct proof *proof, const struct record *record)
{
	struct record *grown =
	    reallocarray(proof->records, proof->records_count + 1, sizeof *proof->records);
	if (!grown)
		return error_memory("reading the ledger");
	proof->records = grown;
	grown[proof->records_count++] = *record;
	return OK;
}

/* ---- a list ---- */

enum { CELLS = 8 };

static const char *const kinds[PROOF_FILES] = {[ARTEFACT_RESULT] = "result",
    [ARTEFACT_RETRY] = "retry",
    [ARTEFACT_PLAN] = "plan",
    [ARTEFACT_REPORT] = "report",
    [PROOF_SUMMARY] = "summary",
    [PROOF_INPUT] = "input"};

/* A summary that is not in the ledger any more is bridged by what the list has of it. */
static void bridge(
    struct proof *proof, uint32_t record, int64_t run_us, const struct slice cells[CELLS])
{
	int64_t number;
	struct link *link = chain_find(&proof->chain, run_us);
	if (!link || !link->is_blank || proof->records[record].is_given_up ||
	    !value_parse_whole(cells[4], &number) || !digest_parse(cells[5], link->previous) ||
	    !digest_parse(cells[6], link->chain))
		return;
	link->number = (uint64_t)number;
	link->is_blank = false;
	link->is_whole = true;
	link->bridge = record + 1;
}

/* "archive 90d, answers 1y" */
static void rule_note(struct record *record, struct slice rule)
{
	char text[PRUNE_RULE_SIZE];
	size_t size = strlen(record->rules);
	snprintf(text, sizeof text, "%.*s", SLICE_ARG(rule));
	if (!strstr(record->rules, text))
		snprintf(record->rules + size, sizeof record->rules - size, "%s%s",
		    size > 0 ? ", " : "", text);
}

static void file_count(struct record *record, const struct slice cells[CELLS])
{
	if (slice_is(cells[1], slice_of(prune_kind_name(PRUNE_HELD))) ||
	    slice_is(cells[1], slice_of(prune_kind_name(PRUNE_HISTORY))))
		return; /* no files */
	record->files++;
	rule_note(record, cells[7]);
}

static bool pruned_add(
    struct proof *proof, uint32_t record, int64_t run_us, const struct slice cells[CELLS])
{
	file_count(&proof->records[record], cells);
	for (enum proof_file file = 0; file < PROOF_FILES; file++) {
		if (!slice_is(cells[1], slice_of(kinds[file])))
			continue;
		if (file == PROOF_SUMMARY)
			bridge(proof, record, run_us, cells);
		if (!proof_grow((void **)&proof->pruned, proof->pruned_count, &proof->pruned_room,
		        sizeof *proof->pruned))
			return false;
		proof->pruned[proof->pruned_count++] = (struct pruned){run_us, record, 1U << file};
	}
	return true;
}

static bool forked_add(
    struct proof *proof, uint32_t record, int64_t run_us, const struct slice cells[CELLS])
{
	struct forked forked = {.run_us = run_us, .record = record};
	forked.has_summary = digest_parse(cells[2], forked.sha256);
	forked.input = arena_copy(proof->arena, cells[4]).bytes;
	if (!proof_grow((void **)&proof->forked, proof->forked_count, &proof->forked_room,
	        sizeof *proof->forked))
		return false;
	proof->forked[proof->forked_count++] = forked;
	return true;
}

static bool line_take(struct proof *proof, uint32_t record, struct slice line)
{
	struct slice cells[CELLS];
	char run[RUN_ID_SIZE + 1];
	int64_t run_us;
	for (size_t i = 0; i < CELLS; i++)
		cells[i] = slice_take(&line, ',');
	snprintf(run, sizeof run, "%.*s", SLICE_ARG(cells[0]));
	if (!run_id_parse(run, &run_us))
		return true;
	return proof->records[record].is_prune ? pruned_add(proof, record, run_us, cells)
	                                       : forked_add(proof, record, run_us, cells);
}

static struct error list_load(struct proof *proof, uint32_t record, struct arena *arena)
{
	struct slice text;
	char sha256[HASH_TEXT_SIZE + 1];
	const struct record *is = &proof->records[record];
	bool has_memory = true;
	struct error error = proof_load(proof, is->place, arena, &text);
	proof_hash(proof, text, sha256);
	if (is_error(&error) || strcmp(sha256, is->sha256) != 0)
		return error; /* it explains nothing; that it is altered is told with its run */
	slice_take(&text, '\n');
	while (text.size > 0 && has_memory)
		has_memory = line_take(proof, record, slice_take(&text, '\n'));
	arena_reset(arena);
	return has_memory ? OK : error_memory("reading a list");
}

static int by_run(const void *a, const void *b)
{
	const struct pruned *x = a, *y = b;
	return (x->run_us > y->run_us) - (x->run_us < y->run_us);
}

static int forked_by_hash(const struct forked *x, const struct forked *y)
{
	int runs = (x->run_us > y->run_us) - (x->run_us < y->run_us);
	return runs != 0 ? runs : memcmp(x->sha256, y->sha256, DIGEST_SIZE);
}

/* Of those that two lists name, the first list's first. */
static int forked_by_run(const void *a, const void *b)
{
	const struct forked *x = a, *y = b;
	int order = forked_by_hash(x, y);
	return order != 0 ? order : (x->record > y->record) - (x->record < y->record);
}

struct error lists_load(struct proof *proof)
{
	struct arena *arena = arena_create();
	struct error error = arena ? OK : error_memory("reading lists");
	for (uint32_t i = 0; i < proof->records_count && !is_error(&error); i++)
		error = list_load(proof, i, arena);
	arena_free(arena);
	if (proof->pruned_count > 1)
		qsort(proof->pruned, proof->pruned_count, sizeof *proof->pruned, by_run);
	if (proof->forked_count > 1)
		qsort(proof->forked, proof->forked_count, sizeof *proof->forked, forked_by_run);
	return error;
}

/* ---- which of them count ---- */

uint64_t lists_place(const struct proof *proof, uint32_t record)
{
	const struct record *is = &proof->records[record];
	if (is->is_given_up)
		is = &proof->records[is->accepted];
	const struct link *link = chain_find(&proof->chain, is->run_us);
	return link && link->place > 0 ? link->place : proof->head.number + 1;
}

static bool is_chained(const struct proof *proof, uint32_t record)
{
	return lists_place(proof, record) <= proof->head.number;
}

void lists_sift(struct proof *proof)
{
	size_t kept = 0;
	for (size_t i = 0; i < proof->pruned_count; i++)
		if (is_chained(proof, proof->pruned[i].record))
			proof->pruned[kept++] = proof->pruned[i];
	proof->pruned_count = kept;
	kept = 0;
	for (size_t i = 0; i < proof->forked_count; i++)
		if (is_chained(proof, proof->forked[i].record))
			proof->forked[kept++] = proof->forked[i];
	proof->forked_count = kept;
}

static_assert(offsetof(struct pruned, run_us) == 0 && offsetof(struct forked, run_us) == 0,
    "both are found by what stands first in them");

/* Where those of that run begin, or would. */
static size_t first_of(const void *items, size_t count, size_t size, int64_t run_us)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int64_t is;
		memcpy(&is, (const char *)items + middle * size, sizeof is);
		if (is < run_us)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct pruned *lists_find_pruned(
    const struct proof *proof, int64_t run_us, enum proof_file file)
{
	const size_t count = proof->pruned_count;
	size_t i = first_of(proof->pruned, count, sizeof *proof->pruned, run_us);
	for (; i < count && proof->pruned[i].run_us == run_us; i++)
		if (proof->pruned[i].kinds & 1U << file)
			return &proof->pruned[i];
	return NULL;
}

struct forked *lists_find_forked(const struct proof *proof, int64_t run_us, const char *sha256)
{
	unsigned char digest[DIGEST_SIZE] = {0};
	if (sha256 && !digest_parse(slice_of(sha256), digest))
		return NULL;
	const size_t count = proof->forked_count;
	size_t i = first_of(proof->forked, count, sizeof *proof->forked, run_us);
	for (; i < count && proof->forked[i].run_us == run_us; i++) {
		struct forked *forked = &proof->forked[i];
		if (!sha256 || !forked->has_summary ||
		    memcmp(forked->sha256, digest, DIGEST_SIZE) == 0)
			return forked;
	}
	return NULL;
}

/* ---- given up ---- */

struct error lists_give_up(struct proof *proof, const struct forked *forked, struct slice summary)
{
	json_t *object = json_loadb(summary.bytes, summary.size, 0, NULL);
	const json_t *input = json_object_get(object, "input");
	const json_t *order = json_object_get(object, "order");
	const char *name = json_string_value(json_object_get(input, "name"));
	const char *sha256 = json_string_value(json_object_get(input, "sha256"));
	const char *by = json_string_value(json_object_get(order, "by"));
	struct error error = OK;
	if (name && strncmp(name, "prune-", strlen("prune-")) == 0 && sha256 && by)
		error =
		    lists_add(proof, &(struct record){.run_us = forked->run_us,
		                         .is_prune = true,
		                         .is_given_up = true,
		                         .accepted = forked->record,
		                         .place = forked->input,
		                         .sha256 = arena_copy(proof->arena, slice_of(sha256)).bytes,
		                         .by = arena_copy(proof->arena, slice_of(by)).bytes});
	json_decref(object);
	return error;
}

struct error lists_explain(struct proof *proof)
{
	size_t kept = 0;
	struct error error = OK;
	struct arena *arena = arena_create();
	for (uint32_t i = 0; arena && i < proof->records_count && !is_error(&error); i++)
		if (proof->records[i].is_given_up)
			error = list_load(proof, i, arena);
	if (proof->pruned_count > 1)
		qsort(proof->pruned, proof->pruned_count, sizeof *proof->pruned, by_run);
	for (size_t i = 0; i < proof->count; i++) {
		const struct finding *finding = &proof->findings[i];
		if (finding->is_gone && lists_find_pruned(proof, finding->run_us, finding->file))
			proof->answer->pruned++;
		else
			proof->findings[kept++] = *finding;
	}
	proof->count = kept;
	bool has_memory = arena != NULL;
	arena_free(arena);
	return has_memory ? error : error_memory("reading lists");
}

/* ---- told, once each ---- */

/* What it alone says of the chain, as long as no witness outside knows it. */
static void bridged_print(
    const struct proof *proof, size_t record, size_t bridges, uint64_t last, struct buffer *out)
{
	uint64_t number = lists_place(proof, (uint32_t)record);
	if (bridges == 0 || number <= proof->witnessed)
		return;
	buffer_print(out, "; what number %llu", (unsigned long long)last);
	if (bridges > 1)
		buffer_print(out, " and %zu before it", bridges - 1);
	buffer_print(out, " %s chained to is said by run number %llu alone",
	    bridges > 1 ? "were" : "was", (unsigned long long)number);
}

static void bridges_count(struct proof *proof)
{
	for (size_t i = 0; i < proof->chain.links.count; i++) {
		const struct link *link = chain_at(&proof->chain, i);
		if (link->bridge == 0 || link->place == 0)
			continue;
		struct record *record = &proof->records[link->bridge - 1];
		record->bridges++;
		record->bridged = link->place > record->bridged ? link->place : record->bridged;
	}
}

static void pruned_tell(struct proof *proof)
{
	struct buffer text = {0};
	bridges_count(proof);
	for (size_t i = 0; i < proof->records_count; i++) {
		const struct record *record = &proof->records[i];
		bool is_person = strncmp(record->rules, "before ", strlen("before ")) == 0;
		if (!record->is_prune || record->files == 0 || !is_chained(proof, (uint32_t)i))
			continue;
		text.size = 0;
		buffer_print(&text, "%llu file%s that this list names %s to go: %s%s%s",
		    (unsigned long long)record->files, record->files == 1 ? "" : "s",
		    record->files == 1 ? "was" : "were", record->rules,
		    is_person ? ", as ordered by " : "", is_person ? record->by : "");
		bridged_print(proof, i, record->bridges, record->bridged, &text);
		proof_tell(proof, VERIFY_PRUNED, record->run_us, record->place, "%.*s",
		    (int)text.size, text.size > 0 ? text.bytes : "");
		proof->findings[proof->count - 1].when_us = record->run_us;
	}
	buffer_done(&text);
}

/* Two lists may name it, and a run that was in work/ may have been done once more: then its new
 * answer has taken the place of the lost one. */
static bool is_elsewhere(const struct proof *proof, const struct forked *forked)
{
	const struct link *link = chain_find(&proof->chain, forked->run_us);
	bool is_again = forked > proof->forked && forked_by_hash(&forked[-1], forked) == 0;
	return is_again || (link && link->place > 0) ||
	       lists_find_pruned(proof, forked->run_us, PROOF_SUMMARY);
}

void lists_tell(struct proof *proof)
{
	pruned_tell(proof);
	for (size_t i = 0; i < proof->forked_count; i++) {
		const struct forked *forked = &proof->forked[i];
		if (forked->has_summary && !forked->is_seen && !is_elsewhere(proof, forked))
			proof_tell(proof, VERIFY_MISSING, forked->run_us, "",
			    "the summary of an answer that was accepted as lost is not there");
	}
}
