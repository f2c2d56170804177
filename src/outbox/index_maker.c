/*
 * index_maker: an index in the making: as its answer is written, or read again. It takes the memory
 * of one segment.
 */
#include "answer_index.h"

#include "enrold/value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	BLOCK = 64 << 10,
	BLOCKS_MAX = 1 << 19, /* 32 GiB of answer */
	SEGMENT = 512 * PAGE_WORDS,
	ENTRIES_MIN = 4096,
	SCRATCH_MAX = 64 << 10,
};

struct index_maker {
	struct index_key key;
	int directory, file; /* file -1: not made yet */
	const char *name;
	struct arena *arena;
	uint64_t *entries;
	size_t count, room; /* SEGMENT at most */
	uint64_t *blocks;   /* where each begins */
	size_t blocks_count, blocks_room;
	struct index_header header;
	uint64_t next_page;
	struct error error; /* the first; nothing is done after it */
};

struct index_maker *index_maker_create(const char *run, int directory, const char *name)
{
	struct index_maker *maker = calloc(1, sizeof *maker);
	if (!maker)
		return NULL;
	*maker = (struct index_maker){.key = index_key_of(run),
	    .directory = directory,
	    .file = -1,
	    .name = name,
	    .arena = arena_create(),
	    .next_page = 1,
	    .error = OK};
	if (maker->arena)
		return maker;
	index_maker_free(maker);
	return NULL;
}

void index_maker_free(struct index_maker *maker)
{
	if (!maker)
		return;
	if (maker->file >= 0)
		close(maker->file);
	arena_free(maker->arena);
	free(maker->entries);
	free(maker->blocks);
	free(maker);
}

/* ---- pages ---- */

