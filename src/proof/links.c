/*
 * links: what the ledger says of the chain. Each row has to agree with itself: its summary is the
 * one whose hash it has, and names the hash that the chain has come to with it.
 */
#include "proof.h"

#include "enrold/db.h"
#include "enrold/summary.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the rows, page by page ---- */

static bool has_ended(const struct ledger_run *row)
{
	return row->state >= RUN_APPLIED;
}

static struct error page_visit(struct proof *proof, struct ledger_page *page, struct arena *arena,
    proof_on_row *on_row, size_t *count)
{
	struct ledger_run *rows;
	struct error error = ledger_list(proof->db, page, arena, &rows, count);
	for (size_t i = 0; i < *count && !is_error(&error); i++) {
		snprintf(page->after, sizeof page->after, "%.*s", SLICE_ARG(rows[i].run));
		if (has_ended(&rows[i]))
			error = on_row(proof, &rows[i]);
	}
	arena_reset(arena);
	db_rest(proof->db); /* no row is read twice before all others were */
	return error;
}

struct error proof_rows(struct proof *proof, int64_t since_us, proof_on_row *on_row)
{
	struct ledger_page page = {.limit = PROOF_PAGE};
	struct arena *arena = arena_create();
	size_t count = PROOF_PAGE;
	struct error error = arena ? OK : error_memory("reading the ledger");
	if (since_us > 0)
		run_id_format(since_us - 1, page.after);
	while (!is_error(&error) && count == PROOF_PAGE)
		error = page_visit(proof, &page, arena, on_row, &count);
	arena_free(arena);
	return error;
}

/* ---- a row and its link ---- */

/* As the chain's formula has it. */
static void chain_make(
    struct hash *hash, struct slice text, const char *previous, char chain[HASH_TEXT_SIZE + 1])
{
	const size_t behind = strlen(",\"chain\":\"\"}\n") + HASH_TEXT_SIZE;
	hash_restart(hash);
	hash_add(hash, previous, strlen(previous));
	hash_add(hash, "\n", 1);
	hash_add(hash, text.bytes, text.size - behind);
	hash_finish(hash, chain);
}

bool links_read(struct proof *proof, struct slice text, struct link *link)
{
	char chain[HASH_TEXT_SIZE + 1], previous[HASH_TEXT_SIZE + 1], is[HASH_TEXT_SIZE + 1];
	summary_find_chain(text, chain);
	summary_find_previous(text, previous);
	if (!digest_parse(slice_of(chain), link->chain) ||
	    !digest_parse(slice_of(previous), link->previous))
		return false;
	link->number = summary_find_number(text);
	chain_make(proof->hash, text, previous, is);
	link->is_whole = strcmp(chain, is) == 0;
	return true;
}

/* What the row says of its summary. */
static const char *row_fault(struct proof *proof, const struct ledger_run *row, struct link *link)
{
	char sha256[HASH_TEXT_SIZE + 1];
	if (row->summary.size == 0) {
		link->is_blank = true;
		return row->answer_pruned.size > 0 ? NULL : "has no summary any more";
	}
	if (!links_read(proof, row->summary, link)) {
		link->is_blank = true;
		return "has something else for its summary";
	}
	proof_hash(proof, row->summary, sha256);
	if (!link->is_whole)
		return "has a summary that is not the one which was chained";
	if (!slice_is(row->summary_sha256, slice_of(sha256)))
		return "has another hash than that of its summary";
	return row->number != link->number ? "has another number than its summary" : NULL;
}

/* Where the answer's files are to be, so that others are found out without asking again. */
static void names_take(const struct proof *proof, const struct ledger_run *row, struct link *link)
{
	char path[PROOF_PATH_SIZE];
	for (enum proof_file file = 0; file < PROOF_FILES; file++) {
		if (file < PROOF_SUMMARY && row->hashes[file].size == 0)
			continue;
		proof_path(proof, row, file, path);
		link->names[file] = proof_hash_path(path);
	}
}

/* A run that has a record's name was one when its summary says who ordered it. */
static bool is_record(const struct ledger_run *row, bool *is_prune)
{
	static const char prune[] = "prune-", accept[] = "accept-";
	*is_prune = strncmp(row->name.bytes, prune, strlen(prune)) == 0;
	bool is = *is_prune || strncmp(row->name.bytes, accept, strlen(accept)) == 0;
	return is && summary_is_ordered(row->summary);
}

