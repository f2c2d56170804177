/*
 * files: each file that a run's summary names, and its input, are where they belong, byte for byte.
 *
 * A run that is in work/ is being published: what it has not got to yet is no fault. It may end
 * between two looks, so what is missing is looked for once more after that was asked.
 */
#include "proof.h"

#include "enrold/held.h"
#include "enrold/naming.h"
#include "enrold/plans.h"
#include "enrold/summary.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of a packed one. */
enum { SUMMARY_MAX = 64 << 20 };

struct checked {
	struct proof *proof;
	const struct ledger_run *row;
	struct link *link;
	const json_t *summary; /* the ledger's; NULL: it cannot be read */
	struct arena *arena;
};

/* ---- what the summary says ---- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static uint64_t bytes_of(const json_t *object)
{
	json_int_t bytes = json_integer_value(json_object_get(object, "bytes"));
	return bytes > 0 ? (uint64_t)bytes : 0;
}

static const json_t *listed(const struct checked *checked, enum proof_file file)
{
	size_t i;
	const json_t *entry;
	const char *suffix = artefact_kinds[file].suffix;
	json_array_foreach(json_object_get(checked->summary, "files"), i, entry)
	{
		const char *name = text_of(entry, "name");
		size_t size = strlen(name), tail = strlen(suffix);
		if (size >= tail && strcmp(name + size - tail, suffix) == 0)
			return entry;
	}
	return NULL;
}

static bool is_text(struct slice column, const json_t *object, const char *name)
{
	return slice_is(column, slice_of(text_of(object, name)));
}

static bool is_count(uint64_t column, const json_t *object, const char *name)
{
	return (json_int_t)column == json_integer_value(json_object_get(object, name));
}

static const char *files_fault(const struct checked *checked)
{
	const struct ledger_run *row = checked->row;
	for (enum proof_file file = 0; file < PROOF_SUMMARY; file++) {
		const json_t *entry = listed(checked, file);
		if (!is_text(row->hashes[file], entry, "sha256") ||
		    !is_count(row->hashes[file].size > 0 ? row->sizes.of[file] : 0, entry, "bytes"))
			return proof_file_name(file);
	}
	return NULL;
}

static const char *state_status(enum run_state state)
{
	return state == RUN_REFUSED     ? "refused"
	       : state == RUN_DISCARDED ? "discarded"
	       : state == RUN_HELD      ? "held"
	                                : "done";
}

/* Which of the row's columns does not say what its summary says. */
static const char *row_fault(const struct checked *checked)
{
	const struct ledger_run *row = checked->row;
	const json_t *input = json_object_get(checked->summary, "input");
	const json_t *archived = json_object_get(input, "archived");
	char policy[HASH_TEXT_SIZE + 1];
	proof_hash(checked->proof, row->policy, policy);
	if (!is_text(row->feed, checked->summary, "feed"))
		return "feed";
	if (!is_text(slice_of(state_status(row->state)), checked->summary, "status"))
		return "state";
	if (!is_text(slice_of(policy), checked->summary, "policy_sha256"))
		return "policy";
	if (!is_text(row->sha256, input, "sha256") || !is_count(row->bytes, input, "bytes"))
		return "input";
	if (!is_text(row->archived_sha256, archived, "sha256") ||
	    !is_count(row->archived_bytes, archived, "bytes"))
		return "archived input";
	return files_fault(checked);
}

static void row_check(const struct checked *checked)
{
	const struct ledger_run *row = checked->row;
	if (!checked->summary || !checked->link->is_whole)
		return; /* it is told already */
	if (!is_text(row->run, checked->summary, "run")) {
		proof_tell(checked->proof, VERIFY_REORDERED, checked->link->run_us, "",
		    "the ledger's row of this run has the summary of run %s",
		    text_of(checked->summary, "run"));
		return;
	}
	const char *fault = row_fault(checked);
	if (fault)
		proof_tell(checked->proof, VERIFY_ALTERED, checked->link->run_us, "",
		    "the ledger's row of this run tells otherwise of its %s than its summary",
		    fault);
}

/* ---- a file ---- */

struct expected {
	enum proof_file file;
	char path[PROOF_PATH_SIZE];
	char sha256[HASH_TEXT_SIZE + 1], other[HASH_TEXT_SIZE + 1]; /* other: also right; "" */
	uint64_t bytes_max; /* of a packed one; inputs never are */
};

static void mismatch_tell(
    const struct checked *checked, const struct expected *expected, const char *is)
{
	struct proof *proof = checked->proof;
	proof_tell(proof, VERIFY_ALTERED, checked->link->run_us, expected->path,
	    "its %s is not what was written: its hash is %.16s..., and was %.16s...",
	    proof_file_name(expected->file), *is ? is : "none, as it cannot be unpacked",
	    expected->sha256);
	struct finding *finding = &proof->findings[proof->count - 1];
	finding->is_stranger = digest_parse(slice_of(is), finding->is);
}

