/*
 * answer_index: where in the result.csv of a large answer each person is named, so that one
 * person's rows are found without reading it all: <spool>/index/R.idx. It is derived data: it may
 * be removed at any time, is made anew from the answer, and is believed only as long as it fits
 * that. So it is never flushed, and has no temporary name: its header is written last.
 *
 *     a page of header | segments of pages of entries | pages of where the blocks begin
 *
 * A block is 64 KiB of whole rows. An entry is the hash of a name and a block, sorted within its
 * segment, of which there is one for each quarter of a million entries: making it takes some MiB
 * whatever the answer's size. Each page has a checksum under the run's own key: what a power cut
 * has left of a page, or of another file, shows.
 */
#ifndef ENROLD_ANSWER_INDEX_H
#define ENROLD_ANSWER_INDEX_H

#include "enrold/arena.h"
#include "enrold/error.h"
#include "enrold/result.h"

#include <sys/stat.h>

/* Reading less than that is as quick. */
enum { ANSWER_INDEX_MIN = 256 << 10 };

/* The answer that is meant, as the ledger has it. */
struct indexed {
	const char *run;
	uint64_t bytes;      /* of result.csv */
	struct slice sha256; /* of it */
	bool has_renames;    /* of accounts: those rows are about the old name, too */
};

/*
 * result: result.csv, open. directory: index/. REJECT altered: it has not that hash, and no index
 * is made. RETRY: it could not be made; also is_cancelled.
 */
struct error answer_index_make(int result, const struct indexed *of, int directory,
    const atomic_bool *is_cancelled) MUST_CHECK;

/* Puts one that came with its answer (answer.h) from there to its place; behind the answer's own
 * files, since it must not be older. Should it not come, it is made when it is wanted. */
void answer_index_publish(int from, const char *run, int directory);
/* Its answer has gone. */
void answer_index_remove(int directory, const char *run);

struct answer_index;

/* result: of result.csv. NULL: there is none that fits, or no memory. */
struct answer_index *answer_index_open(
    int directory, const struct indexed *of, const struct stat *result);
void answer_index_close(struct answer_index *index);

/* From the beginning of a row to the end of one. */
struct answer_block {
	uint64_t from, until;
};

/* The blocks in which one of these may be named, in any letter case, in the order of the file; they
 * lie in the arena. False: it is damaged, or no memory. */
bool answer_index_find(struct answer_index *index, const struct slice *names, size_t count,
    struct arena *arena, struct answer_block **blocks, size_t *blocks_count);

#endif