static bool file_is_made(struct index_maker *maker)
{
	if (maker->file >= 0)
		return true;
	maker->file = openat(maker->directory, maker->name,
	    O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (maker->file < 0)
		maker->error = error_errno("cannot make %s", maker->name);
	return maker->file >= 0;
}

static void page_write(struct index_maker *maker, uint64_t number, struct index_page *page)
{
	ssize_t size;
	if (!file_is_made(maker))
		return;
	page->checksum = index_checksum(&maker->key, number, page);
	do
		size = pwrite(maker->file, page, INDEX_PAGE, (off_t)(number * INDEX_PAGE));
	while (size < 0 && errno == EINTR);
	if (size < 0)
		maker->error = error_errno("cannot write %s", maker->name);
	else if (size != INDEX_PAGE)
		maker->error = error_retry("cannot write %s: the disk takes no more", maker->name);
}

/* The next pages. */
static void words_write(struct index_maker *maker, const uint64_t *words, size_t count)
{
	for (size_t done = 0; done < count && !is_error(&maker->error); done += PAGE_WORDS) {
		struct index_page page;
		size_t size = count - done < PAGE_WORDS ? count - done : PAGE_WORDS;
		memset(&page, 0xFF, sizeof page); /* INDEX_NONE_SUCH */
		memcpy(page.words, words + done, size * sizeof *words);
		page_write(maker, maker->next_page++, &page);
	}
}

/* ---- entries ---- */

static int entry_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* By hash; those of one hash keep their order, which is that of the blocks. In both arrays in turn:
 * the sorted one is returned. */
static uint64_t *entries_sort(uint64_t *entries, uint64_t *other, size_t count)
{
	enum { BITS = 11, PLACES = 1 << BITS, ROUNDS = 3 };
	for (int round = 0; round < ROUNDS; round++) {
		const int shift = 32 + round * BITS;
		size_t places[PLACES] = {0}, sum = 0;
		for (size_t i = 0; i < count; i++)
			places[entries[i] >> shift & (PLACES - 1)]++;
		for (size_t p = 0; p < PLACES; p++) {
			size_t here = places[p];
			places[p] = sum;
			sum += here;
		}
		for (size_t i = 0; i < count; i++)
			other[places[entries[i] >> shift & (PLACES - 1)]++] = entries[i];
		uint64_t *swap = entries;
		entries = other;
		other = swap;
	}
	return entries;
}

/* Without memory for that, more slowly. */
static void segment_sort(struct index_maker *maker)
{
	uint64_t *other = malloc(maker->room * sizeof *other);
	if (!other) {
		qsort(maker->entries, maker->count, sizeof *maker->entries, entry_compare);
		return;
	}
	uint64_t *sorted = entries_sort(maker->entries, other, maker->count);
	free(sorted == other ? maker->entries : other);
	maker->entries = sorted;
}

static void segment_end(struct index_maker *maker)
{
	struct index_header *header = &maker->header;
	size_t kept = 0;
	if (maker->count == 0 || is_error(&maker->error))
		return;
	if (header->segments == SEGMENTS_MAX) {
		maker->error = error_retry("an answer has too many rows for an index");
		return;
	}
	segment_sort(maker);
	for (size_t i = 0; i < maker->count; i++)
		if (i == 0 || maker->entries[i] != maker->entries[i - 1])
			maker->entries[kept++] = maker->entries[i];
	const uint64_t before = maker->next_page;
	words_write(maker, maker->entries, kept);
	header->pages[header->segments++] = (uint16_t)(maker->next_page - before);
	maker->count = 0;
}

static bool entries_have_room(struct index_maker *maker)
{
	if (maker->count == SEGMENT)
		segment_end(maker);
	if (maker->count < maker->room || is_error(&maker->error))
		return !is_error(&maker->error);
	size_t room = maker->room > 0 ? maker->room * 2 : ENTRIES_MIN;
	room = room < SEGMENT ? room : SEGMENT;
	uint64_t *grown = reallocarray(maker->entries, room, sizeof *grown);
	if (!grown) {
		maker->error = error_memory("making an index");
		return false;
	}
	maker->entries = grown;
	maker->room = room;
	return true;
}

/* ---- blocks ---- */

bool index_maker_row(struct index_maker *maker, uint64_t offset)
{
	size_t count = maker->blocks_count;
	if (is_error(&maker->error) || (count > 0 && offset - maker->blocks[count - 1] < BLOCK))
		return false;
	if (count + 1 >= maker->blocks_room) { /* and one for the end */
		size_t room = maker->blocks_room > 0 ? maker->blocks_room * 2 : 512;
		uint64_t *grown =
		    room <= BLOCKS_MAX ? reallocarray(maker->blocks, room, sizeof *grown) : NULL;
		if (!grown) {
			maker->error = error_memory("making an index");
			return false;
		}
		maker->blocks = grown;
		maker->blocks_room = room;
	}
	maker->blocks[maker->blocks_count++] = offset;
	return true;
}

void index_maker_add(struct index_maker *maker, struct slice name)
{
	if (is_error(&maker->error) || maker->blocks_count == 0 || !entries_have_room(maker))
		return;
	uint32_t hash = index_hash(&maker->key, name, maker->arena);
	maker->entries[maker->count++] = index_entry(hash, (uint32_t)(maker->blocks_count - 1));
	if (arena_used(maker->arena) > SCRATCH_MAX)
		arena_reset(maker->arena);
}

struct error index_maker_end(struct index_maker *maker, uint64_t bytes, struct slice sha256)
{
	struct index_header *header = &maker->header;
	segment_end(maker);
	header->mark = INDEX_MARK;
	header->bytes = bytes;
	header->blocks = maker->blocks_count;
	memcpy(header->sha256, sha256.bytes, sizeof header->sha256);
	if (!is_error(&maker->error) && maker->blocks_count > 0) {
		maker->blocks[maker->blocks_count] = bytes;
		words_write(maker, maker->blocks, maker->blocks_count + 1);
	}
	struct index_page page = {.words = {0}};
	memcpy(&page, header, sizeof *header);
	if (!is_error(&maker->error))
		page_write(maker, 0, &page);
	return maker->error;
}