/* *is_there false: nothing lies there. */
static struct error look(
    const struct checked *checked, const struct expected *expected, bool *is_there)
{
	struct packed_found found;
	struct error error =
	    proof_read(checked->proof, expected->path, expected->bytes_max, &found);
	*is_there = found.is_there;
	if (is_error(&error) || !*is_there || strcmp(found.sha256, expected->sha256) == 0 ||
	    (*expected->other && strcmp(found.sha256, expected->other) == 0))
		return error;
	mismatch_tell(checked, expected, found.sha256);
	return OK;
}

/* A run that ended since is on record, and has pruned it meanwhile. */
static struct error is_just_pruned(const struct checked *checked, enum proof_file file, bool *is)
{
	struct ledger_run row, by;
	struct db *db = checked->proof->db;
	*is = false;
	struct error error = ledger_find(db, checked->row->run, checked->arena, &row);
	struct slice run = file == PROOF_INPUT ? row.input_pruned : row.answer_pruned;
	if (is_error(&error) || run.size == 0)
		return error;
	error = ledger_find(db, run, checked->arena, &by);
	*is = by.state == RUN_APPLIED && by.number > checked->proof->head.number;
	return error;
}

static void missing_tell(const struct checked *checked, const struct expected *expected)
{
	struct proof *proof = checked->proof;
	const struct pruned *pruned =
	    lists_find_pruned(proof, checked->link->run_us, expected->file);
	if (pruned) {
		proof->answer->pruned++;
		return;
	}
	bool is_said = expected->file == PROOF_INPUT ? checked->row->input_pruned.size > 0
	                                             : checked->row->answer_pruned.size > 0;
	proof_tell(proof, VERIFY_MISSING, checked->link->run_us, expected->path,
	    "its %s is not there%s", proof_file_name(expected->file),
	    is_said ? "; the ledger calls it pruned, and no run in the chain says so"
	            : ": somebody has taken it away");
	struct finding *finding = &proof->findings[proof->count - 1];
	finding->is_gone = true;
	finding->file = expected->file;
	finding->is_summary = expected->file == PROOF_SUMMARY;
	checked->link->is_tail |= expected->file == PROOF_SUMMARY;
}

/* Of a summary, which is made when the others have their places: the input, which goes last. */
static struct error is_in_work(const struct checked *checked, enum proof_file file, bool *is)
{
	const struct ledger_run *row = checked->row;
	return file < PROOF_SUMMARY
	           ? proof_find_in_work(checked->proof, row->run.bytes, &row->hashes[file], 1, is)
	           : proof_is_publishing(checked->proof, row, is);
}

/* Where it is to be, and with which hash; asked anew when it was not there. */
typedef struct error expect_file(const struct checked *checked, struct expected *expected);

/* The daemon may have it still, or have moved it while we looked. */
static struct error file_check(
    const struct checked *checked, enum proof_file file, expect_file *expect)
{
	struct expected expected = {.file = file};
	bool is_there = true;
	struct error error = expect(checked, &expected);
	if (!is_error(&error) && *expected.sha256)
		error = look(checked, &expected, &is_there);
	if (!is_error(&error) && !is_there)
		error = is_in_work(checked, file, &is_there);
	if (is_error(&error) || is_there)
		return error;
	error = expect(checked, &expected);
	if (!is_error(&error))
		error = look(checked, &expected, &is_there);
	if (!is_error(&error) && !is_there)
		error = is_just_pruned(checked, file, &is_there);
	if (!is_error(&error) && !is_there)
		missing_tell(checked, &expected);
	return error;
}

/* ---- the answer and the input ---- */

static void hash_take(char to[HASH_TEXT_SIZE + 1], const char *sha256)
{
	snprintf(to, HASH_TEXT_SIZE + 1, "%s", sha256);
}

static struct error artefact_expect(const struct checked *checked, struct expected *expected)
{
	const json_t *entry = listed(checked, expected->file);
	hash_take(expected->sha256, text_of(entry, "sha256"));
	expected->bytes_max = bytes_of(entry);
	proof_path(checked->proof, checked->row, expected->file, expected->path);
	return OK;
}

static struct error summary_expect(const struct checked *checked, struct expected *expected)
{
	const struct ledger_run *row = checked->row;
	expected->bytes_max = SUMMARY_MAX;
	if (row->summary.size == 0)
		hash_take(expected->sha256, row->summary_sha256.bytes);
	else
		proof_hash(checked->proof, row->summary, expected->sha256);
	/* Where the ledger's was rewritten, the outbox's may be the right one. */
	if (!checked->link->is_whole)
		hash_take(expected->other, row->summary_sha256.bytes);
	proof_path(checked->proof, row, PROOF_SUMMARY, expected->path);
	return OK;
}

