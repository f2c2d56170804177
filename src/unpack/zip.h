/*
 * zip: what an archive's parts say of it (APPNOTE.TXT 6.3.3, 4.3), before a byte of its content is
 * unpacked.
 *
 *     local head, data [, descriptor]   for each member, nothing between
 *     central directory                 a head for each
 *     [zip64 end, its locator]
 *     end
 */
#ifndef UNPACK_ZIP_H
#define UNPACK_ZIP_H

#include "content.h"

enum { ZIP_ENTRIES_MAX = 256 }; /* with those that are passed over */

struct zip_entry {
	struct slice name; /* in the arena */
	uint64_t local;    /* where its local head is */
	uint64_t packed, bytes;
	uint32_t crc;
	unsigned flags, method, system;
	uint32_t attributes;
	bool is_passed_over; /* nobody who packed it knows of it */
};

struct zip_directory {
	struct zip_entry items[ZIP_ENTRIES_MAX]; /* in the order of their data */
	size_t count;
	uint64_t at, bytes, entries; /* where it lies */
};

/* Flags of a head. */
enum {
	ZIP_ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13,
	ZIP_DESCRIPTOR = 1 << 3, /* sums and sizes stand behind the data */
	ZIP_UTF8 = 1 << 11,
};
enum { ZIP_STORED = 0, ZIP_DEFLATED = 8, ZIP_AES = 99 };

/* A part of a head that some have: zip64's sizes, another name. Of bytes that are there. */
enum { ZIP_EXTRA_ZIP64 = 0x0001, ZIP_EXTRA_NAME = 0x7075, ZIP_EXTRA_AES = 0x9901 };
struct slice zip_extra(struct slice extras, unsigned id);

/* Little-endian, up to eight bytes. */
static inline uint64_t zip_number(const char *bytes, size_t size)
{
	uint64_t number = 0;
	for (size_t i = size; i > 0; i--)
		number = number << 8 | (unsigned char)bytes[i - 1];
	return number;
}

struct error zip_broken(const char *how) MUST_CHECK;
struct error zip_read(int file, uint64_t at, char *bytes, size_t size) MUST_CHECK;

/* Where the central directory lies, and how many are in it. */
struct error zip_end_find(int file, uint64_t size, struct zip_directory *directory) MUST_CHECK;
/* Its heads. */
struct error zip_directory_read(
    int file, struct arena *arena, struct zip_directory *directory) MUST_CHECK;
/* The local heads say the same, and there is nothing else in the file. */
struct error zip_local_check(int file, const struct zip_directory *directory) MUST_CHECK;
/* Names and kinds of the members. */
struct error zip_names_check(
    const struct content *content, struct zip_directory *directory) MUST_CHECK;

#endif
