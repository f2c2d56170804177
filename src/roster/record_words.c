/*
 * record_words: a record with its words translated. What the file says stays beside it
 * (record->written), for the answer and the retry file.
 */
#include "words.h"

#include "enrold/detail.h"
#include "enrold/value.h"

/* The record's cells as our own, one for each column of the header; NULL: no memory. */
static struct slice *cells_own(struct batch *batch, struct record *record, struct slice **own)
{
	size_t count = batch->header->columns_count;
	if (*own)
		return *own;
	*own = arena_alloc(batch->arena, count * sizeof **own);
	if (!*own)
		return NULL;
	for (size_t i = 0; i < count; i++)
		(*own)[i] = i < record->written_count ? record->written[i] : SLICE("");
	record->cells = *own;
	record->cells_count = (uint32_t)count;
	return *own;
}

static void cell_set(struct batch *batch, struct record *record, struct slice **own,
    uint32_t column, struct slice cell)
{
	struct slice *cells = cells_own(batch, record, own);
	if (cells)
		cells[column] = cell;
}

static void unknown_note(struct batch *batch, struct record *record, uint32_t column)
{
	if (!record->unknown_words)
		record->unknown_words = arena_alloc(
		    batch->arena, batch->header->columns_count * sizeof *record->unknown_words);
	if (record->unknown_words)
		record->unknown_words[column] = true;
}

static struct slice cell_of(const struct words *words, uint32_t four)
{
	return slice_of(words->policy->values.items[four * 4 + 3]);
}

/* In the order in which they count: what comes later stands. */
enum words_pass { PASS_ITSELF, PASS_OTHERS, PASS_NARROWS, PASSES };

/* It suspends or takes away: of two words of a row that disagree this one counts, wherever their
 * columns stand, for a file may have them in any order. */
static bool narrows(enum column_id id, struct slice cell)
{
	bool truth = false;
	bool can = id == COLUMN_SUSPENDED || id == COLUMN_DELETED || id == COLUMN_ENROLSTATUS ||
	           id == COLUMN_UNENROL;
	return can && truth_read(cell, &truth) && truth;
}

/* The cells of the word that are of its own column, or of others. */
static void word_put(struct batch *batch, struct record *record, struct slice **own,
    const struct word *word, uint32_t column, enum words_pass pass)
{
	const struct words *words = batch->header->words;
	for (uint32_t c = 0; c < word->count; c++) {
		uint32_t target = words->targets[word->first + c];
		bool is_itself = target == TARGET_ITSELF || target == column;
		if (target == TARGET_NONE || is_itself != (pass == PASS_ITSELF))
			continue;
		struct slice cell = cell_of(words, word->first + c);
		if (pass != PASS_NARROWS || narrows(batch->header->columns[target].id, cell))
			cell_set(batch, record, own, is_itself ? column : target, cell);
	}
}

static void empty_read(struct batch *batch, struct record *record, struct slice **own)
{
	const struct header *header = batch->header;
	for (uint32_t i = 0; header->words->empty_count > 0 && i < record->written_count; i++)
		if (i < header->written_count && !column_is_remark(header->columns[i].id) &&
		    words_is_empty(header->words, record->written[i]))
			cell_set(batch, record, own, i, SLICE(""));
}

static void set_read(struct batch *batch, struct record *record, struct slice **own)
{
	const struct header *header = batch->header;
	for (uint32_t i = (uint32_t)header->written_count;
	     header->words->has_set && i < header->columns_count; i++)
		if (header->columns[i].is_set)
			cell_set(batch, record, own, i, header->columns[i].set_cell);
}

static void word_read(struct batch *batch, struct record *record, struct slice **own,
    uint32_t column, enum words_pass pass)
{
	const struct words *words = batch->header->words;
	const struct word *word = NULL;
	if (pass != PASS_ITSELF && !words->of[column]->has_others)
		return;
	enum word_verdict verdict = words_judge(batch->header, column,
	    words_cell(batch->header, column, record->written, record->written_count), &word);
	if (verdict == WORD_IS_UNKNOWN && pass == PASS_ITSELF)
		unknown_note(batch, record, column);
	if (verdict != WORD_IS_KNOWN)
		return;
	if (pass == PASS_ITSELF)
		cell_set(batch, record, own, column, SLICE(""));
	word_put(batch, record, own, word, column, pass);
}

void record_words_read(
    struct batch *batch, struct record *record, const struct csvin_record *source)
{
	const struct words *words = batch->header->words;
	struct slice *own = NULL;
	record->written = record->cells;
	record->written_count = record->cells_count;
	bool is_whole = source->fault == CSVIN_WHOLE || source->fault == CSVIN_CUT;
	if (!words || !is_whole || header_is_ragged(batch->header, record->cells_count))
		return;
	empty_read(batch, record, &own);
	set_read(batch, record, &own);
	for (enum words_pass pass = PASS_ITSELF; pass < PASSES; pass++)
		for (size_t i = 0; i < words->mapped_count; i++)
			word_read(batch, record, &own, words->mapped[i], pass);
}

uint32_t record_unknown_word(const struct header *header, const struct record *record, bool is_new)
{
	for (size_t i = 0; record->unknown_words && i < header->words->mapped_count; i++) {
		uint32_t index = header->words->mapped[i];
		const struct header_column *column = &header->columns[index];
		bool is_of_request = !header->is_of_groups && column->id >= COLUMN_COURSE &&
		                     column->id <= COLUMN_CATEGORYROLE;
		bool counts = is_new || !column->is_of_new;
		if (record->unknown_words[index] && counts && !is_of_request)
			return index;
	}
	return COLUMN_NONE;
}
