/*
 * strays: what lies in outbox, archive, quarantine and held/ under a run's id, and no run that is
 * in the chain has put there. Where a file of a run lies its link knows by a hash; what agrees with
 * that is asked no further.
 *
 * What the database does not hold any more, and somebody has gone on without, is a fork: it stays
 * as it was, and its files are those that its own summary names.
 */
#include "proof.h"

#include "enrold/artefact.h"
#include "enrold/disk.h"
#include "enrold/packed.h"
#include "enrold/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct stray {
	char path[PROOF_PATH_SIZE]; /* without what tells that it is packed */
	const char *name;           /* its end */
	char run[RUN_ID_SIZE + 1];
	int64_t run_us;
};

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), tail = strlen(end);
	return size >= tail && strcmp(text + size - tail, end) == 0;
}

/* ---- a fork ---- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

static struct error fork_file_check(
    struct proof *proof, const struct stray *summary, const json_t *entry)
{
	char path[PROOF_PATH_SIZE];
	struct packed_found found;
	const json_int_t bytes = json_integer_value(json_object_get(entry, "bytes"));
	const char *name = text_of(entry, "name");
	if (strchr(name, '/') ||
	    snprintf(path, sizeof path, "%.*s%s", (int)(summary->name - summary->path),
	        summary->path, name) >= PROOF_PATH_SIZE)
		return OK;
	/* The run may have been done once more, and have its own there. */
	const struct link *link = chain_find(&proof->chain, summary->run_us);
	uint32_t hash = proof_hash_path(path);
	for (size_t i = 0; link && i < LINK_FILES; i++)
		if (link->names[i] == hash)
			return OK;
	struct error error = proof_read(proof, path, bytes > 0 ? (uint64_t)bytes : 0, &found);
	if (is_error(&error) || strcmp(found.sha256, text_of(entry, "sha256")) == 0)
		return error;
	proof_tell(proof, found.is_there ? VERIFY_ALTERED : VERIFY_MISSING, summary->run_us, path,
	    found.is_there
	        ? "this file of an answer that was accepted as lost is not what was written"
	        : "this file of an answer that was accepted as lost is not there");
	return OK;
}

/* A head that somebody has kept may be one of these. */
static struct error fork_head_note(
    struct proof *proof, const struct stray *stray, struct slice text)
{
	struct fork_head head = {.link = {.number = 0}};
	if (!links_read(proof, text, &head.link))
		return OK;
	head.link.run_us = stray->run_us;
	head.path = arena_copy(proof->arena, slice_of(stray->path)).bytes;
	if (!proof_grow((void **)&proof->fork_heads, proof->fork_heads_count,
	        &proof->fork_heads_room, sizeof head))
		return error_memory("listing the outbox");
	proof->fork_heads[proof->fork_heads_count++] = head;
	return OK;
}

static struct error fork_check(
    struct proof *proof, const struct stray *stray, const struct forked *forked, struct slice text)
{
	size_t i;
	const json_t *entry;
	json_t *summary = json_loadb(text.bytes, text.size, 0, NULL);
	struct error error = fork_head_note(proof, stray, text);
	if (!is_error(&error))
		error = lists_give_up(proof, forked, text);
	json_array_foreach(json_object_get(summary, "files"), i, entry) if (!is_error(&error))
	    error = fork_file_check(proof, stray, entry);
	json_decref(summary);
	return error;
}

/* A summary that somebody has gone on without, or that the ledger has lost. */
static struct error summary_see(
    struct proof *proof, const struct stray *stray, struct arena *arena, bool *is_told)
{
	char sha256[HASH_TEXT_SIZE + 1];
	struct slice text;
	struct error error = proof_load(proof, stray->path, arena, &text);
	*is_told = !text.bytes;
	if (is_error(&error) || !text.bytes)
		return error;
	error = hash_text(text, sha256);
	struct forked *forked = lists_find_forked(proof, stray->run_us, sha256);
	if (is_error(&error) || !forked)
		return error;
	*is_told = forked->is_seen = true;
	proof_tell(proof, VERIFY_FORKED, stray->run_us, stray->path,
	    "the database was put back to before it, and somebody has gone on without it");
	proof->findings[proof->count - 1].when_us = proof->records[forked->record].run_us;
	return fork_check(proof, stray, forked, text);
}

/* ---- whose it is ---- */

/* A summary that nobody has accepted as lost: of a run that the ledger has forgotten, when it goes
 * on from one that is there, or the ledger does not come as far; else somebody has put it there. */