/* A file that was held went where what became of it says. */
static void input_place(const struct checked *checked, char path[PROOF_PATH_SIZE])
{
	struct ledger_run elsewhere = *checked->row;
	static const enum run_state ends[] = {RUN_HELD, RUN_REFUSED, RUN_APPLIED};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		elsewhere.state = ends[i];
		proof_path(checked->proof, &elsewhere, PROOF_INPUT, path);
		if (faccessat(checked->proof->spool.root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
			checked->link->names[PROOF_INPUT] = proof_hash_path(path);
			return;
		}
	}
	proof_path(checked->proof, checked->row, PROOF_INPUT, path);
}

/* As long as a plan of it may be released it stays as it was dropped, until what is archived
 * instead, which waits in held/, has taken its place. */
static struct error is_whole_yet(const struct checked *checked, bool *is)
{
	char name[FILE_NAME_SIZE], folder[SPOOL_PATH_SIZE], path[PROOF_PATH_SIZE];
	const struct ledger_run *row = checked->row;
	spool_folder(SPOOL_HELD, row->feed, row->run.bytes, folder);
	naming_find(checked->proof->spool.root, folder,
	    &(struct naming){row->name.bytes, row->run.bytes, HELD_CUT, false}, name);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	struct error error = plans_need_input(checked->proof->db, row->run, is);
	*is |= faccessat(checked->proof->spool.root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	return error;
}

static struct error input_expect(const struct checked *checked, struct expected *expected)
{
	const json_t *input = json_object_get(checked->summary, "input");
	const char *whole = text_of(input, "sha256"); /* "": too large to be copied */
	const char *archived = text_of(json_object_get(input, "archived"), "sha256");
	bool may_be_whole = false;
	if (checked->row->state == RUN_HELD)
		input_place(checked, expected->path);
	else
		proof_path(checked->proof, checked->row, PROOF_INPUT, expected->path);
	/* Elsewhere it is as it was dropped. */
	bool is_cut = *archived && strncmp(expected->path, "archive/", strlen("archive/")) == 0;
	struct error error = is_cut ? is_whole_yet(checked, &may_be_whole) : OK;
	hash_take(expected->sha256, is_cut ? archived : whole);
	hash_take(expected->other, may_be_whole ? whole : "");
	return error;
}

static struct error run_check(const struct checked *checked)
{
	struct error error = file_check(checked, PROOF_SUMMARY, summary_expect);
	for (enum proof_file file = 0; file < PROOF_SUMMARY && !is_error(&error); file++)
		error = file_check(checked, file, artefact_expect);
	return is_error(&error) ? error : file_check(checked, PROOF_INPUT, input_expect);
}

static struct error on_row(struct proof *proof, const struct ledger_run *row)
{
	int64_t run_us;
	struct link *link =
	    run_id_parse(row->run.bytes, &run_us) ? chain_find(&proof->chain, run_us) : NULL;
	if (!link)
		return OK; /* it has ended since */
	struct arena *arena = arena_create();
	json_t *summary = row->summary.size > 0
	                      ? json_loadb(row->summary.bytes, row->summary.size, 0, NULL)
	                      : NULL;
	const struct checked checked = {proof, row, link, summary, arena};
	row_check(&checked);
	struct error error = arena ? run_check(&checked) : error_memory("looking at an answer");
	json_decref(summary);
	arena_free(arena);
	return error;
}

/* ---- the whole ---- */

/* What is missing from a run on to the last is a tail that was cut off. */
static void tail_mark(struct proof *proof)
{
	enum { RUNS_MAX = 1 << 30 }; /* a head that says more was written by somebody else */
	uint64_t begin = proof->answer->number < RUNS_MAX ? proof->answer->number + 1 : 0;
	bool *is_tail = calloc(begin + 1, sizeof *is_tail);
	for (size_t i = 0; is_tail && i < proof->chain.links.count; i++) {
		const struct link *link = chain_at(&proof->chain, i);
		if (link->place < begin)
			is_tail[link->place] = link->is_tail;
	}
	uint64_t first = begin;
	while (is_tail && first > 1 && is_tail[first - 1])
		first--;
	free(is_tail);
	for (size_t i = 0; i < proof->count && first > 1; i++)
		if (proof->findings[i].is_summary && proof->findings[i].number >= first)
			proof->findings[i].fault = VERIFY_CUT_OFF;
}

struct error files_check(struct proof *proof)
{
	struct error error = proof_rows(proof, proof->terms->since_us, on_row);
	if (!is_error(&error))
		error = owners_find(proof);
	if (!is_error(&error))
		tail_mark(proof);
	return error;
}
