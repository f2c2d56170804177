#include "words.h"

#include "index.h"

#include "enrold/value.h"

#include <stdlib.h>

enum {
	COLUMN,
	WORD,
	TARGET,
	CELL,
	PARTS,
	/* A word of the settings has 255 bytes at most, folded not four times as many. */
	KEY_ROOM = 1280,
};

struct finding {
	struct words *words;
	struct header *header;
	struct arena *arena, *scratch;
	struct index_entry *sources;  /* by entry of `values`, folded: its first four */
	struct index_entry *names;    /* of columns */
	const struct word_map **maps; /* by first four; NULL: not made yet */
};

static struct slice key_of(struct slice text, char room[KEY_ROOM])
{
	return value_fold_apart(value_trim(text), room, KEY_ROOM);
}

static struct slice key_copy(struct arena *arena, const char *text)
{
	char room[KEY_ROOM];
	return arena_copy(arena, key_of(slice_of(text), room));
}

static const char *part_of(const struct words *words, size_t four, size_t part)
{
	return words->policy->values.items[four * PARTS + part];
}

static size_t fours_count(const struct policy *policy)
{
	return policy->values.count / PARTS;
}

size_t words_made_max(const struct policy *policy)
{
	return fours_count(policy) + policy->set.count / 2;
}

/* ---- the words of one entry ---- */

/* Where the fours end that have the same parts up to this one. */
static uint32_t same_end(const struct words *words, uint32_t from, size_t part)
{
	uint32_t end = from + 1;
	while (end < fours_count(words->policy) &&
	       strcmp(part_of(words, end, part), part_of(words, from, part)) == 0 &&
	       strcmp(part_of(words, end, COLUMN), part_of(words, from, COLUMN)) == 0)
		end++;
	return end;
}

static enum words_rest rest_of(const char *cell)
{
	return strcmp(cell, "error") == 0 ? REST_ERROR : REST_KEEP;
}

static const struct word_map *map_make(struct finding *finding, uint32_t from)
{
	struct words *words = finding->words;
	uint32_t end = same_end(words, from, COLUMN);
	struct word_map *map = arena_alloc(finding->arena, sizeof *map);
	struct word *all = arena_alloc(finding->arena, (end - from) * sizeof *all);
	if (!map || !all)
		return NULL;
	map->words = all;
	for (uint32_t at = from, next; at < end; at = next) {
		next = same_end(words, at, WORD);
		if (strcmp(part_of(words, at, WORD), "*") == 0) {
			map->rest = rest_of(part_of(words, at, CELL));
			continue;
		}
		all[map->words_count++] = (struct word){
		    key_copy(finding->arena, part_of(words, at, WORD)), at, next - at};
		for (uint32_t four = at; four < next; four++)
			map->has_others |=
			    strcmp(part_of(words, four, TARGET), part_of(words, four, COLUMN)) != 0;
	}
	qsort(all, map->words_count, sizeof *all, zone_compare);
	return map;
}

/* ---- the columns of its cells ---- */

/* A feed may get files about people and files of groups: each has its own columns. */
static bool is_of_file(const struct header *header, struct slice name)
{
	return column_find(name, header->is_of_groups) ||
	       (!header->is_of_groups && columns_profile_name(name).size > 0);
}

static uint32_t column_make(struct finding *finding, const char *target)
{
	struct header *header = finding->header;
	struct slice name =
	    arena_copy(finding->arena, value_lower(slice_of(target), finding->scratch));
	uint32_t index = index_find(finding->names, name);
	if (index != INDEX_NONE)
		return index;
	if (!is_of_file(header, name))
		return TARGET_NONE;
	index = (uint32_t)header->columns_count++;
	header->columns[index] =
	    (struct header_column){.name = name, .cell = name, .is_made = true};
	index_add(&finding->names, finding->scratch, name, index);
	return index;
}

static uint32_t target_find(struct finding *finding, uint32_t four)
{
	const char *target = part_of(finding->words, four, TARGET);
	if (strcmp(target, part_of(finding->words, four, COLUMN)) == 0)
		return TARGET_ITSELF;
	return column_make(finding, target);
}

