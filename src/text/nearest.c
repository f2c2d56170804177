#include "enrold/nearest.h"

#include "enrold/arena.h"
#include "enrold/hashlist.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>

enum { LENGTH_MAX = 64, SLIPS_MAX = 2, WORDS_MAX = 4096 };

struct name {
	struct slice text;
	uint64_t letters; /* the set of them, letter case aside */
};

/* Of one length, in the order in which they came. */
struct names {
	struct name *items;
	size_t count, room;
};

/* A word that was looked for. */
struct word {
	struct slice text, found;
};

struct nearest {
	struct names by_length[LENGTH_MAX + 1];
	struct arena *names;
	struct hashlist words;
	struct arena *texts; /* of the words */
};

static uint32_t word_hash(const void *context, const void *item)
{
	(void)context;
	return hashlist_hash_text(((const struct word *)item)->text);
}

static void words_begin(struct nearest *nearest)
{
	hashlist_done(&nearest->words);
	nearest->words = (struct hashlist){.hash = word_hash, .size = sizeof(struct word)};
	arena_reset(nearest->texts);
}

struct nearest *nearest_create(void)
{
	struct nearest *nearest = calloc(1, sizeof *nearest);
	if (!nearest)
		return NULL;
	nearest->names = arena_create();
	nearest->texts = arena_create();
	if (!nearest->names || !nearest->texts) {
		nearest_free(nearest);
		return NULL;
	}
	words_begin(nearest);
	return nearest;
}

void nearest_free(struct nearest *nearest)
{
	if (!nearest)
		return;
	hashlist_done(&nearest->words);
	arena_free(nearest->names);
	arena_free(nearest->texts);
	free(nearest);
}

/* ---- letters ---- */

/* One of 64: digits, letters without their case, and the rest share what is left. */
static unsigned letter_of(char byte)
{
	unsigned char c = (unsigned char)byte;
	if (c >= '0' && c <= '9')
		return c - (unsigned)'0';
	unsigned lower = c | 0x20;
	return lower >= 'a' && lower <= 'z' ? 10 + lower - 'a' : 36U + c % 28;
}

static uint64_t letters_of(struct slice text)
{
	uint64_t letters = 0;
	for (size_t i = 0; i < text.size; i++)
		letters |= UINT64_C(1) << letter_of(text.bytes[i]);
	return letters;
}

/* A slip takes a letter away, and puts another in. */
static bool may_be_near(uint64_t a, uint64_t b)
{
	return __builtin_popcountll(a ^ b) <= 2 * SLIPS_MAX;
}

static size_t min_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment: insertions, deletions, replacements, and neighbours exchanged, which is
 * what fingers do. Three rows of the matrix are kept, each as far as the slips allow; SLIPS_MAX +
 * 1: there are more.
 */
static size_t slips(struct slice a, struct slice b)
{
	enum { MANY = SLIPS_MAX + 1 };
	size_t rows[3][LENGTH_MAX + 2];
	assert(b.size <= LENGTH_MAX);
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b.size + 1; j++) {
		before[j] = row[j] = MANY;
		above[j] = min_of(j, MANY);
	}
	for (size_t i = 1; i <= a.size; i++) {
		size_t least = MANY, from = i > SLIPS_MAX ? i - SLIPS_MAX : 1;
		size_t to = min_of(i + SLIPS_MAX, b.size);
		row[from - 1] = from == 1 ? min_of(i, MANY) : MANY;
		for (size_t j = from; j <= to; j++) {
			bool same = a.bytes[i - 1] == b.bytes[j - 1];
			row[j] = min_of(above[j - 1] + !same, min_of(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a.bytes[i - 1] == b.bytes[j - 2] &&
			    a.bytes[i - 2] == b.bytes[j - 1])
				row[j] = min_of(row[j], before[j - 2] + 1);
			least = min_of(least, row[j]);
		}
		row[to + 1] = MANY;
		if (least == MANY && row[from - 1] == MANY)
			return MANY;
		size_t *next = before;
		before = above;
		above = row;
		row = next;
	}
	return min_of(above[b.size], MANY);
}

/* ---- names ---- */

bool nearest_add(struct nearest *nearest, struct slice name)
{
	if (name.size == 0 || name.size > LENGTH_MAX)
		return true;
	struct names *names = &nearest->by_length[name.size];
	if (names->count == names->room) {
		size_t room = names->room * 2 + 16;
		names->items = arena_grow(
		    nearest->names, names->items, names->count, room, sizeof *names->items);
		names->room = room;
	}
	struct slice copy = arena_copy(nearest->names, name);
	if (arena_has_failed(nearest->names))
		return false;
	names->items[names->count++] = (struct name){copy, letters_of(copy)};
	return true;
}

/* The best so far. */
struct search {
	struct slice word, found;
	uint64_t letters;
	size_t least; /* slips */
};

static void spend(size_t *budget, size_t looks)
{
	*budget -= min_of(*budget, looks);
}

static void name_try(struct search *search, const struct name *name, size_t *budget)
{
	struct slice word = search->word, text = name->text;
	spend(budget, 1);
	if (!may_be_near(search->letters, name->letters))
		return;
	spend(budget, LOOKS_PER_COMPARISON);
	bool is_case = text.size == word.size && !strncasecmp(text.bytes, word.bytes, word.size);
	size_t count = is_case ? 0 : slips(word, text);
	/* Two slips turn any short name into any other: two thirds must be right. */
	if (count < search->least && count * 3 <= word.size) {
		search->least = count;
		search->found = text;
	}
}

static void names_search(struct nearest *nearest, struct search *search, size_t *budget)
{
	/* The same length first: the likeliest slip is a letter in the place of another. */
	static const int steps[] = {0, -1, 1, -2, 2};
	for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
		size_t size = search->word.size + (size_t)steps[s];
		if (size == 0 || size > LENGTH_MAX)
			continue;
		const struct names *names = &nearest->by_length[size];
		for (size_t i = 0; i < names->count && search->least > 0 && *budget > 0; i++)
			name_try(search, &names->items[i], budget);
	}
}

/* ---- words ---- */

static const struct word *word_find(const struct nearest *nearest, struct slice text)
{
	size_t at = hashlist_hash_text(text);
	for (uint32_t number; (number = hashlist_next(&nearest->words, &at)) != 0;) {
		const struct word *word = hashlist_at(&nearest->words, number);
		if (slice_is(word->text, text))
			return word;
	}
	return NULL;
}

static bool word_keep(struct nearest *nearest, struct slice text, struct slice found)
{
	if (nearest->words.count >= WORDS_MAX)
		words_begin(nearest);
	const struct word word = {arena_copy(nearest->texts, text), found};
	return !arena_has_failed(nearest->texts) && hashlist_add(&nearest->words, &word);
}

bool nearest_find(struct nearest *nearest, struct slice word, size_t *budget, struct slice *found)
{
	*found = SLICE("");
	if (word.size == 0 || word.size > LENGTH_MAX)
		return true;
	const struct word *known = word_find(nearest, word);
	if (known) {
		*found = known->found;
		return true;
	}
	if (*budget == 0)
		return true;
	struct search search = {
	    .word = word, .found = *found, .letters = letters_of(word), .least = SLIPS_MAX + 1};
	names_search(nearest, &search, budget);
	*found = search.found;
	/* The next batch may find more than a search that was broken off. */
	return *budget == 0 || word_keep(nearest, word, *found);
}
