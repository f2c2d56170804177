#include "zipped.h"

#include "fatal.h"

#include <zlib.h>

enum { MEBIBYTE = 1 << 20, VERSION_WIDE = 45, SYSTEM_UNIX = 3, FLAG_DESCRIPTOR = 1 << 3 };

static void number_add(struct buffer *out, uint64_t number, size_t size)
{
	for (; size > 0; size--, number >>= 8)
		buffer_add_char(out, (char)(number & 0xFF));
}

static void stream_add(struct buffer *out, z_stream *stream, struct slice content, int flush)
{
	static unsigned char room[MEBIBYTE];
	stream->next_in = (unsigned char *)(uintptr_t)content.bytes;
	stream->avail_in = (unsigned)content.size;
	do {
		stream->next_out = room;
		stream->avail_out = sizeof room;
		deflate(stream, flush);
		buffer_add(out, room, sizeof room - stream->avail_out);
	} while (stream->avail_out == 0);
}

static void deflated_add(struct buffer *out, struct slice content, int window)
{
	z_stream stream = {0};
	if (deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		fatal("cannot deflate");
	stream_add(out, &stream, content, Z_FINISH);
	deflateEnd(&stream);
}

void gzipped_add(struct buffer *out, struct slice content)
{
	deflated_add(out, content, 15 + 16);
}

/* A flushed piece refers to nothing before it, so that it may stand there any number of times. */
struct buffer zeros_deflated(unsigned mebibytes, uint32_t *crc)
{
	static const unsigned char zeros[MEBIBYTE];
	struct buffer piece = {0}, out = {0};
	z_stream stream = {0};
	if (deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		fatal("cannot deflate");
	stream_add(
	    &piece, &stream, (struct slice){(const char *)zeros, sizeof zeros}, Z_FULL_FLUSH);
	deflateEnd(&stream);
	uLong one = crc32(0, zeros, sizeof zeros), all = crc32(0, NULL, 0);
	for (unsigned i = 0; i < mebibytes; i++) {
		buffer_add(&out, piece.bytes, piece.size);
		all = crc32_combine(all, one, sizeof zeros);
	}
	buffer_add(&out, "\x03", 2); /* a last block, empty */
	buffer_done(&piece);
	*crc = (uint32_t)all;
	return out;
}

void gzipped_add_zeros(struct buffer *out, unsigned mebibytes)
{
	uint32_t crc;
	struct buffer zeros = zeros_deflated(mebibytes, &crc);
	buffer_add(out, "\x1F\x8B\x08\0\0\0\0\0\0\x03", 10);
	buffer_add(out, zeros.bytes, zeros.size);
	number_add(out, crc, 4);
	number_add(out, (uint64_t)mebibytes * MEBIBYTE & 0xFFFFFFFF, 4);
	buffer_done(&zeros);
}

/* What a head says, in both places. */
struct said {
	const struct zipped_member *member;
	const char *name;
	size_t name_size;
	uint64_t packed, bytes;
	uint32_t crc;
	unsigned flags;
	struct buffer extra;
};

static void sizes_add(struct buffer *out, const struct said *said, bool is_hidden)
{
	bool is_wide = said->member->is_zip64;
	uint64_t all = 0xFFFFFFFF;
	number_add(out, is_hidden ? 0 : said->crc, 4);
	number_add(out, is_hidden ? 0 : is_wide ? all : said->packed, 4);
	number_add(out, is_hidden ? 0 : is_wide ? all : said->bytes, 4);
}

static void common_add(struct buffer *out, const struct said *said)
{
	number_add(out, said->flags, 2);
	number_add(out, said->member->method, 2);
	number_add(out, 0x5A210000, 4); /* a time */
}

static void local_add(struct buffer *out, const struct said *said, struct slice data)
{
	const struct zipped_member *member = said->member;
	buffer_add(out, "PK\x03\x04", 4);
	number_add(out, VERSION_WIDE, 2);
	common_add(out, said);
	sizes_add(out, said, member->has_descriptor);
	number_add(out, said->name_size, 2);
	number_add(out, said->extra.size, 2);
	buffer_add(out, member->local_name ? member->local_name : said->name, said->name_size);
	buffer_add(out, said->extra.bytes, said->extra.size);
	buffer_add(out, data.bytes, data.size);
	if (!member->has_descriptor)
		return;
	buffer_add(out, "PK\x07\x08", 4);
	number_add(out, said->crc, 4);
	number_add(out, said->packed, member->is_zip64 ? 8 : 4);
	number_add(out, said->bytes, member->is_zip64 ? 8 : 4);
}

static void head_add(struct zipped *zipped, const struct said *said)
{
	struct buffer *out = &zipped->heads;
	const struct zipped_member *member = said->member;
	buffer_add(out, "PK\x01\x02", 4);
	buffer_add_char(out, VERSION_WIDE);
	buffer_add_char(out, member->mode ? SYSTEM_UNIX : 0);
	number_add(out, VERSION_WIDE, 2);
	common_add(out, said);
	sizes_add(out, said, false);
	number_add(out, said->name_size, 2);
	number_add(out, said->extra.size, 2);
	number_add(out, 0, 6); /* comment, disk, kind */
	number_add(out, (uint64_t)member->mode << 16, 4);
	number_add(out, zipped->last, 4);
	buffer_add(out, said->name, said->name_size);
	buffer_add(out, said->extra.bytes, said->extra.size);
	zipped->count++;
}

void zipped_add(struct zipped *zipped, const struct zipped_member *member)
{
	struct buffer made = {0};
	struct slice data = member->packed;
	if (!data.bytes && member->method == ZIPPED_DEFLATED) {
		deflated_add(&made, member->content, -15);
		data = buffer_slice(&made);
	} else if (!data.bytes)
		data = member->content;
	uLong crc =
	    crc32(0, (const unsigned char *)member->content.bytes, (unsigned)member->content.size);
	struct said said = {.member = member,
	    .name = member->name,
	    .name_size = member->name_size ? member->name_size : strlen(member->name),
	    .packed = data.size,
	    .bytes = (member->packed.bytes ? member->packed_of : member->content.size) +
	             member->bytes_lie,
	    .crc = (member->packed.bytes ? member->packed_crc : (uint32_t)crc) + member->crc_lie,
	    .flags = member->flags | (member->has_descriptor ? FLAG_DESCRIPTOR : 0)};
	if (member->is_zip64) {
		number_add(&said.extra, 0x00100001, 4);
		number_add(&said.extra, said.bytes, 8);
		number_add(&said.extra, said.packed, 8);
	}
	buffer_add(&said.extra, member->extra.bytes, member->extra.size);
	if (!member->is_only_head) {
		zipped->last = zipped->locals.size;
		local_add(&zipped->locals, &said, data);
	}
	if (!member->is_only_local)
		head_add(zipped, &said);
	buffer_done(&said.extra);
	buffer_done(&made);
}

static void wide_end_add(struct buffer *out, const struct zipped *zipped, uint64_t at)
{
	uint64_t end = out->size;
	buffer_add(out, "PK\x06\x06", 4);
	number_add(out, 44, 8);
	number_add(out, VERSION_WIDE, 2);
	number_add(out, VERSION_WIDE, 2);
	number_add(out, 0, 8);
	number_add(out, zipped->count, 8);
	number_add(out, zipped->count, 8);
	number_add(out, zipped->heads.size, 8);
	number_add(out, at, 8);
	buffer_add(out, "PK\x06\x07", 4);
	number_add(out, 0, 4);
	number_add(out, end, 8);
	number_add(out, 1, 4);
}

struct buffer zipped_end(struct zipped *zipped, bool is_wide, const char *comment)
{
	struct buffer out = zipped->locals;
	uint64_t at = out.size;
	buffer_add(&out, zipped->heads.bytes, zipped->heads.size);
	if (is_wide)
		wide_end_add(&out, zipped, at);
	buffer_add(&out, "PK\x05\x06", 4);
	number_add(&out, 0, 4);
	number_add(&out, is_wide ? 0xFFFF : zipped->count, 2);
	number_add(&out, is_wide ? 0xFFFF : zipped->count, 2);
	number_add(&out, is_wide ? 0xFFFFFFFF : zipped->heads.size, 4);
	number_add(&out, is_wide ? 0xFFFFFFFF : at, 4);
	number_add(&out, strlen(comment), 2);
	buffer_add_text(&out, comment);
	buffer_done(&zipped->heads);
	if (out.failed)
		fatal("no memory for an archive");
	*zipped = (struct zipped){.count = 0};
	return out;
}

struct buffer zipped_one(const char *name, const char *text)
{
	struct zipped zipped = {.count = 0};
	zipped_add(
	    &zipped, &(struct zipped_member){
	                 .name = name, .content = slice_of(text), .method = ZIPPED_DEFLATED});
	return zipped_end(&zipped, false, "");
}
