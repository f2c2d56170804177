/*
 * zip_local: an archive says everything twice, in front of the data and in its directory, and
 * programs differ in what they believe. Where both do not say the same it is refused; so it is
 * where data overlap, as those of a bomb do, or where something lies between them.
 */
#include "zip.h"

enum { HEAD_SIZE = 30, DESCRIPTOR_MAX = 24 };
#define ALL_32 UINT64_C(0xFFFFFFFF)

/* A number in front of the data: 0 where a descriptor has it. */
static bool is_same(const char *bytes, uint64_t wanted, const struct zip_entry *entry)
{
	uint64_t said = zip_number(bytes, 4);
	return said == wanted || (said == 0 && entry->flags & ZIP_DESCRIPTOR);
}

/* All bits where zip64 has it: what comes of it must be as long as the directory says. */
static bool is_same_size(const char *bytes, uint64_t wanted, const struct zip_entry *entry)
{
	return zip_number(bytes, 4) == ALL_32 || is_same(bytes, wanted, entry);
}

static bool is_head_of(const char *head, const struct zip_entry *entry)
{
	enum { FLAGS = ZIP_ENCRYPTED | ZIP_DESCRIPTOR | ZIP_UTF8 };
	return memcmp(head, "PK\x03\x04", 4) == 0 &&
	       ((zip_number(head + 6, 2) ^ entry->flags) & FLAGS) == 0 &&
	       zip_number(head + 8, 2) == entry->method && is_same(head + 14, entry->crc, entry) &&
	       is_same_size(head + 18, entry->packed, entry) &&
	       is_same_size(head + 22, entry->bytes, entry) &&
	       zip_number(head + 26, 2) == entry->name.size;
}

static struct error name_check(int file, uint64_t at, const struct zip_entry *entry)
{
	char piece[256];
	for (size_t done = 0; done < entry->name.size;) {
		size_t left = entry->name.size - done;
		size_t size = left < sizeof piece ? left : sizeof piece;
		struct error error = zip_read(file, at + done, piece, size);
		if (is_error(&error))
			return error;
		if (memcmp(piece, entry->name.bytes + done, size) != 0)
			return zip_broken("it calls a file by two names");
		done += size;
	}
	return OK;
}

/* With a signature or without, with sizes of four bytes or of eight. */
static bool is_descriptor(const char *bytes, size_t size, const struct zip_entry *entry)
{
	bool is_signed = size % 8 == 0;
	if (is_signed && memcmp(bytes, "PK\x07\x08", 4) != 0)
		return false;
	bytes += is_signed ? 4 : 0;
	size_t width = size >= 20 ? 8 : 4;
	return zip_number(bytes, 4) == entry->crc &&
	       zip_number(bytes + 4, width) == entry->packed &&
	       zip_number(bytes + 4 + width, width) == entry->bytes;
}

/* Between the data and what comes next. */
static struct error gap_check(int file, uint64_t at, uint64_t next, const struct zip_entry *entry)
{
	char bytes[DESCRIPTOR_MAX];
	uint64_t size = next - at;
	bool has_descriptor = entry->flags & ZIP_DESCRIPTOR;
	if (next < at)
		return zip_broken("its files overlap");
	if (!has_descriptor)
		return size == 0 ? OK : zip_broken("something lies between its files");
	if (size != 12 && size != 16 && size != 20 && size != 24)
		return zip_broken("what should stand behind a file is missing");
	struct error error = zip_read(file, at, bytes, (size_t)size);
	if (is_error(&error))
		return error;
	return is_descriptor(bytes, (size_t)size, entry)
	           ? OK
	           : zip_broken("it says two things of a file's size or sum");
}

static struct error entry_check(int file, const struct zip_entry *entry, uint64_t next)
{
	char head[HEAD_SIZE];
	if (entry->local > next || next - entry->local < HEAD_SIZE)
		return zip_broken("its files overlap");
	struct error error = zip_read(file, entry->local, head, sizeof head);
	if (is_error(&error))
		return error;
	if (!is_head_of(head, entry))
		return zip_broken("it says two things of one file");
	error = name_check(file, entry->local + HEAD_SIZE, entry);
	uint64_t at = entry->local + HEAD_SIZE + entry->name.size + zip_number(head + 28, 2);
	if (is_error(&error))
		return error;
	if (at > next || entry->packed > next - at)
		return zip_broken("its files overlap");
	return gap_check(file, at + entry->packed, next, entry);
}

struct error zip_local_check(int file, const struct zip_directory *directory)
{
	uint64_t first = directory->count > 0 ? directory->items[0].local : directory->at;
	struct error error = first == 0 ? OK : zip_broken("something stands in front of its files");
	for (size_t i = 0; i < directory->count && !is_error(&error); i++) {
		bool is_last = i + 1 == directory->count;
		uint64_t next = is_last ? directory->at : directory->items[i + 1].local;
		error = entry_check(file, &directory->items[i], next);
	}
	return error;
}
