/*
 * zip_directory: the heads of the central directory, each as it stands there. There are at most
 * ZIP_ENTRIES_MAX, and the whole of them is in memory for the moment.
 */
#include "zip.h"

#include <stdlib.h>

enum { HEAD_SIZE = 46, DIRECTORY_MAX = 1 << 20 };
#define ALL_32 UINT64_C(0xFFFFFFFF)

struct slice zip_extra(struct slice extras, unsigned id)
{
	while (extras.size >= 4) {
		size_t size = (size_t)zip_number(extras.bytes + 2, 2);
		if (size > extras.size - 4)
			break;
		if (zip_number(extras.bytes, 2) == id)
			return (struct slice){extras.bytes + 4, size};
		extras = (struct slice){extras.bytes + 4 + size, extras.size - 4 - size};
	}
	return (struct slice){NULL, 0};
}

/* What has no room in the head stands in zip64's part, in this order. */
static bool widen(uint64_t *number, struct slice *wide)
{
	if (*number != ALL_32)
		return true;
	if (wide->size < 8)
		return false;
	*number = zip_number(wide->bytes, 8);
	*wide = (struct slice){wide->bytes + 8, wide->size - 8};
	return true;
}

static struct error too_many(void)
{
	return error_reject("archive_too_many", 0,
	    "more is in the archive than the %d files that enrold takes: pack the CSV files alone",
	    UNPACK_ENTRIES_MAX);
}

/* Info-ZIP's second name, behind a version and a sum. */
static bool has_other_name(struct slice extras, struct slice name)
{
	struct slice other = zip_extra(extras, ZIP_EXTRA_NAME);
	return other.bytes &&
	       (other.size < 5 || !slice_is((struct slice){other.bytes + 5, other.size - 5}, name));
}

static struct error entry_read(struct slice *heads, struct arena *arena, struct zip_entry *entry)
{
	const char *head = heads->bytes;
	if (heads->size < HEAD_SIZE || memcmp(head, "PK\x01\x02", 4) != 0)
		return zip_broken("its directory is cut short");
	size_t name = (size_t)zip_number(head + 28, 2), extra = (size_t)zip_number(head + 30, 2);
	size_t whole = HEAD_SIZE + name + extra + (size_t)zip_number(head + 32, 2);
	if (heads->size < whole)
		return zip_broken("its directory is cut short");
	struct slice extras = {head + HEAD_SIZE + name, extra};
	struct slice wide = zip_extra(extras, ZIP_EXTRA_ZIP64);
	*entry = (struct zip_entry){
	    .name = arena_copy(arena, (struct slice){head + HEAD_SIZE, name}),
	    .local = zip_number(head + 42, 4),
	    .packed = zip_number(head + 20, 4),
	    .bytes = zip_number(head + 24, 4),
	    .crc = (uint32_t)zip_number(head + 16, 4),
	    .system = (unsigned char)head[5],
	    .flags = (unsigned)zip_number(head + 8, 2),
	    .method = (unsigned)zip_number(head + 10, 2),
	    .attributes = (uint32_t)zip_number(head + 38, 4),
	};
	if (!widen(&entry->bytes, &wide) || !widen(&entry->packed, &wide) ||
	    !widen(&entry->local, &wide))
		return zip_broken("a size in its directory is missing");
	if (zip_extra(extras, ZIP_EXTRA_AES).bytes)
		entry->flags |= ZIP_ENCRYPTED;
	if (has_other_name(extras, entry->name))
		return zip_broken("a file in it has two names");
	*heads = (struct slice){head + whole, heads->size - whole};
	return arena_has_failed(arena) ? error_memory("unpacking") : OK;
}

static int by_place(const void *a, const void *b)
{
	const struct zip_entry *one = a, *other = b;
	return (one->local > other->local) - (one->local < other->local);
}

static struct error entries_read(
    struct slice heads, struct arena *arena, struct zip_directory *directory)
{
	struct error error = OK;
	while (directory->count < directory->entries && !is_error(&error))
		error = entry_read(&heads, arena, &directory->items[directory->count++]);
	if (!is_error(&error) && heads.size > 0)
		error = zip_broken("its directory has more than it says");
	qsort(directory->items, directory->count, sizeof *directory->items, by_place);
	return error;
}

struct error zip_directory_read(int file, struct arena *arena, struct zip_directory *directory)
{
	directory->count = 0;
	if (directory->entries > ZIP_ENTRIES_MAX || directory->bytes > DIRECTORY_MAX)
		return too_many();
	size_t size = (size_t)directory->bytes;
	char *heads = malloc(size + 1);
	if (!heads)
		return error_memory("unpacking");
	struct error error = zip_read(file, directory->at, heads, size);
	if (!is_error(&error))
		error = entries_read((struct slice){heads, size}, arena, directory);
	free(heads);
	return error;
}
