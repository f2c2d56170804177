/*
 * content: what the reader of a run reads: its input itself, or what was made of it, because it is
 * encrypted or packed, or because not each of its rows counts as it stands.
 *
 *     input.csv --pgp_decrypt--> --unpack--> members --compose--> a file without a name
 *
 * Only the steps that a file needs are taken, and how it begins says which (never its name). What
 * is made has no name and is gone with its descriptor, whoever kills the process; so it is made
 * anew when the run goes on, and has to be the same again: the note R/content says what it was.
 */
#ifndef RUN_CONTENT_H
#define RUN_CONTENT_H

#include "enrold/hash.h"
#include "enrold/policy.h"
#include "enrold/remark.h"
#include "enrold/slice.h"
#include "enrold/summary.h"

#include <stdbool.h>
#include <stdint.h>

struct run;
struct ledger_run;
struct reader_terms;

/* Zero-initialised but for `file` and the arena of the remarks. Texts are in that arena. */
struct content {
	int file;         /* -1: the input is read as it stands */
	bool is_composed; /* compose.h */
	bool is_open;     /* what was dropped is not encrypted, */
	bool is_plain;    /* nor packed */
	uint64_t bytes;   /* of the file, */
	char sha256[HASH_TEXT_SIZE + 1];
	const char *preset;             /* "canvas/users", of an archive "canvas"; NULL: of none */
	struct summary_member *members; /* of an archive, in the order of their rows */
	size_t members_count;
	struct remarks remarks;
};

/* What of a file that begins so is to be made: it has to be copied as a whole first. Else the
 * policy of its kind becomes the run's. REJECT: preset_no_kind. */
struct error content_foresee(
    struct run *run, struct slice beginning, bool is_whole, bool *is_made) MUST_CHECK;
/* Makes it of the run's copy, and notes it; the run's policy is then that by which it is read. It
 * may be stopped. */
struct error content_make(struct run *run) MUST_CHECK;
/* The same of a release: what the plan was made of. REJECT: content_changed. */
struct error content_make_source(struct run *run) MUST_CHECK;
/* The same again, of a run that goes on. It may be stopped. REJECT: content_changed. */
struct error content_find(struct run *run) MUST_CHECK;

/* Of what the run applies: at its beginning, for one reader at a time; to be closed. */
struct error content_open(const struct run *run, int *file) MUST_CHECK;
/* What it is read by. */
struct reader_terms content_terms(const struct run *run);
/* What another run of the feed has read, by the policy stored with it. It may stop the run. REJECT
 * as of archive_open_input, which opens its input, and if it cannot be made any more. */
struct error content_open_other(struct run *run, const struct ledger_run *of,
    const struct policy *policy, int *file, bool *is_composed) MUST_CHECK;
void content_done(struct content *content);

/* ---- what its parts share ---- */

/* The run stops: the daemon does, or others wait and it has had its turn. */
bool content_has_to_stop(struct run *run);
/* At most PRESET_BEGINNING_MAX bytes and one more. */
struct error content_beginning(int file, char *bytes, struct slice *beginning) MUST_CHECK;
bool content_is_encrypted(const struct policy_pgp *pgp, struct slice beginning);

#endif
