/*
 * witness: what else tells how far the chain has come: .head, the checkpoints that lie in the
 * outbox, and what somebody has kept elsewhere and asks for. A run number and its hash are enough,
 * for that hash holds all before it.
 */
#include "proof.h"

#include "enrold/disk.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- .head ---- */

#define HEAD ".head"

static struct error is_on_its_way(struct proof *proof, const struct link *link, bool *is)
{
	struct ledger_run row;
	char run[RUN_ID_SIZE + 1];
	struct arena *arena = arena_create();
	run_id_format(link->run_us, run);
	struct error error = arena ? ledger_find(proof->db, slice_of(run), arena, &row)
	                           : error_memory("looking at the ledger");
	if (!is_error(&error))
		error = proof_is_publishing(proof, &row, is);
	arena_free(arena);
	return error;
}

/* One behind that place which is not on its way; NULL: none. */
static struct error published_after(
    struct proof *proof, uint64_t place, const struct link **published)
{
	struct error error = OK;
	bool is_coming = true;
	*published = NULL;
	for (size_t i = 0; i < proof->chain.links.count && is_coming && !is_error(&error); i++) {
		const struct link *link = chain_at(&proof->chain, i);
		if (link->place <= place)
			continue;
		error = is_on_its_way(proof, link, &is_coming);
		*published = is_coming ? NULL : link;
	}
	return error;
}

static struct error unknown_head_tell(struct proof *proof, int64_t run_us)
{
	struct ledger_run row = {.state = RUN_UNKNOWN};
	struct arena *arena = arena_create();
	struct error error = arena ? ledger_find(proof->db, slice_of(proof->last.run), arena, &row)
	                           : error_memory("looking at the ledger");
	bool is_new = !is_error(&error) && row.state >= RUN_APPLIED &&
	              row.number > proof->head.number &&
	              slice_is(row.summary_sha256, slice_of(proof->last.sha256));
	arena_free(arena);
	if (!is_error(&error) && !is_new)
		proof_tell(proof, VERIFY_MISSING_IN_LEDGER, run_us, HEAD,
		    "the spool knows that this run was the last, and the ledger does not know it");
	return error;
}

static struct error head_compare(struct proof *proof, const struct link *link)
{
	unsigned char chain[DIGEST_SIZE];
	const struct link *more;
	if (*proof->last.chain == '\0')
		return OK; /* of 0.1.0, which kept none */
	if (!digest_parse(slice_of(proof->last.chain), chain) ||
	    memcmp(chain, link->chain, DIGEST_SIZE) != 0) {
		proof_tell(proof, VERIFY_ALTERED, link->run_us, HEAD,
		    "the spool remembers another end of the chain with this run than the ledger");
		return OK;
	}
	struct error error = published_after(proof, link->place, &more);
	if (!is_error(&error) && more)
		proof_tell(proof, VERIFY_CUT_OFF, more->run_us, HEAD,
		    "the spool remembers run number %" PRIu64
		    " as the last, and this one was answered behind it",
		    link->place);
	return error;
}

static struct error head_look(struct proof *proof)
{
	int64_t run_us;
	bool is_there = disk_has(proof->spool.root, HEAD);
	bool is_read = run_id_parse(proof->last.run, &run_us);
	const struct link *link = is_read ? chain_find(&proof->chain, run_us) : NULL;
	if (is_read && !link)
		return unknown_head_tell(proof, run_us);
	if (link)
		return head_compare(proof, link);
	struct error error = published_after(proof, 0, &link);
	if (!is_error(&error) && link)
		proof_tell(proof, is_there ? VERIFY_ALTERED : VERIFY_MISSING, 0, HEAD,
		    is_there ? "the spool's note of the last run cannot be read"
		             : "the spool has no note of the last run: somebody has taken it away");
	return error;
}

struct error witness_head(struct proof *proof)
{
	/* It was read before the ledger, and may have gone on since; then so has this. */
	int64_t run_us;
	const struct link *link =
	    run_id_parse(proof->last.run, &run_us) ? chain_find(&proof->chain, run_us) : NULL;
	const struct link *more = NULL;
	struct error error = link ? published_after(proof, link->place, &more) : OK;
	if (!is_error(&error) && (more || !*proof->last.run))
		error = last_run_find(&proof->spool, &proof->last);
	return is_error(&error) ? error : head_look(proof);
}

/* ---- keys ---- */

enum { KEYS_MAX = 1000 };
#define CHECKPOINTS "outbox/checkpoints"

struct keys {
	struct note_key *own[KEYS_MAX];
	size_t count;
	const struct note_key *given;
};

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), tail = strlen(end);
	return size >= tail && strcmp(text + size - tail, end) == 0;
}