static bool is_forgotten(struct proof *proof, const struct stray *stray, struct slice text)
{
	char previous[HASH_TEXT_SIZE + 1];
	unsigned char digest[DIGEST_SIZE];
	const unsigned char zeros[DIGEST_SIZE] = {0};
	if (strcmp(proof->last.run, stray->run) == 0)
		return true;
	summary_find_previous(text, previous);
	if (!summary_is_of(text, stray->run) || !digest_parse(slice_of(previous), digest))
		return false;
	return summary_find_number(text) > proof->head.number ||
	       memcmp(digest, zeros, DIGEST_SIZE) == 0 || chain_find_head(&proof->chain, digest);
}

static struct error summary_tell(
    struct proof *proof, const struct stray *stray, struct slice text, bool is_known)
{
	if (is_known || !is_forgotten(proof, stray, text)) {
		proof_tell(proof, VERIFY_ADDED, is_known ? stray->run_us : 0, stray->path,
		    "no run has written this summary here");
		return OK;
	}
	proof_tell(proof, VERIFY_MISSING_IN_LEDGER, stray->run_us, stray->path,
	    "this answer was given, and the ledger does not know its run");
	return proof_note_told(proof, stray->run_us);
}

/* "hr/staff.R.preview.result.csv" -> "hr/staff.R.preview.summary.json"; the stem may have been cut
 * otherwise, then there is none. */
static void sibling_path(const struct stray *stray, char path[PROOF_PATH_SIZE])
{
	const char *end = strstr(stray->name, stray->run) + RUN_ID_SIZE;
	static const char preview[] = ".preview.";
	end += strncmp(end, preview, strlen(preview)) == 0 ? strlen(preview) - 1 : 0;
	snprintf(path, PROOF_PATH_SIZE, "%.*s.summary.json", (int)(end - stray->path), stray->path);
}

/* Its run's summary lies beside it and names it: what is to be told of that is told with it. */
static struct error sibling_find(
    struct proof *proof, const struct stray *stray, struct arena *arena, bool *is_named)
{
	size_t i;
	const json_t *entry;
	char path[PROOF_PATH_SIZE];
	struct slice text;
	sibling_path(stray, path);
	struct error error = proof_load(proof, path, arena, &text);
	json_t *summary = text.bytes ? json_loadb(text.bytes, text.size, 0, NULL) : NULL;
	*is_named = false;
	json_array_foreach(json_object_get(summary, "files"), i, entry) *is_named |=
	    strcmp(text_of(entry, "name"), stray->name) == 0;
	*is_named &= strcmp(text_of(summary, "run"), stray->run) == 0;
	json_decref(summary);
	return error;
}

/* It ended, or was moved, while we read; or its run goes on. */
static struct error is_new(
    struct proof *proof, const struct stray *stray, struct arena *arena, bool *is)
{
	struct ledger_run row;
	char path[PROOF_PATH_SIZE];
	*is = false;
	struct error error = ledger_find(proof->db, slice_of(stray->run), arena, &row);
	/* What was out of an answer goes back to work/ with a run that goes on. */
	if (!is_error(&error) && row.state == RUN_RUNNING)
		*is = proof_is_in_work(proof, stray->run);
	if (is_error(&error) || row.state < RUN_APPLIED)
		return error;
	bool is_later = row.number > proof->head.number;
	static const enum run_state ends[] = {RUN_HELD, RUN_REFUSED, RUN_APPLIED};
	bool is_held = row.state == RUN_HELD;
	for (size_t i = 0; i < sizeof ends / sizeof *ends && is_held; i++) {
		row.state = ends[i];
		proof_path(proof, &row, PROOF_INPUT, path);
		*is |= strcmp(path, stray->path) == 0;
	}
	for (enum proof_file file = 0; file < PROOF_FILES && is_later; file++) {
		proof_path(proof, &row, file, path);
		*is |= strcmp(path, stray->path) == 0;
	}
	return OK;
}

static struct error answer_file_see(
    struct proof *proof, const struct stray *stray, struct arena *arena, bool is_known)
{
	bool is_named = false;
	struct error error = is_known ? OK : sibling_find(proof, stray, arena, &is_named);
	if (is_error(&error) || is_named ||
	    (is_known && lists_find_forked(proof, stray->run_us, NULL)))
		return error;
	proof_tell(proof, VERIFY_ADDED, is_known ? stray->run_us : 0, stray->path,
	    "no run has written this file here");
	return OK;
}

static struct error input_see(struct proof *proof, const struct stray *stray, bool is_known)
{
	/* With its answer it was told that the ledger has forgotten it, or that somebody knows. */
	if (!proof_has_told(proof, stray->run_us) && !lists_find_forked(proof, stray->run_us, NULL))
		proof_tell(proof, VERIFY_ADDED, is_known ? stray->run_us : 0, stray->path,
		    "no run has put this file here");
	return OK;
}

