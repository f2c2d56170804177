/*
 * prune: what of a feed's files has been kept long enough, and goes (`keep` of enrold.yaml(5)), as
 * a list, which is the file of the run that removes it, and lies in the archive for ever:
 *
 *     run,kind,bytes,sha256,number,previous,chain,rule,place
 *
 * kind: input, reason, sidecar, result, retry, plan, summary or card; held: its plan is closed;
 * history: the ledger's texts of it; bytes and sha256: as the ledger has it, of the plain bytes;
 * number, previous and chain: of a summary, so that the chain holds without it; rule: "archive
 * 90d", "before 2026-01-01"; place: its path below the spool, which alone may need CSV's quotes, so
 * that a shell can cut the others at commas.
 *
 * What is not as the ledger says is no such thing: it stays, for somebody to look at.
 */
#ifndef ENROLD_PRUNE_H
#define ENROLD_PRUNE_H

#include "enrold/buffer.h"
#include "enrold/db.h"
#include "enrold/error.h"
#include "enrold/hash.h"
#include "enrold/names.h"
#include "enrold/policy.h"
#include "enrold/runid.h"
#include "enrold/slice.h"

#include <stdatomic.h>
#include <stdint.h>

#define PRUNE_HEADER "run,kind,bytes,sha256,number,previous,chain,rule,place\n"

enum prune_kind {
	PRUNE_INPUT,
	PRUNE_REASON,
	PRUNE_SIDECAR,
	PRUNE_RESULT,
	PRUNE_RETRY,
	PRUNE_PLAN,
	PRUNE_REPORT,
	PRUNE_SUMMARY,
	PRUNE_CARD,
	PRUNE_HELD,    /* no file: its plan is closed */
	PRUNE_HISTORY, /* no file: texts of the ledger */
	PRUNE_KINDS
};

enum { PRUNE_RULE_SIZE = 64, PRUNE_PLACE_SIZE = FILE_NAME_SIZE + 64 };
/* No line is longer. */
enum { PRUNE_LINE_MAX = 2048 };

struct prune_row {
	char run[RUN_ID_SIZE + 1];
	enum prune_kind kind;
	uint64_t bytes;
	char sha256[HASH_TEXT_SIZE + 1]; /* "": of none */
	/* Of a summary: */
	uint64_t number;
	char previous[HASH_TEXT_SIZE + 1], chain[HASH_TEXT_SIZE + 1];
	char rule[PRUNE_RULE_SIZE];
	char place[PRUNE_PLACE_SIZE]; /* "": it is no file */
};

const char *prune_kind_name(enum prune_kind kind);
void prune_row_format(const struct prune_row *row, struct buffer *out);
/* One line, without its newline. False: it is none of such a list, or its place is none where
 * enrold keeps anything of that run. */
bool prune_row_parse(struct slice line, struct prune_row *row);

/* Whose, and what. */
struct prune_terms {
	int root; /* the spool's */
	struct db *db;
	const char *feed;
	const struct policy *policy;
	int64_t before_s; /* all of runs before it, whatever the policy says; 0: what that says */
	int64_t now_us;
	/* NULL: nobody looks. */
	atomic_uint *progress;
	const atomic_bool *is_stopping;
};

/* What stays for somebody to look at. */
struct prune_stays {
	size_t altered, missing;
	char first[PRUNE_PLACE_SIZE]; /* of those that are altered */
};

/* In the order of runs. The caller's error ends it. */
typedef struct error prune_on_row(void *context, const struct prune_row *row);
/* Reads and hashes; changes nothing. */
struct error prune_find(const struct prune_terms *terms, prune_on_row *on_row, void *context,
    struct prune_stays *stays) MUST_CHECK;

/* The rows of such a list, from where the file stands to its end. */
struct error prune_read(int file, prune_on_row *on_row, void *context) MUST_CHECK;

#endif