static bool is_signed(const struct keys *keys, struct slice text)
{
	if (keys->given)
		return note_is_by(text, keys->given);
	for (size_t i = 0; i < keys->count; i++)
		if (note_is_by(text, keys->own[i]))
			return true;
	return false;
}

/* ---- notes ---- */

static void note_tell(struct proof *proof, enum verify_fault fault, uint64_t number,
    const char *path, const char *what)
{
	proof->answer->is_vague = true;
	proof_tell(proof, fault, 0, path, "%s", what);
	proof->findings[proof->count - 1].number = number;
}

/* It is not the note that was altered. */
static void chain_tell(struct proof *proof, const struct note *note, const char *path)
{
	char what[PROOF_PATH_SIZE + 128];
	snprintf(what, sizeof what,
	    "it is not the one that was signed in the checkpoint %s: up to this run it was "
	    "written anew since",
	    path);
	note_tell(proof, VERIFY_ALTERED, note->number, "", what);
}

/* Of a text that is a note, and signed. */
static enum verify_known head_place(
    struct proof *proof, const char *head, uint64_t *number, char run[RUN_ID_SIZE + 1])
{
	unsigned char digest[DIGEST_SIZE];
	*number = 0;
	*run = '\0';
	if (!digest_parse(slice_of(head), digest))
		return VERIFY_NEVER;
	const struct link *link = chain_find_head(&proof->chain, digest);
	const struct fork_head *fork = link ? NULL : forks_find(proof, digest);
	if (!link && !fork)
		return VERIFY_NEVER;
	*number = link ? link->place : fork->link.number;
	run_id_format(link ? link->run_us : fork->link.run_us, run);
	return link && link->place > 0 && link->is_whole ? VERIFY_ONCE
	       : link                                    ? VERIFY_NEVER
	                                                 : VERIFY_ON_FORK;
}

/* The chain has come there since it was read: the next time this one is looked at. */
static bool has_come(const struct proof *proof, const struct note *note)
{
	struct ledger_head head;
	struct error error = ledger_read_head(proof->db, &head);
	return !is_error(&error) && note->number <= head.number;
}

static enum verify_known note_check(
    struct proof *proof, const struct keys *keys, const char *path, struct slice text)
{
	struct note note;
	char run[RUN_ID_SIZE + 1];
	uint64_t number;
	struct error error = note_parse(text, &note);
	if (is_error(&error)) {
		note_tell(
		    proof, VERIFY_ALTERED, 0, path, "this is no checkpoint, or not a whole one");
		return VERIFY_NEVER;
	}
	if (!is_signed(keys, text)) {
		note_tell(proof, VERIFY_ALTERED, note.number, path,
		    keys->given ? "this checkpoint is not signed by the key that was given"
		    : keys->count > 0
		        ? "this checkpoint is not signed by any key of " CHECKPOINTS
		        : "whether this checkpoint was forged cannot be told: there is no key "
		          "in " CHECKPOINTS "; --key gives one");
		return VERIFY_NEVER;
	}
	enum verify_known known = head_place(proof, note.head, &number, run);
	if (known != VERIFY_NEVER && number == note.number)
		return known;
	bool is_beyond = known == VERIFY_NEVER && note.number > proof->head.number;
	if (is_beyond && has_come(proof, &note))
		return VERIFY_NOT_ASKED;
	if (is_beyond)
		note_tell(proof, VERIFY_CUT_OFF, note.number, path,
		    "this checkpoint tells of more runs than there are");
	else
		chain_tell(proof, &note, path);
	return VERIFY_NEVER;
}

/* ---- what is asked for ---- */

struct bridges {
	size_t count;
	uint64_t last; /* number */
};

/* Before the place, by lists of runs behind it; one for each record. NULL: no memory. */
static struct bridges *bridges_find(const struct proof *proof, uint64_t place)
{
	struct bridges *found = calloc(proof->records_count + 1, sizeof *found);
	for (size_t i = 0; found && i < proof->chain.links.count; i++) {
		const struct link *link = chain_at(&proof->chain, i);
		if (link->bridge == 0 || link->place == 0 || link->place > place ||
		    lists_place(proof, link->bridge - 1) <= place)
			continue;
		struct bridges *bridges = &found[link->bridge - 1];
		bridges->count++;
		bridges->last = link->place > bridges->last ? link->place : bridges->last;
	}
	return found;
}

static void bridges_tell(struct proof *proof, const struct bridges *bridges, uint64_t by,
    const char *name, const char *witness)
{
	char others[64] = "";
	if (bridges->count > 1)
		snprintf(others, sizeof others, " and %zu before it", bridges->count - 1);
	proof_tell(proof, VERIFY_UNPROVED, 0, name,
	    "number %" PRIu64 "%s %s pruned by run number %" PRIu64
	    ", after this %s; a checkpoint of number %" PRIu64 " or later proves %s, by then",
	    bridges->last, others, *others ? "were" : "was", by, witness, by,
	    *others ? "them" : "it");
	proof->findings[proof->count - 1].number = bridges->last;
}

