/*
 * words: what words of cells mean in one file, by the feed's `values` and `empty`, and what stands
 * in the columns that it has not, by `set`. Made once with the header, in its arena; a cell is then
 * found by halving, so that a record costs its cells and nothing that grows with the file. Nobody
 * outside of this layer includes it.
 */
#ifndef ROSTER_WORDS_H
#define ROSTER_WORDS_H

#include "roster.h"

enum { WORD_COUNTS_MAX = 16, WORD_SIZE = 256 };

/* A word that nobody knows, and in how many rows it was met. */
struct word_count {
	uint32_t column;
	uint16_t size;
	char text[WORD_SIZE];
	uint64_t rows;
};

/* Its cells: indexes into the policy's fours. */
struct word {
	struct slice key; /* the first member: folded */
	uint32_t first, count;
};

enum words_rest { REST_IF_OURS, REST_ERROR, REST_KEEP };

/* The words of one entry of `values`, sorted. */
struct word_map {
	struct word *words;
	size_t words_count;
	enum words_rest rest;
	bool has_others; /* some of its cells are of other columns */
};

enum word_verdict { WORD_IS_CELL, WORD_IS_KNOWN, WORD_IS_UNKNOWN };

/* A cell that was judged before: a column has few words, and each of them in thousands of rows. */
enum { WORDS_MET = 4, WORD_MET_SIZE = 30 };
struct word_met {
	unsigned char size; /* 0: none yet */
	char bytes[WORD_MET_SIZE];
	enum word_verdict verdict;
	const struct word *word;
};

struct words {
	const struct policy *policy;
	const struct site_facts *site;
	struct slice *empty;            /* folded, sorted */
	size_t empty_count, empty_size; /* and what may be one at most has so many bytes */
	bool empty_starts[256];         /* by first byte: some of them start so */
	const struct word_map **of;     /* by column of the file; NULL: it has no words */
	struct word_met **met;          /* by column of the file: WORDS_MET of one that has words */
	uint32_t *mapped;               /* the columns that have, as they stand */
	bool has_set;                   /* some columns are set */
	size_t mapped_count;
	/* By four of the policy: the column of the cell, or one of these. */
	uint32_t *targets;
	struct word_count counts[WORD_COUNTS_MAX]; /* the first that were met */
	size_t counts_count;
	uint64_t uncounted; /* rows of further ones */
};

#define TARGET_ITSELF (UINT32_MAX - 1)
#define TARGET_NONE UINT32_MAX

/* Columns that a file can get from `values` and `set` besides its own. */
size_t words_made_max(const struct policy *policy);
/* Call it when the file's columns have their names: header->words, and the columns that are made,
 * behind the file's. NULL: the feed has no such settings. */
void words_find(struct header *header, const struct header_terms *terms, struct arena *arena,
    struct arena *scratch);
/* What a row of those cells has in a column of the file, or in one that is set. */
struct slice words_cell(
    const struct header *header, uint32_t column, const struct slice *cells, size_t count);
/* A column that enrold does not know has a meaning by its words: they are cells of others. */
bool words_know(const struct header *header, uint32_t column);

/* Of a policy's words those alone that mean an empty cell. NULL: out of memory. */
const struct words *words_of_empty(const struct policy *policy, struct arena *arena);
bool words_is_empty(const struct words *words, struct slice cell);

/* What the cell is in that column of the file: a cell like others, a word, which *word then is, or
 * nothing that anybody knows. */
enum word_verdict words_judge(
    const struct header *header, uint32_t column, struct slice cell, const struct word **word);
/* Whether the trimmed cell means something in that column by itself (words_own.c). */
bool word_is_own(const struct words *words, const struct header_column *column, struct slice cell);

/* Counts the words of a record that nobody knows, and tells of them (word_counts.c). */
void words_count(struct header *header, const struct csvin_record *record);
void words_remark(const struct header *header, struct remarks *remarks);

#endif