/* What the file says itself goes before. */
static void set_make(struct finding *finding)
{
	const struct text_list *set = &finding->words->policy->set;
	for (size_t i = 0; i + 1 < set->count; i += 2) {
		uint32_t index = column_make(finding, set->items[i]);
		if (index == TARGET_NONE || index < finding->header->written_count)
			continue;
		struct header_column *column = &finding->header->columns[index];
		column->is_set = finding->words->has_set = true;
		column->set_cell = slice_of(set->items[i + 1]);
	}
}

static void targets_find(struct finding *finding, const struct word_map *map)
{
	for (size_t i = 0; i < map->words_count; i++)
		for (uint32_t c = 0; c < map->words[i].count; c++) {
			uint32_t four = map->words[i].first + c;
			finding->words->targets[four] = target_find(finding, four);
		}
}

/* ---- which columns have words ---- */

static uint32_t source_find(const struct finding *finding, const struct header_column *column)
{
	bool is_of_groups = finding->header->is_of_groups;
	struct slice stem = column->name;
	const struct column *known = column_find(column->name, is_of_groups);
	stem.size -= known && known->is_numbered ? column_digits(column->name) : 0;
	uint32_t four = index_find(finding->sources, column->name);
	if (four == INDEX_NONE)
		four = index_find(
		    finding->sources, columns_fold(value_trim(column->cell), finding->scratch));
	return four == INDEX_NONE ? index_find(finding->sources, stem) : four;
}

static void column_map(struct finding *finding, uint32_t index)
{
	struct words *words = finding->words;
	const struct header_column *column = &finding->header->columns[index];
	const struct column *known = column_find(column->name, finding->header->is_of_groups);
	uint32_t four = column->name.size > 0 ? source_find(finding, column) : INDEX_NONE;
	if (four == INDEX_NONE || (known && column_is_remark(known->id)))
		return;
	if (!finding->maps[four])
		finding->maps[four] = map_make(finding, four);
	words->of[index] = finding->maps[four];
	words->met[index] = arena_alloc(finding->arena, WORDS_MET * sizeof **words->met);
	words->mapped[words->mapped_count++] = index;
}

static void names_index(struct finding *finding)
{
	const struct header *header = finding->header;
	for (uint32_t i = 0; i < header->written_count; i++)
		if (header->columns[i].name.size > 0 &&
		    index_find(finding->names, header->columns[i].name) == INDEX_NONE)
			index_add(&finding->names, finding->scratch, header->columns[i].name, i);
}

/* Of the file, and those that are set: what a word has become is no word. */
static void columns_map(struct finding *finding)
{
	struct words *words = finding->words;
	uint32_t count = (uint32_t)finding->header->columns_count;
	for (uint32_t four = 0; four < fours_count(words->policy);
	     four = same_end(words, four, COLUMN))
		index_add(&finding->sources, finding->scratch,
		    columns_fold(slice_of(part_of(words, four, COLUMN)), finding->scratch), four);
	for (uint32_t i = 0; i < count; i++)
		column_map(finding, i);
	for (uint32_t four = 0; four < fours_count(words->policy); four++)
		if (finding->maps[four])
			targets_find(finding, finding->maps[four]);
}

/* ---- the whole ---- */

static void empty_read(struct words *words, struct arena *arena)
{
	const struct text_list *list = &words->policy->empty;
	words->empty = arena_alloc(arena, (list->count + 1) * sizeof *words->empty);
	for (size_t i = 0; words->empty && i < list->count; i++) {
		/* Letters may be put together otherwise, and be longer so. */
		size_t size = strlen(list->items[i]) * 4;
		struct slice key = key_copy(arena, list->items[i]);
		words->empty[words->empty_count++] = key;
		words->empty_starts[key.size > 0 ? (unsigned char)key.bytes[0] : 0] = true;
		words->empty_size = size > words->empty_size ? size : words->empty_size;
	}
	if (words->empty)
		qsort(words->empty, words->empty_count, sizeof *words->empty, zone_compare);
}