static struct error proved_from(struct proof *proof, enum verify_known known, uint64_t place,
    const char *name, const char *witness, uint64_t *from)
{
	*from = 1;
	proof->answer->is_vague |= known == VERIFY_NEVER || known == VERIFY_ON_FORK;
	if (known != VERIFY_ONCE)
		return OK;
	struct bridges *bridges = bridges_find(proof, place);
	for (uint32_t i = 0; bridges && i < proof->records_count; i++) {
		if (bridges[i].count == 0)
			continue;
		bridges_tell(proof, &bridges[i], lists_place(proof, i), name, witness);
		*from = bridges[i].last >= *from ? bridges[i].last + 1 : *from;
	}
	bool has_memory = bridges != NULL;
	free(bridges);
	proof->witnessed = place > proof->witnessed ? place : proof->witnessed;
	return has_memory ? OK : error_memory("looking at what was pruned");
}

/* ---- those in the outbox ---- */

typedef struct error on_file(
    struct proof *proof, struct keys *keys, const char *path, struct slice text);

static struct error key_take(
    struct proof *proof, struct keys *keys, const char *path, struct slice text)
{
	if (!ends_with(path, ".pub") || keys->count == KEYS_MAX)
		return OK;
	struct error error = note_key_parse(text, &keys->own[keys->count]);
	if (!is_error(&error))
		keys->count++;
	else if (error.class != ERROR_RETRY)
		note_tell(proof, VERIFY_ALTERED, 0, path, "this public key is none any more");
	return error.class == ERROR_RETRY ? error : OK;
}

static struct error note_take(
    struct proof *proof, struct keys *keys, const char *path, struct slice text)
{
	if (ends_with(path, ".pub"))
		return OK;
	proof->answer->notes += note_check(proof, keys, path, text) != VERIFY_NEVER;
	return OK;
}

static struct error checkpoints_visit(struct proof *proof, struct keys *keys, on_file *see)
{
	struct error error = OK;
	struct arena *arena = arena_create();
	int at =
	    openat(proof->spool.root, CHECKPOINTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *listing = at < 0 ? NULL : disk_list(at);
	for (const struct dirent *entry;
	     arena && listing && !is_error(&error) && (entry = readdir(listing));) {
		char path[PROOF_PATH_SIZE];
		struct slice text;
		int64_t run_us;
		snprintf(path, sizeof path, CHECKPOINTS "/%s", entry->d_name);
		/* A feed may have that name, too. */
		if (*entry->d_name == '.' || proof_find_run(entry->d_name, &run_us))
			continue;
		error = proof_load(proof, path, arena, &text);
		if (!is_error(&error) && text.bytes)
			error = see(proof, keys, path, text);
		arena_reset(arena);
	}
	if (listing)
		closedir(listing);
	if (at >= 0)
		close(at);
	arena_free(arena);
	return arena ? error : error_memory("reading checkpoints");
}

static struct error checkpoint_check(struct proof *proof, const struct keys *keys)
{
	const struct verify_terms *terms = proof->terms;
	struct verify_answer *answer = proof->answer;
	struct note note;
	struct error error = note_parse(terms->checkpoint, &note);
	if (is_error(&error))
		return error_config(
		    "%s is no checkpoint, or not a whole one", terms->checkpoint_name);
	answer->checkpoint_known =
	    note_check(proof, keys, terms->checkpoint_name, terms->checkpoint);
	(void)head_place(proof, note.head, &answer->checkpoint_number, answer->checkpoint_run);
	return proved_from(proof, answer->checkpoint_known, answer->checkpoint_number,
	    terms->checkpoint_name, "checkpoint", &answer->checkpoint_from);
}

struct error witness_check(struct proof *proof)
{
	const struct verify_terms *terms = proof->terms;
	struct verify_answer *answer = proof->answer;
	struct keys *keys = calloc(1, sizeof *keys);
	if (!keys)
		return error_memory("reading checkpoints");
	struct error error = checkpoints_visit(proof, keys, key_take);
	if (!is_error(&error))
		error = checkpoints_visit(proof, keys, note_take);
	keys->given = terms->key;
	if (!is_error(&error) && terms->checkpoint.bytes)
		error = checkpoint_check(proof, keys);
	if (!is_error(&error) && terms->head)
		answer->head_known =
		    head_place(proof, terms->head, &answer->head_number, answer->head_run);
	if (!is_error(&error))
		error = proved_from(
		    proof, answer->head_known, answer->head_number, "", "head", &answer->head_from);
	for (size_t i = 0; i < keys->count; i++)
		note_key_free(keys->own[i]);
	free(keys);
	return error;
}
