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

#define PACKED_SUFFIX ".gz"

/* The plain bytes of `name`, whether it lies there as itself or packed, from their beginning: of a
 * packed one in a nameless file. *file -1 and no error: neither is there. The caller closes it.
 * REJECT altered: what is packed cannot be unpacked, or to more than bytes_max. A plain one is
 * opened whatever its size. */
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

#endif
