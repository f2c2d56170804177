/*
 * word_counts: the words of a file that the feed's values do not know: counted, and told of once
 * each. So many at most, and the rest together.
 */
#include "words.h"

#include "enrold/value.h"

static bool is_counted(const struct word_count *count, uint32_t column, struct slice cell)
{
	return count->column == column && slice_is((struct slice){count->text, count->size}, cell);
}

static void word_count(struct words *words, uint32_t column, struct slice cell)
{
	size_t i = 0;
	while (i < words->counts_count && !is_counted(&words->counts[i], column, cell))
		i++;
	if (i == WORD_COUNTS_MAX || cell.size > WORD_SIZE) {
		words->uncounted++;
		return;
	}
	struct word_count *count = &words->counts[i];
	if (i == words->counts_count) {
		words->counts_count++;
		count->column = column;
		count->size = (uint16_t)cell.size;
		memcpy(count->text, cell.bytes, cell.size);
	}
	count->rows++;
}

void words_count(struct header *header, const struct csvin_record *record)
{
	for (size_t i = 0; header->words && i < header->words->mapped_count; i++) {
		uint32_t column = header->words->mapped[i];
		const struct word *word = NULL;
		struct slice cell = words_cell(header, column, record->cells, record->cells_count);
		if (cell.bytes && words_judge(header, column, cell, &word) == WORD_IS_UNKNOWN &&
		    value_check(cell) == VALUE_CLEAN)
			word_count(header->words, column, value_trim(cell));
	}
}

/* One for each word, and one for all further ones. */
void words_remark(const struct header *header, struct remarks *remarks)
{
	const struct words *words = header->words;
	struct arena *arena = remarks->arena;
	for (size_t i = 0; words && i < words->counts_count; i++) {
		const struct word_count *count = &words->counts[i];
		const struct header_column *column = &header->columns[count->column];
		struct remark_names names = {.count = 0};
		remark_name(&names, value_trim(column->cell), SLICE(""), arena);
		struct slice word = {count->text, count->size};
		remark_add(remarks, REMARK_WORDS_NOT_MAPPED, &names,
		    arena_print(arena,
		        "In %llu row%s %.*s is %.*s, a word that the feed's values do not know: "
		        "add it there, or correct it.",
		        (unsigned long long)count->rows, count->rows == 1 ? "" : "s",
		        SLICE_ARG(names.shown[0]), SLICE_ARG(remark_quote(word, arena))));
	}
	if (words && words->uncounted > 0)
		remark_add(remarks, REMARK_WORDS_NOT_MAPPED, NULL,
		    arena_print(arena,
		        "%llu cell%s %s further words that the feed's values do not know.",
		        (unsigned long long)words->uncounted, words->uncounted == 1 ? "" : "s",
		        words->uncounted == 1 ? "has" : "have"));
}