static const char *order_by(struct arena *arena, struct slice summary)
{
	json_t *object = json_loadb(summary.bytes, summary.size, 0, NULL);
	const char *by = json_string_value(json_object_get(json_object_get(object, "order"), "by"));
	const char *copy = arena_copy(arena, slice_of(by ? by : "somebody")).bytes;
	json_decref(object);
	return copy;
}

static struct error record_add(struct proof *proof, const struct ledger_run *row, int64_t run_us)
{
	bool is_prune;
	char path[PROOF_PATH_SIZE];
	if (!is_record(row, &is_prune))
		return OK;
	proof_path(proof, row, PROOF_INPUT, path);
	return lists_add(proof, &(struct record){.run_us = run_us,
	                            .is_prune = is_prune,
	                            .place = arena_copy(proof->arena, slice_of(path)).bytes,
	                            .sha256 = arena_copy(proof->arena, row->sha256).bytes,
	                            .by = order_by(proof->arena, row->summary)});
}

static struct error on_row(struct proof *proof, const struct ledger_run *row)
{
	struct link link = {.number = 0};
	if (!run_id_parse(row->run.bytes, &link.run_us)) {
		proof_tell(proof, VERIFY_ADDED, 0, "",
		    "the ledger has a run \"%.*s\", which is no id that enrold gives",
		    SLICE_ARG(row->run));
		return OK;
	}
	const char *fault = row_fault(proof, row, &link);
	names_take(proof, row, &link);
	if (!chain_add(&proof->chain, &link))
		return error_memory("reading the ledger");
	if (fault)
		proof_tell(proof, VERIFY_ALTERED, link.run_us, "",
		    "the ledger's row of this run %s: somebody has written there", fault);
	return record_add(proof, row, link.run_us);
}

/* The head first: what it leads to was there when the rows were read. What has come behind it since
 * is left out, for not all of that may have been seen. */
struct error links_load(struct proof *proof)
{
	struct ledger_head again;
	struct error error = ledger_read_head(proof->db, &proof->head);
	if (!is_error(&error))
		error = proof_rows(proof, 0, on_row);
	if (!is_error(&error))
		error = ledger_read_head(proof->db, &again);
	if (!is_error(&error))
		chain_drop(&proof->chain, proof->head.number, again.number);
	return error;
}

/* ---- the walk ---- */

static void range_tell(struct proof *proof, uint64_t from, uint64_t until, const char *what)
{
	if (from == until)
		proof_tell(proof, VERIFY_MISSING_IN_LEDGER, 0, "",
		    "run number %" PRIu64 " is not in the ledger: %s", from, what);
	else
		proof_tell(proof, VERIFY_MISSING_IN_LEDGER, 0, "",
		    "runs number %" PRIu64 " to %" PRIu64 " are not in the ledger: %s", from, until,
		    what);
	proof->findings[proof->count - 1].number = from;
}

static void on_break(
    void *context, enum chain_break what, const struct link *link, uint64_t from, uint64_t until)
{
	struct proof *proof = context;
	proof->answer->is_vague = true;
	switch (what) {
	case CHAIN_REWRITTEN:
		proof_tell(proof, VERIFY_ALTERED, link->run_us, "",
		    "its summary in the ledger is not the one that its neighbour in the chain was "
		    "made for: it was written anew");
		break;
	case CHAIN_LOST: range_tell(proof, from, until, "somebody has deleted there"); break;
	case CHAIN_REORDERED:
		proof_tell(proof, VERIFY_REORDERED, link->run_us, "",
		    "it says that it is number %" PRIu64
		    ", and the chain comes to it at another place",
		    link->number);
		break;
	case CHAIN_STRANGE:
		proof_tell(proof, VERIFY_ADDED, link->run_us, "",
		    "it is in the ledger, and nothing leads from it to the head of the chain");
		break;
	case CHAIN_CUT:
		range_tell(proof, from, until, "its head tells of more than there is");
		break;
	case CHAIN_HEAD:
		proof_tell(proof, VERIFY_ALTERED, 0, "",
		    "the ledger's head is not the last run of the chain: it says number %" PRIu64
		    ", and there are %" PRIu64,
		    until, from);
		break;
	}
}

struct error links_walk(struct proof *proof)
{
	struct chain_head head = {.number = proof->head.number};
	if (!digest_parse(slice_of(proof->head.chain), head.chain))
		memset(head.chain, 0, sizeof head.chain);
	return chain_walk(&proof->chain, &head, on_break, proof)
	           ? OK
	           : error_memory("walking the chain");
}
