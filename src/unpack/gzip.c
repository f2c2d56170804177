/*
 * gzip: one content, of one or several streams in a row, as `cat a.gz b.gz` makes them (RFC 1952,
 * 2.2). zlib checks each one's sum and size. The name in it is nobody's business.
 */
#include "formats.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum { GZIP = 15 + 16 }; /* zlib's window, with gzip's own head and tail */

struct gzip {
	struct content *content;
	int from;
	z_stream stream;
	unsigned char *in, *out; /* CONTENT_CHUNK each */
	bool is_at_end;          /* of a stream: another may follow, or nothing */
	bool is_ended;           /* nothing follows */
};

static struct error broken(const char *how)
{
	return error_reject("archive_broken", 0,
	    "the gzip file is broken: %s; it was cut short or changed on its way, send it again",
	    how);
}

static struct error more(struct gzip *gzip)
{
	ssize_t got;
	do
		got = read(gzip->from, gzip->in, CONTENT_CHUNK);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return error_own(error_errno("cannot read what is unpacked"), OWNER_FILE);
	gzip->stream.next_in = gzip->in;
	gzip->stream.avail_in = (unsigned)got;
	gzip->content->packed += (uint64_t)got;
	gzip->is_ended = got == 0;
	return gzip->is_ended && !gzip->is_at_end ? broken("its end is missing") : OK;
}

/* zlib takes a head that comes in pieces. */
static struct error stream_next(struct gzip *gzip)
{
	gzip->is_at_end = false;
	if (*gzip->stream.next_in != 0x1F)
		return broken("something follows its end");
	inflateReset(&gzip->stream);
	return OK;
}

static struct error piece(struct gzip *gzip)
{
	z_stream *stream = &gzip->stream;
	stream->next_out = gzip->out;
	stream->avail_out = CONTENT_CHUNK;
	int state = inflate(stream, Z_NO_FLUSH);
	gzip->is_at_end = state == Z_STREAM_END;
	if (state == Z_MEM_ERROR)
		return error_memory("unpacking");
	/* Z_BUF_ERROR: nothing was held back. */
	if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR)
		return broken(stream->msg ? stream->msg : "it cannot be understood");
	return content_add(
	    gzip->content, (struct slice){(char *)gzip->out, CONTENT_CHUNK - stream->avail_out});
}

/* zlib holds back what had no room: as long as it fills the room, it is asked before more is read.
 */
static struct error step(struct gzip *gzip)
{
	struct error error = OK;
	bool is_full = gzip->stream.avail_out == 0 && !gzip->is_at_end;
	if (gzip->stream.avail_in == 0 && !is_full)
		error = more(gzip);
	if (is_error(&error) || gzip->is_ended)
		return error;
	if (gzip->is_at_end)
		error = stream_next(gzip);
	return is_error(&error) ? error : piece(gzip);
}

static struct error all(struct gzip *gzip)
{
	gzip->in = malloc(CONTENT_CHUNK);
	gzip->out = malloc(CONTENT_CHUNK);
	if (!gzip->in || !gzip->out || inflateInit2(&gzip->stream, GZIP) != Z_OK)
		return error_memory("unpacking");
	gzip->stream.avail_out = CONTENT_CHUNK;
	struct error error = content_begin(gzip->content, "");
	while (!is_error(&error) && !gzip->is_ended && !content_is_stopped(gzip->content))
		error = step(gzip);
	if (is_error(&error) || gzip->content->list->is_stopped)
		return error;
	return content_end(gzip->content);
}

struct error gzip_unpack(struct content *content, int from)
{
	struct gzip gzip = {.content = content, .from = from};
	struct error error = all(&gzip);
	inflateEnd(&gzip.stream); /* nothing, when it was not begun */
	free(gzip.in);
	free(gzip.out);
	return error;
}
