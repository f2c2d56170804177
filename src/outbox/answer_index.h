/*
 * answer_index: its file, page by page. Nobody outside of this room includes it.
 */
#ifndef OUTBOX_ANSWER_INDEX_H
#define OUTBOX_ANSWER_INDEX_H

#include "enrold/answer_index.h"
#include "enrold/names.h"

enum { INDEX_PAGE = 4096, PAGE_WORDS = INDEX_PAGE / 8 - 1 };

struct index_page {
	uint64_t words[PAGE_WORDS];
	uint64_t checksum;
};

_Static_assert(sizeof(struct index_page) == INDEX_PAGE, "a page is a page");

enum { SEGMENTS_MAX = 1900 };

/* Written and read by the same kind of machine: `mark` differs on another. */
struct index_header {
	uint64_t mark;
	uint64_t bytes; /* of the answer */
	char sha256[HASH_TEXT_SIZE];
	uint64_t blocks;
	uint64_t segments;
	uint16_t pages[SEGMENTS_MAX]; /* of each */
};

_Static_assert(sizeof(struct index_header) <= sizeof(uint64_t[PAGE_WORDS]), "it fits its page");

#define INDEX_MARK UINT64_C(0x31786469646C6E65)

/* Behind the last entry of a segment. */
#define INDEX_NONE_SUCH UINT64_MAX

struct index_key {
	uint64_t words[2];
};

/* The time within the run's id, to the microsecond: nobody who writes a file knows it. */
struct index_key index_key_of(const char *run);
uint64_t index_checksum(
    const struct index_key *key, uint64_t number, const struct index_page *page);
/* Of a name, letter case and composition aside. */
uint32_t index_hash(const struct index_key *key, struct slice name, struct arena *arena);
/* "R.idx" */
void index_name(char name[FILE_NAME_SIZE], const char *run);

/* ---- index_maker.c ---- */

struct index_maker;

/* Into a file of this name, which is made when it is first written to; name: borrowed. NULL: no
 * memory. */
struct index_maker *index_maker_create(const char *run, int directory, const char *name);
void index_maker_free(struct index_maker *maker);
/* A row begins at this offset; true: a block does, too. Before any name of the first. */
bool index_maker_row(struct index_maker *maker, uint64_t offset);
/* The row names somebody, as its cell says. */
void index_maker_add(struct index_maker *maker, struct slice name);
/* The answer has so many bytes, and this hash. Returns the first error of all. */
struct error index_maker_end(
    struct index_maker *maker, uint64_t bytes, struct slice sha256) MUST_CHECK;

static inline uint64_t index_entry(uint32_t hash, uint32_t block)
{
	return (uint64_t)hash << 32 | block;
}

#endif
