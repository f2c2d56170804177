/*
 * chain: the links of all runs that the ledger says have ended, a hundred bytes for each, and the
 * walk over them: from 64 zeros by `previous` to the ledger's head. Pure.
 *
 * Each link says by itself what it is (its number, what went before, its hash), and whoever has
 * read it whether that is so. The walk goes on behind a break, so that all breaks are told: where
 * it has to, by number.
 */
#ifndef PROOF_CHAIN_H
#define PROOF_CHAIN_H

#include "enrold/hashlist.h"

#include <stdbool.h>
#include <stdint.h>

enum { DIGEST_SIZE = 32 };

/* False: that is no hash in lower-case hex. */
bool digest_parse(struct slice text, unsigned char digest[DIGEST_SIZE]);
/* With its NUL. */
void digest_format(const unsigned char digest[DIGEST_SIZE], char *text);

enum { LINK_FILES = 6 }; /* the artefacts, the summary, the input */

struct link {
	int64_t run_us;
	uint64_t number; /* as the summary says; 0: of a time without */
	uint64_t place;  /* in the chain, from 1; 0: the walk has not come there */
	unsigned char previous[DIGEST_SIZE], chain[DIGEST_SIZE]; /* as the summary says */
	uint32_t names[LINK_FILES]; /* hashes of what its files are called; 0: no such file */
	bool is_whole;              /* the summary is the one whose hash the chain holds */
	bool is_blank;              /* there is no summary in the ledger */
	bool is_tail;               /* its summary is not in the outbox */
	uint32_t bridge;            /* which list says what it was, from 1; 0: it does itself */
};

/* Links lie in the order in which they were added, by run. */
struct chain {
	struct hashlist links;
	struct link **by_hash; /* once it was walked and broken, or asked; NULL: not yet */
};

void chain_init(struct chain *chain);
void chain_done(struct chain *chain);
bool chain_add(struct chain *chain, const struct link *link); /* false: no memory */
/* Before the walk: those of these numbers. */
void chain_drop(struct chain *chain, uint64_t behind, uint64_t until);
static inline struct link *chain_at(const struct chain *chain, size_t index)
{
	return hashlist_at(&chain->links, (uint32_t)index + 1);
}
struct link *chain_find(const struct chain *chain, int64_t run_us); /* NULL: none */
/* That with this hash; NULL: none, or no memory. */
struct link *chain_find_head(struct chain *chain, const unsigned char head[DIGEST_SIZE]);

enum chain_break {
	CHAIN_REWRITTEN, /* what comes next was chained to another than what is there now */
	CHAIN_LOST,      /* the links of some numbers are not there; from, until */
	CHAIN_REORDERED, /* the link's number is not its place */
	CHAIN_STRANGE,   /* nothing leads from this link to the head */
	CHAIN_CUT,       /* the head says that there are more: from, until */
	CHAIN_HEAD,      /* the head is none that the chain has come to */
};

/* link: where it is, NULL for the last two. */
typedef void chain_on_break(
    void *context, enum chain_break what, const struct link *link, uint64_t from, uint64_t until);

struct chain_head {
	unsigned char chain[DIGEST_SIZE];
	uint64_t number;
};

/* Gives each link its place. False: no memory. */
bool chain_walk(
    struct chain *chain, const struct chain_head *head, chain_on_break *on_break, void *context);

#endif
