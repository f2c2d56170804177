/*
 * tally: how many rows, outcomes and codes a run has had so far. Plain data; kept in the ledger as
 * one line of text, so that a resumed run goes on counting.
 */
#ifndef ENROLD_TALLY_H
#define ENROLD_TALLY_H

#include "enrold/buffer.h"
#include "enrold/error.h"
#include "enrold/outcome.h"
#include "enrold/remark.h"

struct tally {
	uint64_t rows;          /* records after the header, bad ones included */
	uint64_t rows_in_error; /* of these, with an error or more */
	uint64_t outcomes[OUTCOME_KINDS];
	uint64_t codes[CODES];
	uint64_t remarks[REMARK_CODES]; /* rows, of those that rows add up to */
	uint64_t removals; /* of the absent, behind the last row; they count as records */
};

/* "rows=3 done=2 error=1 enrolled=2 user_not_found=1": zeros are left out. */
void tally_format(const struct tally *tally, struct buffer *out);
/* CONFIG: somebody else has written it, since others can reach the ledger's database. */
struct error tally_parse(struct slice text, struct tally *tally) MUST_CHECK;

#endif