static struct error stray_see(struct proof *proof, const struct stray *stray, struct arena *arena)
{
	bool is_summary =
	    strstr(stray->name, ".summary") && strncmp(stray->path, "outbox/", 7) == 0;
	bool is = false, is_told = false;
	bool is_known = chain_find(&proof->chain, stray->run_us);
	struct slice text = {NULL, 0};
	struct error error = is_new(proof, stray, arena, &is);
	if (is_error(&error) || is)
		return error;
	if (strncmp(stray->path, "outbox/", 7) != 0)
		return input_see(proof, stray, is_known);
	if (!is_summary)
		return answer_file_see(proof, stray, arena, is_known);
	error = summary_see(proof, stray, arena, &is_told);
	if (!is_error(&error) && !is_told)
		error = proof_load(proof, stray->path, arena, &text);
	return is_error(&error) || is_told ? error : summary_tell(proof, stray, text, is_known);
}

/* ---- all that lies there ---- */

/* Only answers are packed there; an input may have come so. */
static bool is_in_outbox(const char *place)
{
	return strncmp(place, "outbox", strlen("outbox")) == 0;
}

/* Also what was made of such a file, and can be made again. */
static bool is_owned(const struct proof *proof, const struct stray *stray)
{
	char path[PROOF_PATH_SIZE];
	const struct link *link = chain_find(&proof->chain, stray->run_us);
	bool is_sealed =
	    is_in_outbox(stray->path) && ends_with(stray->path, ".csv" ARTEFACT_SEALED);
	size_t size = strlen(stray->path) - (is_sealed ? strlen(ARTEFACT_SEALED) : 0);
	snprintf(path, sizeof path, "%.*s", (int)size, stray->path);
	uint32_t hash = proof_hash_path(path);
	for (size_t i = 0; link && i < LINK_FILES; i++)
		if (link->names[i] == hash)
			return true;
	return false;
}

/* Reasons and what lay beside a file have no hash on record, nor has the card of a plan. */
static bool is_of_record(const char *place, const char *name)
{
	char run[RUN_ID_SIZE + 1];
	if (is_in_outbox(place))
		return true;
	/* In held/ itself lies what came late. */
	return strcmp(place, "held") != 0 && name_find_input(name, run);
}

static struct error entry_see(
    struct proof *proof, const char *place, const char *name, struct arena *arena)
{
	struct stray stray;
	if (!is_of_record(place, name) || !proof_find_run(name, &stray.run_us))
		return OK;
	int size = snprintf(stray.path, sizeof stray.path, "%s/%s", place, name);
	if (is_in_outbox(place) && ends_with(name, PACKED_SUFFIX))
		stray.path[size - (int)strlen(PACKED_SUFFIX)] = '\0';
	stray.name = strrchr(stray.path, '/') + 1;
	run_id_format(stray.run_us, stray.run);
	if (is_owned(proof, &stray))
		return OK;
	struct error error = stray_see(proof, &stray, arena);
	arena_reset(arena);
	return error;
}

static struct error walk(struct proof *proof, const char *place, int depth, struct arena *arena);

static struct error below_walk(struct proof *proof, const char *place, const struct dirent *entry,
    int depth, struct arena *arena)
{
	char below[PROOF_PATH_SIZE];
	int size = snprintf(below, sizeof below, "%s/%s", place, entry->d_name);
	return size < PROOF_PATH_SIZE ? walk(proof, below, depth - 1, arena) : OK;
}

static struct error walk(struct proof *proof, const char *place, int depth, struct arena *arena)
{
	struct error error = OK;
	int at = openat(proof->spool.root, place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
		           ? OK
		           : error_errno("cannot open %s", place);
	DIR *listing = disk_list(at);
	if (!listing)
		error = error_errno("cannot list %s", place);
	for (const struct dirent *entry;
	     listing && !is_error(&error) && (errno = 0, entry = readdir(listing));) {
		struct stat stat;
		bool is_there = *entry->d_name != '.' &&
		                fstatat(at, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0;
		if (is_there && S_ISDIR(stat.st_mode) && depth > 0)
			error = below_walk(proof, place, entry, depth, arena);
		else if (is_there && !S_ISDIR(stat.st_mode))
			error = entry_see(proof, place, entry->d_name, arena);
	}
	if (listing && !is_error(&error) && errno != 0)
		error = error_errno("cannot list %s", place);
	if (listing)
		closedir(listing);
	close(at);
	return error;
}

struct error strays_check(struct proof *proof)
{
	static const struct {
		const char *name;
		int depth;
	} places[] = {{"outbox", 1}, {"archive", 3}, {"quarantine", 0}, {"held", 1}};
	struct arena *arena = arena_create();
	struct error error = arena ? OK : error_memory("listing the outbox");
	for (size_t i = 0; i < sizeof places / sizeof *places && !is_error(&error); i++) {
		error = walk(proof, places[i].name, places[i].depth, arena);
		proof_sort_told(proof); /* the outbox comes first */
	}
	arena_free(arena);
	return error;
}