void words_find(struct header *header, const struct header_terms *terms, struct arena *arena,
    struct arena *scratch)
{
	const struct policy *policy = terms->policy;
	size_t fours = fours_count(policy);
	size_t columns = header->written_count + words_made_max(policy);
	if (fours == 0 && policy->empty.count == 0 && policy->set.count == 0)
		return;
	struct words *words = arena_alloc(arena, sizeof *words);
	struct finding finding = {.words = words,
	    .header = header,
	    .arena = arena,
	    .scratch = scratch,
	    .maps = arena_alloc(scratch, (fours + 1) * sizeof *finding.maps)};
	if (!words || !finding.maps)
		return;
	words->policy = policy;
	words->site = terms->site;
	words->of = arena_alloc(arena, (columns + 1) * sizeof *words->of);
	words->met = arena_alloc(arena, (columns + 1) * sizeof *words->met);
	words->mapped = arena_alloc(arena, (columns + 1) * sizeof *words->mapped);
	words->targets = arena_alloc(arena, (fours + 1) * sizeof *words->targets);
	empty_read(words, arena);
	if (!words->of || !words->met || !words->mapped || !words->targets || !words->empty)
		return;
	names_index(&finding);
	set_make(&finding);
	columns_map(&finding);
	index_clear(&finding.sources);
	index_clear(&finding.names);
	header->words = words;
}

const struct words *words_of_empty(const struct policy *policy, struct arena *arena)
{
	struct words *words = arena_alloc(arena, sizeof *words);
	if (!words)
		return NULL;
	words->policy = policy;
	empty_read(words, arena);
	return words->empty ? words : NULL;
}

bool words_know(const struct header *header, uint32_t column)
{
	const struct word_map *map =
	    header->words && column < header->written_count ? header->words->of[column] : NULL;
	return map && (map->has_others || map->words_count == 0) &&
	       !column_wants_number(header->columns[column].name, header->is_of_groups);
}

/* ---- a cell ---- */

struct slice words_cell(
    const struct header *header, uint32_t column, const struct slice *cells, size_t count)
{
	if (header->columns[column].is_set)
		return header->columns[column].set_cell;
	return column < count ? cells[column] : SLICE("");
}

/* Folded apart, a letter of ASCII is the small one, whatever stands behind it. */
static bool may_be_empty(const struct words *words, char first)
{
	unsigned char c = (unsigned char)first;
	return c >= 0x80 || words->empty_starts[c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c];
}

bool words_is_empty(const struct words *words, struct slice cell)
{
	char room[KEY_ROOM];
	if (!words || words->empty_count == 0)
		return false;
	cell = value_trim(cell);
	if (cell.size == 0 || cell.size > words->empty_size || !may_be_empty(words, cell.bytes[0]))
		return false;
	struct slice key = key_of(cell, room);
	return bsearch(&key, words->empty, words->empty_count, sizeof key, zone_compare);
}

static enum word_verdict judge(
    const struct header *header, uint32_t column, struct slice cell, const struct word **word)
{
	char room[KEY_ROOM];
	const struct word_map *map = header->words->of[column];
	cell = value_trim(cell);
	if (cell.size == 0 || words_is_empty(header->words, cell))
		return WORD_IS_CELL;
	struct slice key = key_of(cell, room);
	*word = bsearch(&key, map->words, map->words_count, sizeof **word, zone_compare);
	if (*word)
		return WORD_IS_KNOWN;
	if (map->rest == REST_KEEP || !column_is_used(&header->columns[column]))
		return WORD_IS_CELL;
	bool is_own =
	    map->rest == REST_IF_OURS && word_is_own(header->words, &header->columns[column], cell);
	return is_own ? WORD_IS_CELL : WORD_IS_UNKNOWN;
}

enum word_verdict words_judge(
    const struct header *header, uint32_t column, struct slice cell, const struct word **word)
{
	if (!header->words->of[column] || cell.size == 0)
		return WORD_IS_CELL;
	if (cell.size > WORD_MET_SIZE)
		return judge(header, column, cell, word);
	unsigned char last = (unsigned char)cell.bytes[cell.size - 1];
	struct word_met *met = &header->words->met[column][(cell.size + last) % WORDS_MET];
	if (!slice_is((struct slice){met->bytes, met->size}, cell)) {
		met->word = NULL;
		met->verdict = judge(header, column, cell, &met->word);
		met->size = (unsigned char)cell.size;
		memcpy(met->bytes, cell.bytes, cell.size);
	}
	*word = met->word;
	return met->verdict;
}
