/*
 * zipped: ZIP archives and gzip files as honest programs make them, and as liars do: each field of
 * a member may be another than it should. Not by libarchive, which reads them.
 */
#ifndef SUPPORT_ZIPPED_H
#define SUPPORT_ZIPPED_H

#include "enrold/buffer.h"

struct zipped {
	struct buffer locals, heads;
	size_t count; /* of heads */
	uint64_t last;
};

enum { ZIPPED_DEFLATED = 8 };

struct zipped_member {
	const char *name;
	size_t name_size;       /* 0: to its NUL */
	const char *local_name; /* in front of the data, as long as the other; NULL: the same */
	struct slice content;
	unsigned method;
	struct slice packed; /* its bytes, of content_size and crc; else they are made */
	uint64_t packed_of;
	uint32_t packed_crc;
	unsigned flags;
	unsigned mode; /* unix'; 0: of MS-DOS */
	bool has_descriptor, is_zip64;
	uint32_t crc_lie; /* added to the true ones, in the head */
	uint32_t bytes_lie;
	struct slice extra; /* of both heads */
	bool is_only_head;  /* the data are those of the one before */
	bool is_only_local; /* no directory knows it */
};

void zipped_add(struct zipped *zipped, const struct zipped_member *member);
/* The archive; is_wide: with a zip64 end. */
struct buffer zipped_end(struct zipped *zipped, bool is_wide, const char *comment);
/* One member of this name and text. */
struct buffer zipped_one(const char *name, const char *text);

/* Appends one stream. */
void gzipped_add(struct buffer *out, struct slice content);

/* So many MiB of zeros as a deflated stream, made without compressing them all. */
struct buffer zeros_deflated(unsigned mebibytes, uint32_t *crc);
void gzipped_add_zeros(struct buffer *out, unsigned mebibytes);

#endif
