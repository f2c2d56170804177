#include "answer_index.h"

#include "enrold/answer.h"
#include "enrold/keyhash.h"
#include "enrold/runid.h"
#include "enrold/value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- what making and reading have in common ---- */

struct index_key index_key_of(const char *run)
{
	struct index_key key = {{0, 0}};
	size_t size = strlen(run);
	memcpy(&key, run + (size > sizeof key ? size - sizeof key : 0),
	    size < sizeof key ? size : sizeof key);
	return key;
}

uint64_t index_checksum(const struct index_key *key, uint64_t number, const struct index_page *page)
{
	return keyhash_with(key->words, page->words, sizeof page->words) ^ number;
}

static bool ascii_lower(struct slice name, char *room, size_t size)
{
	unsigned char all = 0;
	if (name.size > size)
		return false;
	for (size_t i = 0; i < name.size; i++) {
		char c = name.bytes[i];
		all |= (unsigned char)c;
		room[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	return all < 0x80;
}

uint32_t index_hash(const struct index_key *key, struct slice name, struct arena *arena)
{
	char room[256];
	struct slice folded = value_trim_end(name);
	if (ascii_lower(folded, room, sizeof room))
		folded.bytes = room;
	else
		folded = value_fold(name, arena);
	return (uint32_t)keyhash_with(key->words, folded.bytes, folded.size);
}

void index_name(char name[FILE_NAME_SIZE], const char *run)
{
	snprintf(name, FILE_NAME_SIZE, "%.*s.idx", RUN_ID_SIZE, run);
}

void answer_index_publish(int from, const char *run, int directory)
{
	char name[FILE_NAME_SIZE];
	index_name(name, run);
	if (renameat(from, ANSWER_INDEX, directory, name) == 0)
		utimensat(directory, name, NULL, AT_SYMLINK_NOFOLLOW);
}

void answer_index_remove(int directory, const char *run)
{
	char name[FILE_NAME_SIZE];
	index_name(name, run);
	unlinkat(directory, name, 0);
}

/* ---- reading ---- */

struct answer_index {
	int file;
	struct index_key key;
	struct index_header header;
	uint64_t first_block_page;
	struct index_page page; /* the one read last */
	uint64_t number;        /* its number; 0: none */
};

/* False: it is not whole, or no page of this run's. */
static bool page_load(struct answer_index *index, uint64_t number)
{
	if (index->number == number && number > 0)
		return true;
	ssize_t size;
	do
		size = pread(index->file, &index->page, INDEX_PAGE, (off_t)(number * INDEX_PAGE));
	while (size < 0 && errno == EINTR);
	bool is_ours = size == INDEX_PAGE &&
	               index->page.checksum == index_checksum(&index->key, number, &index->page);
	index->number = is_ours ? number : 0;
	return is_ours;
}

/* An answer that was changed after it had been indexed is not what the ledger says either, but
 * may have the same size. */
static bool is_older(const struct stat *a, const struct stat *b)
{
	return a->st_mtim.tv_sec < b->st_mtim.tv_sec ||
	       (a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec < b->st_mtim.tv_nsec);
}

static bool header_load(
    struct answer_index *index, const struct indexed *of, const struct stat *result)
{
	struct stat stat;
	struct index_header *header = &index->header;
	if (fstat(index->file, &stat) < 0 || is_older(&stat, result) || !page_load(index, 0))
		return false;
	memcpy(header, &index->page, sizeof *header);
	index->first_block_page = 1;
	for (uint64_t i = 0; i < header->segments && i < SEGMENTS_MAX; i++)
		index->first_block_page += header->pages[i];
	return header->mark == INDEX_MARK && header->bytes == of->bytes &&
	       header->segments <= SEGMENTS_MAX &&
	       slice_is((struct slice){header->sha256, sizeof header->sha256}, of->sha256);
}

struct answer_index *answer_index_open(
    int directory, const struct indexed *of, const struct stat *result)
{
	char name[FILE_NAME_SIZE];
	struct answer_index *index = calloc(1, sizeof *index);
	if (!index)
		return NULL;
	index_name(name, of->run);
	index->key = index_key_of(of->run);
	index->file = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (index->file >= 0 && header_load(index, of, result))
		return index;
	answer_index_close(index);
	return NULL;
}

void answer_index_close(struct answer_index *index)
{
	if (!index)
		return;
	if (index->file >= 0)
		close(index->file);
	free(index);
}

/* ---- looking for a name ---- */

struct found {
	struct arena *arena;
	uint32_t *blocks;
	size_t count, room;
};

static bool found_add(struct found *found, uint32_t block)
{
	if (found->count == found->room) {
		size_t room = found->room > 0 ? found->room * 2 : 64;
		uint32_t *grown =
		    arena_grow(found->arena, found->blocks, found->count, room, sizeof *grown);
		if (!grown)
			return false;
		found->blocks = grown;
		found->room = room;
	}
	found->blocks[found->count++] = block;
	return true;
}

/* Hashes are evenly spread: the page is about where the hash is in all hashes. From there to the
 * first page that begins behind all smaller ones. */
static bool page_find(
    struct answer_index *index, uint64_t first, uint64_t pages, uint32_t hash, uint64_t *found)
{
	uint64_t page = (hash * pages) >> 32, wanted = index_entry(hash, 0);
	while (page > 0) {
		if (!page_load(index, first + page))
			return false;
		if (index->page.words[0] < wanted)
			break;
		page--;
	}
	for (; page + 1 < pages; page++) {
		if (!page_load(index, first + page))
			return false;
		if (index->page.words[PAGE_WORDS - 1] >= wanted)
			break;
	}
	*found = page;
	return true;
}

static bool segment_search(
    struct answer_index *index, uint64_t first, uint64_t pages, uint32_t hash, struct found *found)
{
	uint64_t page;
	if (!page_find(index, first, pages, hash, &page))
		return false;
	for (; page < pages; page++) {
		if (!page_load(index, first + page))
			return false;
		for (size_t i = 0; i < PAGE_WORDS; i++) {
			uint64_t entry = index->page.words[i];
			if (entry >> 32 > hash)
				return true;
			if (entry >> 32 == hash && entry != INDEX_NONE_SUCH &&
			    !found_add(found, (uint32_t)entry))
				return false;
		}
	}
	return true;
}

static int block_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* Where it begins; of the one behind the last: where that ends. */
static bool block_begin(struct answer_index *index, uint64_t block, uint64_t *offset)
{
	uint64_t page = index->first_block_page + block / PAGE_WORDS;
	if (block > index->header.blocks || !page_load(index, page))
		return false;
	*offset = index->page.words[block % PAGE_WORDS];
	return *offset <= index->header.bytes;
}

static bool blocks_take(struct answer_index *index, const struct found *found,
    struct answer_block *blocks, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < found->count; i++) {
		struct answer_block *block = &blocks[*count];
		if (i > 0 && found->blocks[i] == found->blocks[i - 1])
			continue;
		if (!block_begin(index, found->blocks[i], &block->from) ||
		    !block_begin(index, (uint64_t)found->blocks[i] + 1, &block->until))
			return false;
		++*count;
	}
	return true;
}

bool answer_index_find(struct answer_index *index, const struct slice *names, size_t count,
    struct arena *arena, struct answer_block **blocks, size_t *blocks_count)
{
	struct found found = {.arena = arena};
	for (size_t n = 0; n < count; n++) {
		uint64_t first = 1;
		struct slice name = value_brief(names[n], RESULT_NAME_MAX, arena);
		uint32_t hash = index_hash(&index->key, name, arena);
		for (uint64_t s = 0; s < index->header.segments; s++) {
			uint64_t pages = index->header.pages[s];
			if (!segment_search(index, first, pages, hash, &found))
				return false;
			first += pages;
		}
	}
	if (found.count > 1)
		qsort(found.blocks, found.count, sizeof *found.blocks, block_compare);
	*blocks = arena_alloc(arena, (found.count + 1) * sizeof **blocks);
	return *blocks && !arena_has_failed(arena) &&
	       blocks_take(index, &found, *blocks, blocks_count);
}
