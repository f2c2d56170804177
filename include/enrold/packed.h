/*
 * packed: an old answer's file lies in the outbox as "staff.R.result.csv.gz" (`compress` of
 * enrold.yaml(5)); what is hashed and read of it are always the plain bytes. While it is packed
 * both are there: the plain one counts, and goes last.
 *
 * Whoever may write into the outbox may put a file there that grows a thousandfold: nothing is
 * unpacked beyond bytes_max, which is what the ledger or the summary knows of the plain bytes.
 */
#ifndef ENROLD_PACKED_H
#define ENROLD_PACKED_H

#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/slice.h"

#include <stdatomic.h>
#include <stdint.h>

#define PACKED_SUFFIX ".gz"

/* The plain bytes of `name`, whether it lies there as itself or packed, from their beginning: of a
 * packed one in a nameless file with the same times. *file -1 and no error: neither is there. The
 * caller closes it. `name` may be a path. REJECT altered: what is packed cannot be unpacked, or to
 * more than bytes_max. A plain one is opened whatever its size. */
struct error packed_open(int directory, const char *name, uint64_t bytes_max, int *file) MUST_CHECK;

struct packed_found {
	bool is_there;
	bool is_packed;
	uint64_t bytes; /* plain ones */
	char sha256[HASH_TEXT_SIZE + 1];
};

/* The same bytes are counted and hashed, and nothing is copied; a plain one whatever its size. */
struct error packed_hash(
    int directory, const char *name, uint64_t bytes_max, struct packed_found *found) MUST_CHECK;

/* Of a file of an answer, as the ledger has it. */
struct packed_known {
	uint64_t bytes;
	struct slice sha256;
};

/* Whether a file, packed whatever its name, unpacks to that. One that is not there does not. */
struct error packed_check(
    int directory, const char *file, const struct packed_known *known, bool *is_it) MUST_CHECK;

/* What it is called while it is made, by nobody else at the same time; and the run whose it is. */
struct packed_part {
	const char *name, *run;
};

/*
 * Packs a file where it lies, with its mode, group and time. It is checked before the plain one
 * goes; killed anywhere, nothing is lost, and the next call goes on. is_wanted: it is broken off.
 * REJECT altered: it is not as the ledger has it, and stays. RETRY.
 */
struct error packed_make(int directory, const char *name, const struct packed_known *known,
    const struct packed_part *part, const atomic_bool *is_wanted) MUST_CHECK;

#endif
